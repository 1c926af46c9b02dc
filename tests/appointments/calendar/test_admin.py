"""Staff at work: badges, hours, closures with their consequences, holidays, slots made anew."""

from datetime import date, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from accounts.site import staff_site
from appointments.calendar.closing import effect_of
from appointments.calendar.making import make_slots
from appointments.calendar.regenerating import progress_of, regenerate_step
from appointments.models import Break, Closure, Counter, Holiday, OpeningHours, Post, Release, Service, Slot
from tests.accounts.people import make_staff, signed_in
from tests.appointments.calendar.conftest import NOW, TODAY, new_policy, new_service

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def centre(db: None) -> Client:
    return signed_in(make_staff(Role.CENTRE))


@pytest.fixture
def head(post: Post) -> Client:
    """Head of the post in Algiers."""
    return signed_in(make_staff(Role.HEAD, "dz-alg"))


@pytest.fixture
def elsewhere(db: None) -> Post:
    return Post.objects.create(
        key="tn-tun", name_fr="Tunis", country="TN", timezone="Africa/Tunis", identity_group="TN"
    )


def release(service: Service, slots: list[Slot]) -> None:
    opened = Release.objects.create(
        service=service,
        policy=new_policy(service, mode="first_come"),
        tick=1,
        kind="first_come",
        opened_at=NOW,
        slots_count=len(slots),
        pool_size=9,
    )
    Slot.objects.filter(pk__in=[slot.pk for slot in slots]).update(state="released", release=opened)


class TestPosts:
    def test_badges_until_somebody_confirms(self, centre: Client, post: Post) -> None:
        post.to_confirm = ["working_days", "address", "languages"]
        post.save()
        address = reverse("admin:appointments_post_change", args=[post.pk])
        listed = centre.get(reverse("admin:appointments_post_changelist"), headers={"accept-language": "en"})
        assert listed.content.decode().count('class="to-confirm"') == 3
        form = centre.get(address).context["adminform"].form
        data = {name: form[name].value() or "" for name in form.fields}
        data |= {"languages": "fr,ar", "address": "1 rue Didouche Mourad", "still_open": ["languages", "address"]}
        data |= {"is_open": "on", "initial-languages": "fr,ar"}
        answer = centre.post(address, data)
        assert answer.status_code == 302, answer.context["errors"]
        post.refresh_from_db()
        assert post.to_confirm == ["languages"], "unticked and changed facts are confirmed"
        assert post.address == "1 rue Didouche Mourad"

    @pytest.mark.parametrize(
        ("field", "value"), [("timezone", "Africa/Nowhere"), ("country", "ZZ"), ("timezone", "../x")]
    )
    def test_zone_and_country_exist(self, centre: Client, post: Post, field: str, value: str) -> None:
        address = reverse("admin:appointments_post_change", args=[post.pk])
        form = centre.get(address).context["adminform"].form
        data = {name: form[name].value() or "" for name in form.fields} | {"languages": "fr", field: value}
        data.pop("still_open")
        answer = centre.post(address, data)
        assert list(answer.context["adminform"].form.errors) == [field]
        post.refresh_from_db()
        assert (post.timezone, post.country) == ("Africa/Algiers", "DZ")

    def test_the_key_is_fixed(self, centre: Client, post: Post) -> None:
        form = centre.get(reverse("admin:appointments_post_change", args=[post.pk])).context["adminform"].form
        assert "key" not in form.fields

    def test_a_head_sees_the_own_post_only(self, head: Client, elsewhere: Post) -> None:
        listed = head.get(reverse("admin:appointments_post_changelist")).context["cl"].result_list
        assert [post.key for post in listed] == ["dz-alg"]
        assert head.get(reverse("admin:appointments_post_change", args=[elsewhere.pk])).status_code == 302

    def test_list_queries_do_not_grow(self, centre: Client, post: Post) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert centre.get(reverse("admin:appointments_post_changelist")).status_code == 200
            return len(captured)

        queries()
        one = queries()
        for number in range(10):
            Post.objects.create(
                key=f"p-{number}", name_fr="x", country="DZ", timezone="Africa/Algiers", identity_group="DZ"
            )
        assert queries() == one

    def test_scope_choices_come_from_the_posts(self, post: Post) -> None:
        assert staff_site.post_choices()[0][0] == "dz-alg"

    @pytest.mark.parametrize(
        "model", ["provider", "category", "post", "service", "counter", "break", "closure", "holiday", "slot"]
    )
    def test_every_list_and_form_opens(self, centre: Client, service: Service, model: str) -> None:
        make_slots(service, TODAY, TODAY, NOW)
        assert centre.get(reverse(f"admin:appointments_{model}_changelist")).status_code == 200
        assert centre.get(reverse(f"admin:appointments_{model}_add")).status_code == (403 if model == "slot" else 200)

    def test_opening_services(self, centre: Client, service: Service) -> None:
        Service.objects.update(is_open=False)
        data = {"action": "open_services", "_selected_action": [service.pk]}
        centre.post(reverse("admin:appointments_service_changelist"), data)
        assert Service.objects.get().is_open


