"""Events, holds, documents and links in words for staff."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from archives.domain.retention import EventType, HistoryRefusedError
from archives.importing.wording import sentence

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

T = EventType
EVENTS: "Mapping[EventType, _StrPromise]" = {
    T.FILE_CREATED: _("file created"),
    T.ISSUED: _("visa issued"),
    T.EXTENDED: _("visa extended"),
    T.SHORTENED: _("visa shortened"),
    T.REFUSED: _("visa refused"),
    T.ANNULLED: _("visa annulled"),
    T.REVOKED: _("visa revoked"),
    T.WITHDRAWN: _("application withdrawn"),
    T.CLOSED: _("file closed"),
    T.DISCONTINUED: _("examination discontinued"),
    T.APPEAL_LODGED: _("appeal lodged"),
    T.APPEAL_DISMISSED_FINAL: _("appeal dismissed, finally"),
    T.REFUSAL_ANNULLED_FINAL: _("refusal annulled, finally"),
    T.ANNULMENT_QUASHED_FINAL: _("annulment quashed, finally"),
    T.REVOCATION_QUASHED_FINAL: _("revocation quashed, finally"),
    T.NATIONALITY_ACQUIRED_NOTIFIED: _("nationality of a Member State acquired"),
    T.CORRECTED: _("date corrected"),
}
BASES: "Mapping[str, _StrPromise]" = {
    "GDPR 17(3)(e)": _("Legal claim (GDPR art. 17(3)(e) and 18)"),
    "court order": _("Order of a court"),
}
DOCUMENTS: "Mapping[str, _StrPromise]" = {
    "form": _("application form"),
    "supporting": _("supporting document"),
    "checks": _("list of checks"),
    "visa_reference": _("reference of the visa"),
}
LINKS: "Mapping[str, _StrPromise]" = {
    "group": _("travels with"),
    "earlier": _("earlier file of the same person"),
}
CORRECTABLE_DAYS: "Mapping[str, _StrPromise]" = {
    "valid_until": _("expiry of the visa"),
    "valid_from": _("beginning of the visa"),
    "issue_date": _("day of issue"),
    "refusal_date": _("day of refusal"),
    "decision_date": _("day of the last decision"),
    "creation_date": _("creation of the file"),
}
# What may be corrected in the person's data.
HOLDER_FIELDS: "Mapping[str, _StrPromise]" = {
    "family_name": _("Surname"),
    "given_names": _("Given names"),
    "birth_date": _("Date of birth"),
    "birth_place": _("Place of birth"),
    "birth_country": _("Country of birth"),
    "sex": _("Sex"),
    "nationality": _("Nationality"),
    "passport_number": _("Number of the passport"),
    "passport_country": _("Country of the passport"),
    "passport_valid_until": _("Passport valid until"),
    "address": _("Postal address"),
    "email": _("E-mail address"),
    "phone": _("Telephone number"),
    "purpose": _("Purpose of the journey"),
    "visa_number": _("Number of the visa"),
    "entries": _("Number of entries"),
    "duration_days": _("Duration of stay (days)"),
    "remarks": _("Remarks"),
}
# What the rules call the fields of the form for events.
EVENT_FIELDS: "Mapping[str, _StrPromise]" = {
    "date": _("On"),
    "valid_from": _("Visa valid from"),
    "valid_until": _("Visa valid until"),
    "field": _("Date that is corrected"),
    "value": _("Right date"),
}


def words_of(event: str) -> str:
    """An event's name for people; the code where there is none."""
    known = EVENTS.get(EventType(event)) if event in EventType.__members__ else None
    return str(known or event)


def refusal_in_words(refused: HistoryRefusedError) -> str:
    """Why a history cannot be true, with the event and the field named as the page names them."""
    data = dict(refused.data)
    if "event" in data:
        data["event"] = f"“{words_of(data['event'])}”"
    if data.get("field") in EVENT_FIELDS:
        data["field"] = f"“{EVENT_FIELDS[data['field']]}”"
    return sentence(refused.reason.value, data)
