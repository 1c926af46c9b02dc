"""Everything that is held about the person behind a verified address."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from antibot import doors
from antibot.actions.index_appeals import appeals_of
from antibot.models import Appeal, Sighting
from appointments.actions.access import find_for_contact
from appointments.models import Request
from appointments.reports.addresses import reports_of
from archives.actions.add_files import PART_OF_KIND
from archives.copies.actions import contact_index as copies_index
from archives.indexing import email_index
from archives.models import (
    CopyRequest,
    DataRequest,
    FileDocument,
    FileEvent,
    ProcessingRecord,
    SealedPart,
    VisaFile,
)  # fmt: skip
from archives.sealing import holders_of, keys_of, unseal
from vault.index import blind_index
from vault.text import canonical


def contact_index(contact: str) -> bytes:
    """The index by which requests about data are found."""
    return blind_index("archives.data_request", canonical(contact).casefold())


def held_about(contact: str, now: datetime) -> dict[str, Any]:
    """A document for download (GDPR art. 15 and 20; VIS art. 38) about whoever proved `contact` a moment ago.

    Visa files are found by the address that they hold; for a file without one the person asks the post. Names of staff,
    links to other people's files and observations that concern several people belong to others, and are left out; so is
    what staff noted about a report, which others are looked into for.
    """
    return {
        "address": contact,
        "made_at": now.isoformat(timespec="seconds"),
        "appointments": [_request(row) for row in find_for_contact(contact)],
        "visa_files": _files(contact),
        "copy_requests": [
            {
                "reference": row.reference,
                "state": row.state,
                "created_at": row.created_at.isoformat(),
                "wrote": row.answers,
                "file_erased_on": row.erased_on and str(row.erased_on),
            }
            for row in CopyRequest.objects.filter(contact_index=copies_index(contact))
        ],
        "requests_about_data": [
            {"kind": row.kind, "text": row.text, "made_at": row.made_at.isoformat(), "answer": row.answer}
            for row in DataRequest.objects.filter(contact_index=contact_index(contact))
        ],
        "reports_of_trade": [
            {
                "reference": row.reference,
                "received_on": str(row.received_on),
                "kind": row.kind,
                "medium": row.medium,
                "post": row.post and row.post.key,
                "happened_on": row.happened_on and str(row.happened_on),
                "amount": row.amount,
                "story": row.story,
                "how_to_reach_you": row.contact,
                "state": row.state,
            }
            for row in reports_of(contact)
        ],
        "objections": [_objection(row) for row in appeals_of(contact)],
    }


def references_under(contact: str) -> dict[type[Model], list[str]]:
    """By which references staff find what stands under an address that somebody wrote about; nothing of the content."""
    rows: tuple[QuerySet[Any], ...] = (
        Request.objects.filter(pk__in=[row.pk for row in find_for_contact(contact)]),
        CopyRequest.objects.filter(contact_index=copies_index(contact)),
        reports_of(contact),
        appeals_of(contact),
    )
    found = {each.model: list(each.order_by("pk").values_list("reference", flat=True)) for each in rows}
    files = VisaFile.objects.filter(email_index=email_index(contact)).order_by("pk")
    return found | {VisaFile: [str(key) for key in files.values_list("pk", flat=True)]}


def _objection(row: Appeal) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "made_at": row.created_at.isoformat(),
        "about": row.subject,
        "text": row.text,
        "network": row.network,
        "how_to_reach_you": row.contact,
        "state": row.state,
        "answer": row.answer,
        "decided_at": _said(row.decided_at),
    }


def _request(row: Request) -> dict[str, Any]:
    booking = getattr(row, "booking", None)
    subjects = [f"request:{row.reference}", *([booking.subject] if booking else [])]
    return {
        "reference": row.reference,
        "service": str(row.service),
        "state": row.state,
        "entered_at": row.entered_at.isoformat(),
        "accepts": {"first_day": str(row.first_day), "last_day": str(row.last_day)},
        "people": [
            {
                "family_name": one.family_name,
                "given_names": one.given_names,
                "birth_date": str(one.birth_date),
                "nationality": one.nationality,
                "passport_country": one.passport_country,
                "passport_number": one.passport_number,
                "france_visas": one.france_visas,
            }
            for one in row.people.all()
        ],
        "booking": booking
        and {
            "reference": booking.reference,
            "state": booking.state,
            "day": str(booking.local_day),
            "time": str(booking.local_time),
            "amount_cents": booking.amount_cents,
            "currency": booking.currency,
            "payment": _payment(booking.subject),
        },
        "suspicions": [
            {"told_at": one.noticed_at.isoformat(), "outcome": one.outcome, "decided_at": _said(one.decided_at)}
            for one in row.suspicions.order_by("pk")
        ],
        # Written behind the link of a notice, which names the subject: no address stands in them.
        "objections": [
            _objection(one) for one in Appeal.objects.filter(case__isnull=False, subject__in=subjects).order_by("pk")
        ],
        "seen_from": [
            {"at": one.at.isoformat(), "network": one.network}
            for one in Sighting.objects.filter(subject__in=subjects).order_by("pk")
        ],
    }


def _payment(subject: str) -> dict[str, Any] | None:
    paid = doors.payment_of(subject)
    if paid is None:
        return None
    return {
        "amount_cents": paid.amount_cents,
        "currency": paid.currency,
        "state": str(paid.state),
        "paid_at": _said(paid.paid_at),
        "refunded_at": _said(paid.refunded_at),
    }


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _files(contact: str) -> list[dict[str, Any]]:
    files = list(VisaFile.objects.filter(email_index=email_index(contact)))
    holders = holders_of(files)
    events = FileEvent.objects.filter(file__in=files).order_by("id")
    documents = FileDocument.objects.filter(file__in=files).order_by("pk")
    parts = _parts(files)
    records = ProcessingRecord.objects.filter(file_ref__in=[file.pk for file in files]).order_by("id")
    return [
        {
            "post": file.post_key,
            "category": file.category,
            "holder": holders[file.pk].as_mapping(),
            "events": [
                {
                    "type": event.type,
                    "date": str(event.date),
                    "valid_until": event.valid_until and str(event.valid_until),
                }
                for event in events
                if event.file_id == file.pk
            ],
            "documents": [
                {"kind": row.kind, "stored_at": row.stored_at.isoformat(), "bytes": row.size}
                for row in documents
                if row.file_id == file.pk
            ],
            "parts": parts.get(file.pk, {}),
            "rule": f"{file.profile} {file.start_basis}",
            "gone_from": file.gone_from and str(file.gone_from),
            "processed": [
                {"purpose": record.purpose, "kind_of_data": record.kind_of_data, "at": record.at.isoformat()}
                for record in records
                if record.file_ref == file.pk
            ],
        }
        for file in files
    ]


def _parts(files: list[VisaFile]) -> dict[uuid.UUID, dict[str, Any]]:
    """Fingerprints and the data of a refusal, under keys of their own."""
    rows = list(SealedPart.objects.filter(file__in=files))
    keys = keys_of({row.file_id for row in rows}, {PART_OF_KIND[row.kind] for row in rows})
    found: dict[uuid.UUID, dict[str, Any]] = {}
    for row in rows:
        ref = (row.file_id, PART_OF_KIND[row.kind])
        if ref in keys:
            found.setdefault(row.file_id, {})[row.kind] = unseal(bytes(row.sealed), ref, keys[ref])
    return found
