"""Put a new version of the counter-measures into force, or into shadow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from antibot.domain.policy import merged, post_of, scope_chain
from antibot.models import PolicyVersion

if TYPE_CHECKING:
    from accounts.models import User


def values_in_force(scope_key: str) -> dict[str, Any]:
    """The values that the newest version in force of exactly this scope sets; empty where it has none."""
    row = PolicyVersion.objects.filter(scope_key=scope_key, shadow=False).order_by("-version").first()
    return dict(row.values) if row else {}


class NewerVersionError(Exception):
    """Somebody has saved a version since the one that the person had before their eyes."""


def newest_version(scope_key: str) -> int:
    """The number of a scope's newest version, in force or in shadow; 0 where it has none."""
    return PolicyVersion.objects.filter(scope_key=scope_key).aggregate(newest=Max("version"))["newest"] or 0


@transaction.atomic
def publish_policy(
    *,
    scope_key: str,
    values: Mapping[str, Any],
    author: User | None,
    reason: str,
    shadow: bool,
    now: datetime,
    based_on: int | None = None,
) -> PolicyVersion:
    """Append a version whose `values` differ from the more general scope; they replace those of the version before.

    `based_on` is the newest version that the person saw, where that matters. Raises NewerVersionError where there is
    another one, BadPolicyError where the values cannot stand together with those they inherit.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"antibot-policy:{scope_key}"])
    merged(*(values_in_force(key) for key in scope_chain(scope_key)[:-1]), values)
    newest = newest_version(scope_key)
    if based_on not in {None, newest}:
        raise NewerVersionError
    return PolicyVersion.objects.create(
        scope_key=scope_key,
        post_key=post_of(scope_key),
        version=newest + 1,
        values=dict(values),
        shadow=shadow,
        author=author,
        reason=reason,
        created_at=now,
    )


def publish_again(version: PolicyVersion, *, author: User | None, based_on: int, now: datetime) -> PolicyVersion:
    """Bring the values of an earlier version back, or of one that only observed, as the newest version in force.

    Raises NewerVersionError where `based_on` is not the newest one any more, BadPolicyError where the values no longer
    fit what they inherit.
    """
    reason = _("Values of version %(number)d: %(reason)s") % {"number": version.version, "reason": version.reason}
    return publish_policy(
        scope_key=version.scope_key,
        values=version.values,
        author=author,
        reason=reason[:500],
        shadow=False,
        now=now,
        based_on=based_on,
    )
