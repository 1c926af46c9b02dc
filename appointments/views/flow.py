"""The way through an application: which steps there are, which one is next, and what has to come before."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from antibot import doors
from appointments.actions.drafts import draft_of, save_draft
from appointments.actions.people import contact_index
from appointments.domain.calendar.zones import zone
from appointments.domain.people import PersonData
from appointments.forms.people import person_of
from appointments.models import Draft, Service
from appointments.queries.services import known_drawn
from appointments.refusals import RefusedError
from appointments.views.refused import refused
from appointments.views.uncached import uncached

_TOKEN = "draft_token"  # noqa: S105 - the name of a session value

TITLES = {
    "contact": gettext_lazy("Your e-mail address"),
    "code": gettext_lazy("Confirm the address"),
    "people": gettext_lazy("Who comes"),
    "wishes": gettext_lazy("Days that suit you"),
    "check": gettext_lazy("Check your answers"),
    "slots": gettext_lazy("Choose a time"),
    "pay": gettext_lazy("Pay the service fee"),
}
DRAWN = ("contact", "code", "people", "wishes", "check")
FIRST_COME = ("contact", "code", "people", "check", "slots", "pay")


def draft_key(request: HttpRequest) -> str:
    """What binds drafts to this browser: a random token of its own, which survives a renewed session key."""
    token = request.session.get(_TOKEN)
    if not isinstance(token, str):
        token = secrets.token_urlsafe(24)
        request.session[_TOKEN] = token
    return token


@dataclass
class Flow:
    """An application in progress, with the moment at which this page was asked for."""

    request: HttpRequest
    draft: Draft
    step: str
    now: datetime

    @property
    def service(self) -> Service:
        """What the appointment is for."""
        return self.draft.service

    @cached_property
    def drawn(self) -> bool:
        """Whether wishes are given and drawn, instead of choosing a time."""
        return known_drawn(self.service.pk)

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of this service in order; where nothing is to be paid, choosing a time is the last one."""
        if self.drawn:
            return DRAWN
        return FIRST_COME if self.service.prepaid_cents else FIRST_COME[:-1]

    @property
    def today(self) -> date:
        """The day at the post."""
        return self.now.astimezone(zone(self.service.post.timezone)).date()

    @property
    def people(self) -> list[dict[str, Any]]:
        """The people entered so far, as the draft keeps them."""
        return list(self.draft.payload.get("people", []))

    def people_data(self) -> list[PersonData]:
        """The people as the actions take them."""
        return [person_of(kept) for kept in self.people]

    @cached_property
    def verified(self) -> str | None:
        """The address proved in this session, where it is the one of this draft."""
        wanted = self.draft.payload.get("contact")
        contact = doors.verified_contact(self.request, "apply") if wanted else None
        if not contact:
            return None
        return contact if contact == wanted or contact_index(contact) == contact_index(wanted) else None

    def is_verified(self, address: str) -> bool:
        """Whether this session proved `address` within the half hour that a code is good for."""
        contact = doors.verified_contact(self.request, "apply")
        return contact is not None and contact_index(contact) == contact_index(address)

    def keep(self, **values: Any) -> None:
        """Keep answers in the draft."""
        save_draft(draft=self.draft, payload={**self.draft.payload, **values}, now=self.now)

    def address(self, step: str) -> str:
        """Where a step of this draft is."""
        return reverse(f"apply-{step}", args=[self.draft.public_id])

    def after_code(self) -> str:
        """Where a proved address leads: to the first person, or back to the answers."""
        return self.address("check") if self.people else reverse("apply-person", args=[self.draft.public_id, 1])

    def missing(self) -> str | None:
        """The first step before this one that has no answer yet."""
        answered = {
            "contact": bool(self.draft.payload.get("contact")),
            "code": self.verified is not None,
            "people": bool(self.people),
            "wishes": bool(self.draft.payload.get("wishes")),
        }
        before = self.steps[: self.steps.index(self.step)] if self.step in self.steps else self.steps
        return next((step for step in before if not answered.get(step, True)), None)

    def context(self, **more: Any) -> dict[str, Any]:
        """What every page of the flow shows."""
        position = self.steps.index(self.step) + 1 if self.step in self.steps else 1
        forms = [form for form in more.get("forms", ()) if form is not None]
        return {
            "flow": self,
            "draft": self.draft,
            "service": self.service,
            "post": self.service.post,
            "step_title": TITLES[self.step],
            "step_number": position,
            "step_count": len(self.steps),
            "track": [number <= position for number in range(1, len(self.steps) + 1)],
            "back": self.back(),
            "has_errors": any(form.is_bound and form.errors for form in forms),
            "forms": forms,
            **{name: value for name, value in more.items() if name != "forms"},
        }

    def back(self) -> str:
        """The page before this one."""
        if self.step not in self.steps:
            return self.address("people")
        position = self.steps.index(self.step)
        if self.step in {"contact", "people"}:
            return reverse("service", args=[self.service.post.key, self.service.slug])
        return self.address(self.steps[position - 1])


def reading_language() -> str:
    """The two letters of the language in which the person reads; letters are written in it."""
    return (get_language() or "fr")[:2]


StepView = Callable[..., HttpResponse]


def step(name: str) -> Callable[[StepView], StepView]:
    """A page of the flow: opens the draft, and sends people to whatever has to come before it.

    A draft that became a request leads to that request, so that the back button and a second tab end at the same page.
    """

    def decorate(view: StepView) -> StepView:
        @wraps(view)
        def opened(request: HttpRequest, draft_id: str, **more: Any) -> HttpResponse:
            now = timezone.now()
            try:
                draft = draft_of(session_key=draft_key(request), public_id=draft_id, now=now)
            except RefusedError as error:
                return refused(request, error, words=_("Start again"))
            if draft.request_id is not None and draft.request is not None:
                return HttpResponseRedirect(reverse("my-request", args=[draft.request.reference]))
            flow = Flow(request, draft, name, now)
            if name not in flow.steps:
                return redirect(flow.address("check"))
            missing = flow.missing()
            if missing is not None:
                return _send_back(flow, missing)
            return view(request, flow, **more)

        return require_http_methods(["GET", "HEAD", "POST"])(uncached(opened))

    return decorate


def _send_back(flow: Flow, missing: str) -> HttpResponse:
    if missing == "code" and flow.people:
        messages.info(
            flow.request,
            _(
                "Your code was good for half an hour, which is over. "
                "Confirm your address again: nothing you typed is lost."
            ),
        )
        missing = "contact"
    return redirect(flow.address(missing))
