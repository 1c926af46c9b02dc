"""A verdict as the JSON that `manage.py retention_dates` prints."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from archives.domain.retention.dates import State, Verdict
from archives.domain.retention.events import HistoryRefusedError, Reason, read_events
from archives.domain.retention.linked import Histories, judge_together
from archives.domain.retention.policy import Policy
from archives.domain.retention.profiles import PROFILES, profile_named

# The texts that a reader wants to see beside the national one, by category.
_COMPARED: Mapping[str, tuple[str, ...]] = {"A": ("VIS",), "C": ("VIS",), "D": ("VIS", "VIS_2021_1134", "SEED_2012")}
_NOT_COVERED = "OUT_OF_SCOPE (short-stay only until 2021/1134 is applied)"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def answer(vector: Mapping[str, Any], policy: Policy, today: date | None) -> dict[str, Any]:
    """The printed object for one history `{"id", "profile", "events", "subject_file"?}`; a refusal is an answer too."""
    found: dict[str, Any] = {"id": vector.get("id")}
    try:
        profile = profile_named(vector.get("profile", "VIS"))
        events = read_events(vector.get("events"), policy.post_zone)
        together = judge_together(events, profile, policy, today, vector.get("subject_file"))
        return (
            found
            | _dates(together.verdict)
            | _extras(together.verdict, policy)
            | _linked(together, vector)
            | _compared(
                together.verdict,
                lambda other: judge_together(events, other, policy, today, vector.get("subject_file")).verdict,
            )
        )
    except HistoryRefusedError as refused:
        return found | {"refused": refused.reason.value, "detail": refused.data}


def _dates(verdict: Verdict) -> dict[str, Any]:
    return {
        "start_date": _day(verdict.start_date),
        "start_basis": verdict.start_basis,
        "last_retention_day": _day(verdict.last_retention_day),
        "must_be_gone_from": _day(verdict.must_be_gone_from),
    }


def _extras(verdict: Verdict, policy: Policy) -> dict[str, Any]:
    """What applies to this file only: nothing is printed for what does not."""
    out: dict[str, Any] = {}
    if verdict.state is State.OPEN_NO_START:
        out["state"] = verdict.state.value
    if verdict.advance_basis:
        out["advance_erasure_basis"] = verdict.advance_basis
        out["scope"] = "ALL application files of the person + links"
        out["ordinary_last_retention_day"] = _day(verdict.ordinary_last_day)
    if verdict.partials:
        out["partial_erasures"] = [
            {
                "what": part.what,
                "last_retention_day": _day(part.last_retention_day),
                "must_be_gone_from": _day(part.must_be_gone_from),
                "basis": part.basis,
            }
            for part in verdict.partials
        ]
    if verdict.restricted_copy:
        out["restricted_copy"] = {
            "allowed_from": _day(verdict.restricted_copy.allowed_from),
            "last_retention_day": _day(verdict.restricted_copy.last_retention_day),
            "must_be_gone_from": _day(verdict.restricted_copy.must_be_gone_from),
        }
    if verdict.floor_set_by_appeal:
        out["visa_code_37_3_floor_until"] = _day(verdict.floor_until)
    if verdict.floor_applies is False:
        out["visa_code_37_3_floor_applies"] = False
    if verdict.cap_without_floor:
        out["cap_without_floor"] = _day(verdict.cap_without_floor)
    if records := verdict.records_last_day:
        out["vis_log_last_day"] = _day(records)
        out["vis_log_gone_from"] = date.fromordinal(records.toordinal() + 1).isoformat()
    if instant := verdict.must_be_gone_instant(policy.erasure_zone):
        out[f"must_be_gone_instant_{policy.erasure_zone.lower().replace('/', '_')}"] = instant.isoformat()
    return out


def _linked(together: Histories, vector: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if len(together.verdicts) > 1 or vector.get("subject_file"):
        out["subject_file"] = together.subject
        out["other_files"] = {
            label: {
                "start_date": _day(verdict.start_date),
                "last_retention_day": _day(verdict.last_retention_day),
                "must_be_gone_from": _day(verdict.must_be_gone_from),
            }
            for label, verdict in together.verdicts.items()
            if label != together.subject
        }
    if together.links:
        out["links_gone_from"] = _day(together.links_gone_from)
    if len(together.links) > 1:
        out["links"] = [{"files": list(link.files), "gone_from": _day(link.gone_from)} for link in together.links]
    return out


def _compared(verdict: Verdict, under: Any) -> dict[str, Any]:
    """The same file under the texts it would fall under without the national one."""
    if not verdict.profile.yields_to_floor or verdict.category is None:
        return {}
    rows: dict[str, Any] = {}
    for key in _COMPARED[verdict.category]:
        try:
            other: Verdict = under(PROFILES[key])
        except HistoryRefusedError as refused:
            rows[key] = _NOT_COVERED if refused.reason is Reason.OUT_OF_SCOPE else refused.reason.value
            continue
        rows[key] = {
            "last_retention_day": _day(other.last_retention_day),
            "must_be_gone_from": _day(other.must_be_gone_from),
        }
        if verdict.category == "D":
            rows[key] = {"start_date": _day(other.start_date)} | rows[key]
    return {"same_file_under": rows}