class TestHours:
    def test_a_head_changes_the_hours_and_is_reminded(self, head: Client, service: Service, counter: Counter) -> None:
        first = OpeningHours.objects.filter(weekday=0).get()
        address = reverse("admin:appointments_counter_change", args=[counter.pk])
        data = {
            "post": counter.post_id, "number": 1, "label": "A",
            "hours-TOTAL_FORMS": 1, "hours-INITIAL_FORMS": 1, "hours-MIN_NUM_FORMS": 0, "hours-MAX_NUM_FORMS": 1000,
            "hours-0-id": first.pk, "hours-0-counter": counter.pk, "hours-0-service": service.pk, "hours-0-weekday": 0,
            "hours-0-opens": "10:00", "hours-0-closes": "11:00", "hours-0-first_day": "2026-01-01",
        }  # fmt: skip
        answer = head.post(address, data, follow=True)
        first.refresh_from_db()
        assert first.opens == time(10)
        assert reverse("admin:regenerate_slots", args=["dz-alg"]) in answer.content.decode()

    def test_overlapping_hours_are_refused_with_a_sentence(
        self, centre: Client, service: Service, counter: Counter
    ) -> None:
        data = {
            "post": counter.post_id, "number": 1, "label": "",
            "hours-TOTAL_FORMS": 1, "hours-INITIAL_FORMS": 0, "hours-MIN_NUM_FORMS": 0, "hours-MAX_NUM_FORMS": 1000,
            "hours-0-counter": counter.pk, "hours-0-service": service.pk, "hours-0-weekday": 0,
            "hours-0-opens": "11:00", "hours-0-closes": "13:00", "hours-0-first_day": "2026-01-01",
        }  # fmt: skip
        address = reverse("admin:appointments_counter_change", args=[counter.pk])
        answer = centre.post(address, data, headers={"accept-language": "en"})
        assert "already open for something else" in answer.content.decode()
        assert OpeningHours.objects.count() == 5
        data |= {"hours-0-opens": "12:00"}
        assert centre.post(address, data).status_code == 302
        assert OpeningHours.objects.count() == 6

    def test_hours_that_overlap_within_the_form_are_refused_as_well(
        self, centre: Client, service: Service, counter: Counter
    ) -> None:
        data = {
            "post": counter.post_id, "number": 1, "label": "",
            "hours-TOTAL_FORMS": 2, "hours-INITIAL_FORMS": 0, "hours-MIN_NUM_FORMS": 0, "hours-MAX_NUM_FORMS": 1000,
        }  # fmt: skip
        for row, opens in enumerate(("13:00", "13:30")):
            data |= {
                f"hours-{row}-counter": counter.pk, f"hours-{row}-service": service.pk, f"hours-{row}-weekday": 0,
                f"hours-{row}-opens": opens, f"hours-{row}-closes": "15:00", f"hours-{row}-first_day": "2026-01-01",
            }  # fmt: skip
        address = reverse("admin:appointments_counter_change", args=[counter.pk])
        answer = centre.post(address, data, headers={"accept-language": "en"})
        assert "already open for something else" in answer.content.decode()
        assert OpeningHours.objects.count() == 5

    def test_hours_may_change_places(self, centre: Client, service: Service, counter: Counter) -> None:
        """A row may move to where another one was, when that one is deleted in the same form."""
        first = OpeningHours.objects.get(weekday=0)
        data = {
            "post": counter.post_id, "number": 1, "label": "",
            "hours-TOTAL_FORMS": 2, "hours-INITIAL_FORMS": 1, "hours-MIN_NUM_FORMS": 0, "hours-MAX_NUM_FORMS": 1000,
            "hours-0-id": first.pk, "hours-0-counter": counter.pk, "hours-0-service": service.pk, "hours-0-weekday": 0,
            "hours-0-opens": "09:00", "hours-0-closes": "12:00", "hours-0-first_day": "2026-01-01",
            "hours-0-DELETE": "on",
            "hours-1-counter": counter.pk, "hours-1-service": service.pk, "hours-1-weekday": 0,
            "hours-1-opens": "11:00", "hours-1-closes": "13:00", "hours-1-first_day": "2026-01-01",
        }  # fmt: skip
        address = reverse("admin:appointments_counter_change", args=[counter.pk])
        assert centre.post(address, data).status_code == 302
        assert list(OpeningHours.objects.filter(weekday=0).values_list("opens", flat=True)) == [time(11)]

    def test_a_counter_serves_its_own_post_only(self, centre: Client, counter: Counter, elsewhere: Post) -> None:
        foreign = new_service(elsewhere, "C-FAM", "family-visit")
        data = {
            "post": counter.post_id, "number": 1, "label": "",
            "hours-TOTAL_FORMS": 1, "hours-INITIAL_FORMS": 0, "hours-MIN_NUM_FORMS": 0, "hours-MAX_NUM_FORMS": 1000,
            "hours-0-counter": counter.pk, "hours-0-service": foreign.pk, "hours-0-weekday": 0,
            "hours-0-opens": "11:00", "hours-0-closes": "13:00", "hours-0-first_day": "2026-01-01",
        }  # fmt: skip
        assert centre.post(reverse("admin:appointments_counter_change", args=[counter.pk]), data).status_code == 200
        assert not OpeningHours.objects.filter(service=foreign).exists()

    @pytest.mark.parametrize("role", [Role.AGENT, Role.OFFICER, Role.AUDITOR])
    def test_others_look_only(self, post: Post, counter: Counter, role: str) -> None:
        client = signed_in(make_staff(role, "dz-alg"))
        address = reverse("admin:appointments_counter_change", args=[counter.pk])
        assert client.get(address).status_code == 200
        assert client.post(address, {"number": 9}).status_code == 403
        assert client.get(reverse("admin:appointments_closure_add")).status_code == 403
        assert client.get(reverse("admin:regenerate_slots", args=["dz-alg"])).status_code == 403

    def test_a_break_of_another_post_is_out_of_reach(self, head: Client, elsewhere: Post) -> None:
        data = {"post": elsewhere.pk, "starts": "12:00", "ends": "13:00"}
        assert head.post(reverse("admin:appointments_break_add"), data).status_code == 200
        assert not Break.objects.exists()


