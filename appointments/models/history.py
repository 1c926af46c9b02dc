"""What was changed by whom, kept by the database itself, so that no code path can forget it.

No field here holds personal data: of bookings, requests and places it is the state that has a history.
"""

import pghistory

from appointments.models.bookings import Booking, Place
from appointments.models.hours import Break, Closure, Holiday, OpeningHours
from appointments.models.posts import Category, Counter, Post, Service
from appointments.models.reports import TrafficReport
from appointments.models.requests import Request

_WRITTEN = (pghistory.InsertEvent, pghistory.UpdateEvent, pghistory.DeleteEvent)

pghistory.track(
    pghistory.UpdateEvent(condition=pghistory.AnyChange("state")),
    fields=["state", "finished_by"],
    model_name="BookingEvent",
    append_only=True,
)(Booking)
pghistory.track(
    pghistory.UpdateEvent(condition=pghistory.AnyChange("outcome")),
    fields=["outcome", "outcome_by"],
    model_name="PlaceEvent",
    append_only=True,
)(Place)
pghistory.track(
    pghistory.UpdateEvent(condition=pghistory.AnyChange("state", "priority_draws")),
    fields=["state", "ended_reason", "priority_draws"],
    model_name="RequestEvent",
    append_only=True,
)(Request)
pghistory.track(
    pghistory.UpdateEvent(condition=pghistory.AnyChange("state")),
    fields=["state", "decided_by"],
    model_name="TrafficReportEvent",
    append_only=True,
)(TrafficReport)
for _model in (Post, Service, Category, Counter, OpeningHours, Break, Closure, Holiday):
    pghistory.track(*(event() for event in _WRITTEN), model_name=f"{_model.__name__}Event", append_only=True)(_model)

TRACKED = (
    Booking,
    Place,
    Request,
    TrafficReport,
    Post,
    Service,
    Category,
    Counter,
    OpeningHours,
    Break,
    Closure,
    Holiday,
)
