"""The policy in force."""

from appointments.models import ReleasePolicy, Service
from vault.rows import first


def policy_in_force(service: Service) -> ReleasePolicy | None:
    """The highest version of a service's release policy; None where staff have not set one yet."""
    return first(ReleasePolicy, "WHERE service_id = %s ORDER BY version DESC LIMIT 1", [service.pk])


def is_drawn(policy: ReleasePolicy | None) -> bool:
    """Whether people give wishes and are drawn, instead of choosing on a calendar."""
    return policy is not None and policy.mode != ReleasePolicy.Mode.FIRST_COME
