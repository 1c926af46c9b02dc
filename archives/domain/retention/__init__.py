"""How long a visa file may be kept: events in, dates out."""

from archives.domain.retention.dates import Partial, RestrictedCopy, State, Verdict, judge
from archives.domain.retention.events import Event, EventType, HistoryRefusedError, Reason, read_event, read_events
from archives.domain.retention.linked import Histories, Link, judge_together
from archives.domain.retention.policy import Policy
from archives.domain.retention.profiles import PROFILES, Profile, default_profile, profile_named

__all__ = [
    "PROFILES",
    "Event",
    "EventType",
    "Histories",
    "HistoryRefusedError",
    "Link",
    "Partial",
    "Policy",
    "Profile",
    "Reason",
    "RestrictedCopy",
    "State",
    "Verdict",
    "default_profile",
    "judge",
    "judge_together",
    "profile_named",
    "read_event",
    "read_events",
]
