"""The network a request comes from."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from antibot.domain.networks import Address, client_address, origin_of
from antibot.models import NetworkRange
from vault.index import blind_index

_KEPT = "_antibot_origin"


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
        """The network in a counting key: 96 bits of its blind index."""
        return base64.urlsafe_b64encode(self.index[:12]).decode()

    @property
    def rollup_key(self) -> str:
        """The range above it in a counting key."""
        return base64.urlsafe_b64encode(self.rollup_index[:12]).decode()


def network_index(network: str) -> bytes:
    """The blind index of a network in CIDR notation."""
    return blind_index("antibot.network", network)


# A person makes a dozen requests in a few minutes, and lists of ranges are imported once a day.
_KNOWN_SECONDS = 30.0
_MOST_KNOWN = 5000
_known: dict[str, tuple[float, frozenset[str]]] = {}


def _kinds(address: str) -> frozenset[str]:
    now = time.monotonic()
    known = _known.get(address) if settings.PAGE_MEMORY_SECONDS else None
    if known is not None and now < known[0]:
        return known[1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM antibot_networkrange WHERE network >>= %s::inet", [address])
        found = frozenset(kind for (kind,) in cursor.fetchall())
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[address] = (now + _KNOWN_SECONDS, found)
    return found


def caller(request: HttpRequest) -> Caller:
    """The caller of this request, worked out once. An unknown address (a socket without peer) counts as shared."""
    kept = getattr(request, _KEPT, None)
    if isinstance(kept, Caller):
        return kept
    address = client_address(
        request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""), settings.TRUSTED_PROXY_HOPS
    )
    if address is None:
        found = Caller(None, "", "", network_index("unknown"), network_index("unknown"), shared=True, hosting=False)
    else:
        origin = origin_of(address)
        kinds = _kinds(str(address))
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
