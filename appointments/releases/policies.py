"""A new version of a release policy: checked, explained, and saved beside the earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from appointments.domain.feasibility import Finding, Flaw, Proposal, Warn, flaws, warnings
from appointments.domain.release import Pace
from appointments.models import ReleasePolicy, Service
from appointments.versions import VersionRefusedError, one_at_a_time, write_next

FIELDS = (
    "mode",
    "release_from",
    "release_until",
    "tick_seconds",
    "slots_per_day",
    "largest_release",
    "lead_min_days",
    "lead_max_days",
    "claim_window_seconds",
    "batch_time",
    "urgent_percent",
    "first_come_percent",
    "late_days",
    "late_slots_per_day",
    "cooldown_days",
)


def proposal_of(service: Service, values: Mapping[str, Any]) -> Proposal:
    """The rule's view of the fields of a form."""
    pace = Pace(
        release_from=values["release_from"],
        release_until=values["release_until"],
        tick_seconds=values["tick_seconds"],
        slots_per_day=values["slots_per_day"],
        largest=values["largest_release"],
    )
    return Proposal(
        pace=pace,
        mode=values["mode"],
        late_slots_per_day=values["late_slots_per_day"],
        late_days=values["late_days"],
        lead_min_days=values["lead_min_days"],
        lead_max_days=values["lead_max_days"],
        claim_window_seconds=values["claim_window_seconds"],
        has_batch_time=values["batch_time"] is not None,
        urgent_percent=values["urgent_percent"],
        first_come_percent=values["first_come_percent"],
        largest_group=service.largest_group,
    )


def in_words(finding: Finding) -> str:
    """The sentence of a flaw or a warning, in the reader's language."""
    sentences: dict[Flaw | Warn, str] = {
        Flaw.HOURS_EMPTY: _("The release hours end before they begin, so nothing could ever open."),
        Flaw.TICK_TOO_LONG: _("The release hours last %(seconds)d seconds: not one tick falls into them."),
        Flaw.PACE_TOO_HIGH: _("These ticks and sizes open at most %(most)d slots a day; %(asked)d cannot be reached."),
        Flaw.LATE_PACE_TOO_HIGH: _(
            "These ticks and sizes open at most %(most)d slots a day in the late stream; %(asked)d cannot be reached."
        ),
        Flaw.LEADS_REVERSED: _("Slots would open at least %(min)d and at most %(max)d days ahead: no day fits both."),
        Flaw.LEAD_TOO_LONG: _(
            "Slots would open %(max)d days ahead. Nobody may file more than six months ahead (%(most)d days)."
        ),
        Flaw.LATE_LEAVES_NOTHING: _(
            "The late stream takes the last %(late)d days and slots open at most %(max)d days ahead: the ordinary "
            "stream would be left with nothing."
        ),
        Flaw.RELEASE_TOO_SMALL_FOR_FAMILIES: _(
            "No release would ever be large enough for a family of %(group)d: the largest has %(largest)d slots."
        ),
        Flaw.BATCH_TOO_SMALL_FOR_FAMILIES: _(
            "A day's draw would have %(slots)d slots on average, too few for a family of %(group)d."
        ),
        Flaw.BATCH_WITHOUT_TIME: _("A daily draw needs the time at which it is held."),
        Flaw.WINDOW_TOO_SHORT: _("A claim window of %(seconds)d seconds would be a race again. Give at least 30."),
        Flaw.PERCENT_OUT_OF_RANGE: _("%(percent)d is not a percentage. Give a number from 0 to 100."),
        Warn.SLOTS_WILL_BE_LEFT: _(
            "The calendar makes about %(capacity)d slots a day and this policy opens %(opened)d: the others stay idle."
        ),
        Warn.POOL_WILL_RUN_DRY: _(
            "The calendar makes about %(capacity)d slots a day and this policy would open %(opened)d: the pool will "
            "run dry, and releases will be smaller than drawn."
        ),
        Warn.NO_LATE_STREAM: _(
            "There is no late stream: a slot cancelled less than %(days)d days before its date stays unused."
        ),
    }
    return sentences[finding.what] % finding.data


def refusals(service: Service, values: Mapping[str, Any]) -> list[str]:
    """Why a policy cannot work; empty if it can."""
    return [in_words(finding) for finding in flaws(proposal_of(service, values))]


def cautions(service: Service, values: Mapping[str, Any], capacity: int | None) -> list[str]:
    """What staff should know about a policy that can work."""
    return [in_words(finding) for finding in warnings(proposal_of(service, values), capacity)]


def save_policy(
    service: Service, values: Mapping[str, Any], *, author: str, reason: str, based_on: int, now: datetime
) -> ReleasePolicy:
    """Write the next version. Draws that were opened under an earlier one keep it.

    Args:
        service: whose policy.
        values: the fields of FIELDS.
        author: who decided, as the sign-in name.
        reason: why, in a sentence.
        based_on: the version that the person had before their eyes; 0 for the first.
        now: UTC.

    Raises:
        VersionRefusedError: it cannot work, or somebody else has saved a version in the meantime.
    """
    with one_at_a_time(service):
        found = refusals(service, values)
        if found:
            raise VersionRefusedError(found)
        return write_next(
            ReleasePolicy, service, values, FIELDS, author=author, reason=reason, based_on=based_on, now=now
        )
