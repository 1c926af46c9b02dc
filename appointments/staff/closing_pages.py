"""Closing a post for hours or days: who is affected, then everything in one act."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import PLAN
from accounts.journal import record
from accounts.models import AccessRecord
from accounts.site import staff_site
from appointments.models import Closure, Counter, Post
from appointments.staff.closing import affected, close_and_move, still_affected
from appointments.staff.showing import post_of, posts_for, show, today_at
from appointments.staff.till import to_give_back


class ClosingForm(forms.Form):
    """When, why, and what people get."""

    first_day = forms.DateField(label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    starts = forms.TimeField(
        label=gettext_lazy("From"), required=False, widget=forms.TimeInput(attrs={"type": "time"}),
        help_text=gettext_lazy("Empty: the whole day."),
    )  # fmt: skip
    ends = forms.TimeField(label=gettext_lazy("Until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    counter = forms.ModelChoiceField(
        label=gettext_lazy("Counter"), queryset=Counter.objects.none(), required=False,
        empty_label=gettext_lazy("the whole post"),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, help_text=gettext_lazy("It stands in the letter to everybody.")
    )
    priority = forms.BooleanField(
        label=gettext_lazy("Enter people of drawn services again, first in line"), required=False, initial=True
    )

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        """The counters to choose from are those of `post`."""
        super().__init__(*args, **kwargs)
        self.post = post
        self.fields["counter"].queryset = Counter.objects.filter(post=post)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Days and hours in order; hours both or none; not in the past."""
        data = super().clean() or {}
        first, last = data.get("first_day"), data.get("last_day")
        if first and last:
            if first > last:
                self.add_error("last_day", _("The last day is before the first one."))
            elif last < today_at(self.post, timezone.now()):
                self.add_error("last_day", _("This day is over."))
            elif (last - first).days > 92:
                self.add_error("last_day", _("At most three months at a time."))
        starts, ends = data.get("starts"), data.get("ends")
        if bool(starts) != bool(ends) or (starts and starts >= ends):
            self.add_error("ends", _("Give both hours, the earlier one first, or none."))
        return data

    def closure(self) -> Closure:
        """The cleaned closure, not saved."""
        names = ("first_day", "last_day", "starts", "ends", "counter", "reason")
        return Closure(post=self.post, **{name: self.cleaned_data[name] for name in names})


@staff_site.page("closing/", name="closings", verb=PLAN, menu=gettext_lazy("Close a post and move everybody"), place=30)
@require_GET
def closings(request: HttpRequest) -> HttpResponse:
    """Which post."""
    posts = posts_for(request)
    if len(posts) == 1:
        return HttpResponseRedirect(reverse("admin:closing", args=[posts[0].key]))
    context = {"title": _("Close a post and move everybody"), "posts": posts, "to": "closing"}
    return show(request, "appointments/staff/choose_post.html", context)


@staff_site.page("closing/<slug:post_key>/", name="closing", verb=PLAN, step_up=True)
@require_http_methods(["GET", "POST"])
def closing(request: HttpRequest, post_key: str) -> HttpResponse:
    """The form, its preview (the address holds what was typed), and the act."""
    post, now = post_of(post_key), timezone.now()
    asked = "reason" in request.GET
    today = today_at(post, now)
    form = ClosingForm(
        request.GET if asked else None, post=post, initial={"first_day": today, "last_day": today, "priority": True}
    )
    context: dict[str, Any] = {
        "title": _("Close a post and move everybody"),
        "post": post,
        "form": form,
        "old": _old(post, now),
    }
    if asked and form.is_valid():
        closure = form.closure()
        if request.method == "POST":
            return _act(request, post, closure, priority=form.cleaned_data["priority"])
        context |= {"closure": closure, "affected": affected(closure, now), "priority": form.cleaned_data["priority"]}
    return show(request, "appointments/staff/closing.html", context)


def _old(post: Post, now: Any) -> list[tuple[Closure, int]]:
    closures = Closure.objects.filter(post=post, last_day__gte=today_at(post, now)).order_by("first_day")[:20]
    return [(closure, people) for closure in closures if (people := still_affected(closure, now))]


@staff_site.page("closing/<slug:post_key>/<int:closure_id>/", name="closing_again", verb=PLAN, step_up=True)
@require_http_methods(["GET", "POST"])
def closing_again(request: HttpRequest, post_key: str, closure_id: int) -> HttpResponse:
    """A closure that is in force already, in which somebody still has an appointment."""
    post = post_of(post_key)
    closure = get_object_or_404(Closure.objects.select_related("post"), pk=closure_id, post=post)
    if request.method == "POST":
        return _act(request, post, closure, priority=bool(request.POST.get("priority")))
    context = {
        "title": _("Close a post and move everybody"),
        "post": post,
        "closure": closure,
        "affected": affected(closure, timezone.now()),
        "priority": True,
    }
    return show(request, "appointments/staff/closing.html", context)


def _act(request: HttpRequest, post: Post, closure: Closure, *, priority: bool) -> HttpResponse:
    now = timezone.now()
    moved = close_and_move(closure=closure, priority=priority, by=request.user.get_username(), now=now)
    subject = f"closure {closure.first_day}–{closure.last_day}"
    record(request.user, AccessRecord.Action.DECIDE, subject, now=now, post_key=post.key, rows=moved.bookings)
    sentence = _(
        "Closed. Bookings cancelled: %(bookings)d; paid back: %(refunds)d; entered again first in line: %(requests)d; "
        "letters: %(letters)d."
    )
    messages.success(request, sentence % vars(moved))
    if moved.to_telephone:
        references = ", ".join(moved.to_telephone)
        messages.warning(request, _("No e-mail address, please telephone: %(references)s") % {"references": references})
    if to_give_back(post):
        messages.warning(request, _("Fees taken at the desk are to be given back: see the page Till of the post."))
    return HttpResponseRedirect(reverse("admin:closing", args=[post.key]))
