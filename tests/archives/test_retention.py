"""Dates of retention: the worked examples, an independent oracle, and every refusal by name."""

# ruff: noqa: E501 - a case is a line

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archives.domain.retention import HistoryRefusedError, Policy, Reason, judge, profile_named, read_events
from archives.domain.retention.periods import Period, last_day
from archives.domain.retention.printed import answer
from tests.archives import oracle
from tests.archives.histories import PROFILES, histories

TODAY = date(2026, 11, 23)
DOCUMENT = json.loads((Path(__file__).parent / "data" / "retention_vectors.json").read_text())
VECTORS = {vector["id"]: vector for vector in DOCUMENT["vectors"]}
# A text that gives fingerprints a month gives it in these two as well; the examples speak of something else.
SILENT_ON_FINGERPRINTS = {"RV22", "RV23"}


@pytest.mark.parametrize("name", VECTORS)
def test_worked_example(name):
    vector = VECTORS[name]
    found = answer(vector, Policy(), TODAY)
    assert found.pop("id") == name
    if name in SILENT_ON_FINGERPRINTS:
        assert [part["what"] for part in found.pop("partial_erasures")] == ["fingerprints"]
    assert found == vector["expected"]


@pytest.mark.parametrize(
    ("name", "policy", "alternative"),
    [
        ("RV10", Policy(earliest_start_wins=True), "earliest_start_wins"),
        (
            "RV17",
            Policy(
                rolls_over_days_off=True,
                is_working_day=lambda day: day.weekday() < 5 and (day.month, day.day) != (7, 14),
            ),
            "apply_1182_71_art_3_4_rollover",
        ),
    ],
)
def test_the_other_reading_is_a_setting(name, policy, alternative):
    found = answer(VECTORS[name], policy, TODAY)
    expected = VECTORS[name]["policy_alternatives"][alternative]
    assert {key: found[key] for key in expected} == expected


def test_without_the_floor_the_national_cap_counts():
    found = answer(VECTORS["RV22"], Policy(floor_prevails=False), TODAY)
    assert found["last_retention_day"] == VECTORS["RV22"]["expected"]["cap_without_floor"]


@settings(max_examples=400, deadline=None)
@given(st.dates(date(1990, 1, 1), date(2060, 12, 31)), st.integers(1, 90))
def test_a_period_ends_where_walking_the_calendar_ends(start, months):
    assert last_day(start, Period(months=months)) == oracle.ends(start, months)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2023-02-28", "2028-02-28"),
        ("2024-02-29", "2029-02-28"),
        ("2019-12-31", "2024-12-31"),
        ("2020-02-29", "2025-02-28"),
    ],
)
def test_february_and_the_turn_of_the_year(start, end):
    assert last_day(date.fromisoformat(start), Period(years=5)) == date.fromisoformat(end)


@settings(max_examples=600, deadline=None)
@given(st.data(), st.sampled_from(PROFILES))
def test_dates_agree_with_the_oracle(data, name):
    categories = ("A", "C") if name == "VIS" else ("A", "C", "D")
    raw = data.draw(histories(categories=categories))
    verdict = judge(read_events(raw), profile_named(name))
    expected = oracle.opinion(raw, name)
    copy = verdict.restricted_copy
    assert {
        "start": verdict.start_date,
        "last": verdict.last_retention_day,
        "gone": verdict.must_be_gone_from,
        "advance": verdict.advance_basis is not None,
        "partials": {(part.what, part.last_retention_day) for part in verdict.partials},
        "copy": copy and (copy.allowed_from, copy.last_retention_day),
    } == expected


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2025, 12, 31)),  # noqa: DTZ001 - wall clocks; the zone comes below
    st.sampled_from(
        ["Africa/Algiers", "Africa/Casablanca", "America/Cayenne", "Asia/Beirut", "Pacific/Noumea", "Asia/Tokyo"]
    ),
    st.sampled_from(
        ["Africa/Algiers", "Africa/Casablanca", "America/Cayenne", "Asia/Beirut", "Pacific/Noumea", "Asia/Tokyo"]
    ),
)
def test_a_decision_is_dated_where_it_is_taken(moment, sent_from, post):
    """The instant may be written with any offset: the day is the post's."""
    instant = moment.replace(tzinfo=ZoneInfo(post)).astimezone(ZoneInfo(sent_from))
    # Wall-clock times that a zone skips do not exist: the instant they stand for has another wall clock.
    local = datetime.fromtimestamp(instant.timestamp(), ZoneInfo(post)).date()
    raw = [{"type": "FILE_CREATED", "date": "2014-12-01"}, {"type": "REFUSED", "date": instant.isoformat()}]
    assert judge(read_events(raw, post), profile_named("VIS")).start_date == local


