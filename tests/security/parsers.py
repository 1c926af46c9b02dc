"""Readers and writers that are met behind a form or a signature: called directly, with what a form would not let by."""

# ruff: noqa: E501 - tables and shapes

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import random  # noqa: TID251 - seeded: an input is made again by its number
from collections.abc import Callable
from typing import Any

from django.test import Client, override_settings
from django.utils import timezone

from antibot.domain.contacts import channel_of, code_typed, mail_pattern, normal_contact
from antibot.domain.networks import parse_address, parse_networks
from antibot.payments.sandbox import SIGNATURE_HEADER, sign
from appointments.confirmation.calendar_file import calendar_file
from appointments.confirmation.document import confirmation_pdf
from appointments.domain.beacon import BeaconError
from appointments.domain.mrz import MrzError, read_td3
from appointments.draws.beacons import _read_answer
from appointments.models import Category, Post
from archives.domain.names import alternatives, likeness
from archives.importing.batches import carry_out, read_batch, report
from archives.importing.reading import NotReadableError
from tests.archives.test_importing import GOOD, HEAD
from tests.security import hostile
from tests.security.world import World
from vault.text import canonical, document_number, name_key
from visa_booking.middleware import client_address

SECRET = "whsec_test"


def _storable(text: str) -> str:
    """What PostgreSQL can hold: forms refuse the rest before."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def text_functions(world: World, chance: random.Random) -> None:
    """Every text has a canonical form, and bringing it there twice changes nothing."""
    text = hostile.text(chance)
    assert canonical(canonical(text)) == canonical(text)
    document_number(text)
    name_key(text)
    client_address("198.51.100.1", text, chance.randrange(4))


def contacts_and_networks(world: World, chance: random.Random) -> None:
    """Addresses of letters and of computers, codes: read or refused."""
    text = hostile.text(chance)
    contact = normal_contact(text)
    assert normal_contact(contact) == contact
    if channel_of(contact) == "mail":
        mail_pattern(contact)
        assert not set("\r\n\x00,;<>") & set(contact)
    code_typed(text, 6)
    parse_address(text)
    parse_networks(text)


def names(world: World, chance: random.Random) -> None:
    """What staff type to find a visa file."""
    text = hostile.text(chance)[:200]
    alternatives(text)
    likeness(text, "Benali")


def beacon(world: World, chance: random.Random) -> None:
    """What a relay of the beacon may answer."""
    shape = {"round": 1000, "signature": "ab" * 48, "randomness": "cd" * 32}
    body = json.dumps(hostile.mutated(shape, chance)).encode() if chance.random() < 0.8 else hostile.body(chance)
    try:
        _read_answer("relay", body, 1000)
    except BeaconError:
        return


def passport_lines(world: World, chance: random.Random) -> None:
    """Lines of a passport reader: read or refused."""
    first, second = (chance.choice([hostile.text(chance), "P<DZA" + "A" * 39, "<" * 44]) for _ in range(2))
    try:
        read_td3(first, second, today=timezone.now().date())
    except MrzError:
        return


def imported(world: World, chance: random.Random) -> None:
    """A table of visa files: rows that are right, with cells that are not; imported, and the rest reported."""
    if chance.random() < 0.3:
        body, name = chance.choice(hostile.FILES), chance.choice(["a.csv", "a.json"])
    elif chance.random() < 0.5:
        row = dict(zip(HEAD.split(","), GOOD.split(","), strict=True))
        rows = [hostile.mutated(row, chance) for _ in range(chance.randrange(1, 4))]
        body, name = json.dumps(rows).encode(), "a.json"
    else:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(HEAD.split(","))
        for _ in range(chance.randrange(1, 4)):
            writer.writerow([hostile.text(chance) if chance.random() < 0.2 else cell for cell in GOOD.split(",")])
        body, name = out.getvalue().encode("utf-8", "surrogatepass"), "a.csv"
    now = timezone.now()
    try:
        batch = read_batch(io.BytesIO(body), name, "dz-alg", now, None)
    except NotReadableError:
        return
    carry_out(batch, now, 100)
    for cells in csv.reader(io.StringIO("".join(report(batch)), newline="")):
        # A sign before a figure is a number in every spreadsheet.
        assert not any(cell[:1] in "=+-@\t\r" and not cell[1:].isdigit() for cell in cells if cell), cells


def papers(world: World, chance: random.Random) -> None:
    """The confirmation and the calendar file of a post whose texts are hostile."""
    texts = [_storable(hostile.text(chance))[:200] for _ in range(4)]
    Post.objects.filter(key="dz-alg").update(name_fr=texts[0][:80], name_en=texts[0][:80], address=texts[1])
    Category.objects.update(
        label_fr=texts[2][:80], label_en=texts[2][:80], documents_fr=texts[3], documents_en=texts[3]
    )
    booking = world.bookings["confirmed"]
    booking = type(booking).objects.select_related("request__service__post", "request__service__category").get(
        pk=booking.pk
    )  # fmt: skip
    lines = calendar_file(booking, "fr", timezone.now()).decode().split("\r\n")
    assert sum(line == "BEGIN:VEVENT" for line in lines) == 1
    if chance.random() < 0.2:
        assert confirmation_pdf(booking, "fr").startswith(b"%PDF")


def sandbox_message(world: World, chance: random.Random) -> None:
    """A message with the right signature and a wrong content: booked, ignored or refused."""
    shape = {
        "id": "evt_1", "kind": chance.choice(["paid", "refused", "refunded", "ignored"]), "charge": "ch_1", "currency": "EUR",
        "at": int(timezone.now().timestamp()), "merchant_reference": world.known["public_id"][0], "amount_cents": 2900,
        "instrument": "card-1",
    }  # fmt: skip
    body = json.dumps(hostile.mutated(shape, chance)).encode()
    header = {SIGNATURE_HEADER: sign(body, int(timezone.now().timestamp()))}
    _deliver("sandbox", body, header)


def stripe_message(world: World, chance: random.Random) -> None:
    """The same with Stripe's shapes."""
    kinds = ["checkout.session.completed", "checkout.session.expired", "charge.refunded", "x"]
    shape: dict[str, Any] = {
        "id": "evt_2", "object": "event", "created": int(timezone.now().timestamp()), "type": chance.choice(kinds),
        "data": {"object": {
            "id": "cs_1", "amount_total": 2900, "client_reference_id": world.known["public_id"][0], "currency": "eur",
            "payment_intent": "pi_1", "payment_status": "paid", "refunded": True, "amount_refunded": 2900,
            "metadata": {"payment": world.known["public_id"][0]},
        }},
    }  # fmt: skip
    body, at = json.dumps(hostile.mutated(shape, chance)).encode(), int(timezone.now().timestamp())
    mac = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    with override_settings(PAYMENT_GATEWAY="stripe", STRIPE_WEBHOOK_SECRET=SECRET, STRIPE_SECRET_KEY="sk_test_x"):
        _deliver("stripe", body, {"Stripe-Signature": f"t={at},v1={mac}"})


def _deliver(gateway: str, body: bytes, headers: dict[str, str]) -> None:
    answer = Client(raise_request_exception=True).post(
        f"/antibot/webhook/{gateway}/", body, content_type="application/json", headers=headers
    )
    assert answer.status_code < 500, answer.status_code


Parser = Callable[[World, random.Random], None]
# With how often each comes; papers are dear.
PARSERS: tuple[tuple[Parser, int], ...] = (
    (text_functions, 4), (contacts_and_networks, 4), (names, 4), (beacon, 4), (passport_lines, 4), (imported, 6), (papers, 1), (sandbox_message, 6), (stripe_message, 6),
)  # fmt: skip
