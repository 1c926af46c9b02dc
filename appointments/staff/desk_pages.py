"""At the desk: walk-ins into free slots, the standby list, and requests for people without internet."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import CHECK_IN, CORRECT, may
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import staff_site
from appointments import wording
from appointments.actions.requests import enter_request
from appointments.models import Booking, Post, ReleasePolicy, Request, Service, Slot
from appointments.queries.policies import policy_in_force
from appointments.refusals import RefusedError
from appointments.staff import walk_ins
from appointments.staff.booking_pages import request_of
from appointments.staff.forms import DeskForm, SlotForm, WalkInForm, people_forms
from appointments.staff.showing import post_of, posts_for, show, today_at


def _slot_choices(slots: list[Slot]) -> list[tuple[str, str]]:
    return [(str(slot.pk), _slot_words(slot)) for slot in slots]


def _slot_words(slot: Slot) -> str:
    service = slot.service
    parts = [f"{slot.local_time:%H:%M}", f"{_('counter')} {slot.counter.number}", str(service.category)]
    fee = wording.money(service.service_fee_cents, service.currency) if service.service_fee_cents else ""
    return " · ".join([*parts, _("%(amount)s a person") % {"amount": fee} if fee else _("no fee")])


def _refused(form: Any, people: Any, refusal: RefusedError) -> None:
    """Say a refusal at the person it is about, or above the form."""
    if refusal.position is not None and refusal.position < len(people.forms):
        people.forms[refusal.position].add_error(refusal.field or None, str(refusal.sentence))
    else:
        form.add_error(None, str(refusal.sentence))


def _largest(services: Any) -> int:
    return max([int(service.largest_group) for service in services] or [1])


@staff_site.page("day/<slug:post_key>/walk-in/", name="walk_in", verb=CHECK_IN)
@require_http_methods(["GET", "POST"])
def walk_in(request: HttpRequest, post_key: str) -> HttpResponse:
    """Book a free slot of today for somebody who stands here."""
    post, now = post_of(post_key), timezone.now()
    slots = walk_ins.free_today(post, now)
    data = request.POST if request.method == "POST" else None
    form = WalkInForm(data, slots=_slot_choices(slots), initial={"language": "fr"})
    people = people_forms(post, _largest([slot.service for slot in slots]), data)
    if data is not None and form.is_valid() and people.is_valid():
        chosen = next(slot for slot in slots if str(slot.pk) == form.cleaned_data["slot"])
        try:
            booking = walk_ins.walk_in(
                chosen=chosen,
                people=people.people(),
                contact=form.cleaned_data["contact"],
                language=form.cleaned_data["language"],
                handed=form.handed(request.user.get_username()),
                now=now,
            )
        except RefusedError as refusal:
            _refused(form, people, refusal)
        else:
            return _onward(request, post, booking)
    context = {"title": _("Walk-in"), "post": post, "form": form, "people": people, "slots": slots}
    return show(request, "appointments/staff/walk_in.html", context)


def _onward(request: HttpRequest, post: Post, booking: Booking) -> HttpResponse:
    """To the receipt where there is one to hand over, else to the board, with the person who stands here."""
    reference = booking.request.reference
    now = timezone.now()
    record(request.user, AccessRecord.Action.DECIDE, reference, now=now, post_key=post.key)
    messages.success(request, _("Booked. Compare the passport now."))
    if booking.amount_cents:
        return HttpResponseRedirect(reverse("admin:till_receipt", args=[post.key, reference]))
    place = booking.places.order_by("pk").values_list("pk", flat=True)[0]
    return HttpResponseRedirect(f"{reverse('admin:day_board', args=[post.key])}?day={booking.local_day}&at={place}")


@staff_site.page("day/<slug:post_key>/standby/", name="standby", verb=CHECK_IN)
@require_GET
def standby(request: HttpRequest, post_key: str) -> HttpResponse:
    """People who said they can come at short notice, in a fixed order."""
    post, now = post_of(post_key), timezone.now()
    free = {slot.service_id for slot in walk_ins.free_today(post, now)}
    waiting = walk_ins.standby(post, now.astimezone(ZoneInfo(post.timezone)))
    record(request.user, AccessRecord.Action.LIST, "standby", now=now, post_key=post.key, rows=len(waiting))
    context = {"title": _("Standby list"), "post": post, "waiting": waiting, "free": free}
    return show(request, "appointments/staff/standby.html", context)


@staff_site.page("day/<slug:post_key>/standby/<str:reference>/", name="standby_serve", verb=CHECK_IN)
@require_http_methods(["GET", "POST"])
def standby_serve(request: HttpRequest, post_key: str, reference: str) -> HttpResponse:
    """Give a free slot of today to a standing request whose people stand here."""
    post, now = post_of(post_key), timezone.now()
    row = request_of(post, reference)
    slots = [slot for slot in walk_ins.free_today(post, now) if slot.service_id == row.service_id]
    form = SlotForm(request.POST if request.method == "POST" else None, slots=_slot_choices(slots))
    if request.method == "POST" and form.is_valid():
        chosen = next(slot for slot in slots if str(slot.pk) == form.cleaned_data["slot"])
        handed = form.handed(request.user.get_username())
        try:
            return _onward(request, post, walk_ins.serve_standing(request=row, chosen=chosen, handed=handed, now=now))
        except RefusedError as refusal:
            form.add_error(None, str(refusal.sentence))
    record(request.user, AccessRecord.Action.READ, row.reference, now=now, post_key=post.key, rows=row.size)
    context = {"title": _("Give a slot of today"), "post": post, "row": row, "form": form, "slots": slots}
    return show(request, "appointments/staff/standby_serve.html", context)


@staff_site.page("desk/", name="desks", verb=CHECK_IN, menu=gettext_lazy("Request at the desk"), place=20)
@require_GET
def desks(request: HttpRequest) -> HttpResponse:
    """Which post's desk."""
    posts = posts_for(request)
    if len(posts) == 1:
        return HttpResponseRedirect(reverse("admin:desk_entry", args=[posts[0].key]))
    context = {"title": _("Request at the desk"), "posts": posts, "to": "desk_entry"}
    return show(request, "appointments/staff/choose_post.html", context)