@settings(max_examples=100, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_days_in_the_list_does_not_matter(raw, chance):
    """Only events of one day keep the order in which they were entered."""
    if len({event["date"] for event in raw}) < len(raw):
        return
    shuffled = list(raw)
    chance.shuffle(shuffled)
    assert judge(read_events(shuffled), profile_named("VIS")) == judge(read_events(raw), profile_named("VIS"))


@settings(max_examples=200, deadline=None)
@given(histories())
def test_nothing_but_the_text_lengthens_a_vis_file(raw):
    """Holds, appeals and closings after a decision leave the dates alone."""
    before = judge(read_events(raw), profile_named("VIS"))
    if before.start_date is None or before.status is None:
        return
    later = (max(date.fromisoformat(e["date"]) for e in raw) + timedelta(days=1)).isoformat()
    more = [{"type": kind, "date": later} for kind in ("LEGAL_HOLD_SET", "APPEAL_LODGED", "CLOSED")]
    assert judge(read_events(raw + more), profile_named("VIS")).last_retention_day == before.last_retention_day


CREATED = {"type": "FILE_CREATED", "date": "2022-01-10"}
ISSUED = {"type": "ISSUED", "date": "2022-02-01", "valid_from": "2022-02-10", "valid_until": "2022-08-10"}
REFUSED = {"type": "REFUSED", "date": "2022-02-01"}


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([CREATED, {"type": "LOST", "date": "2022-02-01"}], Reason.UNKNOWN_EVENT_TYPE),
        ([CREATED, {"type": ["ISSUED"], "date": "2022-02-01"}], Reason.UNKNOWN_EVENT_TYPE),
        ([CREATED, "ISSUED"], Reason.NOT_AN_EVENT),
        ("ISSUED", Reason.NOT_AN_EVENT),
        ([CREATED, {"type": "REFUSED"}], Reason.MISSING_FIELD),
        ([CREATED, {"type": "ISSUED", "date": "2022-02-01"}], Reason.MISSING_FIELD),
        ([CREATED, {"type": "REFUSED", "date": "2022-02-30"}], Reason.BAD_DATE),
        ([CREATED, {"type": "REFUSED", "date": "01/02/2022"}], Reason.BAD_DATE),
        ([CREATED, {"type": "REFUSED", "date": "2022-02-01T10:00:00"}], Reason.BAD_DATE),
        ([CREATED, {"type": "REFUSED", "date": "20220201"}], Reason.BAD_DATE),
        ([CREATED, ISSUED | {"valid_until": "9999-12-31"}], Reason.BAD_DATE),
        ([CREATED, ISSUED | {"category": "Z"}], Reason.BAD_CATEGORY),
        ([CREATED, {"type": "REFUSED", "date": "2026-11-24"}], Reason.DATE_IN_FUTURE),
        ([CREATED, ISSUED | {"valid_from": "2022-01-20", "valid_until": "2022-01-31"}], Reason.EXPIRY_BEFORE_ISSUE),
        ([CREATED, ISSUED | {"valid_until": "2022-02-05"}], Reason.EXPIRY_BEFORE_START),
        ([CREATED, ISSUED, {"type": "EXTENDED", "date": "2022-03-01", "valid_until": "2022-08-01"}], Reason.EXPIRY_MOVES_BACK),
        ([CREATED, ISSUED, {"type": "SHORTENED", "date": "2022-03-01", "valid_until": "2022-09-01"}], Reason.EXPIRY_MOVES_ON),
        ([CREATED, {"type": "REFUSED", "date": "2022-01-09"}], Reason.BEFORE_CREATION),
        ([ISSUED], Reason.NEVER_CREATED),
        ([], Reason.NEVER_CREATED),
        ([CREATED, CREATED], Reason.CREATED_TWICE),
        ([CREATED, ISSUED, REFUSED | {"date": "2022-03-01"}], Reason.VISA_STANDS),
        ([CREATED, ISSUED, ISSUED | {"date": "2022-02-03"}], Reason.VISA_STANDS),
        ([CREATED, {"type": "ANNULLED", "date": "2022-02-03"}], Reason.NO_VISA),
        ([CREATED, REFUSED, {"type": "REVOKED", "date": "2022-02-03"}], Reason.NO_VISA),
        ([CREATED, {"type": "EXTENDED", "date": "2022-03-01", "valid_until": "2022-09-01"}], Reason.NO_VISA),
        ([CREATED, ISSUED, {"type": "REFUSAL_ANNULLED_FINAL", "date": "2022-03-01"}], Reason.NOTHING_TO_QUASH),
        ([CREATED, REFUSED, {"type": "CORRECTED", "date": "2022-03-01", "field": "valid_until", "value": "2022-09-01"}], Reason.NOTHING_TO_CORRECT),
        ([CREATED, ISSUED, {"type": "CORRECTED", "date": "2022-03-01", "field": "valid_untill", "value": "2022-09-01"}], Reason.UNKNOWN_CORRECTION),
        ([CREATED, {"type": "LEGAL_HOLD_LIFTED", "date": "2022-03-01"}], Reason.NO_HOLD),
        ([CREATED, {"type": "APPEAL_DISMISSED_FINAL", "date": "2022-03-01"}], Reason.NOT_CONTESTED),
        ([CREATED | {"file": "A"}, REFUSED | {"file": "B"}], Reason.UNKNOWN_FILE),
        ([CREATED | {"file": "A"}, {"type": "LINKED_GROUP", "date": "2022-01-10", "files": ["A", "A"]}], Reason.LINKED_TO_ITSELF),
        ([CREATED, ISSUED | {"category": "D"}], Reason.OUT_OF_SCOPE),
    ],
)  # fmt: skip
def test_a_history_that_cannot_be_true_is_refused_by_name(events, reason):
    found = answer({"id": "X", "profile": "VIS", "events": events}, Policy(), TODAY)
    assert found["refused"] == reason.value
    assert "last_retention_day" not in found


