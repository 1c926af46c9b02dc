"""Imports: every mistake by name, a report that can be mended, and twice the same is once."""

# ruff: noqa: E501 - a case is a line

import csv
import io
import json

import pytest
from django.db import connection

from archives.importing.batches import carry_out, counts, read_batch, report
from archives.importing.reading import NotReadableError, rows_of
from archives.models import FileEvent, FileLink, ImportRow, VisaFile
from archives.sealing import holder_of
from tests.archives.makers import NOW
from tests.cast import make_post

pytestmark = pytest.mark.django_db
HEAD = "file_number,family_name,given_names,birth_date,passport_number,email,category,created_on,decision,decided_on,valid_from,valid_until"
GOOD = "ALG-1,Benali,Alice,1990-04-12,AB123456,alice@example.org,C,2025-01-05,ISSUED,2025-01-20,2025-02-01,2025-05-01"
REFUSAL = "ALG-2,Meziane,Charlie,1985-01-30,CC000001,,C,2025-01-05,REFUSED,2025-01-20,,"


@pytest.fixture(autouse=True)
def post():
    return make_post()


def bring(*lines, name="files.csv", head=HEAD):
    text = "\n".join([head, *lines]) if head else lines[0]
    return read_batch(io.BytesIO(text.encode()), name, "dz-alg", NOW, None)


def problems(batch):
    return [(row.line, [tuple(p[:2]) for p in row.problems]) for row in batch.rows.order_by("line") if row.problems]


def test_a_good_file_is_looked_at_first_and_then_imported():
    batch = bring(GOOD, REFUSAL)
    assert counts(batch) == {"ready": 2}
    assert not VisaFile.objects.exists()
    assert carry_out(batch, NOW, 100)
    assert counts(batch) == {"new": 2}
    issued = VisaFile.objects.get(status="ISSUED")
    assert holder_of(issued).email == "alice@example.org"
    assert str(issued.gone_from) == "2030-05-02"
    assert not ImportRow.objects.filter(content__isnull=False).exists()


def test_bringing_it_again_changes_nothing():
    carry_out(bring(GOOD, REFUSAL), NOW, 100)
    again = bring(GOOD, REFUSAL)
    carry_out(again, NOW, 100)
    assert counts(again) == {"unchanged": 2}
    assert VisaFile.objects.count() == 2
    assert FileEvent.objects.count() == 4


def test_an_import_that_was_interrupted_goes_on():
    batch = bring(*[GOOD.replace("ALG-1", f"ALG-{n}").replace("AB123456", f"AB{n:06}") for n in range(300)])
    assert not carry_out(batch, NOW, 200)
    assert counts(batch) == {"new": 200, "ready": 100}
    assert carry_out(batch, NOW, 200)
    assert VisaFile.objects.count() == 300


def test_later_events_are_added_and_a_changed_past_is_refused():
    carry_out(bring("ALG-1,Benali,Alice,1990-04-12,AB123456,,C,2025-01-05,,,,"), NOW, 10)
    assert VisaFile.objects.get().state == "OPEN_NO_START"
    decided = bring("ALG-1,Benali,Alice,1990-04-12,AB123456,,C,2025-01-05,ISSUED,2025-01-20,2025-02-01,2025-05-01")
    carry_out(decided, NOW, 10)
    assert counts(decided) == {"added_to": 1}
    assert VisaFile.objects.get().status == "ISSUED"
    other_past = bring("ALG-1,Benali,Alice,1990-04-12,AB123456,,C,2025-01-04,ISSUED,2025-01-20,2025-02-01,2025-05-01")
    carry_out(other_past, NOW, 10)
    assert problems(other_past) == [(2, [("events", "events_differ")])]
    other_person = bring(
        "ALG-1,Bensalem,Alice,1990-04-12,AB123456,,C,2025-01-05,ISSUED,2025-01-20,2025-02-01,2025-05-01"
    )
    carry_out(other_person, NOW, 10)
    assert problems(other_person) == [(2, [("file_number", "differs")])]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (GOOD.replace("1990-04-12", "12/04/1990"), ("birth_date", "not_a_date")),
        (GOOD.replace("1990-04-12", "2031-04-12"), ("birth_date", "not_a_birth_date")),
        (GOOD.replace("alice@example.org", "alice"), ("email", "not_an_address")),
        (GOOD.replace(",C,", ",Z,"), ("category", "not_a_category")),
        (GOOD.replace("ALG-1", ""), ("file_number", "missing")),
        (GOOD.replace("AB123456", "--"), ("passport_number", "not_a_number")),
        (GOOD.replace("ISSUED", "GRANTED"), ("decision", "not_a_decision")),
        (GOOD.replace("2025-05-01", "2025-01-10"), ("events", "EXPIRY_BEFORE_ISSUE")),
        (GOOD.replace("2025-01-20", "2027-01-20").replace("2025-05-01", "2028-01-01"), ("events", "DATE_IN_FUTURE")),
        (GOOD.replace("2025-01-05", "2025-01-21"), ("events", "BEFORE_CREATION")),
        (GOOD.replace("2025-01-05", ""), ("events", "MISSING_FIELD")),
        (GOOD.replace("Benali", "B" * 121), ("family_name", "too_long")),
        (GOOD + ",more", ("…", "unknown_column")),
        ("ALG-9,Old,File,1960-01-01,ZZ000001,,C,2015-01-05,REFUSED,2015-01-20,,", ("events", "already_due")),
    ],
)
def test_each_mistake_is_named_at_its_field_and_the_rest_is_imported(line, found):
    batch = bring(line, REFUSAL)
    assert problems(batch) == [(2, [found])]
    carry_out(batch, NOW, 10)
    assert counts(batch) == {"new": 1, "refused": 1}


