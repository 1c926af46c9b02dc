"""Applying: address, code, check, and the act itself."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from antibot import doors
from appointments.actions import drafts, requests
from appointments.actions.people import identity_index
from appointments.forms.contact import CodeForm, ContactForm
from appointments.forms.wishes import WishesForm, wishes_of
from appointments.models import Draft
from appointments.queries.policies import policy_in_force
from appointments.queries.services import service_at
from appointments.refusals import Reason, RefusedError
from appointments.views.flow import Flow, draft_key, reading_language, step
from appointments.views.refused import held_back, refused
from appointments.views.uncached import uncached

PURPOSE = "apply"


@require_POST
@uncached
def start(request: HttpRequest, post_key: str, slug: str) -> HttpResponse:
    """Begin an application: nothing is asked yet, and two clicks give one draft."""
    service = service_at(post_key, slug)
    if service is None:
        raise Http404
    doors.recognise(request)
    try:
        draft = drafts.start_draft(session_key=draft_key(request), service=service, now=timezone.now())
    except RefusedError as error:
        return refused(request, error, back=reverse("post", args=[post_key]))
    return redirect("apply-contact", draft.public_id)


@step("contact")
def contact(request: HttpRequest, flow: Flow) -> HttpResponse:
    """Address and captcha on one page; a code goes out."""
    scope_key = flow.service.scope_key
    anew = "captcha_refresh" in request.POST
    posted = request.method == "POST" and not anew
    address = request.POST.get("contact", "") if anew else flow.draft.payload.get("contact", "")
    hint = _("We send a code to it now, and later everything about your appointment. Use one that only you read.")
    form = ContactForm(request.POST if posted else None, initial={"contact": address}, hint=hint)
    challenge = doors.challenge_form(request, scope_key, request.POST if request.method == "POST" else None)
    tried = False
    if posted:
        refusal = doors.may_proceed(request, PURPOSE, scope_key)
        if refusal is not None:
            return held_back(request, refusal, flow.address("contact"))
        # The challenge is used up when it is looked at, so it comes last.
        tried = form.is_valid()
        if tried and challenge.is_valid():
            answer = _send_code(flow, form)
            if answer is not None:
                return answer
    context = flow.context(form=form, challenge=challenge, forms=[form, challenge if tried else None])
    return render(request, "appointments/apply/contact.html", context)


def _send_code(flow: Flow, form: ContactForm) -> HttpResponse | None:
    """Send the code. None: the form says what is wrong with the address."""
    address = form.cleaned_data["contact"]
    if flow.is_verified(address):
        flow.keep(contact=address)
        return redirect(flow.address("people"))
    refusal = doors.send_code(flow.request, address, PURPOSE, flow.service.scope_key, reading_language())
    flow.keep(contact=address, **({"code_sent_to": address} if refusal is None else {}))
    # A second click within the minute: the first one's code is on its way, unless that one was for something else.
    underway = flow.draft.payload.get("code_sent_to") == address
    if refusal is None or (refusal.reason is doors.Reason.CODE_WAIT and underway):
        return redirect(flow.address("code"))
    if refusal.reason is doors.Reason.BAD_CONTACT:
        form.add_error("contact", refusal.sentence)
        return None
    return held_back(flow.request, refusal, flow.address("contact"))


@step("code")
def code(request: HttpRequest, flow: Flow) -> HttpResponse:
    """The code of the message; a new one on demand."""
    address = flow.draft.payload["contact"]
    if flow.verified:
        return redirect(flow.after_code())
    form = CodeForm(request.POST if request.method == "POST" and "again" not in request.POST else None)
    sent_again = False
    if request.method == "POST" and "again" in request.POST:
        refusal = doors.send_code(request, address, PURPOSE, flow.service.scope_key, reading_language())
        if refusal is not None:
            return held_back(request, refusal, flow.address("code"))
        sent_again = True
    elif request.method == "POST" and form.is_valid():
        refusal = doors.check_code(request, address, form.cleaned_data["code"], PURPOSE, flow.service.scope_key)
        if refusal is None:
            return redirect(flow.after_code())
        if refusal.of_network:
            return held_back(request, refusal, flow.address("code"))
        form.add_error("code", refusal.sentence)
    context = flow.context(form=form, address=address, sent_again=sent_again, forms=[form])
    return render(request, "appointments/apply/code.html", context)


@step("wishes")
def wishes(request: HttpRequest, flow: Flow) -> HttpResponse:
    """Acceptable days and hours."""
    policy = policy_in_force(flow.service)
    urgent = bool(flow.service.category.urgent_possible and policy and policy.urgent_percent)
    kept = flow.draft.payload.get("wishes")
    form = WishesForm(
        request.POST if request.method == "POST" else None,
        service=flow.service,
        today=flow.today,
        urgent=urgent,
        **({"initial": kept} if kept else {}),
    )
    if request.method == "POST" and form.is_valid():
        try:
            requests.check_wishes(flow.service, form.wishes(), flow.now)
        except RefusedError as error:
            form.add_error(error.field or None, error.sentence)
        else:
            flow.keep(wishes=form.kept())
            return redirect(flow.address("check"))
    return render(request, "appointments/apply/wishes.html", flow.context(form=form, policy=policy, forms=[form]))


@step("check")
def check(request: HttpRequest, flow: Flow) -> HttpResponse:
    """Everything that was answered, once more, before the act of value."""
    if request.method == "POST":
        if not flow.drawn:
            return redirect(flow.address("slots"))
        return _enter(flow)
    kept = flow.draft.payload.get("wishes")
    context = flow.context(
        people=flow.people_data(), address=flow.verified, wishes=wishes_of(kept) if kept else None, kept=kept
    )
    return render(request, "appointments/apply/check.html", context)


def _enter(flow: Flow) -> HttpResponse:
    refusal = doors.may_proceed(flow.request, PURPOSE, flow.service.scope_key)
    if refusal is not None:
        return held_back(flow.request, refusal, flow.address("check"))
    kept = flow.draft.payload["wishes"]
    try:
        entered = requests.enter_request(
            service=flow.service,
            people=flow.people_data(),
            wishes=wishes_of(kept),
            contact=flow.verified or "",
            language=reading_language(),
            quota=kept.get("quota", "ordinary"),
            draft=flow.draft,
            now=flow.now,
        )
    except RefusedError as error:
        report_identities(flow)
        return not_entered(flow, error)
    report_identities(flow, f"request:{entered.reference}")
    return redirect("my-request", entered.reference)


def report_identities(flow: Flow, subject: str = "") -> None:
    """Tell antibot which identities this browser enters, as opaque bytes; and once it is known, what they became."""
    for person in flow.people_data():
        doors.report_identity(flow.request, flow.service.scope_key, identity_index(flow.service, person), subject)


def not_entered(flow: Flow, error: RefusedError) -> HttpResponse:
    """What became of a refused entry: the first one's page after a double click, else the reason and the way on."""
    if error.reason == Reason.ALREADY_ENTERED:
        first = Draft.objects.select_related("request").get(pk=flow.draft.pk).request
        if first is not None:
            return HttpResponseRedirect(reverse("my-request", args=[first.reference]))
    if error.reason in {Reason.WISHES_IN_THE_PAST, Reason.WISHES_OUTSIDE}:
        return refused(flow.request, error, back=flow.address("wishes"), words=_("Change the days"))
    if error.reason in {Reason.SLOT_GONE, Reason.NO_ADJACENT_SLOTS}:
        return refused(flow.request, error, back=flow.address("slots"), words=_("Choose another time"))
    return refused(flow.request, error, back=flow.address("check"), words=_("Back to your answers"))