def test_an_unknown_profile_is_refused():
    with pytest.raises(HistoryRefusedError) as refused:
        profile_named("VIS_1999")
    assert refused.value.reason is Reason.UNKNOWN_PROFILE


def _answer(events, profile="VIS", **more):
    return answer({"id": "X", "profile": profile, "events": events} | more, Policy(), TODAY)


def test_a_correction_counts_from_the_beginning():
    mended = {"type": "CORRECTED", "date": "2022-09-01", "field": "valid_until", "value": "2022-08-01"}
    assert _answer([CREATED, ISSUED, mended])["last_retention_day"] == "2027-08-01"


def test_a_quashed_annulment_brings_the_expiry_back():
    events = [CREATED, ISSUED, {"type": "ANNULLED", "date": "2022-03-01"}]
    assert _answer(events)["start_date"] == "2022-03-01"
    found = _answer([*events, {"type": "ANNULMENT_QUASHED_FINAL", "date": "2023-03-01"}])
    assert (found["start_date"], found["start_basis"]) == ("2022-08-10", "23(1)(a)")


def test_a_shortened_visa_depends_on_the_text():
    events = [CREATED, ISSUED, {"type": "SHORTENED", "date": "2022-03-01", "valid_until": "2022-04-01"}]
    assert _answer(events)["start_date"] == "2022-03-01"
    assert _answer(events, "VIS_2021_1134")["start_date"] == "2022-04-01"
    assert _answer(events, "CESEDA_R142_64")["start_date"] == "2022-03-01"


def test_nationality_reaches_all_files_of_the_person_and_no_travelling_companion():
    events = [
        {"type": "FILE_CREATED", "date": "2020-01-10", "file": "old"},
        {"type": "REFUSED", "date": "2020-02-10", "file": "old"},
        {"type": "FILE_CREATED", "date": "2022-01-10", "file": "new"},
        {"type": "FILE_CREATED", "date": "2022-01-10", "file": "sister"},
        {"type": "LINKED_PREVIOUS", "date": "2022-01-10", "files": ["old", "new"]},
        {"type": "LINKED_GROUP", "date": "2022-01-10", "files": ["new", "sister"]},
        ISSUED | {"file": "new"},
        ISSUED | {"file": "sister"},
        {"type": "NATIONALITY_ACQUIRED_NOTIFIED", "date": "2023-05-05", "file": "new"},
    ]
    found = _answer(events, subject_file="new")
    assert found["must_be_gone_from"] == found["links_gone_from"] == "2023-05-06"
    assert found["other_files"]["old"]["must_be_gone_from"] == "2023-05-06"
    assert found["other_files"]["sister"]["must_be_gone_from"] == "2027-08-11"
