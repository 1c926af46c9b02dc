"""The network a request comes from."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

from antibot.domain.networks import Address, client_address, origin_of
from antibot.domain.policy import Policy
from antibot.models import NetworkRange
from antibot.queries.known import Known, look
from vault.index import blind_index
from vault.keys import index_key

_KEPT = "_antibot_origin"
_KNOWN = "_antibot_known"


@dataclass(frozen=True)
class Caller:
    """Who asks, as it is counted: readable networks for evidence, blind indexes for every look-up."""

    address: Address | None
    network: str
    rollup: str
    index: bytes
    rollup_index: bytes
    shared: bool
    hosting: bool

    @property
    def key(self) -> str:
        """The network in a counting key."""
        return _counting_key(self.index)

    @property
    def rollup_key(self) -> str:
        """The range above it in a counting key."""
        return _counting_key(self.rollup_index)


def _counting_key(index: bytes) -> str:
    """96 bits of a blind index."""
    return base64.urlsafe_b64encode(index[:12]).decode()


def factor_of(policy: Policy, who: Caller) -> int:
    """By how much the caller's network may do more than another."""
    return policy.shared_factor if who.shared else 1


def network_index(network: str) -> bytes:
    """The blind index of a network in CIDR notation."""
    return _indexed(index_key(), network)


@lru_cache(maxsize=4096)
def _indexed(_key: bytes, network: str) -> bytes:
    # The key stands in the call, so that another key gives another index.
    return blind_index("antibot.network", network)


def _address(request: HttpRequest) -> Address | None:
    return client_address(
        request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""), settings.TRUSTED_PROXY_HOPS
    )


def network_key(request: HttpRequest) -> str:
    """The network of this request in a counting key; no table is asked."""
    address = _address(request)
    return _counting_key(network_index(origin_of(address).key if address else "unknown"))


def known(request: HttpRequest) -> Known:
    """What the tables say about the network of this request: one question for all who want to know."""
    kept = getattr(request, _KNOWN, None)
    if isinstance(kept, Known):
        return kept
    address = _address(request)
    index = network_index(origin_of(address).key if address else "unknown")
    found = look(str(address) if address else None, index)
    setattr(request, _KNOWN, found)
    return found


def caller(request: HttpRequest) -> Caller:
    """The caller of this request, worked out once. An unknown address (a socket without peer) counts as shared."""
    kept = getattr(request, _KEPT, None)
    if isinstance(kept, Caller):
        return kept
    address = _address(request)
    if address is None:
        found = Caller(None, "", "", network_index("unknown"), network_index("unknown"), shared=True, hosting=False)
    else:
        origin, kinds = origin_of(address), known(request).kinds
        found = Caller(
            address,
            origin.key,
            origin.rollup,
            network_index(origin.key),
            network_index(origin.rollup),
            shared=NetworkRange.Kind.SHARED in kinds,
            hosting=NetworkRange.Kind.HOSTING in kinds,
        )
    setattr(request, _KEPT, found)
    return found
