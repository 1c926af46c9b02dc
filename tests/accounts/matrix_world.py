"""Two posts whose rows look alike: one's own, and another one's, which is full of words that must never be seen."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.journal import record
from accounts.models import Role
from antibot.models import (
    Appeal,
    Charge,
    NetworkBlock,
    Payment,
    PaymentEvent,
    PolicyVersion,
    RadarCase,
    ShadowTally,
    VoucherBatch,
)
from appointments.models import (
    Booking,
    Break,
    Category,
    Closure,
    Correction,
    Counter,
    Holiday,
    OpeningHours,
    Post,
    Request,
    TrafficReport,
)
from archives.actions.documents import add_document
from archives.actions.links import link_group, set_hold
from archives.models import CopyRequest, CopySettings, CopyUpload, FileDocument, ImportBatch, RestrictedCopy, VisaFile
from tests.accounts.matrix_addresses import FOREIGN, OWN, Address
from tests.accounts.people import make_staff
from tests.appointments.staff.scenes import book, other_post, slots_near_now
from tests.archives.makers import file_of
from tests.cast import ALICE, CHARLIE, Scene, make_scene, make_service
from vault.cipher import encrypt

HOUR = timedelta(hours=1)


@dataclass
class World:
    """Rows of two posts that look alike."""

    scene: Scene
    rows: dict[str, dict[type[models.Model], models.Model]]

    def arguments(self, address: Address, whose: str) -> dict[str, Any] | None:
        """What to put into an address; None where a model has no row of that post (then there is nothing to leak)."""
        rows = self.rows[whose]
        booking = rows[Booking]
        assert isinstance(booking, Booking)
        known: dict[str, Any] = {
            "post_key": whose,
            "reference": booking.request.reference,
            "position": 0,
            "closure_id": rows[Closure].pk,
            "app_label": "appointments",
            "service_id": booking.request.service_id,
            "service_pk": booking.request.service_id,
            "slug": booking.request.service.slug,
            "run": "no-such-run",
            "number": rows[ImportBatch].pk,
            "file_id": rows[VisaFile].pk,
            "document_id": rows[FileDocument].pk,
            "url": "nothing-here",
            "id": 999_999,
            "task": "start-day",
        }
        found: dict[str, Any] = {}
        for name in address.arguments:
            if name in {"object_id", "pk"}:
                model = CopyRequest if address.name.startswith("copy_") else address.model
                row = rows.get(model) if model else None
                if row is None:
                    return None
                found[name] = row.pk
            else:
                assert name in known, f"{address.name} has an argument {name!r}: teach `arguments()` what it means"
                found[name] = known[name]
        return found


def _archive_of(post: Post, now: Any, mark: str) -> dict[type[models.Model], models.Model]:
    """One row of everything in the archive that belongs to a post."""
    name = f"{mark}NAME".upper()
    file = file_of(len(mark), post=post.key, family_name=name, email=f"{mark}@example.org".lower())
    other = file_of(100 + len(mark), post=post.key, family_name=name)
    link_group([file.pk, other.pk])
    set_hold(file.pk, "court order", now.date() + timedelta(days=9), now.date(), now, reason=f"{mark} reason".lower())
    add_document(other, "form", "application/pdf", name.encode(), now)
    asked = CopyRequest.objects.create(
        post_key=post.key, kind="holder", origin="mail", language="fr", created_at=now,
        state="received", received_at=now, deadline=now.date() + timedelta(days=30), file_id=file.pk,
        contact=f"{mark}@example.org".lower(), answers={"family_name": name},
    )  # fmt: skip
    body = encrypt(name.encode(), f"archives.copyupload.body:{asked.pk}")
    CopyUpload.objects.create(request=asked, body=body, pages=1, size=1, stored_at=now)
    return {
        VisaFile: file,
        FileDocument: add_document(file, "form", "application/pdf", name.encode(), now),
        ImportBatch: ImportBatch.objects.create(post_key=post.key, made_at=now),
        CopyRequest: asked,
        CopySettings: CopySettings.objects.create(post_key=post.key, contact=f"{mark}@example.org".lower()),
        RestrictedCopy: RestrictedCopy.objects.create(
            id=uuid.uuid4(), post_key=post.key, legal_basis="court order", allowed_from=now.date(),
            gone_from=now.date() + timedelta(days=9), sealed=b"x",
        ),
    }  # fmt: skip


def _rows_of(post: Post, person: Any, contact: str, mark: str) -> dict[type[models.Model], models.Model]:
    now = timezone.now()
    service = make_service(post, "first_come", code="PASSPORT", family="passport")
    slots = slots_near_now(service, 2, minutes=5)
    booking = book(service, slots[:1], [person], contact=contact)
    counter = slots[0].counter
    Counter.objects.filter(pk=counter.pk).update(label=f"{mark} counter")
    somebody = booking.places.get().person
    staff = make_staff(Role.OFFICER, post.key, name=f"{mark}-officer")
    record(staff, "read", f"{mark}NAME".upper(), now=now, post_key=post.key)
    day, why = now.date(), f"{mark} reason".lower()
    later = day + timedelta(days=9)
    return {
        Post: post,
        type(service): service,
        Booking: booking,
        Request: booking.request,
        Counter: counter,
        type(slots[1]): slots[1],
        Correction: Correction.objects.create(
            person=somebody,
            field="family_name",
            distance=1,
            reason=why,
            author="x",
            created_at=now,
        ),
        Closure: Closure.objects.create(
            post=post,
            first_day=later,
            last_day=later,
            reason=why,
        ),
        Break: Break.objects.create(post=post, starts="12:00", ends="13:00"),
        Holiday: Holiday.objects.create(post=post, day=day, name=why, country="FR"),
        OpeningHours: OpeningHours.objects.create(
            counter=counter, service=service, weekday=0, opens="08:00", closes="09:00", first_day=day
        ),
        TrafficReport: TrafficReport.objects.create(
            kind="offered", medium="shop", post=post, story=f"{mark}NAME".upper(), received_on=day
        ),
        type(service.policies.latest()): service.policies.latest(),
        **_archive_of(post, now, mark),
        NetworkBlock: NetworkBlock.objects.create(
            network_index=mark.encode().ljust(32), post_key=post.key, reason=why, starts_at=now, ends_at=now + HOUR
        ),
        RadarCase: RadarCase.objects.create(
            reference="CANARYCASE12", fingerprint=mark.encode().ljust(32), post_key=post.key, score=50, identities=3,
            explanation=[why], first_seen=now, last_seen=now, opened_at=now,
        ),
        **_guard_rows(post, mark),
    }  # fmt: skip


def _guard_rows(post: Post, mark: str) -> dict[type[models.Model], models.Model]:
    """Money, objections and policies of a post."""
    now, name = timezone.now(), f"{mark}NAME".upper()
    payment = Payment.objects.create(
        subject=f"booking:{mark}", scope_key=f"{post.key}/passport", post_key=post.key, amount_cents=2900,
        currency="EUR", description=name, language="fr", return_url="/", deadline=now + HOUR, asked_at=now,
    )  # fmt: skip
    charge = Charge.objects.create(
        payment=payment, gateway="sandbox", reference=f"{mark} reason".lower(), amount_cents=2900, currency="EUR",
        state="refund_due", refund_reason="late", received_at=now, refund_not_before=now,
    )  # fmt: skip
    event = PaymentEvent.objects.create(
        payment=payment, gateway="sandbox", event_id=f"{mark} reason".lower(), kind="paid", amount_cents=2900,
        currency="EUR", outcome="returned", occurred_at=now, received_at=now,
    )  # fmt: skip
    version = PolicyVersion.objects.create(
        scope_key=post.key, post_key=post.key, version=1, reason=f"{mark} reason".lower(), created_at=now
    )
    return {
        Payment: payment,
        Charge: charge,
        PaymentEvent: event,
        VoucherBatch: VoucherBatch.objects.create(
            label=name, post_key=post.key, amount_cents=2900, currency="EUR", valid_until=now.date(), imported_at=now
        ),
        Appeal: Appeal.objects.create(
            reference=f"E{mark}"[:12], post_key=post.key, text=name, contact="canary@example.org", created_at=now
        ),
        PolicyVersion: version,
        ShadowTally: ShadowTally.objects.create(
            policy=version, day=now.date(), rule=f"{mark} reason".lower(), checked=1
        ),
    }


def build_world() -> World:
    """The rows of both posts."""
    scene = make_scene()
    foreign = other_post()
    Post.objects.filter(pk=foreign.pk).update(name_fr="Canaryville", name_ar="Canaryville", name_en="Canaryville")
    foreign.refresh_from_db()
    theirs = _rows_of(foreign, replace(CHARLIE, family_name="CANARYNAME"), "canary@example.org", "Canary")
    own_service = scene.first_come
    slots = slots_near_now(own_service, 2, minutes=5)
    booking = book(own_service, slots[:1], [ALICE])
    own = dict(theirs)
    day = timezone.now().date()
    own |= _guard_rows(scene.post, "Own")
    # What somebody of one's own post wrote is no leak, whatever it says.
    Appeal.objects.filter(post_key=scene.post.key).update(contact="", text="an own objection")
    own |= {
        **_archive_of(scene.post, timezone.now(), "own"),
        Post: scene.post,
        type(own_service): own_service,
        Booking: booking,
        Request: booking.request,
        Counter: scene.counter,
        type(slots[1]): slots[1],
        Closure: Closure.objects.create(
            post=scene.post, first_day=day + timedelta(days=9), last_day=day + timedelta(days=9), reason="own"
        ),
        Break: Break.objects.create(post=scene.post, starts="12:00", ends="13:00"),
        Holiday: Holiday.objects.create(post=scene.post, day=day, name="own", country="FR"),
        TrafficReport: TrafficReport.objects.create(
            kind="offered", medium="shop", post=scene.post, story="an own story", received_on=day
        ),
        type(own_service.policies.latest()): own_service.policies.latest(),
    }
    for model in (Correction, OpeningHours, NetworkBlock, RadarCase):
        own.pop(model)
    Category.objects.filter(code="PASSPORT").update(label_fr="Passeport")
    return World(scene, {OWN: own, FOREIGN: theirs})
