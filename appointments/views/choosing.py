"""First come: a calendar of open times, and holding one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from antibot import doors
from appointments.actions.holds import hold
from appointments.queries.availability import availability
from appointments.queries.services import known_policy
from appointments.refusals import RefusedError
from appointments.views.apply import not_entered, report_identities
from appointments.views.flow import Flow, reading_language, step
from appointments.views.refused import held_back


@step("slots")
def slots(request: HttpRequest, flow: Flow) -> HttpResponse:
    """Times at which the whole group fits; choosing one holds it."""
    typed = request.POST.get("slot", "")
    if request.method == "POST" and typed.isascii() and typed.isdigit() and len(typed) < 19:
        return _hold(flow, int(typed))
    size = len(flow.people)
    found = availability(flow.service, now=flow.now, size=size)
    context = flow.context(days=found.days, size=size, policy=known_policy(flow.service.pk))
    return render(request, "appointments/apply/slots.html", context)


def _hold(flow: Flow, slot_id: int) -> HttpResponse:
    refusal = doors.may_proceed(flow.request, doors.Purpose.HOLD, flow.service.scope_key)
    if refusal is not None:
        return held_back(flow.request, refusal, flow.address("slots"))
    try:
        booking = hold(
            service=flow.service,
            slot_id=slot_id,
            people=flow.people_data(),
            contact=flow.verified or "",
            language=reading_language(),
            draft=flow.draft,
            now=flow.now,
        )
    except RefusedError as error:
        report_identities(flow)
        return not_entered(flow, error)
    report_identities(flow, booking.subject)
    return redirect("my-request", booking.request.reference)
