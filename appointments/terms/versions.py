"""A new version of a service's terms: checked against its release policy, explained, kept beside the earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.forms.models import model_to_dict

from appointments.domain.feasibility import Flaw, flaws
from appointments.models import Service, ServiceTerms
from appointments.models.posts import TERMS
from appointments.queries.policies import policy_in_force
from appointments.releases.policies import FIELDS, in_words, proposal_of
from appointments.versions import VersionRefusedError, one_at_a_time, write_next

__all__ = ["TERMS", "better_for_people", "refund_hours", "refusals", "save_terms", "values_of"]

_FAMILIES = {Flaw.RELEASE_TOO_SMALL_FOR_FAMILIES, Flaw.BATCH_TOO_SMALL_FOR_FAMILIES}


def values_of(row: Service | ServiceTerms) -> dict[str, Any]:
    """The terms in a row, by name."""
    return model_to_dict(row, TERMS)


def refusals(service: Service, values: Mapping[str, Any]) -> list[str]:
    """Why these terms cannot work; empty if they can."""
    policy = policy_in_force(service)
    if policy is None:
        return []
    proposal = proposal_of(service, model_to_dict(policy, FIELDS))
    found = flaws(replace(proposal, largest_group=values["largest_group"]))
    return [in_words(finding) for finding in found if finding.what in _FAMILIES]


def save_terms(
    service: Service, values: Mapping[str, Any], *, author: str, reason: str, based_on: int, now: datetime
) -> ServiceTerms:
    """Write the next version; it is in force from the commit on. What was asked of people before stays as it was.

    Args:
        service: whose terms.
        values: the fields of TERMS.
        author: who decided, as the sign-in name.
        reason: why, in a sentence.
        based_on: the version that the person had before their eyes.
        now: UTC.

    Raises:
        VersionRefusedError: they cannot work, or somebody else has saved a version in the meantime.
    """
    with one_at_a_time(service):
        found = refusals(service, values)
        if found:
            raise VersionRefusedError(found)
        saved = write_next(
            ServiceTerms, service, values, TERMS, author=author, reason=reason, based_on=based_on, now=now
        )
        service.refresh_from_db(fields=[*TERMS, "to_confirm"])
        left = [name for name in service.to_confirm if name not in TERMS]
        if left != service.to_confirm:  # whoever decides a value confirms it
            service.to_confirm = left
            service.save(update_fields=["to_confirm"])
    return saved


def refund_hours(service: Service, booked_at: datetime) -> int | None:
    """How many hours before its beginning a booking may be cancelled for its money; None: never.

    What was promised when it was made holds, and what is promised now where that is better for the person.
    """
    versions = ServiceTerms.objects.filter(service=service)
    promised = versions.filter(created_at__lte=booked_at).order_by("-version").first() or versions.earliest("version")
    return better_for_people(promised.refund_hours_before, service.refund_hours_before)


def better_for_people(one: int | None, other: int | None) -> int | None:
    """The promise with more time to cancel, where None promises nothing."""
    return min((hours for hours in (one, other) if hours is not None), default=None)
