"""Who may do what: the one place that authorises staff."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from accounts.models import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

VIEW: Final = "view"  # see rows
CHECK_IN: Final = "check_in"  # counter: check people in, register at the desk
CORRECT: Final = "correct"  # mend a typing mistake, cancel for somebody
PLAN: Final = "plan"  # counters, hours, closures, slots
POLICY: Final = "policy"  # allocation and counter-measures
CONFIGURE: Final = "configure"  # posts, services, fees
REVIEW: Final = "review"  # suspicious bookings, reports, blocks
ARCHIVE: Final = "archive"  # visa files
DECIDE_COPY: Final = "decide_copy"  # copy requests
EXPORT: Final = "export"  # take data out
AUDIT: Final = "audit"  # history and logs
STAFF: Final = "staff"  # accounts of staff

_RIGHTS: Final[dict[str, frozenset[str]]] = {
    Role.AGENT: frozenset({VIEW, CHECK_IN}),
    Role.OFFICER: frozenset({VIEW, CHECK_IN, CORRECT, REVIEW, ARCHIVE, DECIDE_COPY}),
    Role.HEAD: frozenset({VIEW, CHECK_IN, CORRECT, REVIEW, ARCHIVE, DECIDE_COPY, PLAN, POLICY, EXPORT, AUDIT}),
    Role.CENTRE: frozenset({VIEW, REVIEW, ARCHIVE, PLAN, POLICY, CONFIGURE, EXPORT, AUDIT, STAFF}),
    Role.AUDITOR: frozenset({VIEW, AUDIT, EXPORT}),
}
_EVERYWHERE: Final = frozenset({Role.CENTRE, Role.AUDITOR})


@dataclass(frozen=True)
class Scope:
    """The posts whose rows a person sees."""

    everything: bool
    post_keys: frozenset[str]

    def covers(self, post_key: str | None) -> bool:
        """Whether rows of this post are within the scope; rows of no post belong to the centre."""
        return self.everything or (post_key is not None and post_key in self.post_keys)


NOTHING: Final = Scope(everything=False, post_keys=frozenset())


def scope_of(user: "User | AnonymousUser") -> Scope:
    """The scope of a person; nothing for somebody who is not active staff. Cached on the user object of a request."""
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return NOTHING
    cached = getattr(user, "_scope", None)
    if cached is None:
        everything = user.role in _EVERYWHERE
        keys = frozenset() if everything else frozenset(user.post_scopes.values_list("post_key", flat=True))
        cached = Scope(everything, keys)
        user._scope = cached  # type: ignore[attr-defined]
    return cached


def may(user: "User | AnonymousUser", verb: str, post_key: str | None = None) -> bool:
    """Whether a person may do `verb`, and, where a post is named, do it to the rows of that post.

    False for everybody without an account, without a role that has the verb, without the post in their scope.
    """
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return False
    if verb not in _RIGHTS.get(user.role, frozenset()):
        return False
    return post_key is None or scope_of(user).covers(post_key)
