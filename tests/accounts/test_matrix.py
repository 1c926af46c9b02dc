"""Every address of the admin × every role × own and another post's rows, generated from the addresses themselves.

A new view is tested the moment it has an address. A view with an argument that this test does not know fails it: then
`arguments()` has to learn what the argument means.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from accounts.journal import record
from accounts.models import Role
from accounts.site import ScopedModelAdmin, staff_site
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
from tests.accounts.people import make_staff, signed_in
from tests.appointments.staff.scenes import book, other_post, slots_near_now
from tests.archives.makers import file_of
from tests.cast import ALICE, CHARLIE, Scene, make_scene, make_service
from vault.cipher import encrypt

pytestmark = pytest.mark.django_db
OWN, FOREIGN = "dz-alg", "ma-rab"
# What stands in the other post's rows and must never be seen by people of this post.
HOUR = timedelta(hours=1)
CANARIES = ("Canaryville", "CANARYNAME", "canary@example.org", "canary reason", "Canary counter", "CANARYCASE12")
PUBLIC = {"login", "logout", "two_factor", "two_factor_enrol", "jsi18n"}
REFUSED = {302, 403, 404, 405}
LOCAL_ROLES = (Role.AGENT, Role.OFFICER, Role.HEAD)


@dataclass(frozen=True)
class Address:
    """A pattern of the admin: its name, its arguments, and the model whose page it is."""

    name: str
    arguments: tuple[str, ...]
    model: type[models.Model] | None = field(compare=False, default=None)


def addresses() -> list[Address]:
    """Every address of the staff site."""
    by_prefix = {f"{model._meta.app_label}_{model._meta.model_name}_": model for model in staff_site._registry}

    def walk(patterns: list[Any], kept: tuple[str, ...]) -> Iterator[Address]:
        for pattern in patterns:
            arguments = (*kept, *pattern.pattern.regex.groupindex)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, arguments)
            elif isinstance(pattern, URLPattern) and pattern.name:
                model = next((m for p, m in by_prefix.items() if pattern.name.startswith(p)), None)
                yield Address(pattern.name, arguments, model)

    return sorted(set(walk(staff_site.get_urls(), ())), key=lambda address: (address.name, address.arguments))


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


def test_every_model_of_the_archive_has_rows_of_both_posts_or_belongs_to_none(world: World) -> None:
    """So that no address of the archive goes untried for want of an object."""
    for model, admin in staff_site._registry.items():
        if model._meta.app_label == "archives" and admin.post_key_path is not None:
            own, foreign = world.rows[OWN].get(model), world.rows[FOREIGN].get(model)
            assert own is not None, model
            assert foreign is not None, model
            assert own.pk != foreign.pk, model
    for address in addresses():
        if address.name.startswith(("archives_", "copy_")):
            central = address.model is not None and staff_site._registry[address.model].post_key_path is None
            assert central or world.arguments(address, FOREIGN) is not None, address


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


@pytest.fixture
def world() -> World:
    scene = make_scene()
    from dataclasses import replace

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


def _names_foreign(arguments: dict[str, Any]) -> bool:
    """Whether something in an address belongs to the other post alone; a slug below one's own post is one's own."""
    own_alone = {"object_id", "pk", "reference", "closure_id", "number", "file_id"}
    return arguments.get("post_key") == FOREIGN or bool(own_alone & set(arguments))


def _body(answer: Any) -> str:
    if answer.streaming:
        return b"".join(answer.streaming_content).decode(errors="replace")
    return str(answer.content.decode(errors="replace"))


def _ask(client: Client, method: str, path: str) -> Any:
    data = {"mark": "1:match"} if method == "post" else {"term": "C", "q": "C", "app_label": "x", "model_name": "y"}
    return getattr(client, method)(path, data)


def _leaks(answer: Any) -> list[str]:
    text = _body(answer)
    return [canary for canary in CANARIES if canary in text]


@pytest.mark.parametrize("role", LOCAL_ROLES)
def test_people_of_a_post_reach_nothing_of_another(world: World, role: str) -> None:
    client = signed_in(make_staff(role, OWN))
    faults, asked = [], 0
    for address in addresses():
        for whose in (OWN, FOREIGN):
            arguments = world.arguments(address, whose)
            if arguments is None or (whose == FOREIGN and not arguments):
                continue
            # The other post's reference or row below one's own post is the other way to try.
            mixes = [arguments]
            if whose == FOREIGN and "post_key" in arguments and len(arguments) > 1:
                mixes.append(arguments | {"post_key": OWN})
            for mixed in mixes:
                path = reverse(f"admin:{address.name}", kwargs=mixed)
                for method in ("get", "post") if whose == FOREIGN else ("get",):
                    answer = _ask(client, method, path)
                    asked += 1
                    leaks = _leaks(answer)
                    about_foreign = whose == FOREIGN and _names_foreign(mixed)
                    if answer.status_code >= 500 or leaks or (about_foreign and answer.status_code not in REFUSED):
                        faults.append((role, method, path, answer.status_code, leaks))
    assert not faults, "\n".join(map(str, faults))
    assert asked > 150


@pytest.mark.parametrize("model", list(staff_site._registry), ids=lambda model: model._meta.label)
def test_lists_filters_and_autocomplete_show_own_rows_only(world: World, model: type[models.Model]) -> None:
    client = signed_in(make_staff(Role.HEAD, OWN))
    base = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    faults = []
    for query in ("", "?q=C", "?q=canary", "?all=1", "?o=1"):
        answer = client.get(base + query)
        leaks = _leaks(answer)
        # What was typed stands in the search field again.
        leaks = [leak for leak in leaks if leak.lower() not in query]
        if answer.status_code >= 500 or leaks:
            faults.append((query, answer.status_code, leaks))
    for source in apps.get_models():
        for foreign_key in source._meta.get_fields():
            if isinstance(foreign_key, models.ForeignKey) and foreign_key.remote_field.model is model:
                answer = client.get(
                    reverse("admin:autocomplete"),
                    {
                        "term": "",
                        "app_label": source._meta.app_label,
                        "model_name": source._meta.model_name,
                        "field_name": foreign_key.name,
                    },
                )
                if answer.status_code >= 500 or _leaks(answer):
                    faults.append((f"autocomplete {source._meta.label}.{foreign_key.name}", answer.status_code, "leak"))
    assert not faults, "\n".join(map(str, faults))


def test_an_auditor_reads_everything_and_changes_nothing(world: World) -> None:
    client = signed_in(make_staff(Role.AUDITOR))
    counted = [model for model in apps.get_models() if model._meta.app_label in {"appointments", "antibot", "archives"}]
    tables = set(connection.introspection.table_names())
    counted = [model for model in counted if not model._meta.proxy and model._meta.db_table in tables]
    before = {model: model._default_manager.count() for model in counted}
    faults = []
    for address in addresses():
        arguments = world.arguments(address, FOREIGN)
        if arguments is None or address.name in PUBLIC:
            continue
        path = reverse(f"admin:{address.name}", kwargs=arguments)
        read, written = _ask(client, "get", path), _ask(client, "post", path)
        if (
            read.status_code >= 500
            or written.status_code >= 500
            or (address.name.endswith(("_add", "_delete")) and 200 in {read.status_code, written.status_code})
        ):
            faults.append((path, read.status_code, written.status_code))
        elif address.model and address.name.endswith("_change") and written.status_code == 200:
            faults.append((path, "post", written.status_code))
    assert not faults, "\n".join(map(str, faults))
    assert {model: model._default_manager.count() for model in counted} == before


def test_without_a_second_factor_everything_leads_to_signing_in(world: World) -> None:
    nobody, half = Client(), Client()
    half.force_login(make_staff(Role.CENTRE))
    faults = []
    for address in addresses():
        arguments = world.arguments(address, OWN)
        if arguments is None or address.name in PUBLIC:
            continue
        path = reverse(f"admin:{address.name}", kwargs=arguments)
        for client in (nobody, half):
            for method in ("get", "post"):
                answer = _ask(client, method, path)
                if answer.status_code not in {302, 404, 405} or (
                    answer.status_code == 302 and "/admin/" not in answer["Location"]
                ):
                    faults.append((path, method, answer.status_code))
    assert not faults, "\n".join(map(str, faults))


def test_every_model_of_the_site_is_scoped_in_the_one_place() -> None:
    for model, admin in staff_site._registry.items():
        assert isinstance(admin, ScopedModelAdmin), model
        path = admin.post_key_path
        if path is not None:
            model._default_manager.filter(**{f"{path}__in": ["x"]}).exists()