class TestClosures:
    def data(self, post: Post, **changes: object) -> dict[str, object]:
        return {"post": post.pk, "first_day": TOMORROW, "last_day": TOMORROW, "reason": "works"} | changes

    def test_nobody_touched(self, head: Client, service: Service) -> None:
        make_slots(service, TODAY, TOMORROW, NOW)
        assert head.post(reverse("admin:appointments_closure_add"), self.data(service.post)).status_code == 302
        assert Closure.objects.count() == 1

    def test_people_are_counted_before_it_is_saved(self, head: Client, service: Service) -> None:
        make_slots(service, TODAY, TOMORROW, NOW)
        slots = list(Slot.objects.filter(local_day=TOMORROW).order_by("local_time"))
        release(service, slots[:3])
        Slot.objects.filter(pk=slots[0].pk).update(state="taken")
        address = reverse("admin:appointments_closure_add")
        answer = head.post(address, self.data(service.post), headers={"accept-language": "en"})
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "people with an appointment: 1" in text
        assert "slots being offered: 2" in text
        assert "which would simply go: 3" in text
        assert not Closure.objects.exists()
        assert head.post(address, self.data(service.post, seen="on")).status_code == 302
        assert Closure.objects.count() == 1
        assert make_slots(service, TODAY, TOMORROW, NOW).in_the_way == {"released": 2, "taken": 1}

    @pytest.mark.parametrize(
        ("starts", "ends", "waiting"),
        [
            (None, None, 6),
            (time(9), time(12), 6),
            (time(9, 15), time(9, 20), 1),
            (time(9, 30), time(10), 1),
            (time(9, 15), time(9, 45), 2),
            (time(12), time(14), 0),
            (time(0), time(9), 0),
        ],
    )
    def test_part_of_a_day(self, service: Service, starts: time | None, ends: time | None, waiting: int) -> None:
        make_slots(service, TODAY, TOMORROW, NOW)
        closure = Closure(
            post=service.post, first_day=TOMORROW, last_day=TOMORROW, starts=starts, ends=ends, reason="-"
        )
        assert effect_of(closure, NOW).waiting == waiting
        closure.save()
        assert make_slots(service, TODAY, TOMORROW, NOW).removed == waiting

    def test_counter_of_another_post(self, centre: Client, post: Post, elsewhere: Post) -> None:
        foreign = Counter.objects.create(post=elsewhere, number=1)
        answer = centre.post(reverse("admin:appointments_closure_add"), self.data(post, counter=foreign.pk))
        assert answer.status_code == 200
        assert not Closure.objects.exists()


