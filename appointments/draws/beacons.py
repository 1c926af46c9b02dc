"""Where a draw's randomness comes from: a drand relay, or (in development) a secret committed to beforehand.

A relay is not trusted: its answer counts only if the chain signed it. So any relay serves, and one after the other is
asked. What cannot be had now postpones the draw; nothing ever takes its place.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from django.conf import settings

from appointments.domain.beacon import (
    QUICKNET,
    BadSignatureError,
    BeaconError,
    Chain,
    NotYetPublishedError,
    Randomness,
    UnreachableError,
    WrongRoundError,
    demonstration_commitment,
    verified,
)
from appointments.models import Draw

TIMEOUT_SECONDS = 5
_LONGEST_ANSWER = 4096
_NOT_YET = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_EARLY)


def fetch(chain: Chain, number: int, relays: Sequence[str], now: datetime) -> Randomness:
    """The verified randomness of a round, from the first relay that has it.

    Raises:
        NotYetPublishedError: its time has not come by `now`, or no relay has it yet.
        WrongRoundError, BadSignatureError, UnreachableError: what the last relay did, where none gave the round.
    """
    if now < chain.instant_of(number):
        raise NotYetPublishedError(f"Round {number} is produced at {chain.instant_of(number):%Y-%m-%d %H:%M:%S} UTC.")
    if not relays:
        raise UnreachableError("No relay is configured.")
    failures: list[BeaconError] = []
    for relay in relays:
        try:
            return verified(chain, number, _signature_from(relay, chain, number))
        except BeaconError as error:
            failures.append(error)
    # A wrong answer says more than a silent relay beside it.
    raise next((error for error in failures if not isinstance(error, UnreachableError)), failures[-1])


def _signature_from(relay: str, chain: Chain, number: int) -> bytes:
    name = relay.partition("://")[2] or relay
    try:
        request = Request(f"{relay.rstrip('/')}/{chain.hash}/public/{number}", headers={"Accept": "application/json"})  # noqa: S310 - relays are the operator's setting
        with urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
            body = response.read(_LONGEST_ANSWER)
    except HTTPError as error:
        error.close()
        if error.code in _NOT_YET:
            raise NotYetPublishedError(f"{name} does not have round {number} yet.") from error
        raise UnreachableError(f"{name} answered {error.code}.") from error
    except (URLError, OSError, ValueError) as error:
        raise UnreachableError(f"{name} could not be reached.") from error
    return _read_answer(name, body, number)


def _read_answer(name: str, body: bytes, number: int) -> bytes:
    try:
        answer = json.loads(body)
        answered, signature = answer["round"], bytes.fromhex(answer["signature"])
        claimed = bytes.fromhex(answer.get("randomness", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSignatureError(f"{name} gave an answer that is no beacon round.") from error
    if answered != number:
        raise WrongRoundError(f"{name} was asked for round {number} and answered with round {answered}.")
    if claimed and not hmac.compare_digest(claimed, Randomness(signature).value):
        raise BadSignatureError(f"{name}: the randomness is not the hash of the signature.")
    return signature


def randomness_of(draw: Draw, now: datetime) -> Randomness:
    """The randomness that a committed draw named when its list was published.

    Raises:
        BeaconError: it cannot be had now; its text is the reason that is recorded.
    """
    if draw.source == Draw.Source.DEMONSTRATION:
        return Randomness(bytes(draw.signature or b""))
    return fetch(QUICKNET, int(draw.round or 0), settings.DRAND_RELAYS, now)


def commitment_of(draw: Draw, secret: bytes) -> str:
    """The header's `commitment`: the hash of the demonstration's secret; empty for a public beacon."""
    return demonstration_commitment(secret) if draw.source == Draw.Source.DEMONSTRATION else ""
