"""Who comes: one page a person, and for a family the list of all."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from appointments.forms.people import MrzForm, PersonForm, person_of
from appointments.refusals import SENTENCES, Reason
from appointments.views.flow import Flow, step

_ANOTHER = "another"  # the button that saves and asks for the next person


@step("people")
def people(request: HttpRequest, flow: Flow) -> HttpResponse:
    """The people entered so far; add one, change one, remove one, go on."""
    if request.method == "POST" and "remove" in request.POST:
        return _remove(flow, request.POST["remove"])
    if request.method == "POST":
        return redirect(_next(flow))
    if not flow.people:
        return redirect("apply-person", flow.draft.public_id, 1)
    context = flow.context(
        people=[person_of(kept) for kept in flow.people],
        next_number=len(flow.people) + 1,
        room=len(flow.people) < flow.service.largest_group,
        next=_next(flow),
    )
    return render(request, "appointments/apply/people.html", context)


def _next(flow: Flow) -> str:
    return flow.address("wishes" if flow.drawn else "check")


def _after(flow: Flow, number: int) -> str:
    """Where a saved person leads: to the next one, a family to its list, and who comes alone straight on."""
    if _ANOTHER in flow.request.POST and number == len(flow.people) < flow.service.largest_group:
        return reverse("apply-person", args=[flow.draft.public_id, number + 1])
    if len(flow.people) > 1:
        return flow.address("people")
    return flow.address("check") if flow.draft.payload.get("wishes") else _next(flow)


def _remove(flow: Flow, typed: str) -> HttpResponse:
    rows = flow.people
    if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(rows):
        del rows[int(typed) - 1]
        flow.keep(people=rows, typed={})
    return redirect(flow.address("people"))


@step("people")
def person(request: HttpRequest, flow: Flow, number: int) -> HttpResponse:
    """One person: typed by hand, or filled in from the passport's machine-readable lines."""
    rows = flow.people
    if not 1 <= number <= min(len(rows) + 1, flow.service.largest_group):
        return redirect(flow.address("people"))
    mrz = MrzForm(request.POST if request.method == "POST" and "read" in request.POST else None, today=flow.today)
    if request.method == "POST" and "read" in request.POST:
        _keep_typed(flow, number)
        if mrz.is_valid():
            _fill_in(flow, number, mrz.read)
            return redirect("apply-person", flow.draft.public_id, number)
    form = _form(flow, number, posted=request.method == "POST" and "read" not in request.POST)
    if form.is_bound:
        if form.is_valid() and not _twice(flow, number, form):
            kept = form.kept()
            rows[number - 1 : number] = [kept]
            flow.keep(people=rows, typed={})
            return redirect(_after(flow, number))
        _keep_typed(flow, number)
    context = flow.context(
        form=form,
        mrz=mrz,
        number=number,
        forms=[mrz, form],
        filled=str(number) in flow.draft.payload.get("read", {}),
        room=len(rows) <= number < flow.service.largest_group,
    )
    return render(request, "appointments/apply/person.html", context)


def _form(flow: Flow, number: int, *, posted: bool) -> PersonForm:
    options: dict[str, Any] = {"service": flow.service, "today": flow.today}
    if posted:
        return PersonForm(flow.request.POST, **options)
    typed = flow.draft.payload.get("typed", {}).get(str(number))
    if typed:
        # Shown again as it was typed, mistakes included, without complaining before it is sent.
        options["initial"] = typed
    elif number <= len(flow.people):
        options["initial"] = flow.people[number - 1]
    return PersonForm(**options)


def _twice(flow: Flow, number: int, form: PersonForm) -> bool:
    identity = person_of(form.kept()).identity
    others = [person_of(kept).identity for at, kept in enumerate(flow.people, start=1) if at != number]
    if identity in others:
        form.add_error("passport_number", SENTENCES[Reason.SAME_PERSON_TWICE])
        return True
    return False


_LONGEST_KEPT = 200


def _keep_typed(flow: Flow, number: int) -> None:
    """Keep what stands in the boxes, valid or not, so that a reload or a lost connection loses nothing."""
    post = flow.request.POST
    names = ("family_name", "given_names", "nationality", "passport_country", "passport_number", "france_visas")
    typed: dict[str, Any] = {name: post.get(name, "").replace("\0", "")[:_LONGEST_KEPT] for name in names}
    parts = [post.get(f"birth_date_{part}", "").replace("\0", "")[:10] for part in range(3)]
    typed["birth_date"] = parts
    flow.keep(typed={**flow.draft.payload.get("typed", {}), str(number): typed})


def _fill_in(flow: Flow, number: int, read: dict[str, str]) -> None:
    typed = flow.draft.payload.get("typed", {}).get(str(number), {})
    flow.keep(
        typed={**flow.draft.payload.get("typed", {}), str(number): {**typed, **read}},
        read={**flow.draft.payload.get("read", {}), str(number): True},
    )
