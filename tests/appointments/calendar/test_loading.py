"""The project's own data, as rows; public holidays; the horizon."""

from datetime import UTC, date, datetime, time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from appointments.calendar import tasks
from appointments.calendar.facts import category_facts, post_facts
from appointments.calendar.horizon import keep_horizon, last_day_of, posts_in_service
from appointments.calendar.loading import load_posts
from appointments.calendar.public_holidays import public_holidays, refresh_holidays
from appointments.domain.calendar.zones import zone
from appointments.models import Category, Holiday, OpeningHours, Post, ReleasePolicy, Service, Slot
from tests.appointments.calendar.conftest import NOW, TODAY, new_policy


class TestFacts:
    def test_every_text_exists_in_three_languages(self) -> None:
        for category in category_facts():
            for texts in (category.labels, category.documents):
                assert set(texts) == {"fr", "ar", "en"}
                assert all(text.strip() for text in texts.values())
                assert any("\u0600" <= letter <= "\u06ff" for letter in texts["ar"])
            lines = {len(text.splitlines()) for text in category.documents.values()}
            assert len(lines) == 1, "the same list in each language"
        for post in post_facts():
            assert set(post.names) == {"fr", "ar", "en"}
            assert any("\u0600" <= letter <= "\u06ff" for letter in post.names["ar"])

    def test_posts_are_complete(self) -> None:
        assert len(post_facts()) == len({post.key for post in post_facts()}) == 59
        for post in post_facts():
            assert zone(post.timezone)
            assert post.source
            assert post.certainty in {"high", "medium", "low"}
            assert post.opens < post.closes

    def test_algiers(self) -> None:
        algiers = next(post for post in post_facts() if post.key == "dz-alg")
        assert algiers.working_days == (6, 0, 1, 2, 3)
        assert (algiers.service_fee_cents, algiers.payment_deadline_hours, algiers.planned_per_day) == (2900, 72, 1200)
        assert algiers.service_to_confirm == ("duration_minutes",)

    def test_what_is_assumed_is_named(self) -> None:
        edinburgh = next(post for post in post_facts() if post.key == "gb-edi")
        assert {"working_days", "hours", "capacity_per_day", "address"} <= set(edinburgh.to_confirm)
        assert {"service_fee_cents", "payment_deadline_hours"} <= set(edinburgh.service_to_confirm)

    def test_fees(self) -> None:
        fees = {category.code: category.fee_cents for category in category_facts()}
        assert (fees["C-TOUR"], fees["C-EUFAM"], fees["D-WORK"], fees["P-PASS"]) == (9000, 0, 9900, None)


@pytest.fixture
def loaded(db: None) -> None:
    load_posts(TODAY, NOW)


@pytest.mark.usefixtures("loaded")
class TestLoading:
    def test_twice_changes_nothing_and_keeps_what_staff_wrote(self) -> None:
        Post.objects.filter(key="dz-alg").update(name_en="Algiers (new building)")
        again = load_posts(TODAY, NOW)
        assert (again.posts, again.services, again.hours, again.categories) == (0, 0, 0, 0)
        assert Post.objects.get(key="dz-alg").name_en == "Algiers (new building)"

    def test_money(self) -> None:
        fee = Service.objects.get(post__key="ma-cas", slug="tourism").service_fee_cents
        assert fee == 3030
        assert Service.objects.get(post__key="dz-alg", slug="passport").service_fee_cents == 0

    def test_services_come_closed(self) -> None:
        assert not Service.objects.filter(is_open=True).exists()

    def test_suspended_posts_say_why(self) -> None:
        closed = Post.objects.filter(is_open=False)
        assert {post.key for post in closed} == {"bf-oua", "ml-bko"}
        assert all("suspended" in post.closed_reason for post in closed)

    def test_identity_families(self) -> None:
        families = {
            service.identity_scope
            for service in Service.objects.filter(post__key="dz-alg").select_related("post", "category")
        }
        assert families == {"DZ:visa", "DZ:passport", "DZ:civil-status"}

    def test_every_service_has_hours_and_a_policy_that_can_work(self) -> None:
        without = Service.objects.annotate(rows=Count("hours")).filter(rows=0).exclude(post__key="cm-gou")
        assert not without.exists()
        for policy in ReleasePolicy.objects.all():
            ticks = 12 * 3600 // policy.tick_seconds
            assert 2 * policy.slots_per_day <= (1 + policy.largest_release) * ticks

    def test_capacity_of_algiers(self) -> None:
        monday = OpeningHours.objects.filter(
            service__post__key="dz-alg", weekday=0, service__category__kind__contains="_"
        )
        visas = monday.filter(service__category__identity_family="visa")
        slots = sum(
            (line.closes.hour * 60 + line.closes.minute - line.opens.hour * 60 - line.opens.minute) // 15
            for line in visas
        )
        assert 1200 <= slots <= 1232
        assert not OpeningHours.objects.filter(service__post__key="dz-alg", weekday__in=[4, 5]).exists()


def test_a_post_that_staff_made_is_not_made_again(post: Post) -> None:
    assert load_posts(TODAY, NOW).posts == 58
    assert not post.services.exists()


