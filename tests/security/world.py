"""A small world with somebody in every position: whoever looks, applies, waits, holds, came, asks for a copy, works."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Role
from antibot.models import Checkout, OneTimeCode, Payment
from appointments.actions.payments import take_payment_events
from appointments.domain.people import PersonData
from appointments.models import Booking, Closure, Counter, Post, Request
from appointments.staff.guide_pages import tasks_in
from archives.actions.documents import add_document
from archives.importing.batches import read_batch
from archives.models import OfficialDomain
from tests.accounts.people import make_staff, signed_in
from tests.appointments.draws.stage import make_draw
from tests.appointments.pages.visitor import Visitor
from tests.appointments.staff.scenes import book, other_post, slots_near_now
from tests.archives.copies.test_journey import Requester, grant, received
from tests.archives.makers import TODAY, file_of, issued
from tests.archives.test_importing import GOOD, HEAD, REFUSAL
from tests.cast import ALICE, BOB, CHARLIE, Scene, make_scene, make_service, open_slots, person

STAFF = (Role.AGENT, Role.OFFICER, Role.HEAD, Role.CENTRE, Role.AUDITOR)
PREFECTURE = "sejour@rhone.gouv.fr"


@dataclass
class World:
    """`clients` by position; `known` maps the names of URL arguments to values that exist."""

    scene: Scene
    clients: dict[str, Client]
    known: dict[str, list[Any]]
    bookings: dict[str, Booking]
    draft: str


def _somebody(number: int) -> PersonData:
    return replace(person(number), family_name="SADI" + "ABCDEF"[number])


def _again(minutes: int = 5) -> None:
    """Some minutes pass for the pause between two codes."""
    OneTimeCode.objects.update(created_at=timezone.now() - timedelta(minutes=minutes))


def _paid(visitor: Visitor, row: Request) -> None:
    page = f"/my/{row.reference}/"
    pay_page = visitor.post(f"{page}pay/")["Location"]
    bank = visitor.post(pay_page, how="card")["Location"]
    visitor.post("/" + bank.split("/", 3)[3] if bank.startswith("http") else bank, act="pay")
    visitor.bank_tells()
    take_payment_events(timezone.now())


def _copies(file: Any) -> tuple[dict[str, Client], list[str], str]:
    """Somebody at the form, and a prefecture with a link; the tokens, and the reference of the form."""
    drafting = Requester("lawyer@example.org")
    drafting.prove()
    OfficialDomain.objects.create(domain=PREFECTURE.partition("@")[2])
    asking = Requester(PREFECTURE, kind="prefecture")
    link = grant(received(asking), file)
    _again(2 * 24 * 60)
    asking.client.post(link, {"send": "1"})
    asking.client.post(link, {"code": asking.code()})
    return {"copying": drafting.client, "prefecture": asking.client}, [link.split("/")[-2]], drafting.reference


def make_world() -> World:
    """Everything in one post, a canary in another; by the pages where there are pages."""
    scene = make_scene()
    foreign = other_post()
    Post.objects.filter(pk=foreign.pk).update(name_fr="Canaryville", name_ar="Canaryville", name_en="Canaryville")
    theirs = make_service(foreign, "first_come", code="PASSPORT", family="passport")
    canary = replace(CHARLIE, family_name="CANARYNAME", passport_number="CANARY777")
    far = book(theirs, slots_near_now(theirs, 1, minutes=5), [canary], contact="canary@example.org")
    now = timezone.now()
    slots = open_slots(scene.first_come, 12)

    drafting, waiting, holding, booked = (Visitor(f"{name}@example.org") for name in ("dora", "wafa", "hugo", "bela"))
    standing = waiting.ask(scene.drawn, _somebody(1))
    held = holding.hold(scene.first_come, slots[0].pk, ALICE)
    holding.post(f"/my/{held.reference}/pay/")
    confirmed = booked.hold(scene.first_come, slots[1].pk, BOB, CHARLIE)
    _paid(booked, confirmed)
    drafting.ready(scene.first_come, _somebody(2))

    file = file_of(1, issued(TODAY - timedelta(days=400), TODAY - timedelta(days=310)))
    document = add_document(file, "form", "application/pdf", b"%PDF-1.7\n", now)
    copying, tokens, copy_draft = _copies(file)
    batch = read_batch(io.BytesIO(f"{HEAD}\n{GOOD}\n{REFUSAL}\nx".encode()), "a.csv", "dz-alg", now, None)
    day = now.date() + timedelta(days=9)
    closure = Closure.objects.create(post=scene.post, first_day=day, last_day=day, reason="works")
    near = slots_near_now(scene.drawn, 1, minutes=5, counter=7)
    today = book(scene.drawn, near, [_somebody(3)])
    staff = {
        str(role): signed_in(make_staff(role, *([] if role in {Role.CENTRE, Role.AUDITOR} else ["dz-alg"]),
                                        name=f"staff-{role}"))
        for role in STAFF
    }  # fmt: skip
    Counter.objects.filter(post=foreign).update(label="Canary counter")
    references = [row.reference for row in (standing, held, confirmed, today.request, far.request)]
    known: dict[str, list[Any]] = {
        "post_key": ["dz-alg", "ma-rab"],
        "slug": [scene.first_come.slug, scene.drawn.slug],
        "draft_id": [drafting.draft, waiting.draft],
        "number": [1, batch.pk],
        "reference": [*references, copy_draft, *Checkout.objects.values_list("reference", flat=True)],
        "token": tokens,
        "code": ["fr", "ar", "en"],
        "language": ["fr", "ar", "en"],
        "key": ["0" * 40],
        "public_id": [str(one) for one in Payment.objects.values_list("public_id", flat=True)],
        "gateway": ["sandbox", "stripe", "voucher"],
        "pk": [make_draw(scene.drawn, 3).pk],
        "position": [0, 1],
        "closure_id": [closure.pk],
        "file_id": [str(file.pk)],
        "document_id": [document.pk],
        "task": list(tasks_in("en")),
        "app_label": ["appointments", "antibot", "archives", "accounts"],
        "run": ["no-such-run"],
        "url": ["nothing"],
        "id": [1],
        "object_id": [scene.post.pk, held.pk, today.pk, str(file.pk)],
        "content_type_id": [1],
    }
    clients = {
        "anonymous": Client(),
        "drafting": drafting.client,
        "waiting": waiting.client,
        "holding": holding.client,
        "booked": booked.client,
        **copying,
        **staff,
    }
    bookings = {
        "held": Booking.objects.get(request=held),
        "confirmed": Booking.objects.get(request=confirmed),
        "far": far,
    }
    return World(scene, clients, known, bookings, drafting.draft)
