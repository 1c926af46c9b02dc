"""Release policies: what is in force, what another one would mean, and saving it as a new version."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import POLICY, scope_of
from accounts.site import staff_site
from appointments.models import ReleasePolicy, Service
from appointments.queries.policies import policy_in_force
from appointments.releases.planner import Load, capacity_of, chart, load_of, outlook
from appointments.releases.policies import FIELDS, PolicyRefusedError, cautions, refusals, save_policy


class PolicyForm(forms.ModelForm):
    """The fields of a version, and demand to try it with."""

    reason = forms.CharField(label=gettext_lazy("reason"), max_length=300, required=False)
    demand = forms.FloatField(
        label=gettext_lazy("new requests a day"),
        min_value=0,
        required=False,
        help_text=gettext_lazy("For the forecast only. Empty: the average of the last four weeks."),
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = ReleasePolicy
        fields = FIELDS
        widgets = {
            "release_from": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "release_until": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "batch_time": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        }

    def __init__(self, *args: Any, service: Service, **kwargs: Any) -> None:
        """A form for one service."""
        self.service = service
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Refuse a policy that cannot work, with every reason at once."""
        values = super().clean() or {}
        if not self.errors:
            for sentence in refusals(self.service, values):
                self.add_error(None, sentence)
        return values

    def _post_clean(self) -> None:
        """The table's constraints are said better by the rules above; the database still keeps them."""


@staff_site.page("policies/", name="policies", verb=POLICY, menu=gettext_lazy("Release policies"))
def policies(request: HttpRequest) -> HttpResponse:
    """Every service of one's posts with the policy in force."""
    scope = scope_of(request.user)
    services = Service.objects.select_related("post", "category").order_by("post__key", "slug")
    if not scope.everything:
        services = services.filter(post__key__in=scope.post_keys)
    latest = {
        policy.service_id: policy
        for policy in ReleasePolicy.objects.filter(service__in=services).order_by("service_id", "version")
    }
    rows = [(service, latest.get(service.pk)) for service in services]
    context = {**staff_site.each_context(request), "title": _("Release policies"), "rows": rows}
    return render(request, "appointments/admin/policies.html", context)


@staff_site.page("policies/<str:post_key>/<slug:slug>/", name="policy", verb=POLICY, step_up=True)
def policy(request: HttpRequest, post_key: str, slug: str) -> HttpResponse:
    """One service: try another policy, see the waits it would mean, save it."""
    rows = Service.objects.select_related("post", "category")
    service = get_object_or_404(rows, post__key=post_key, slug=slug)
    current = policy_in_force(service)
    initial = {name: getattr(current, name) for name in FIELDS} if current else {}
    initial["based_on"] = current.version if current else 0
    if request.method == "POST" and "again" in request.POST:
        return _again(request, service, current)
    form = PolicyForm(request.POST or None, initial=initial, service=service)
    forecast = None
    if request.method == "POST" and form.is_valid():
        if "save" in request.POST:
            answer = _save(request, service, form)
            if answer is not None:
                return answer
        forecast = _forecast(service, form.cleaned_data)
    elif request.method == "GET" and current is not None:
        forecast = _forecast(service, initial)
    context = {
        **staff_site.each_context(request),
        "title": f"{service.post.name} – {service.category.label}",
        "service": service,
        "form": form,
        "forecast": forecast,
        "versions": service.policies.order_by("-version")[:50],
    }
    return render(request, "appointments/admin/policy.html", context)


def _again(request: HttpRequest, service: Service, current: ReleasePolicy | None) -> HttpResponse:
    """Bring the values of an earlier version back as a new one, with one click."""
    number = request.POST["again"]
    version = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 0
    earlier = get_object_or_404(ReleasePolicy, service=service, version=version)
    reason = _("Values of version %(number)d: %(reason)s") % {"number": earlier.version, "reason": earlier.reason}
    try:
        saved = save_policy(
            service,
            {name: getattr(earlier, name) for name in FIELDS},
            author=request.user.get_username(),
            reason=reason[:300],
            based_on=current.version if current else 0,
            now=timezone.now(),
        )
    except PolicyRefusedError as error:
        for sentence in error.sentences:
            messages.error(request, sentence)
    else:
        messages.success(request, _("Version %(number)d is in force.") % {"number": saved.version})
    return HttpResponseRedirect(reverse("admin:policy", args=[service.post.key, service.slug]))


def _save(request: HttpRequest, service: Service, form: PolicyForm) -> HttpResponse | None:
    values = form.cleaned_data
    if not values["reason"].strip():
        form.add_error("reason", _("Say in a sentence why: it is kept with the version."))
        return None
    try:
        saved = save_policy(
            service,
            values,
            author=request.user.get_username(),
            reason=values["reason"],
            based_on=values["based_on"],
            now=timezone.now(),
        )
    except PolicyRefusedError as error:
        for sentence in error.sentences:
            form.add_error(None, sentence)
        return None
    messages.success(request, _("Version %(number)d is in force.") % {"number": saved.version})
    return HttpResponseRedirect(reverse("admin:policy", args=[service.post.key, service.slug]))


def _forecast(service: Service, values: dict[str, Any]) -> dict[str, Any]:
    today = timezone.now().astimezone(ZoneInfo(service.post.timezone)).date()
    capacity = capacity_of(service, today)
    pace = values["slots_per_day"] + values["late_slots_per_day"]
    opened = min(pace, capacity) if capacity is not None else pace
    known = load_of(service, today, opened)
    demand = values.get("demand")
    load = Load(
        requests_per_day=known.requests_per_day if demand is None else demand,
        slots_per_day=opened,
        mean_size=known.mean_size,
        backlog=known.backlog,
    )
    found = outlook(load)
    words = [_("mean"), _("90 of 100 wait no longer"), _("99 of 100 wait no longer")]
    picture = chart(found, words, _("days of waiting"), _("asked so many days from now"))
    return {
        "load": load,
        "capacity": capacity,
        "waiting": sum(load.backlog),
        "outlook": found,
        "in_a_year": found.waits[-1],
        "crowd_in_a_year": found.crowd[-1],
        "cautions": cautions(service, values, capacity),
        "chart": mark_safe(picture),  # noqa: S308 - every text in it was escaped when it was drawn
        "first_come": values["mode"] == ReleasePolicy.Mode.FIRST_COME,
    }
