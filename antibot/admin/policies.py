"""The editor of the counter-measures: what is in force, what would change, who said so and why."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import AUDIT, POLICY, may
from accounts.site import ReadOnlyAdmin, ScopedModelAdmin, staff_site
from antibot.actions.publish_policy import publish_policy, values_in_force
from antibot.domain.policy import BOUNDS, BadPolicyError, Policy, merged, post_of, scope_chain
from antibot.models import PolicyVersion, ShadowTally

_SCOPE = re.compile(r"[a-z0-9-]{0,40}(/[a-z0-9-]{1,60})?")
_YES_NO = [("", "–"), ("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))]


class PolicyForm(forms.ModelForm):
    """One optional field for each value; what is left empty is inherited."""

    class Meta:
        model = PolicyVersion
        fields = ("scope_key", "shadow", "reason")

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take the values in force from the address (`?scope_key=`) as the starting point."""
        super().__init__(*args, **options)
        scope_key = str(self.initial.get("scope_key") or "")
        chosen = values_in_force(scope_key)
        inherited = merged(*(values_in_force(key) for key in scope_chain(scope_key)[:-1]))
        for field in fields(Policy):
            self.fields[field.name] = _form_field(field.name, getattr(inherited, field.name), chosen.get(field.name))

    def clean(self) -> dict[str, Any]:
        """The values that are set, checked together with what they inherit."""
        cleaned = super().clean() or self.cleaned_data
        scope_key = cleaned.get("scope_key") or ""
        if _SCOPE.fullmatch(scope_key) is None:
            raise forms.ValidationError(_("A scope is empty, a post's key, or post/service."))
        values: dict[str, Any] = {}
        for field in fields(Policy):
            value = cleaned.get(field.name)
            if value not in {None, ""}:
                values[field.name] = value == "yes" if field.name not in BOUNDS else value
        try:
            merged(*(values_in_force(key) for key in scope_chain(scope_key)[:-1]), values)
        except BadPolicyError as error:
            for name, text in error.problems.items():
                self.add_error(name if name in self.fields else None, text)
        cleaned["values"] = values
        return cleaned


def _form_field(name: str, inherited: object, chosen: object) -> forms.Field:
    label = name.replace("_", " ").capitalize()
    if name in BOUNDS:
        low, high = BOUNDS[name]
        hint = _("Inherited: %(value)s. From %(low)d to %(high)d.") % {"value": inherited, "low": low, "high": high}
        return forms.IntegerField(
            label=label, min_value=low, max_value=high, required=False, initial=chosen, help_text=hint
        )
    shown = _("yes") if inherited else _("no")
    initial = "" if chosen is None else "yes" if chosen else "no"
    hint = _("Inherited: %(value)s.") % {"value": shown}
    return forms.ChoiceField(label=label, choices=_YES_NO, required=False, initial=initial, help_text=hint)


@admin.register(PolicyVersion, site=staff_site)
class PolicyVersionAdmin(ScopedModelAdmin):
    """Versions are added, never changed."""

    post_key_path = "post_key"
    add_verb = POLICY
    change_verb = None
    form = PolicyForm
    list_display = ("scope_key", "version", "shadow", "author", "reason", "created_at")
    list_filter = ("shadow", "scope_key")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Reading shows what was written; adding shows every value."""
        if obj is not None:
            shown = ("scope_key", "version", "values", "shadow", "author", "reason", "created_at")
            return [(None, {"fields": shown})]
        names = [field.name for field in fields(Policy)]
        return [(None, {"fields": ("scope_key", "shadow", "reason")}), (_("Values"), {"fields": names})]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Our form as it is: the fields of the values are no model fields."""
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)
        person = request.user

        class ScopedForm(PolicyForm):
            """A person sets the policy of their own posts only."""

            def clean_scope_key(self) -> str:
                """The scope. Raises ValidationError outside the person's posts."""
                scope_key: str = self.cleaned_data["scope_key"]
                if not may(person, POLICY, post_of(scope_key)):
                    raise forms.ValidationError(_("This scope is not among your posts."))
                return scope_key

        return ScopedForm

    def save_model(self, request: HttpRequest, obj: PolicyVersion, form: Any, change: bool) -> None:
        """Append the version."""
        made = publish_policy(
            scope_key=obj.scope_key,
            values=form.cleaned_data["values"],
            author=request.user,  # type: ignore[arg-type]
            reason=obj.reason,
            shadow=obj.shadow,
            now=timezone.now(),
        )
        obj.pk, obj.version = made.pk, made.version


@admin.register(ShadowTally, site=staff_site)
class ShadowTallyAdmin(ReadOnlyAdmin):
    """What versions in shadow would have done."""

    post_key_path = "policy__post_key"
    view_verb = AUDIT
    list_display = ("policy", "day", "rule", "checked", "would_refuse", "share")
    list_filter = ("rule",)

    @admin.display(description=gettext_lazy("share"))
    def share(self, row: ShadowTally) -> str:
        """Would have been refused, of those looked at."""
        return f"{100 * row.would_refuse / row.checked:.2f} %" if row.checked else "–"