class TestHolidays:
    def test_a_decision_stays(self, head: Client, post: Post) -> None:
        holiday = Holiday.objects.create(post=post, day=TOMORROW, name="Fête", country="FR", to_confirm=True)
        data = {"action": "open_on_day", "_selected_action": [holiday.pk]}
        head.post(reverse("admin:appointments_holiday_changelist"), data)
        holiday.refresh_from_db()
        assert (holiday.observed, holiday.to_confirm, holiday.decided_by_staff) == (False, False, True)

    def test_another_posts_holiday_is_out_of_reach(self, head: Client, elsewhere: Post) -> None:
        holiday = Holiday.objects.create(post=elsewhere, day=TOMORROW, name="Fête", country="FR")
        data = {"action": "open_on_day", "_selected_action": [holiday.pk]}
        head.post(reverse("admin:appointments_holiday_changelist"), data)
        holiday.refresh_from_db()
        assert holiday.observed


class TestRegeneration:
    def test_preview_then_progress_then_done(self, head: Client, service: Service, queued: object) -> None:
        address = reverse("admin:regenerate_slots", args=["dz-alg"])
        last_day = TODAY + timedelta(days=20)
        answer = head.get(address, {"last_day": last_day}, headers={"accept-language": "en"})
        created = answer.context["changes"].created
        assert created == 6 * 15
        assert not Slot.objects.exists()
        answer = head.post(address, {"last_day": last_day})
        assert answer.status_code == 302
        assert queued() == ["appointments.calendar.regenerating.regenerate_step"]  # type: ignore[operator]
        run = answer["Location"].rstrip("/").rsplit("/", 1)[1]
        page = head.get(answer["Location"])
        assert 'http-equiv="refresh"' in page.content.decode()
        for percent in (33, 66, 100):
            regenerate_step(service.post_id, run)
            progress = progress_of(service.post, run)
            assert progress is not None
            assert progress.percent == percent
        page = head.get(answer["Location"])
        assert 'http-equiv="refresh"' not in page.content.decode()
        assert progress.changes.created == created == Slot.objects.count()
        regenerate_step(service.post_id, run)
        assert Slot.objects.count() == created

    def test_days_out_of_range(self, head: Client, service: Service) -> None:
        address = reverse("admin:regenerate_slots", args=["dz-alg"])
        for wrong in ("2026-11-22", "2031-01-01", "tomorrow", ""):
            assert head.post(address, {"last_day": wrong}).status_code == 200
        assert not Slot.objects.exists()

    def test_another_post(self, head: Client, elsewhere: Post) -> None:
        assert head.get(reverse("admin:regenerate_slots", args=["tn-tun"])).status_code == 403

    def test_a_run_that_nobody_knows(self, head: Client) -> None:
        address = reverse("admin:regeneration_progress", args=["dz-alg", "feed"])
        assert head.get(address).status_code == 200


class TestSlots:
    def test_read_only_and_of_the_own_post(self, head: Client, service: Service, elsewhere: Post) -> None:
        make_slots(service, TODAY, TODAY, NOW)
        slot = Slot.objects.earliest("starts_at")
        address = reverse("admin:appointments_slot_change", args=[slot.pk])
        assert head.get(address).status_code == 200
        assert head.post(address, {"state": "taken"}).status_code == 403
        Service.objects.update(post=elsewhere)
        assert head.get(address).status_code == 302

    def test_filters(self, head: Client, service: Service) -> None:
        make_slots(service, TODAY, TOMORROW, NOW)
        address = reverse("admin:appointments_slot_changelist")
        for query, count in (({}, 12), ({"when": "past"}, 0), ({"when": "all"}, 12), ({"state": "taken"}, 0)):
            assert head.get(address, query).context["cl"].result_count == count
        assert date(2026, 11, 23) == TODAY
