"""The facsimile: every field that the file holds, marked as no visa, readable for those who hear it."""

import io
import re
from dataclasses import fields
from datetime import timedelta

import pypdf
import pytest
from django.utils import timezone

from appointments.domain.references import spoken
from archives.copies.facsimile import facsimile, fields_of
from archives.domain.holder import Holder
from archives.models import CopyRequest
from tests.archives.makers import TODAY, file_of, issued

pytestmark = pytest.mark.django_db
# How somebody can be reached is no part of a visa, and is not handed out with its copy.
NOT_SHOWN = {"address", "email", "phone"}
FULL = {
    "birth_place": "Sétif", "birth_country": "DZ", "sex": "F", "nationality": "DZ", "passport_country": "DZA",
    "passport_valid_until": "2031-05-06", "purpose": "Tourism", "territory": "SCHENGEN STATES",
    "valid_from": "2025-10-20", "valid_until": "2026-01-17", "entries": "MULT", "duration_days": "60",
    "issued_at": "ALGER", "issued_on": "2025-10-19", "remarks": "ETUDIANT",
}  # fmt: skip


def made(language: str, **changes: str) -> tuple[pypdf.PdfReader, CopyRequest]:
    file = file_of(1, issued(TODAY - timedelta(days=400), TODAY - timedelta(days=310)), **{**FULL, **changes})
    request = CopyRequest.objects.create(
        post_key="dz-alg", kind="lawyer", language=language, created_at=timezone.now(), file_id=file.pk,
        answers={"requester_name": "Maître Bob", "bar": "Barreau de Lyon"},
    )  # fmt: skip
    return pypdf.PdfReader(io.BytesIO(facsimile(request, timezone.now()))), request


def words_in(reader: pypdf.PdfReader) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


def test_every_field_of_a_holder_is_shown_or_left_out_on_purpose():
    values = {field.name: f"v{number}" for number, field in enumerate(fields(Holder))}
    shown = {row["key"] for row in fields_of(Holder(**values), "C")}
    assert shown | NOT_SHOWN == {*values, "category"}
    assert not shown & NOT_SHOWN


@pytest.mark.parametrize("language", ["fr", "en", "ar"])
def test_it_carries_every_value_the_marks_and_who_asked(language):
    reader, request = made(language)
    text = words_in(reader)
    for value in (*FULL.values(), "BENALI", "Alice Nour", "AB0000001", "FRA000000001", "DZALG2024000001"):
        assert value in text, value
    assert "N’EST PAS UN VISA VALABLE" in text
    assert "NOT A VALID VISA" in text
    # Once below the fields, and five times across the page.
    assert text.count("Barreau de Lyon") >= 6
    assert text.count(spoken(request.reference)) >= 6
    assert text.count(f"{timezone.now():%Y-%m-%d}") >= 6


@pytest.mark.parametrize("language", ["fr", "en", "ar"])
def test_it_is_tagged_and_says_that_it_is_pdf_ua(language):
    reader, _ = made(language)
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert str(root["/Lang"]).startswith(language)
    assert reader.metadata is not None
    assert reader.metadata.title
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


def test_very_long_values_break_over_lines_and_markup_stays_text():
    text = words_in(made("en", remarks="#panic() *bold* $x$ " + "long " * 300)[0])
    assert "#panic() *bold* $x$" in text
    assert text.count("long") == 300
