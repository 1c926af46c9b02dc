"""A pause for identities that gave a slot back, so that holding and cancelling in turn gains nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from appointments.models import CoolingOff, Person, Request
from appointments.queries.policies import policy_in_force


def cool_off(request_ids: Sequence[int], reason: str, now: datetime) -> int:
    """Pause the people of these requests, for the days that their service says; returns how many people.

    A cancellation pauses for the service's `cooling_off_days`, an offer that lapsed for the policy's `cooldown_days`.
    A cancellation by the post pauses nobody.
    """
    if reason == Request.Ended.POST_CLOSED:
        return 0
    pauses: dict[int, timedelta] = {}
    rows = []
    people = Person.objects.filter(request_id__in=request_ids).select_related("request__service")
    for person in people.defer("family_name", "given_names", "birth_date", "passport_number"):
        service = person.request.service
        if service.pk not in pauses:
            policy = policy_in_force(service)
            lapsed = policy.cooldown_days if policy else service.cooling_off_days
            days = lapsed if reason == Request.Ended.UNPAID else service.cooling_off_days
            pauses[service.pk] = timedelta(days=days)
        if pauses[service.pk]:
            rows.append(
                CoolingOff(
                    identity_scope=person.identity_scope,
                    identity_index=person.identity_index,
                    until=now + pauses[service.pk],
                    reason=reason,
                )
            )
    CoolingOff.objects.bulk_create(rows)
    return len(rows)
