"""The history of changes: who changed what, in words, searched and taken out, within one's posts."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessRecord, PostScope, Role
from appointments.actions.counter import check_in
from appointments.models import Closure, Post
from tests.accounts.people import make_staff, signed_in
from tests.appointments.staff.scenes import book, other_post, scene_at_work, slots_near_now
from tests.cast import ALICE, BOB, Scene, change_terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return scene_at_work()


@pytest.fixture
def head(scene: Scene) -> Client:
    client = signed_in(make_staff(Role.HEAD, "dz-alg"))
    client.cookies["django_language"] = "en"
    return client


def page(client: Client, query: str) -> str:
    return client.get(f"{reverse('admin:history')}?{query}").content.decode()


def exported(client: Client, query: str) -> list[dict[str, str]]:
    answer = client.get(f"{reverse('admin:history_export')}?{query}")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_history_is_read_within_ones_posts(scene: Scene, head: Client) -> None:
    theirs = other_post()
    Post.objects.filter(pk=theirs.pk).update(address="rue secrète 9")
    Post.objects.filter(pk=scene.post.pk).update(address="rue connue 1")
    shown = page(head, "table=Post")
    assert "rue connue 1" in shown
    assert "rue secrète 9" not in shown
    assert {row["row"] for row in exported(head, "table=Post")} == {"dz-alg"}
    assert head.get(reverse("admin:history") + "?table=User").status_code == 404


def test_a_change_says_what_it_changed_and_nothing_else(scene: Scene, head: Client) -> None:
    change_terms(scene.drawn, payment_deadline_hours=24)
    shown = page(head, "table=Service")
    assert "hours to pay after a draw: 72 → 24" in shown
    assert shown.count("minutes a slot is held until paid: ") == 2, "said when the two services were made, not again"


def test_an_erased_row_is_still_told(scene: Scene, head: Client) -> None:
    day = timezone.now().date() + timedelta(days=5)
    Closure.objects.create(post=scene.post, first_day=day, last_day=day, reason="Grève")
    Closure.objects.all().delete()
    assert [row["kind"] for row in exported(head, "table=Closure&row=grève")] == ["insert", "delete"]
    assert "erased" in page(head, "table=Closure&row=Grève")


def test_it_is_searched_by_reference_and_by_whoever_did_it(scene: Scene, head: Client) -> None:
    first, second = (
        book(scene.first_come, [slot], [who])
        for slot, who in zip(slots_near_now(scene.first_come, 2), (ALICE, BOB), strict=True)
    )
    for booking in (first, second):
        check_in(place=booking.places.get(), outcome="match", by="amina", now=timezone.now())
    typed = first.request.reference.lower()
    spoken = f"{typed[:4]}-{typed[4:8]}-{typed[8:]}"
    assert {row["row"] for row in exported(head, f"row={spoken}")} == {first.request.reference}
    assert second.request.reference not in page(head, f"row={spoken}")
    address = reverse("admin:appointments_closure_add")
    day = timezone.now().date() + timedelta(days=5)
    head.post(address, {"post": scene.post.pk, "first_day": day, "last_day": day, "reason": "Grève"})
    assert [row["by"] for row in exported(head, "table=Closure&by=HÉLÈNE")] == ["hélène"]
    assert exported(head, "table=Closure&by=amina") == []
    assert AccessRecord.objects.filter(action="export", subject__contains="HÉLÈNE").exists()


def test_who_may_what_has_a_history_for_those_who_see_everything(scene: Scene, head: Client) -> None:
    user = make_staff(Role.AGENT, "dz-alg")
    user.role = Role.OFFICER
    user.save()
    PostScope.objects.filter(user=user).delete()
    auditor = signed_in(make_staff(Role.AUDITOR))
    auditor.cookies["django_language"] = "en"
    assert "Agent of a provider → Consular officer" in page(auditor, "table=User&row=amina")
    assert [row["kind"] for row in exported(auditor, "table=PostScope&row=amina")] == ["insert", "delete"]
    for table in ("PostScope", "Category", "Nonsense"):
        assert head.get(f"{reverse('admin:history')}?table={table}").status_code == 404


@pytest.mark.parametrize(
    "nonsense", ["row=%00", "by=%F0%9F%8E%83", "row=" + "x" * 5000, "first=x&last=9999-99-99", "by=%25"]
)
def test_nonsense_finds_nothing(head: Client, nonsense: str) -> None:
    assert head.get(f"{reverse('admin:history')}?table=Counter&{nonsense}").status_code == 200
