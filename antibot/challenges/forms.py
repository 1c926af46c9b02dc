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

from antibot.challenges.captcha import Binding, Solved, issue, kind_of, solve
from antibot.challenges.proof import MAX_PROOF, Proof, check_proof
from antibot.domain import sound
from antibot.domain.scores import Fault, Step
from antibot.limits.caps import use
from antibot.limits.faults import record_fault
from antibot.limits.gate import step_for
from antibot.limits.origins import caller
from antibot.limits.tallies import Kind, Outcome, tally
from antibot.queries.policies import policy_for
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
    policy = policy_for(scope_key)
    if policy.captcha_hard_always or step_for(request, scope_key, now)[0] >= Step.CHALLENGE:
        return True
    if not policy.proof:
        return False
    who = caller(request)
    limit = policy.unproven_per_hour * (policy.shared_factor if who.shared else 1)
    return use(request, "unproven", who.key, limit, 3600, count=False).over


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
        self.policy = policy_for(binding.scope_key)
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
        who = caller(self.request)
        limit = self.policy.pictures_per_minute * (self.policy.shared_factor if who.shared else 1)
        if use(self.request, "pictures", who.key, limit, 60).over:
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
