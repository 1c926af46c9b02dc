"""Booking terms: what is in force, what other values would have meant for the last weeks, and saving them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import POLICY
from accounts.site import staff_site
from appointments.admin.versions import Editor
from appointments.models import Service, ServiceTerms
from appointments.models.posts import TERMS
from appointments.terms.traffic import preview
from appointments.terms.versions import refusals, save_terms, values_of
from appointments.versions import VersionRefusedError

EDITOR = Editor(ServiceTerms, TERMS, save_terms, "terms")

HELP = {
    "payment_deadline_hours": gettext_lazy("From 1 to 72. Whoever is drawn later meets the new value."),
    "hold_minutes": gettext_lazy("From 5 to 120, where places are chosen first come, first served."),
    "cooling_off_days": gettext_lazy("From 0 to 90. Takes the profit out of holding and cancelling in turn."),
    "refund_hours_before": gettext_lazy(
        "Empty: the service fee is never paid back. Whoever has booked keeps what was promised then, or gets better."
    ),
    "largest_group": gettext_lazy("From 1 to 20 people in one request."),
    "request_life_days": gettext_lazy("From 7 to 366: the furthest day that can be asked for."),
    "asks_france_visas": gettext_lazy("Only for visas that are asked for on France-Visas."),
}


class TermsForm(forms.ModelForm):
    """The values of a version, and why."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)
    based_on = forms.IntegerField(widget=forms.HiddenInput)
    payment_deadline_hours = forms.IntegerField(min_value=1, max_value=72)
    hold_minutes = forms.IntegerField(min_value=5, max_value=120)
    cooling_off_days = forms.IntegerField(min_value=0, max_value=90)
    refund_hours_before = forms.IntegerField(min_value=0, max_value=720, required=False)
    largest_group = forms.IntegerField(min_value=1, max_value=20)
    request_life_days = forms.IntegerField(min_value=7, max_value=366)

    class Meta:
        model = ServiceTerms
        fields = TERMS

    def __init__(self, *args: Any, service: Service, **kwargs: Any) -> None:
        """A form for one service; fields are called what the table calls them."""
        self.service = service
        super().__init__(*args, **kwargs)
        names = {field.name: field.verbose_name for field in ServiceTerms._meta.fields}
        for name in TERMS:
            words = str(names[name])
            self.fields[name].label = words[:1].upper() + words[1:]
            self.fields[name].help_text = HELP[name]
        self.order_fields([*TERMS, "reason", "based_on"])

    def clean(self) -> dict[str, Any]:
        """Refuse terms that cannot work, with every reason at once."""
        values = super().clean() or {}
        if not self.errors:
            for sentence in refusals(self.service, values):
                self.add_error(None, sentence)
        return values

    def _post_clean(self) -> None:
        """The table's constraints are said by the fields above; the database still keeps them."""


@staff_site.page("policies/<str:post_key>/<slug:slug>/terms/", name="terms", verb=POLICY, step_up=True)
def terms(request: HttpRequest, post_key: str, slug: str) -> HttpResponse:
    """One service: try other terms on the last weeks, save them, go back to earlier ones."""
    rows = Service.objects.select_related("post", "category")
    service = get_object_or_404(rows, post__key=post_key, slug=slug)
    versions = list(service.terms.order_by("-version")[:50])
    newest = versions[0].version
    if request.method == "POST" and "again" in request.POST:
        return EDITOR.again(request, service)
    form = TermsForm(request.POST or None, initial=values_of(service) | {"based_on": newest}, service=service)
    tried = values_of(service)
    if request.method == "POST" and form.is_valid():
        tried = {name: form.cleaned_data[name] for name in TERMS}
        if "save" in request.POST:
            try:
                return EDITOR.save_form(request, service, form)
            except VersionRefusedError as error:
                for sentence in error.sentences:
                    form.add_error(None, sentence)
    context = {
        **staff_site.each_context(request),
        "title": _("Booking terms: %(service)s") % {"service": f"{service.post.name} – {service.category.label}"},
        "service": service,
        "form": form,
        "lines": preview(service, tried, timezone.now()),
        "trying": tried != values_of(service),
        "newest": newest,
        "names": [form.fields[name].label for name in TERMS],
        "versions": [(row, [_shown(getattr(row, name)) for name in TERMS]) for row in versions],
    }
    return render(request, "appointments/admin/terms.html", context)


def _shown(value: object) -> str:
    if value is None:
        return _("never")
    return (_("yes") if value else _("no")) if isinstance(value, bool) else str(value)
