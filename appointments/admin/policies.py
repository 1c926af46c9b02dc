"""Release policies: what is in force, what another one would mean, and saving it as a new version."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import POLICY, scope_of
from accounts.site import staff_site
from appointments.admin.versions import Editor
from appointments.models import ReleasePolicy, Service, ServiceTerms
from appointments.queries.policies import policy_in_force
from appointments.releases.planner import Load, capacity_of, chart, load_of, outlook
from appointments.releases.policies import FIELDS, cautions, refusals, save_policy
from appointments.versions import VersionRefusedError

EDITOR = Editor(ReleasePolicy, FIELDS, save_policy, "policy")


class PolicyForm(forms.ModelForm):
    """The fields of a version, and demand to try it with."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)
    demand = forms.FloatField(
        label=gettext_lazy("New requests a day"),
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
    newest = dict(ServiceTerms.objects.filter(service__in=services).values_list("service").annotate(Max("version")))
    rows = [(service, latest.get(service.pk), newest.get(service.pk)) for service in services]
    context = {**staff_site.each_context(request), "title": _("Release policies"), "rows": rows}
    return render(request, "appointments/admin/policies.html", context)


@staff_site.page("policies/<str:post_key>/<slug:slug>/", name="policy", verb=POLICY, step_up=True)
def policy(request: HttpRequest, post_key: str, slug: str) -> HttpResponse:
    """One service: try another policy, see the waits it would mean, save it."""
    rows = Service.objects.select_related("post", "category")
    service = get_object_or_404(rows, post__key=post_key, slug=slug)
    current = policy_in_force(service)
    initial = EDITOR.values(current) if current else {}
    initial["based_on"] = current.version if current else 0
    if request.method == "POST" and "again" in request.POST:
        return EDITOR.again(request, service)
    form = PolicyForm(request.POST or None, initial=initial, service=service)
    forecast = None
    if request.method == "POST" and form.is_valid():
        if "save" in request.POST:
            try:
                return EDITOR.save_form(request, service, form)
            except VersionRefusedError as error:
                for sentence in error.sentences:
                    form.add_error(None, sentence)
        forecast = _forecast(service, form.cleaned_data)
    elif request.method == "GET" and current is not None:
        forecast = _forecast(service, initial)
    context = {
        **staff_site.each_context(request),
        "title": f"{service.post.name} – {service.category.label}",
        "service": service,
        "form": form,
        "forecast": forecast,
        "newest": initial["based_on"],
        "versions": service.policies.order_by("-version")[:50],
    }
    return render(request, "appointments/admin/policy.html", context)


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
