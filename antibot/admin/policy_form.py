"""The form of a version of the counter-measures: one optional field for each value, with what it inherits."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import POLICY, may
from antibot.actions.publish_policy import newest_version, values_in_force
from antibot.domain.policy import BOUNDS, BadPolicyError, Policy, merged, post_of, scope_chain
from antibot.models import PolicyVersion
from antibot.policy_words import WORDS

SCOPE = re.compile(r"[a-z0-9-]{0,40}(/[a-z0-9-]{1,60})?")
_YES_NO = [("", "–"), ("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))]


def problem_in_words(name: str, problem: str) -> str:
    """What is wrong with a value, in the reader's language; the rule's own words are for programs."""
    if name == "step_block" and "rise" in problem:
        return _("The three steps have to rise: harder picture, slowing down, block.")
    if name == "codes_per_contact_day" and "hour" in problem:
        return _("A day cannot have fewer codes than an hour.")
    if name in BOUNDS:
        low, high = BOUNDS[name]
        return _("From %(low)d to %(high)d.") % {"low": low, "high": high}
    return problem


class PolicyForm(forms.ModelForm):
    """One optional field for each value; what is left empty is inherited."""

    # Scope and number of the newest version when the page was made.
    based_on = forms.CharField(required=False, max_length=140, widget=forms.HiddenInput)

    class Meta:
        model = PolicyVersion
        fields = ("scope_key", "shadow", "reason")

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take the values in force from the address (`?scope_key=`) as the starting point."""
        super().__init__(*args, **options)
        scope_key = str(self.data.get("scope_key") or self.initial.get("scope_key") or "")
        if SCOPE.fullmatch(scope_key) is None:
            scope_key = ""
        self.fields["based_on"].initial = f"{scope_key}:{newest_version(scope_key)}"
        chosen = values_in_force(scope_key)
        inherited = merged(*(values_in_force(key) for key in scope_chain(scope_key)[:-1]))
        for field in fields(Policy):
            self.fields[field.name] = _form_field(field.name, getattr(inherited, field.name), chosen.get(field.name))

    def clean(self) -> dict[str, Any]:
        """The values that are set, checked together with what they inherit."""
        cleaned = super().clean() or self.cleaned_data
        scope_key = cleaned.get("scope_key") or ""
        if SCOPE.fullmatch(scope_key) is None:
            raise forms.ValidationError(_("A scope is empty, a post's key, or post/service."))
        scope_shown, _colon, number = cleaned.get("based_on", "").rpartition(":")
        if number and scope_shown == scope_key and number != str(newest_version(scope_key)):
            raise forms.ValidationError(
                _("Somebody saved another version in the meantime. Look at it, then decide again.")
            )
        values: dict[str, Any] = {}
        for field in fields(Policy):
            value = cleaned.get(field.name)
            if value not in {None, ""}:
                values[field.name] = value == "yes" if field.name not in BOUNDS else value
        try:
            merged(*(values_in_force(key) for key in scope_chain(scope_key)[:-1]), values)
        except BadPolicyError as error:
            for name, text in error.problems.items():
                self.add_error(name if name in self.fields else None, problem_in_words(name, text))
        cleaned["values"] = values
        return cleaned


def form_of(request: HttpRequest) -> type[PolicyForm]:
    """The form for one person, who sets the policy of their own posts only."""
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


def _form_field(name: str, inherited: object, chosen: object) -> forms.Field:
    label, meaning = WORDS[name]
    if name in BOUNDS:
        low, high = BOUNDS[name]
        hint = _("Inherited: %(value)s. From %(low)d to %(high)d.") % {"value": inherited, "low": low, "high": high}
        return forms.IntegerField(
            label=label, min_value=low, max_value=high, required=False, initial=chosen, help_text=f"{meaning} {hint}"
        )
    shown = _("yes") if inherited else _("no")
    initial = "" if chosen is None else "yes" if chosen else "no"
    hint = _("Inherited: %(value)s.") % {"value": shown}
    return forms.ChoiceField(
        label=label, choices=_YES_NO, required=False, initial=initial, help_text=f"{meaning} {hint}"
    )


def shown_values(values: dict[str, Any]) -> list[tuple[str, str]]:
    """The values of a version as (name, value) in the reader's language."""
    words = {True: _("yes"), False: _("no")}
    known = [(name, value) for name, value in values.items() if name in WORDS]
    return [(str(WORDS[name][0]), words[value] if isinstance(value, bool) else str(value)) for name, value in known]
