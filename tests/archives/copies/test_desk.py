"""The desk of a request: what was asked in words, and a search that leaves no name behind."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessRecord, Role
from archives.copies.actions import days_left
from tests.accounts.people import make_staff, signed_in
from tests.archives.copies.test_journey import Requester, received
from tests.archives.makers import TODAY, file_of, issued
from tests.cast import make_post

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    make_post()
    row = received(Requester())
    return signed_in(make_staff(Role.OFFICER, "dz-alg")), reverse("admin:copy_desk", args=[row.pk])


def test_the_search_goes_by_post_and_is_recorded_without_the_name(desk):
    officer, page = desk
    file = file_of(1, issued(TODAY - timedelta(days=400), TODAY - timedelta(days=310)))
    wanted = {"name": "Benali", "birth_date": "1990-04-12"}
    assert str(file.pk) not in officer.get(page, {"look": "1", **wanted}).content.decode()
    answer = officer.post(page, {"act": "look", **wanted})
    assert str(file.pk) in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert (
        "Nothing was found"
        in officer.post(page, {"act": "look", "name": "Meziane"}, headers={"accept-language": "en"}).content.decode()
    )
    assert "Benali" not in " ".join(AccessRecord.objects.filter(action="search").values_list("subject", flat=True))


def test_a_date_that_is_none_is_named_and_finds_nothing(desk):
    officer, page = desk
    assert "<h2" in officer.post(page, {"act": "look", "birth_date": "yesterday"}).content.decode()
    assert not AccessRecord.objects.filter(action="search").exists()


@pytest.mark.parametrize(("language", "words"), [("en", "Why do you need the copy?"), ("fr", "Pourquoi")])
def test_the_answers_stand_under_their_questions_and_begin_the_search(desk, language, words):
    officer, page = desk
    shown = officer.get(page, headers={"accept-language": language}).content.decode()
    assert words in shown
    assert "family_name" not in shown
    assert 'value="Benali Alice Nour"' in shown
    assert 'value="1990-04-12"' in shown


def test_days_until_silence_are_those_of_paris():
    late = timezone.make_aware(timezone.datetime(2026, 7, 1, 22, 30), timezone.get_fixed_timezone(0))
    assert days_left(late.date() + timedelta(days=10), late) == 9
    assert days_left(None, late) is None
