"""Slots made anew for a post: first what would change, then the doing, with its progress."""

from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import PLAN
from accounts.site import staff_site
from appointments.calendar.horizon import last_day_of
from appointments.calendar.making import SlotChanges, preview_slots
from appointments.calendar.regenerating import progress_of, start_regeneration
from appointments.domain.calendar.zones import local_of
from appointments.models import Post, Service, Slot

LONGEST_DAYS = 366


class RangeForm(forms.Form):
    """Up to which day."""

    last_day = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        """Args: `today`, the local day at the post."""
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_last_day(self) -> date:
        """A day to come, within a year."""
        day: date = self.cleaned_data["last_day"]
        if not 0 <= (day - self.today).days <= LONGEST_DAYS:
            raise forms.ValidationError(_("Choose a day between today and a year from now."))
        return day


def _open_services(post: Post) -> list[int]:
    return list(Service.objects.filter(post=post, is_open=True).values_list("pk", flat=True))


def _rows(changes: SlotChanges) -> list[tuple[Any, int]]:
    states = dict(Slot.State.choices)
    return [
        (_("New slots"), changes.created),
        (_("Slots in the pool that go"), changes.removed),
        (_("Slots that stay as they are"), changes.kept),
        (_("New slots that cannot be made, because another slot is in their place"), changes.blocked),
        *(
            (_("Outside the plan, but shown to people: %s") % states[state], n)
            for state, n in changes.in_the_way.items()
        ),
    ]


@staff_site.page("posts/<slug:post_key>/slots/", name="regenerate_slots", verb=PLAN)
def regenerate_slots(request: HttpRequest, post_key: str) -> HttpResponse:
    """What would change; on POST it is started."""
    post = get_object_or_404(Post, key=post_key)
    now = timezone.now()
    today, _at = local_of(now, post.timezone)
    usual = last_day_of(post, today)
    form = RangeForm(request.POST or request.GET or {"last_day": usual}, today=today)
    changes = None
    if form.is_valid():
        last_day = form.cleaned_data["last_day"]
        if request.method == "POST":
            run = start_regeneration(post, last_day, request.user.get_username(), now)
            return redirect(reverse("admin:regeneration_progress", args=[post.key, run]))
        changes = preview_slots(post, today, last_day, now, _open_services(post))
    context = {
        **staff_site.each_context(request),
        "title": _("Make the slots of %s anew") % post.name,
        "post": post,
        "form": form,
        "changes": changes,
        "rows": _rows(changes) if changes else [],
        "services": len(_open_services(post)),
    }
    return render(request, "appointments/admin/regenerate.html", context)


@staff_site.page("posts/<slug:post_key>/slots/<slug:run>/", name="regeneration_progress", verb=PLAN)
def regeneration_progress(request: HttpRequest, post_key: str, run: str) -> HttpResponse:
    """How far it is; the page asks again by itself until it is done."""
    post = get_object_or_404(Post, key=post_key)
    progress = progress_of(post, run)
    context = {
        **staff_site.each_context(request),
        "title": _("Slots of %s") % post.name,
        "post": post,
        "progress": progress,
        "rows": _rows(progress.changes) if progress else [],
    }
    return render(request, "appointments/admin/regeneration_progress.html", context)
