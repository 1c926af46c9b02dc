"""Addresses as attackers and carriers write them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import strategies as st

from antibot.actions.import_networks import import_networks
from antibot.domain.networks import client_address, origin_of, parse_address, parse_networks
from antibot.limits.origins import caller
from antibot.models import NetworkRange
from tests.antibot.conftest import MakeRequest

LIST = "# hosting\n192.0.2.77/24 # x\n2001:db8::/32\n\n0.0.0.0/0\n::/0\n10.0.0.0/7\nnonsense\n198.51.100.9"
v4 = st.integers(0, 2**32 - 1).map(IPv4Address)
v6 = st.integers(0, 2**128 - 1).map(IPv6Address)


@given(v4)
def test_mapped_nat64_and_6to4_forms_are_the_address_inside(address: IPv4Address) -> None:
    number = int(address)
    for form in (f"::ffff:{address}", f"64:ff9b::{address}", str(IPv6Address((0x2002 << 112) | (number << 80)))):
        assert parse_address(form) == address


@given(v6)
def test_every_address_of_a_64_counts_as_one(address: IPv6Address) -> None:
    neighbour = IPv6Address((int(address) >> 64 << 64) | 0xDEADBEEF)
    if isinstance(parse_address(str(address)), IPv6Address) and isinstance(parse_address(str(neighbour)), IPv6Address):
        assert origin_of(address) == origin_of(neighbour)
        assert origin_of(address).key.endswith("/64")
        assert origin_of(address).rollup.endswith("/48")


NO_ADDRESSES = [
    *("", " ", "fe80::1%eth0", "fe80::1%25eth0", "1.2.3", "1.2.3.4.5", "256.1.1.1", "[::1]:80", "1.2.3.4:80"),
    *("01.2.3.4", "unknown", "_hidden", "\x00", "1" * 5000, "::ffff:1.2.3.4%x", "٣.٣.٣.٣"),
]


@pytest.mark.parametrize("bad", NO_ADDRESSES)
def test_what_is_no_address_is_refused(bad: str) -> None:
    assert parse_address(bad) is None


@given(st.lists(v4.map(str), max_size=5), v4, v4)
def test_a_visitor_cannot_choose_his_address(invented: list[str], real: IPv4Address, proxy: IPv4Address) -> None:
    """Whatever stands left of what our own proxies appended is never read."""
    header = ", ".join([*invented, str(real)])
    assert client_address(str(proxy), header, 1) == real
    assert client_address(str(proxy), f"{header}, {proxy}", 2) == real
    assert client_address(str(real), header, 0) == real


@given(st.text(max_size=200), v4)
def test_any_header_leaves_an_address_or_the_peer(header: str, peer: IPv4Address) -> None:
    for hops in (0, 1, 2, 3):
        assert client_address(str(peer), header, hops) is not None


def test_a_header_too_short_for_the_proxies_is_not_believed() -> None:
    assert client_address("10.0.0.1", "203.0.113.9", 2) == ip_address("10.0.0.1")
    assert client_address("10.0.0.1", "203.0.113.9, garbage", 1) == ip_address("10.0.0.1")


def test_lists_are_read_with_comments_and_refused_where_they_shut_out_countries() -> None:
    good, bad = parse_networks(
        "# hosting\n192.0.2.77/24 # x\n2001:db8::/32\n\n0.0.0.0/0\n::/0\n10.0.0.0/7\nnonsense\n198.51.100.9"
    )
    assert [str(network) for network in good] == ["192.0.2.0/24", "2001:db8::/32", "198.51.100.9/32"]
    assert bad == ["0.0.0.0/0", "::/0", "10.0.0.0/7", "nonsense"]


@pytest.mark.parametrize(
    ("line", "network"),
    [
        ("::ffff:198.51.100.7/120", "198.51.100.0/24"),
        ("::ffff:198.51.100.7", "198.51.100.7/32"),
        ("64:ff9b::198.51.100.0/120", "198.51.100.0/24"),
        ("2002:c633:6400::/40", "198.51.100.0/24"),
        ("2002:c633:6407:1::/64", "198.51.100.7/32"),
        ("192.0.2.0/255.255.255.0", "192.0.2.0/24"),
        ("\ufeff192.0.2.0/24", "192.0.2.0/24"),
    ],
)
def test_a_line_of_a_list_means_what_callers_are_counted_under(line: str, network: str) -> None:
    """A list in IPv4-mapped form would otherwise be taken, and never find anybody."""
    good, bad = parse_networks(line)
    assert ([str(one) for one in good], bad) == ([network], [])


BAD_LINES = [
    *("fe80::1%eth0", "fe80::%eth0/64", "192.0.2.0/24,note", "192.0.2.0 - 192.0.2.9", "192.0.2.0/33", "::ffff:0:0/96"),
    *("2002::/16", "\u0661\u0669\u0662.0.2.0/24", "192.0.2.0/\u0662\u0664", "192.0.2.0/24; DROP", "\x00"),
]


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_line_that_is_no_network_or_all_of_ipv4_is_bad(line: str) -> None:
    assert parse_networks(line) == ([], [line])


@pytest.mark.django_db
def test_import_by_the_staff_page(client: Client, django_user_model: type) -> None:
    """Lines that are no network are named and cost nothing; a file without a network replaces nothing."""
    from tests.accounts.people import make_staff, signed_in

    head = signed_in(make_staff("centre", "centre"))
    page = "/admin/antibot/networkrange/import/"
    lines = "198.51.100.0/24\r\nfe80::1%eth0\r\n::ffff:203.0.113.0/120\r\n198.51.100.7\r\nnonsense\r\n"
    values = {"kind": "hosting", "note": "list of May", "networks": lines, "replace": "on"}
    told = head.post(page, values, follow=True).content.decode()
    assert "fe80::1%eth0, nonsense" in told
    stored = set(NetworkRange.objects.values_list("network", flat=True))
    assert stored == {"198.51.100.0/24", "203.0.113.0/24", "198.51.100.7/32"}
    told = head.post(page, values | {"networks": "<html>\n<h1>404</h1>"}, follow=True).content.decode()
    assert "&lt;h1&gt;404" in told
    assert NetworkRange.objects.count() == 3
    assert head.post(page, values | {"networks": "192.0.2.0/24"}).status_code == 302
    assert list(NetworkRange.objects.values_list("network", flat=True)) == ["192.0.2.0/24"]


@pytest.mark.django_db
def test_ranges_that_overlap_all_count(visitor: MakeRequest) -> None:
    import_networks("198.51.0.0/16\n198.51.100.0/24", NetworkRange.Kind.HOSTING, "wide")
    import_networks("198.51.100.0/25\n198.51.100.0/24", NetworkRange.Kind.SHARED, "campus")
    both, hosting = caller(visitor(address="198.51.100.7")), caller(visitor(address="198.51.101.7"))
    assert (both.shared, both.hosting) == (True, True)
    assert (hosting.shared, hosting.hosting) == (False, True)


@pytest.mark.django_db
def test_import_and_lookup(visitor: MakeRequest) -> None:
    done = import_networks("198.51.100.0/24\n2001:db8::/32\nx", NetworkRange.Kind.SHARED, "campus")
    assert (done.added, done.known, done.bad_lines) == (2, 0, ["x"])
    assert import_networks("198.51.100.0/24", NetworkRange.Kind.SHARED, "campus", replace=False).known == 1
    assert caller(visitor()).shared
    assert caller(visitor(address="::ffff:198.51.100.9")).shared
    assert caller(visitor(address="2001:db8:1::1")).shared
    assert not caller(visitor(address="198.51.101.1")).shared
    again = import_networks("192.0.2.0/24", NetworkRange.Kind.SHARED, "campus", replace=True)
    assert again.added == 1
    assert NetworkRange.objects.count() == 1


@pytest.mark.django_db
@override_settings(TRUSTED_PROXY_HOPS=1)
def test_a_spoofed_header_over_http_does_not_shed_a_block() -> None:
    """Control: with one hop trusted too many the same request would be somebody else."""
    from datetime import timedelta

    from django.utils import timezone

    from antibot.limits.origins import network_index
    from antibot.models import NetworkBlock
    from tests.antibot.conftest import asked

    now = timezone.now()
    NetworkBlock.objects.create(
        network="203.0.113.9/32", network_index=network_index("203.0.113.9/32"), reason="captcha_wrong",
        starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    page = asked().pay_url
    client = Client(REMOTE_ADDR="10.0.0.1")
    for header in ("203.0.113.9", "192.0.2.1, 203.0.113.9", "::1, 127.0.0.1, ::ffff:203.0.113.9"):
        assert client.get(page, headers={"X-Forwarded-For": header}).status_code == 429
    assert client.get(page, headers={"X-Forwarded-For": "203.0.113.9, 192.0.2.1"}).status_code == 200
    with override_settings(TRUSTED_PROXY_HOPS=2):
        assert client.get(page, headers={"X-Forwarded-For": "192.0.2.1, 203.0.113.9"}).status_code == 200
