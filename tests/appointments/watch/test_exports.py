"""Exports: the rows that were asked for, read a page at a time whatever else is in the table."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.access import Scope
from accounts.models import AccessRecord, Role
from appointments.models import Figure
from appointments.watch.histories import accesses
from tests.accounts.people import make_staff, signed_in
from tests.appointments.staff.scenes import book, scene_at_work, slots_near_now
from tests.cast import ALICE, Scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return scene_at_work()


def test_a_page_of_an_export_is_read_without_sorting_the_rest(scene: Scene) -> None:
    first = date(2026, 1, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_accessrecord (at, user_name, role, action, post_key, subject, rows) "
            "SELECT timestamptz '2026-01-01' + (n % 100) * interval '1 day', 'x', 'agent', 'read', 'dz-alg', 'x', 1 "
            "FROM generate_series(1, 20000) AS n"
        )
        cursor.execute("ANALYZE accounts_accessrecord")
    last = first + timedelta(days=99)
    own = accesses(Scope(everything=False, post_keys=frozenset({"dz-alg"})), first, last)

    def plan(rows: QuerySet[AccessRecord]) -> str:
        return rows.filter(pk__gt=0).order_by("pk")[:200].explain()

    assert "Sort" not in plan(own)
    made_of_days = AccessRecord.objects.filter(at__date__range=(first, last), post_key="dz-alg")
    assert "Sort" in plan(made_of_days), "a day made from the column tells the planner nothing"


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("2026-03-01 00:00:00", True),
        ("2026-03-02 23:59:59.999999", True),
        ("2026-02-28 23:59:59.999999", False),
        ("2026-03-03 00:00:00", False),
    ],
)
def test_days_of_an_export_begin_and_end_at_midnight(at: str, found: bool) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    AccessRecord.objects.create(at=moment, user_name="x", role="agent", action="read", subject="x")
    everybody = Scope(everything=True, post_keys=frozenset())
    assert accesses(everybody, date(2026, 3, 1), date(2026, 3, 2)).exists() is found
    assert accesses(everybody, date.min, date.max).exists()


def test_figures_are_exported_in_order_a_day_at_a_time(scene: Scene) -> None:
    today = timezone.now().date()
    days = [today - timedelta(days=back) for back in (1, 4, 2)]
    Figure.objects.bulk_create(Figure(span="day", post=scene.post, first_day=day, entered=7) for day in days)
    head = signed_in(make_staff(Role.HEAD, "dz-alg"))
    with CaptureQueriesContext(connection) as queries:
        text = b"".join(head.get(reverse("admin:figures_export")).streaming_content).decode()  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["first_day"] for row in rows] == [str(day) for day in sorted(days)]
    assert len([q for q in queries if '"first_day" = ' in q["sql"]]) == 3


def test_bookings_are_exported_without_names(scene: Scene) -> None:
    booking = book(scene.first_come, slots_near_now(scene.first_come, 1), [ALICE])
    head = signed_in(make_staff(Role.HEAD, "dz-alg"))
    address = reverse("admin:bookings_export") + f"?first={booking.local_day}&last={booking.local_day}"
    text = b"".join(head.get(address).streaming_content).decode()  # type: ignore[arg-type]
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert row == {
        "reference": booking.request.reference,
        "post": "dz-alg",
        "category": "PASSPORT",
        "day": str(booking.local_day),
        "time": str(booking.local_time),
        "state": "confirmed",
        "origin": "first_come",
        "people": "1",
        "amount_cents": "2900",
        "currency": "EUR",
    }
