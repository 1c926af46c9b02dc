"""Which address asks, and which networks it is counted under.

A subscriber usually holds one IPv4 address or one IPv6 /64 (RFC 6177, RIPE-690); somebody with many addresses holds
whole ranges, which is why the /24 and /48 above them are counted too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
MAX_HEADER = 2000  # characters of X-Forwarded-For that are looked at, from the end


@dataclass(frozen=True)
class Origin:
    """One asking address as it is counted: `key` for itself, `rollup` for the range above it."""

    key: str
    rollup: str

    @property
    def network(self) -> Network:
        """The network named by `key`."""
        return ip_network(self.key)


def parse_address(text: str) -> Address | None:
    """An address without port, zone or brackets; IPv4-mapped, NAT64 and 6to4 forms become the IPv4 address inside.

    None for anything else. A scoped address (`fe80::1%eth0`, RFC 4007) means nothing outside its own link and its
    zone is free text, so it is refused.
    """
    text = text.strip()
    return None if not text or len(text) > 45 or "%" in text else _parsed(text)


# Somebody who books sends a dozen requests from one address.
@lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        if address.sixtofour is not None:
            return address.sixtofour
    return address


@lru_cache(maxsize=4096)
def origin_of(address: Address) -> Origin:
    """The keys an address is counted under: IPv4 /32 and /24, IPv6 /64 and /48."""
    if isinstance(address, IPv4Address):
        number = int(address)
        return Origin(str(IPv4Network((number, 32))), str(IPv4Network((number, 24), strict=False)))
    number = int(address)
    return Origin(str(IPv6Network((number, 64), strict=False)), str(IPv6Network((number, 48), strict=False)))


def client_address(remote: str, forwarded: str, hops: int) -> Address | None:
    """The address of the client as the outermost trusted proxy saw it.

    `remote` is the peer of the connection, `forwarded` the X-Forwarded-For header, `hops` how many proxies of ours
    stand in front (0: none). Each proxy appends the address it saw, so the client stands `hops` places from the end;
    what a visitor wrote into the header himself stands further left and is never read. A header that is shorter than
    the proxies would have made it, or not an address at that place, is not trusted: the peer counts.
    """
    peer = parse_address(remote)
    if hops <= 0 or not forwarded:
        return peer
    parts = forwarded[-MAX_HEADER:].split(",")
    if len(parts) < hops:
        return peer
    return parse_address(parts[-hops]) or peer


_MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291
_6TO4 = IPv6Network("2002::/16")  # RFC 3056


def parse_networks(text: str) -> tuple[list[Network], list[str]]:
    """Networks of a list, one a line, with `#` comments; the second part are the lines that are none.

    An address stands for itself. Host bits are cleared. IPv4-mapped, NAT64 and 6to4 forms become the IPv4 network
    inside, as addresses do: nobody would ever be found in them. Scoped addresses are refused, and so are ranges wider
    than IPv4 /8 or IPv6 /16: they are typing mistakes with the effect of shutting out countries.
    """
    good: list[Network] = []
    bad: list[str] = []
    for raw in text.removeprefix("\ufeff").splitlines():
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        network = _network_in(line)
        if network is None or network.prefixlen < (8 if network.version == 4 else 16):
            bad.append(line)
        else:
            good.append(network)
    return good, bad


def _network_in(line: str) -> Network | None:
    if "%" in line:
        return None
    try:
        network = ip_network(line, strict=False)
    except ValueError:
        return None
    if isinstance(network, IPv6Network):
        for outer, before in ((_MAPPED, 96), (NAT64, 96), (_6TO4, 16)):
            if before <= network.prefixlen <= before + 32 and network.subnet_of(outer):
                number = (int(network.network_address) >> (96 - before)) & 0xFFFFFFFF
                return IPv4Network((number, network.prefixlen - before))
        if network.prefixlen > 48 and network.subnet_of(_6TO4):
            return IPv4Network(((int(network.network_address) >> 80) & 0xFFFFFFFF, 32))
    return network
