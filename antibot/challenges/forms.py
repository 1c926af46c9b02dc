"""The challenge as a form: picture or sound, and silently a proof of work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from antibot.challenges.asking import ask_for_picture, count_unproven
from antibot.challenges.captcha import Binding, Solved, issue, kind_of, made_at, solve
from antibot.challenges.markup import REFRESH, Shown, markup
from antibot.challenges.proof import MAX_PROOF, Proof, check_proof, proof_ends
from antibot.domain.scores import Fault
from antibot.limits.faults import record_fault
from antibot.limits.shadow import observe
from antibot.limits.tallies import Kind, Outcome, noted, tally
from antibot.queries.policies import in_force
from antibot.sessions import session_hash

SENTENCES = {
    Solved.WRONG: _(
        "These are not the letters of the picture. Here is a new one; nothing else that you typed is lost."
    ),
    Solved.GONE: _("The picture was used or has expired. Here is a new one; nothing else that you typed is lost."),
    Solved.FOREIGN: _("The picture was made for another page. Here is a new one; nothing else that you typed is lost."),
}


class ChallengeForm(forms.Form):
    """Validate it last: `is_valid()` uses the challenge up, right or wrong. Rendered, it shows a fresh one."""

    captcha_key = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    captcha_answer = forms.CharField(
        label=_("Letters of the picture, or digits that you hear"),
        max_length=100,
        required=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "autocorrect": "off",
                "spellcheck": "false",
                "dir": "ltr",
            }
        ),
    )
    captcha_proof = forms.CharField(max_length=MAX_PROOF, required=False, widget=forms.HiddenInput)

    def __init__(self, request: HttpRequest, binding: Binding, now: datetime, data: Any = None) -> None:
        """`data` is the POST of the page, or None to show a fresh challenge."""
        super().__init__(data)
        self.request, self.binding, self.now = request, binding, now
        self.force = in_force(binding.scope_key)
        self.policy = self.force.policy
        self.solved: Solved | None = None
        self.proof = Proof.ABSENT
        self.cleaned = False
        if not self.policy.captcha:
            del self.fields["captcha_key"], self.fields["captcha_answer"]

    def clean(self) -> dict[str, Any]:
        """Spend the challenge. A picture asked for anew is no failure."""
        cleaned = super().clean() or self.cleaned_data
        self.cleaned = True
        if REFRESH in self.data:
            raise forms.ValidationError("", code="refresh")
        self._observe(cleaned)
        self.proof = check_proof(self.request, cleaned.get("captcha_proof", ""), self.binding)
        if self.proof is not Proof.ABSENT:
            self._tally(Kind.PROOF, passed=self.proof is Proof.GIVEN)
        if self.proof is Proof.FORGED:
            self._fault(Fault.PROOF_FORGED)
        if not self.policy.captcha:
            return cleaned
        if not cleaned.get("captcha_answer"):
            self.add_error("captcha_answer", _("Type the letters of the picture, or the digits that you hear."))
            return cleaned
        key, answer = cleaned.get("captcha_key", ""), cleaned["captcha_answer"]
        self.solved = solve(key, answer, self.binding, self.now)
        if self.solved is Solved.RIGHT:
            self._count_solved(kind_of(key, answer))
        else:
            if self.solved is not Solved.GONE:
                self._tally(kind_of(key, answer), passed=False)
            self._count_failure()
            self.add_error("captcha_answer", SENTENCES[self.solved])
        return cleaned

    def _observe(self, cleaned: dict[str, Any]) -> None:
        """Would a version in shadow have asked for a picture and for a proof, and taken ones as old as these?"""
        shadow, version = self.force.shadow, self.force.shadow_version
        if shadow is None:
            return
        observe(version, "picture", would_refuse=shadow.captcha, now=self.now)
        made = made_at(cleaned.get("captcha_key", ""), self.policy.captcha_minutes)
        if shadow.captcha and made is not None:
            late = self.now > made + timedelta(minutes=shadow.captcha_minutes)
            observe(version, "picture late", would_refuse=late, now=self.now)
        ends = proof_ends(cleaned.get("captcha_proof", ""))
        if shadow.proof and ends is not None:
            late = self.now > ends + timedelta(seconds=shadow.proof_seconds - self.policy.proof_seconds)
            observe(version, "proof late", would_refuse=late, now=self.now)

    def _fault(self, fault: Fault) -> None:
        record_fault(self.request, fault, self.binding.scope_key, self.now)

    def _tally(self, kind: str, *, passed: bool) -> None:
        tally(self.binding.scope_key, kind, Outcome.PASSED if passed else Outcome.FAILED, self.now)

    def _count_solved(self, kind: str) -> None:
        if self.policy.proof and self.proof is not Proof.GIVEN:
            count_unproven(self.request, noted(self.binding.scope_key, kind, Outcome.PASSED, self.now), self.now)
        else:
            self._tally(kind, passed=True)

    def _count_failure(self) -> None:
        # A challenge that is gone is what a double click and the back button look like: no fault.
        if self.solved is Solved.WRONG:
            self._fault(Fault.CAPTCHA_WRONG)
        elif self.solved is Solved.FOREIGN and self.cleaned_data.get("captcha_key"):
            self._fault(Fault.CAPTCHA_REPLAYED)

    @cached_property
    def fresh_key(self) -> str:
        """The key of the challenge that is shown; made when the form is first rendered, empty above the cap."""
        asked = ask_for_picture(self.request, self.binding.scope_key, self.now)
        if asked.usage.over:
            return ""
        return issue(self.binding, hard=asked.hard, life=timedelta(minutes=self.policy.captcha_minutes), now=self.now)

    def render(self, *_args: Any, **_options: Any) -> SafeString:
        """The whole challenge, so that a page writes `{{ challenge }}`."""
        key = self.fresh_key if self.policy.captcha else ""
        shown = Shown(
            language=get_language() or "fr",
            captcha=self.policy.captcha,
            proof=self.policy.proof,
            minutes=self.policy.captcha_minutes,
            purpose=self.binding.purpose,
            scope_key=self.binding.scope_key,
            key=bool(key),
            # Only what was found already: asking `self.errors` here would spend a challenge nobody validated.
            errors=tuple(map(str, self.errors.get("captcha_answer", []))) if self.cleaned else (),
        )
        return markup(shown, key, self.base_fields["captcha_answer"].label)

    __str__ = render
    __html__ = render


def form_for(request: HttpRequest, purpose: str, scope_key: str, data: Any, now: datetime) -> ChallengeForm:
    """The challenge form of this session for a purpose."""
    return ChallengeForm(request, Binding(session_hash(request), purpose, scope_key), now, data)
