"""What the pages read: open times, posts and their services."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from appointments.calendar.loading import load_posts
from appointments.calendar.making import make_slots
from appointments.domain.calendar.adjacency import fits_from
from appointments.models import Counter, Post, Release, Service, Slot
from appointments.queries.availability import availability, not_modified
from appointments.queries.posts import post_page, start_tree
from tests.appointments.calendar.conftest import NOW, TODAY, new_policy, open_counter


def open_all(service: Service) -> None:
    release = Release.objects.create(
        service=service,
        policy=new_policy(service, mode="first_come"),
        tick=1,
        kind="first_come",
        opened_at=NOW,
        slots_count=Slot.objects.count(),
        pool_size=99,
    )
    Slot.objects.update(state="released", release=release)


@pytest.fixture
def opened(service: Service, counter: Counter, post: Post) -> Service:
    """Two counters, 9 to 12 and 9 to 10; everything of today and tomorrow is open."""
    open_counter(Counter.objects.create(post=post, number=2), service, time(9), time(10))
    make_slots(service, TODAY, TODAY + timedelta(days=1), NOW)
    open_all(service)
    return service


class TestAvailability:
    def test_days_and_times(self, opened: Service) -> None:
        found = availability(opened, now=NOW)
        assert [day.day for day in found.days] == [TODAY, TODAY + timedelta(days=1)]
        assert [(entry.local_time, entry.free) for entry in found.days[0].times] == [
            (time(9), 2), (time(9, 30), 2), (time(10), 1), (time(10, 30), 1), (time(11), 1), (time(11, 30), 1)
        ]  # fmt: skip
        assert found.days[0].free == 8
        chosen = found.days[0].times[2]
        assert Slot.objects.get(pk=chosen.slot_id).local_time == time(10)
        assert found.on(TODAY) is found.days[0]
        assert found.on(date(2030, 1, 1)) is None
        assert found.days[0].time_of(chosen.slot_id) == chosen

    def test_a_group_begins_only_where_all_fit(self, opened: Service) -> None:
        times = availability(opened, now=NOW, size=4).days[0].times
        assert [entry.local_time for entry in times] == [time(9), time(9, 30), time(10)]
        closed = Slot.objects.filter(local_time__in=[time(10, 30), time(11)], local_day=TODAY)
        closed.update(state="pooled", release=None)
        times = availability(opened, now=NOW, size=4).days[0].times
        assert [entry.local_time for entry in times] == [time(9)]
        assert availability(opened, now=NOW, size=20).days == ()

    def test_only_open_slots_of_the_future_of_open_services(self, opened: Service) -> None:
        at_ten = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
        assert availability(opened, now=at_ten).days[0].times[0].local_time == time(10, 30)
        Slot.objects.filter(local_day=TODAY).update(state="taken")
        assert [day.day for day in availability(opened, now=NOW).days] == [TODAY + timedelta(days=1)]
        opened.is_open = False
        assert availability(opened, now=NOW).days == ()

    def test_queries_do_not_grow(self, opened: Service) -> None:
        with CaptureQueriesContext(connection) as few:
            availability(opened, now=NOW)
        make_slots(opened, TODAY, TODAY + timedelta(days=60), NOW)
        open_more = Slot.objects.filter(state="pooled")
        release = Release.objects.get()
        open_more.update(state="released", release=release)
        with CaptureQueriesContext(connection) as many:
            assert len(availability(opened, now=NOW).days) > 40
        assert len(few) == len(many) == 1

    def test_version_changes_exactly_with_the_answer(self, opened: Service) -> None:
        version = availability(opened, now=NOW).version
        assert availability(opened, now=NOW).version == version
        assert availability(opened, now=NOW, size=2).version != version
        slot = Slot.objects.first()
        assert slot is not None
        Slot.objects.filter(pk=slot.pk).update(state="taken")
        assert availability(opened, now=NOW).version != version
        Slot.objects.filter(pk=slot.pk).update(state="released")
        assert availability(opened, now=NOW).version == version

    def test_a_browser_that_has_it_gets_304(self, opened: Service) -> None:
        version = availability(opened, now=NOW).version
        etag, response = not_modified(RequestFactory().get("/"), version)
        assert response is None
        _, response = not_modified(RequestFactory().get("/", HTTP_IF_NONE_MATCH=etag), version)
        assert response is not None
        assert response.status_code == 304
        with translation.override("ar"):
            assert not_modified(RequestFactory().get("/", HTTP_IF_NONE_MATCH=etag), version)[1] is None


@given(
    st.dictionaries(st.integers(0, 600), st.integers(1, 3), max_size=12),
    st.integers(1, 6),
    st.integers(5, 60),
)
def test_a_group_fits_where_taking_the_next_slots_one_by_one_works(free: dict[int, int], size: int, gap: int) -> None:
    times = sorted(free.items())
    expected = []
    for minute, _ in times:
        row = [other for other, count in times if other >= minute for _ in range(count)][:size]
        expected.append(len(row) == size and all(later - sooner <= gap for sooner, later in pairwise(row)))
    assert fits_from(times, size, gap) == expected


@pytest.mark.django_db
class TestPosts:
    @pytest.fixture(autouse=True)
    def _loaded(self, db: None) -> None:
        load_posts(TODAY, NOW)

    def test_tree_in_three_languages(self) -> None:
        first = {}
        for language in ("fr", "ar", "en"):
            with translation.override(language):
                tree = start_tree()
                assert sum(len(country.posts) for country in tree.countries) == 59
                algeria = next(country for country in tree.countries if country.code == "DZ")
                first[language] = (algeria.name, [post.name for post in algeria.posts if post.key == "dz-alg"])
        assert first == {
            "fr": ("Algérie", ["Alger"]),
            "ar": ("الجزائر", ["الجزائر العاصمة"]),
            "en": ("Algeria", ["Algiers"]),
        }

    def test_accents_do_not_disturb_the_order(self) -> None:
        with translation.override("fr"):
            names = [country.name for country in start_tree().countries]
        assert names.index("Égypte") < names.index("France" if "France" in names else "Gabon")
        assert names.index("Égypte") > names.index("Congo-Brazzaville" if "Congo-Brazzaville" in names else "Chine")

    def test_one_query_and_an_exact_version(self) -> None:
        with CaptureQueriesContext(connection) as captured:
            tree = start_tree()
        assert len(captured) == 1
        assert start_tree().version == tree.version
        Service.objects.filter(post__key="dz-alg", slug="tourism").update(is_open=True)
        changed = start_tree()
        assert changed.version != tree.version
        posts = {post.key: post for country in changed.countries for post in country.posts}
        assert posts["dz-alg"].takes_appointments
        assert not posts["dz-orn"].takes_appointments
        assert posts["bf-oua"].closed_reason

    def test_page_of_a_post(self) -> None:
        Service.objects.filter(post__key="dz-alg", slug="passport").update(is_open=True)
        with CaptureQueriesContext(connection) as captured, translation.override("en"):
            page = post_page("dz-alg")
        assert len(captured) == 3
        assert page is not None
        assert (page.name, page.country_name, page.provider) == ("Algiers", "Algeria", "Capago")
        assert page.services[0].slug == "passport"
        assert [service.takes_appointments for service in page.services].count(True) == 1
        tourism = next(service for service in page.services if service.slug == "tourism")
        assert (tourism.service_fee_cents, tourism.consular_fee_cents, tourism.is_drawn) == (2900, 9000, True)
        assert tourism.documents[0] == "Valid passport, and a copy of it"
        assert tourism.documents[-1].startswith("This is the usual list")

    def test_no_such_post(self) -> None:
        assert post_page("xx-yyy") is None
