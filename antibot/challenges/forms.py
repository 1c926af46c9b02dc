"""The challenge as a form: picture or sound, and silently a proof of work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from antibot.challenges.captcha import Binding, Solved, issue, kind_of, made_at, solve
from antibot.challenges.proof import MAX_PROOF, Proof, check_proof, proof_ends
from antibot.domain import sound
from antibot.domain.policy import Policy
from antibot.domain.scores import Fault, Step
from antibot.limits.caps import Usage, use
from antibot.limits.faults import record_fault
from antibot.limits.gate import step_for
from antibot.limits.origins import caller, factor_of
from antibot.limits.shadow import observe, step_in_shadow
from antibot.limits.tallies import Kind, Outcome, tally
from antibot.queries.policies import in_force
from antibot.sessions import session_hash

REFRESH = "captcha_refresh"
SENTENCES = {
    Solved.WRONG: _(
        "These are not the letters of the picture. Here is a new one; nothing else that you typed is lost."
    ),
    Solved.GONE: _("The picture was used or has expired. Here is a new one; nothing else that you typed is lost."),
    Solved.FOREIGN: _("The picture was made for another page. Here is a new one; nothing else that you typed is lost."),
}


def wants_hard(request: HttpRequest, scope_key: str, now: datetime) -> bool:
    """Whether this caller gets the harder picture: by policy, by score, or after many challenges without a proof."""
    force = in_force(scope_key)
    if force.shadow is not None:
        step = step_in_shadow(caller(request), force, now)
        would = _harder(request, force.shadow, step)
        observe(force.shadow_version, "harder", would_refuse=would, now=now)
    return _harder(request, force.policy, step_for(request, scope_key, now)[0])


def _harder(request: HttpRequest, policy: Policy, step: Step) -> bool:
    if policy.captcha_hard_always or step >= Step.CHALLENGE:
        return True
    if not policy.proof:
        return False
    who = caller(request)
    limit = policy.unproven_per_hour * factor_of(policy, who)
    return use(request, "unproven", who.key, limit, 3600, count=False).over


def pictures_used(request: HttpRequest, group: str, scope_key: str, now: datetime, share: int = 1) -> Usage:
    """Count one picture or sound of this network; `share` makes dearer things count against a part of the cap."""
    who, force = caller(request), in_force(scope_key)

    def limit(policy: Policy) -> int:
        return max(1, policy.pictures_per_minute * factor_of(policy, who) // share)

    usage = use(request, group, who.key, limit(force.policy), 60)
    if force.shadow is not None and usage.known:
        would = usage.count > limit(force.shadow)
        observe(force.shadow_version, "pictures", would_refuse=would, now=now)
    return usage


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
        if self.solved is not Solved.GONE:
            self._tally(kind_of(key, answer), passed=self.solved is Solved.RIGHT)
        if self.solved is not Solved.RIGHT:
            self._count_failure()
            self.add_error("captcha_answer", SENTENCES[self.solved])
        elif self.policy.proof and self.proof is not Proof.GIVEN:
            use(self.request, "unproven", caller(self.request).key, self.policy.unproven_per_hour, 3600)
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

    def _count_failure(self) -> None:
        # A challenge that is gone is what a double click and the back button look like: no fault.
        if self.solved is Solved.WRONG:
            self._fault(Fault.CAPTCHA_WRONG)
        elif self.solved is Solved.FOREIGN and self.cleaned_data.get("captcha_key"):
            self._fault(Fault.CAPTCHA_REPLAYED)

    @cached_property
    def fresh_key(self) -> str:
        """The key of the challenge that is shown; made when the form is first rendered, empty above the cap."""
        if pictures_used(self.request, "pictures", self.binding.scope_key, self.now).over:
            return ""
        hard = wants_hard(self.request, self.binding.scope_key, self.now)
        return issue(self.binding, hard=hard, life=timedelta(minutes=self.policy.captcha_minutes), now=self.now)

    def context(self) -> dict[str, Any]:
        """What the template shows."""
        language = (get_language() or "fr")[:2]
        key = self.fresh_key if self.policy.captcha else ""
        return {
            "form": self,
            "captcha": self.policy.captcha,
            "key": key,
            "image_url": reverse("antibot:captcha-image", args=[key]) if key else "",
            "audio_url": reverse("antibot:captcha-audio", args=[key, language]) if key else "",
            "spoken": language if language in sound.LANGUAGES else "en",
            "proof_url": reverse("antibot:proof") if self.policy.proof else "",
            "refresh_url": reverse("antibot:captcha-refresh"),
            "refresh_name": REFRESH,
            "purpose": self.binding.purpose,
            "scope_key": self.binding.scope_key,
            "minutes": self.policy.captcha_minutes,
            # Only what was found already: asking `self.errors` here would spend a challenge nobody validated.
            "shown_errors": self.errors.get("captcha_answer", []) if self.cleaned else [],
        }

    def render(self, *_args: Any, **_options: Any) -> SafeString:
        """The whole challenge, so that a page writes `{{ challenge }}`."""
        return SafeString(render_to_string("antibot/challenge.html", self.context(), request=self.request))

    __str__ = render
    __html__ = render


def form_for(request: HttpRequest, purpose: str, scope_key: str, data: Any, now: datetime) -> ChallengeForm:
    """The challenge form of this session for a purpose."""
    return ChallengeForm(request, Binding(session_hash(request), purpose, scope_key), now, data)
