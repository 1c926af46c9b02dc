"""Access records: written once, erased by age alone."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts import journal
from accounts.models import AccessRecord, PostScope, Role
from tests.accounts.people import make_staff, signed_in

pytestmark = pytest.mark.django_db


def write(post: str = "dz-alg", days_ago: int = 0) -> AccessRecord:
    user = make_staff(Role.OFFICER, post, name=f"officer-{post}-{days_ago}")
    journal.record(user, AccessRecord.Action.READ, "ABC", now=timezone.now() - timedelta(days=days_ago), post_key=post)
    return AccessRecord.objects.latest("pk")


@pytest.mark.parametrize("days_ago", [0, 364])
def test_nobody_changes_or_removes_a_record_of_the_last_year(days_ago: int) -> None:
    row = write(days_ago=days_ago)
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessRecord.objects.filter(pk=row.pk).update(subject="other")
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessRecord.objects.filter(pk=row.pk).delete()
    assert AccessRecord.objects.get().subject == "ABC"


def test_records_older_than_a_year_go() -> None:
    write(days_ago=400)
    write(days_ago=300)
    assert journal.forget_old(timezone.now()) == 1
    assert AccessRecord.objects.count() == 1


def test_a_head_audits_their_own_post_only() -> None:
    write("dz-alg")
    write("ma-rab")
    head = signed_in(make_staff(Role.HEAD, "dz-alg"))
    page = head.get("/admin/accounts/accessrecord/").content.decode()
    assert "officer-dz-alg" in page
    assert "officer-ma-rab" not in page


def test_the_history_keeps_every_right_given() -> None:
    agent = make_staff(Role.AGENT, "dz-alg")
    PostScope.objects.create(user=agent, post_key="ma-rab")
    from accounts import models

    events = models.PostScopeEvent.objects.filter(pgh_label="insert").values_list("post_key", flat=True)
    assert set(events) == {"dz-alg", "ma-rab"}


def test_records_are_searched_by_person_reference_and_post_and_that_leaves_a_trace() -> None:
    write("dz-alg")
    write("dz-alg", days_ago=3)
    head = signed_in(make_staff(Role.HEAD, "dz-alg"))
    address = "/admin/accounts/accessrecord/"
    for words, found in (("officer-dz-alg-3", 1), ("ABC", 2), ("nobody", 0)):
        page = head.get(address, {"q": words})
        assert len(page.context["cl"].result_list) == found
    head.get(address)
    own = AccessRecord.objects.filter(user_name="hélène", subject="accessrecord")
    assert sorted(own.values_list("action", flat=True)) == ["list", "search", "search", "search"]
    auditor = signed_in(make_staff(Role.AUDITOR))
    auditor.get("/admin/accounts/signin/")
    assert AccessRecord.objects.filter(user_name="audrey", subject="signin", action="list").count() == 1
