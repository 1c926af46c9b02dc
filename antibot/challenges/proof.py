"""Proof of work by altcha-django, bound to session and purpose inside the signed challenge.

The package can remember challenges in the session; two tabs that fetch one each at the same instant then lose one of
them, because the later write of the session wins. The binding is signed into the challenge instead, and needs no write.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import redis
from altcha_django.challenge import build_challenge, get_challenge_config
from altcha_django.results import ErrorCode
from altcha_django.verifiers import run_verification
from altcha_django.verifiers.local import LocalVerifier
from django.http import HttpRequest

from antibot.challenges.captcha import Binding
from antibot.derived import derived_secret
from antibot.domain.policy import Policy

log = logging.getLogger(__name__)
MAX_PROOF = 4000  # characters; a real one has about 1,000
_FORGED = {ErrorCode.INVALID_SIGNATURE.value, ErrorCode.REPLAYED.value, ErrorCode.INVALID_SOLUTION.value}


class Proof(StrEnum):
    """What a proof is worth."""

    GIVEN = "given"
    ABSENT = "absent"  # none, too old, or nobody can say whether it was used: the captcha alone counts
    FORGED = "forged"


def _key_secret() -> str:
    return derived_secret("proof-key").hex()


def _bound_to(binding: Binding) -> str:
    message = b"\x00".join([binding.session, binding.purpose.encode(), binding.scope_key.encode()])
    return hmac.new(derived_secret("proof-binding"), message, hashlib.sha256).hexdigest()[:32]


def new_challenge(binding: Binding, policy: Policy, tries: int) -> dict[str, Any]:
    """A signed challenge of altcha's scheme v2: find the counter below `tries` that gives the wanted PBKDF2 key.

    The counter is chosen here, so the work has an upper bound and the check is one HMAC.
    """
    config = get_challenge_config(
        algorithm="PBKDF2/SHA-256",
        cost=policy.proof_cost,
        max_number=tries,
        expires_seconds=policy.proof_seconds,
        key_length=32,
    )
    challenge = build_challenge(hmac_key_secret=_key_secret(), data={"for": _bound_to(binding)}, config=config)
    return dict(challenge.to_dict())


def check_proof(request: HttpRequest, payload: str, binding: Binding) -> Proof:
    """Check a proof once. The signature is checked before anything is computed from what was sent."""
    if not payload:
        return Proof.ABSENT
    if len(payload) > MAX_PROOF or _claimed_binding(payload) != _bound_to(binding):
        # A session that ended meanwhile looks the same, so this is no fault; it is worth nothing either.
        return Proof.ABSENT
    verifier = LocalVerifier(hmac_key_secret=_key_secret(), bind_session=False)
    try:
        result = run_verification(payload, verifier=verifier, request=request, replay=True, test_mode=False)
    except (redis.RedisError, OSError):
        log.warning("proof_not_countable")
        return Proof.ABSENT
    if result.verified:
        return Proof.GIVEN
    return Proof.FORGED if result.code in _FORGED else Proof.ABSENT


def _parameters(payload: str) -> dict[str, Any]:
    """What a proof says of its challenge, before anything of it is believed."""
    try:
        found = json.loads(base64.b64decode(payload, validate=True))["challenge"]["parameters"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _claimed_binding(payload: str) -> str:
    data = _parameters(payload).get("data")
    claimed = data.get("for") if isinstance(data, dict) else None
    return claimed if isinstance(claimed, str) else ""


def proof_ends(payload: str) -> datetime | None:
    """Until when a proof says that it counts; unverified, so good for figures only."""
    ends = _parameters(payload).get("expiresAt") if len(payload) <= MAX_PROOF else None
    return datetime.fromtimestamp(ends, UTC) if isinstance(ends, int) and 0 < ends < 2**33 else None
