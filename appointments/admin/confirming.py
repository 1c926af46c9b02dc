"""What still has to be confirmed by a post, shown as badges and taken off by whoever confirms it."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.site import ScopedModelAdmin

# Facts that are no field of their own: rows elsewhere, or more than one.
FACTS = {
    "working_days": _("working days"),
    "hours": _("opening hours"),
    "services": _("list of services"),
    "opening_days": _("days on which the team comes"),
    "documents": _("what to bring"),
    "is_open": _("whether it is open"),
}


def fact_name(model: type, name: str) -> str:
    """The words for a fact that is to be confirmed."""
    if name in FACTS:
        return str(FACTS[name])
    fields = {field.name: field for field in model._meta.get_fields() if hasattr(field, "verbose_name")}  # type: ignore[attr-defined]
    return str(fields[name].verbose_name) if name in fields else name.replace("_", " ")


def badges(model: type, names: Iterable[str]) -> SafeString:
    """How many facts, and one badge for each when it is opened; a tick where nothing is left."""
    labels = [(fact_name(model, name),) for name in names]
    if not labels:
        return format_html('<span class="confirmed" aria-label="{}">✓</span>', _("all confirmed"))
    each = format_html_join(" ", '<span class="to-confirm">{}</span>', labels)
    return format_html("<details><summary>{}</summary>{}</details>", len(labels), each)


class ToConfirmFilter(admin.SimpleListFilter):
    """Rows with something to confirm, or without."""

    title = _("to be confirmed")
    parameter_name = "to_confirm"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Two choices."""
        return [("yes", _("Something is to be confirmed")), ("no", _("All confirmed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows of the choice."""
        if self.value() == "yes":
            return queryset.exclude(to_confirm=[])
        return queryset.filter(to_confirm=[]) if self.value() == "no" else queryset


class ToConfirmForm(forms.ModelForm):
    """Ticks stand for what is still open; changing a field confirms it as well."""

    still_open = forms.MultipleChoiceField(
        label=_("still to be confirmed"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Untick what the post has confirmed. A field that you change here counts as confirmed."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As for any model form; the choices are what is still open on this row."""
        super().__init__(*args, **kwargs)
        if "still_open" in self.fields:
            names = self.instance.to_confirm
            self.fields["still_open"].choices = [(name, fact_name(type(self.instance), name)) for name in names]  # type: ignore[attr-defined]
            self.initial["still_open"] = names

    def save(self, commit: bool = True) -> Any:
        """Keep what is still ticked and was not changed."""
        if "still_open" in self.cleaned_data:
            changed = set(self.changed_data) - {"still_open"}
            self.instance.to_confirm = [name for name in self.cleaned_data["still_open"] if name not in changed]
        return super().save(commit=commit)


class ConfirmingAdmin(ScopedModelAdmin):
    """Model pages whose rows carry `to_confirm`."""

    form = ToConfirmForm

    class Media:
        css = {"all": ("appointments/admin.css",)}

    @admin.display(description=_("to be confirmed"))
    def unconfirmed(self, obj: Any) -> SafeString:
        """The badges of a row."""
        return badges(type(obj), obj.to_confirm)
