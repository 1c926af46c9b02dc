"""Terms are versions: the database writes the one in force into the service, and takes them from nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone, translation

from appointments.actions.cancellations import cancel, refund_due
from appointments.models import Service, ServiceTerms
from appointments.releases.policies import FIELDS, save_policy
from appointments.terms.versions import save_terms, values_of
from appointments.versions import VersionRefusedError
from tests.appointments.staff.scenes import book
from tests.cast import ALICE, Scene, change_terms, make_post, make_service, make_slots

pytestmark = pytest.mark.django_db


def test_a_service_begins_with_its_first_version() -> None:
    service = make_service(make_post(), "windowed", cooling_off_days=11, refund_hours_before=None)
    (first,) = service.terms.all()
    assert (first.version, first.author, values_of(first)) == (1, "", values_of(service))
    assert first.cooling_off_days == 11


def test_a_new_version_is_in_force_at_once(scene: Scene) -> None:
    saved = change_terms(scene.drawn, payment_deadline_hours=24, refund_hours_before=None)
    assert (saved.version, saved.author) == (2, "hélène")
    row = Service.objects.get(pk=scene.drawn.pk)
    assert (row.payment_deadline_hours, row.refund_hours_before) == (24, None)
    assert row.cooling_off_days == 7


@pytest.mark.parametrize(
    "change",
    [
        {"payment_deadline_hours": 2},
        {"hold_minutes": 30},
        {"cooling_off_days": 0},
        {"refund_hours_before": None},
        {"largest_group": 5},
        {"request_life_days": 30},
        {"asks_france_visas": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_nothing_else_changes_a_term(scene: Scene, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="service_terms_are_versions"), transaction.atomic():
        Service.objects.filter(pk=scene.drawn.pk).update(**change)
    Service.objects.filter(pk=scene.drawn.pk).update(is_open=False, service_fee_cents=100)


def test_versions_are_kept_as_they_were(scene: Scene) -> None:
    change_terms(scene.drawn, cooling_off_days=3)
    rows = ServiceTerms.objects.filter(service=scene.drawn)
    for act in (lambda: rows.update(reason="other"), rows.all().delete):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            act()
    assert [row.version for row in rows.order_by("version")] == [1, 2]


def test_a_change_without_author_or_reason_is_refused_by_the_database(scene: Scene) -> None:
    known = {"service": scene.drawn, "version": 2, "created_at": timezone.now(), **values_of(scene.drawn)}
    for words in ({"author": "x", "reason": ""}, {"author": "", "reason": "x"}):
        with pytest.raises(IntegrityError, match="terms_say_who_and_why"), transaction.atomic():
            ServiceTerms.objects.create(**known, **words)


@translation.override("en")
def test_nobody_overwrites_unseen(scene: Scene) -> None:
    change_terms(scene.drawn, cooling_off_days=3)
    with pytest.raises(VersionRefusedError, match="in the meantime"):
        save_terms(scene.drawn, values_of(scene.drawn), author="b", reason="late", based_on=1, now=timezone.now())


@translation.override("en")
def test_a_family_that_no_release_could_seat_is_refused(scene: Scene) -> None:
    values = {name: getattr(scene.drawn.policies.latest(), name) for name in FIELDS} | {"largest_release": 8}
    known = {"author": "x", "reason": "small releases", "based_on": 1, "now": timezone.now()}
    save_policy(scene.drawn, values, **known)  # type: ignore[arg-type]
    change_terms(scene.drawn, largest_group=8)
    with pytest.raises(VersionRefusedError, match="No release would ever be large enough for a family of 9"):
        change_terms(scene.drawn, largest_group=9)


def test_whoever_decides_a_value_confirms_it(scene: Scene) -> None:
    Service.objects.filter(pk=scene.drawn.pk).update(to_confirm=["payment_deadline_hours", "service_fee_cents"])
    change_terms(scene.drawn, payment_deadline_hours=48)
    assert Service.objects.get(pk=scene.drawn.pk).to_confirm == ["service_fee_cents"]


def test_what_was_promised_when_somebody_booked_holds(scene: Scene) -> None:
    day = (timezone.now() + timedelta(days=9)).date()
    booking = book(scene.first_come, make_slots(scene.first_come, 1, day=day), [ALICE])
    assert refund_due(booking, timezone.now())
    change_terms(scene.first_come, refund_hours_before=None)
    booking.refresh_from_db()
    assert refund_due(booking, timezone.now())


def test_what_is_promised_now_holds_where_it_is_better(scene: Scene) -> None:
    change_terms(scene.first_come, refund_hours_before=None)
    day = (timezone.now() + timedelta(days=9)).date()
    booking = book(scene.first_come, make_slots(scene.first_come, 1, day=day), [ALICE])
    assert not refund_due(booking, timezone.now())
    change_terms(scene.first_come, refund_hours_before=24)
    booking.refresh_from_db()
    assert refund_due(booking, timezone.now())
    assert cancel(booking=booking, by="applicant", now=timezone.now()).state == "cancelled"