def _drawn_services(post: Post) -> Any:
    services = Service.objects.filter(post=post, is_open=True).select_related("post", "category")
    drawn = [
        service.pk
        for service in services
        if (policy := policy_in_force(service)) and policy.mode != ReleasePolicy.Mode.FIRST_COME
    ]
    return services.filter(pk__in=drawn)


@staff_site.page("desk/<slug:post_key>/", name="desk_entry", verb=CHECK_IN)
@require_http_methods(["GET", "POST"])
def desk_entry(request: HttpRequest, post_key: str) -> HttpResponse:
    """Enter a request for somebody without internet: same draw, same odds, a receipt on paper."""
    post, now = post_of(post_key), timezone.now()
    services = _drawn_services(post)
    data = request.POST if request.method == "POST" else None
    today = today_at(post, now)
    initial = {"first_day": today, "last_day": today + timedelta(days=60), "language": "fr"}
    form = DeskForm(data, services=services, may_urgent=may(request.user, CORRECT, post.key), initial=initial)
    people = people_forms(post, _largest(services), data)
    if data is not None and form.is_valid() and people.is_valid():
        try:
            row = _entered(form, people, now)
        except RefusedError as refusal:
            _refused(form, people, refusal)
        else:
            record(request.user, AccessRecord.Action.DECIDE, row.reference, now=now, post_key=post.key, rows=row.size)
            return HttpResponseRedirect(reverse("admin:desk_receipt", args=[post.key, row.reference]))
    context = {"title": _("Request at the desk"), "post": post, "form": form, "people": people}
    return show(request, "appointments/staff/desk_entry.html", context)


def _entered(form: DeskForm, people: Any, now: Any) -> Request:
    data = form.cleaned_data
    return enter_request(
        service=data["service"],
        people=people.people(),
        wishes=form.wishes(),
        contact=data["contact"],
        language=data["language"],
        now=now,
        origin=Request.Origin.DESK,
        quota=Slot.Quota.URGENT if data.get("urgent") else Slot.Quota.ORDINARY,
    )


@staff_site.page("desk/<slug:post_key>/receipt/<str:reference>/", name="desk_receipt", verb=CHECK_IN)
@require_GET
def desk_receipt(request: HttpRequest, post_key: str, reference: str) -> HttpResponse:
    """The receipt to print: reference, what was asked for, how one learns the result."""
    post = post_of(post_key)
    row = request_of(post, reference)
    row = get_object_or_404(Request.objects.select_related("service__category"), pk=row.pk, origin=Request.Origin.DESK)
    record(request.user, AccessRecord.Action.PRINT, row.reference, now=timezone.now(), post_key=post.key)
    picture = mark_safe(segno.make(row.reference, micro=False).svg_inline(scale=4))  # noqa: S308 - our own reference
    context = {
        "post": post,
        "row": row,
        "people": list(row.people.order_by("position")),
        "picture": picture,
        "weekdays": [words for number, words in _weekdays() if row.weekdays >> number & 1],
    }
    return show(request, "appointments/staff/receipt.html", context)


def _weekdays() -> list[tuple[int, Any]]:
    from appointments.models.hours import WEEKDAYS

    return list(WEEKDAYS)
