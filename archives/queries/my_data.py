"""Everything that is held about the person behind a verified address."""

from datetime import datetime
from typing import Any

from appointments.actions.access import find_for_contact
from appointments.models import Request
from archives.copies.actions import contact_index as copies_index
from archives.indexing import email_index
from archives.models import CopyRequest, DataRequest, FileEvent, ProcessingRecord, VisaFile
from archives.sealing import holders_of
from vault.index import blind_index
from vault.text import canonical


def contact_index(contact: str) -> bytes:
    """The index by which requests about data are found."""
    return blind_index("archives.data_request", canonical(contact).casefold())


def held_about(contact: str, now: datetime) -> dict[str, Any]:
    """A document for download (GDPR art. 15 and 20; VIS art. 38) about whoever proved `contact` a moment ago.

    Visa files are found by the address that they hold; for a file without one the person asks the post. Names of staff
    and the links to other people's files belong to others, and are left out.
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
    }


def _request(row: Request) -> dict[str, Any]:
    booking = getattr(row, "booking", None)
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
        },
    }


def _files(contact: str) -> list[dict[str, Any]]:
    files = list(VisaFile.objects.filter(email_index=email_index(contact)))
    holders = holders_of(files)
    events = FileEvent.objects.filter(file__in=files).order_by("id")
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