class TestHolidays:
    def test_moon_dependent_dates_are_estimates(self) -> None:
        algeria = {known.day: known for known in public_holidays("DZ", None, 2027)}
        assert algeria[date(2027, 7, 5)].is_estimate is False
        assert algeria[date(2027, 3, 9)].is_estimate is True
        assert algeria[date(2027, 3, 9)].name == "Aïd el-Fitr"

    def test_scotland_differs_from_england(self) -> None:
        assert public_holidays("GB", "SCT", 2027) != public_holidays("GB", "ENG", 2027)

    def test_unknown_country(self) -> None:
        assert public_holidays("XX", None, 2027) == ()

    def test_host_country_and_france(self, post: Post) -> None:
        changes = refresh_holidays([2027], TODAY)
        assert changes.added == Holiday.objects.count() > 20
        bastille = Holiday.objects.get(day=date(2027, 7, 14))
        assert (bastille.country, bastille.observed, bastille.to_confirm) == ("FR", True, True)
        independence = Holiday.objects.get(day=date(2027, 7, 5))
        assert (independence.country, independence.to_confirm) == ("DZ", False)
        assert refresh_holidays([2027], TODAY).added == 0

    def test_what_staff_decided_stays_and_moved_dates_move(self, post: Post) -> None:
        refresh_holidays([2027], TODAY)
        Holiday.objects.filter(day=date(2027, 7, 14)).update(observed=False, decided_by_staff=True)
        Holiday.objects.create(post=post, day=date(2027, 3, 8), name="Aïd el-Fitr", country="DZ", to_confirm=True)
        own = Holiday.objects.create(post=post, day=date(2027, 6, 1), name="Move", country="DZ", decided_by_staff=True)
        Holiday.objects.filter(day=date(2027, 7, 5)).update(name="?")
        changes = refresh_holidays([2027], TODAY)
        assert (changes.added, changes.updated, changes.removed) == (0, 1, 1)
        assert Holiday.objects.get(day=date(2027, 7, 14)).observed is False
        assert Holiday.objects.filter(pk=own.pk).exists()

    def test_a_holiday_makes_no_slots(self, service: Service) -> None:
        refresh_holidays([2027], TODAY)
        call_command("make_slots", "dz-alg", "--days", "45", stdout=StringIO())
        assert not Slot.objects.filter(local_day__in=Holiday.objects.values("day")).exists()


class TestHorizon:
    def test_it_follows_the_longest_lead(self, service: Service) -> None:
        assert last_day_of(service.post, TODAY) == date(2026, 12, 26)
        new_policy(service, lead_max_days=90)
        new_policy(service, version=2, lead_max_days=10)
        assert last_day_of(service.post, TODAY) == date(2026, 12, 6)

    def test_closed_posts_and_services_get_nothing(self, service: Service) -> None:
        Post.objects.update(is_open=False)
        assert posts_in_service() == []
        assert keep_horizon(Post.objects.get(), NOW).created == 0
        Post.objects.update(is_open=True)
        Service.objects.update(is_open=False)
        assert posts_in_service() == []
        assert keep_horizon(Post.objects.get(), NOW).created == 0

    def test_today_is_the_posts_own(self, service: Service) -> None:
        Post.objects.update(timezone="America/Los_Angeles")
        new_policy(service, lead_min_days=0, lead_max_days=0)
        late = datetime(2026, 11, 24, 3, tzinfo=UTC)  # still Monday in Seattle
        keep_horizon(Post.objects.get(), late)
        days = set(Slot.objects.values_list("local_day", flat=True))
        assert days == {date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)}

    def test_nightly_tasks(self, service: Service, queued: object) -> None:
        tasks.refresh_public_holidays()
        assert tasks.derive_instants() == 1
        assert tasks.extend_horizon() == 1
        assert queued() == [  # type: ignore[operator]
            "appointments.calendar.tasks.derive_instants_of_post",
            "appointments.calendar.tasks.extend_horizon_of_post",
        ]
        tasks.derive_instants_of_post(service.post_id)
        tasks.extend_horizon_of_post(service.post_id)
        assert Slot.objects.exists()
        assert {entry[0] for entry in tasks.BEAT.values()} == {
            tasks.refresh_public_holidays.name,
            tasks.derive_instants.name,
            tasks.extend_horizon.name,
        }


class TestCommands:
    def test_load_posts(self, db: None) -> None:
        out = StringIO()
        call_command("load_posts", stdout=out)
        assert out.getvalue().startswith("posts 59, categories 16, services 524")
        assert Category.objects.count() == 16

    def test_make_slots(self, service: Service) -> None:
        out = StringIO()
        call_command("make_slots", "--days", "7", "--dry-run", stdout=out)
        assert "dz-alg: created" in out.getvalue()
        assert not Slot.objects.exists()
        call_command("make_slots", "dz-alg", "--days", "7", stdout=out)
        assert Slot.objects.filter(local_time=time(9)).exists()

    def test_unknown_post(self, db: None) -> None:
        with pytest.raises(CommandError, match="xx-yyy"):
            call_command("make_slots", "xx-yyy")