def test_all_mistakes_of_a_row_at_once():
    batch = bring(GOOD.replace("1990-04-12", "x").replace("alice@example.org", "y"))
    assert problems(batch) == [(2, [("birth_date", "not_a_date"), ("email", "not_an_address")])]


def test_the_report_can_be_mended_and_brought_again():
    batch = bring(GOOD.replace("1990-04-12", "12/04/1990").replace("Alice", "=cmd()"), REFUSAL)
    carry_out(batch, NOW, 10)
    text = "".join(report(batch))
    assert "'=cmd()" in text
    assert "line 2: birth_date" in text
    mended = read_batch(io.BytesIO(text.replace("12/04/1990", "1990-04-12").encode()), "r.csv", "dz-alg", NOW, None)
    carry_out(mended, NOW, 10)
    assert counts(mended) == {"new": 1}
    assert holder_of(VisaFile.objects.get(status="ISSUED")).given_names == "=cmd()"


@pytest.mark.parametrize("name", ["Alice;=HYPERLINK(1)", "＝cmd()", "Ali;'+1", "+213"])
def test_what_a_spreadsheet_would_run_comes_back_from_the_report_as_it_was(name):
    batch = bring(json.dumps([{"file_number": "", "family_name": "B", "given_names": name}]), name="a.json", head=None)
    (row,) = list(rows_of(io.BytesIO("".join(report(batch)).encode()), "r.csv"))
    assert row.values["given_names"] == name


def test_a_number_twice_in_one_file():
    assert problems(bring(GOOD, GOOD)) == [(3, [("file_number", "twice_in_file")])]


def test_json_with_events_links_and_a_report_in_csv():
    rows = [
        {
            "file_number": "JSON1", "family_name": "Benali", "birth_date": "1990-04-12", "group": "family",
            "events": [
                {"type": "FILE_CREATED", "date": "2025-01-05"},
                {"type": "ISSUED", "date": "2025-01-20T23:30:00+00:00", "valid_until": "2025-05-01"},
            ],
        },
        {
            "file_number": "JSON2", "family_name": "Benali", "birth_date": "1992-04-12", "group": "family", "earlier_file": "JSON1",
            "events": "FILE_CREATED 2025-01-05; REFUSED 2025-01-20",
        },
        {
            "file_number": "JSON3", "family_name": "Benali", "birth_date": "1992-04-12", "earlier_file": "NONE",
            "events": [{"type": "FILE_CREATED", "date": "2025-01-05"}, {"type": "REFUSED", "date": "2025-01-20"}],
        },
        {"file_number": "JSON4", "family_name": "B", "birth_date": "1992-04-12", "events": [{"type": "LOST", "date": "2025-01-05"}]},
        "nonsense",
    ]  # fmt: skip
    batch = bring(json.dumps(rows), name="files.json", head="")
    carry_out(batch, NOW, 10)
    assert counts(batch) == {"new": 2, "refused": 3}, problems(batch)
    assert set(FileLink.objects.values_list("kind", flat=True)) == {"group", "earlier"}
    assert str(VisaFile.objects.get(status="ISSUED").events.get(type="ISSUED").date) == "2025-01-21"  # in Algiers
    assert [codes for _, codes in problems(batch)] == [
        [("earlier_file", "unknown_earlier_file")],
        [("events", "UNKNOWN_EVENT_TYPE")],
        [("…", "unknown_column"), ("file_number", "missing"), ("family_name", "missing"), ("birth_date", "missing")],
    ]
    assert "FILE_CREATED 2025-01-05; REFUSED 2025-01-20" in "".join(report(batch))


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.csv", "no_rows"),
        (b"a,b\n1,2\n", "a.csv", "no_header"),
        ("file_number,é\n".encode("latin-1"), "a.csv", "not_utf8"),
        (b"file_number\n" + b"x" * 100_000, "a.csv", "line_too_long"),
        (b"[{]", "a.json", "not_json"),
        (b"{}", "a.json", "no_rows"),
        (b"[" * 100_000, "a.json", "not_json"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(content, name, code):
    with pytest.raises(NotReadableError) as refused:
        read_batch(io.BytesIO(content), name, "dz-alg", NOW, None)
    assert refused.value.code == code


def test_rows_that_wait_are_not_readable_in_the_database():
    bring(GOOD)
    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text FROM archives_importrow r")
        assert "Benali" not in str(cursor.fetchall())


def test_no_cell_of_the_report_runs_in_a_spreadsheet_not_even_a_heading_or_a_list():
    rows = [{"file_number": "", "=1+1": "x", "events": ["\t=cmd", {"type": "x"}]}]
    lines = list(report(bring(json.dumps(rows), name="a.json", head=None)))
    cells = [cell for line in csv.reader(io.StringIO("".join(lines), newline="")) for cell in line]
    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]
