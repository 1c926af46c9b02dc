"""Picture, sound, another picture, and a challenge for a proof of work. All are capped per network."""

from __future__ import annotations

import re
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from antibot.challenges.asking import ask_for_picture, count_dearer, count_fetched
from antibot.challenges.captcha import Binding, issue, picture_of, sound_of
from antibot.challenges.proof import new_challenge
from antibot.domain.scores import proof_tries
from antibot.limits.caps import Usage
from antibot.limits.gate import step_for
from antibot.limits.origins import caller
from antibot.limits.shadow import observe, points_in_shadow
from antibot.limits.tallies import Kind, Outcome, tally
from antibot.purposes import Purpose
from antibot.queries.policies import in_force, policy_for
from antibot.sessions import session_hash

_SCOPE = re.compile(r"[a-z0-9-]{0,40}(/[a-z0-9-]{1,60})?")


def _too_many(usage: Usage) -> HttpResponse:
    return HttpResponse(status=429, headers={"Retry-After": str(max(1, usage.seconds_left))})


@require_GET
@never_cache
def image(request: HttpRequest, key: str) -> HttpResponse:
    """The picture of an open challenge."""
    now = timezone.now()
    usage = count_fetched(request, now)
    if usage.over:
        return _too_many(usage)
    content = picture_of(key, now)
    return HttpResponse(status=410) if content is None else HttpResponse(content, content_type="image/png")


@require_GET
@never_cache
def audio(request: HttpRequest, key: str, language: str) -> HttpResponse:
    """The spoken digits of an open challenge; three times dearer than a picture, so capped at a third."""
    now = timezone.now()
    usage = count_dearer(request, "sounds", 3, now)
    if usage.over:
        return _too_many(usage)
    content = sound_of(key, language, now)
    if content is None:
        return HttpResponse(status=410)
    return HttpResponse(
        content, content_type="audio/wav", headers={"Content-Disposition": 'inline; filename="digits.wav"'}
    )


def _binding(request: HttpRequest, values: object) -> Binding | None:
    get = getattr(values, "get")  # noqa: B009 - QueryDict of GET or POST
    purpose, scope = get("purpose", ""), get("scope", "")
    if purpose not in set(Purpose) or _SCOPE.fullmatch(scope) is None:
        return None
    return Binding(session_hash(request), purpose, scope)


@require_POST
@never_cache
def refresh(request: HttpRequest) -> HttpResponse:
    """Another picture: JSON for the script; without it, back to the page, which shows one."""
    if "application/json" not in request.headers.get("Accept", ""):
        target = request.headers.get("Referer", "")
        safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(target if safe else "/")
    binding = _binding(request, request.POST)
    if binding is None:
        return HttpResponseBadRequest()
    now = timezone.now()
    asked = ask_for_picture(request, binding.scope_key, now)
    if asked.usage.over:
        return _too_many(asked.usage)
    life = timedelta(minutes=policy_for(binding.scope_key).captcha_minutes)
    key = issue(binding, hard=asked.hard, life=life, now=now)
    language = (get_language() or "fr")[:2]
    return JsonResponse(
        {
            "key": key,
            "image": reverse("antibot:captcha-image", args=[key]),
            "audio": reverse("antibot:captcha-audio", args=[key, language]),
        }
    )


@require_GET
@never_cache
def proof(request: HttpRequest) -> HttpResponse:
    """A challenge for a proof of work, dearer for networks with points."""
    binding = _binding(request, request.GET)
    if binding is None:
        return HttpResponseBadRequest()
    now = timezone.now()
    usage = count_dearer(request, "proofs", 1, now)
    if usage.over:
        return _too_many(usage)
    force = in_force(binding.scope_key)
    _step, points = step_for(request, binding.scope_key, now)
    tries = proof_tries(points.own, force.policy)
    if force.shadow is not None:
        would = (
            proof_tries(points_in_shadow(caller(request), 0, force, now).own, force.shadow) * force.shadow.proof_cost
        )
        dearer = force.shadow.proof and would > tries * force.policy.proof_cost
        observe(force.shadow_version, "proof", would_refuse=dearer, now=now)
    tally(binding.scope_key, Kind.PROOF, Outcome.ISSUED, now)
    return JsonResponse(new_challenge(binding, force.policy, tries))
