"""The policy in force."""

from appointments.models import ReleasePolicy, Service


def policy_in_force(service: Service) -> ReleasePolicy | None:
    """The highest version of a service's release policy; None where staff have not set one yet."""
    return ReleasePolicy.objects.filter(service=service).order_by("-version").first()


def is_drawn(policy: ReleasePolicy | None) -> bool:
    """Whether people give wishes and are drawn, instead of choosing on a calendar."""
    return policy is not None and policy.mode != ReleasePolicy.Mode.FIRST_COME
