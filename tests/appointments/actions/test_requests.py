"""Standing requests: who may enter, what may change, how they end."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone

from appointments.actions.access import find_for_contact, request_for_contact
from appointments.actions.drafts import draft_of, save_draft, start_draft, sweep_drafts
from appointments.actions.requests import change_wishes, end_lapsed, enter_request, withdraw
from appointments.domain.people import PersonData
from appointments.domain.references import new_reference, spoken
from appointments.domain.wishes import Wishes
from appointments.models import Draft, Person, Request, Service
from appointments.refusals import Reason, RefusedError
from mailroom.models import Letter
from tests.cast import ALICE, ALICE_MAIL, BOB, BOB_MAIL, CHARLIE, Scene, any_day, change_terms, make_post, make_service


@pytest.fixture
def now() -> datetime:
    """One clock reading for a whole test."""
    return timezone.now()


def enter(service: Service, now: datetime, *people: PersonData, contact: str = ALICE_MAIL) -> Request:
    """Somebody enters a request for any day."""
    return enter_request(
        service=service, people=people or (ALICE,), wishes=any_day(), contact=contact, language="fr", now=now
    )


def refusal(service: Service, now: datetime, *people: PersonData, contact: str = BOB_MAIL) -> Reason:
    """The reason for which an entry is refused."""
    with pytest.raises(RefusedError) as caught:
        enter(service, now, *people, contact=contact)
    return caught.value.reason


def test_a_family_enters_as_one_ticket(scene: Scene, now: datetime) -> None:
    request = enter(scene.drawn, now, ALICE, BOB)
    assert (request.size, request.people.count(), request.weight) == (2, 2, 1)
    assert Letter.objects.get().kind == "request_entered"


@pytest.mark.parametrize(
    "disguise",
    [
        {"family_name": "SOMEBODY", "given_names": "Else"},
        {"birth_date": date(1999, 1, 1)},
        {"passport_number": " ab-123 4567 "},
        {"passport_number": "AB١٢٣٤٥٦٧"},
        {"passport_country": "dz"},
    ],
)
def test_one_passport_one_living_request_however_it_is_written(
    scene: Scene, now: datetime, disguise: dict[str, object]
) -> None:
    enter(scene.drawn, now)
    assert refusal(scene.drawn, now, replace(ALICE, **disguise)) == Reason.IDENTITY_LIVING  # type: ignore[arg-type]


def test_the_same_passport_at_another_post_of_the_country_is_refused_elsewhere_it_is_not(
    scene: Scene, now: datetime
) -> None:
    enter(scene.drawn, now)
    oran = make_service(make_post("dz-orn"), "windowed")
    tunis = make_service(make_post("tn-tun", "TN", "Africa/Tunis"), "windowed")
    assert refusal(oran, now, ALICE) == Reason.IDENTITY_LIVING
    assert enter(tunis, now).pk


def test_whoever_entered_first_is_told_once_a_day(scene: Scene, now: datetime) -> None:
    first = enter(scene.drawn, now)
    refusal(scene.drawn, now, ALICE)
    refusal(scene.drawn, now, ALICE)
    notices = Letter.objects.filter(kind="earlier_request_notice")
    assert [letter.subject_key for letter in notices] == [first.reference]


def test_a_second_try_of_the_same_address_writes_no_notice(scene: Scene, now: datetime) -> None:
    enter(scene.drawn, now)
    refusal(scene.drawn, now, ALICE, contact=ALICE_MAIL.upper())
    assert not Letter.objects.filter(kind="earlier_request_notice").exists()


def test_a_passport_twice_in_a_family_names_the_second(scene: Scene, now: datetime) -> None:
    with pytest.raises(RefusedError) as caught:
        enter(scene.drawn, now, ALICE, replace(BOB, passport_number=ALICE.passport_number))
    assert (caught.value.reason, caught.value.position) == (Reason.SAME_PERSON_TWICE, 1)


def test_groups_larger_than_the_service_takes_are_refused(scene: Scene, now: datetime) -> None:
    many = [replace(ALICE, passport_number=f"N{n}") for n in range(scene.drawn.largest_group + 1)]
    assert refusal(scene.drawn, now, *many) == Reason.GROUP_TOO_LARGE


def test_a_france_visas_number_is_asked_for_and_serves_once(scene: Scene, now: datetime) -> None:
    change_terms(scene.drawn, asks_france_visas=True)
    scene.drawn.refresh_from_db()
    assert refusal(scene.drawn, now, ALICE) == Reason.FRANCE_VISAS_MISSING
    enter(scene.drawn, now, replace(ALICE, france_visas="FRA1AL20267000001"))
    again = replace(BOB, france_visas="fra1al2026 7000001")
    assert refusal(scene.drawn, now, again) == Reason.FRANCE_VISAS_LIVING


@pytest.mark.parametrize("closed", ["post", "service"])
def test_closed_posts_take_nothing(scene: Scene, now: datetime, closed: str) -> None:
    target = scene.post if closed == "post" else scene.drawn
    target.is_open = False
    target.save()
    service = Service.objects.select_related("post").get(pk=scene.drawn.pk)
    assert refusal(service, now, ALICE) == Reason.POST_CLOSED


def test_a_first_come_service_takes_no_standing_request(scene: Scene, now: datetime) -> None:
    assert refusal(scene.first_come, now, ALICE) == Reason.NOT_DRAWN


def test_urgent_is_refused_where_no_places_are_kept_for_it(scene: Scene, now: datetime) -> None:
    with pytest.raises(RefusedError) as caught:
        enter_request(
            service=scene.drawn,
            people=[ALICE],
            wishes=any_day(),
            contact=ALICE_MAIL,
            language="fr",
            now=now,
            quota="urgent",
        )
    assert caught.value.reason == Reason.URGENT_NOT_OFFERED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"first_day": date(2020, 1, 1), "last_day": date(2020, 2, 1)}, Reason.WISHES_IN_THE_PAST),
        ({"earliest": time(12), "latest": time(9)}, Reason.WISHES_OUTSIDE),
        ({"weekdays": 0}, Reason.WISHES_OUTSIDE),
        ({"first_day": date(2200, 1, 1), "last_day": date(2200, 2, 1)}, Reason.WISHES_OUTSIDE),
    ],
)
def test_wishes_that_match_nothing_are_named(
    scene: Scene, now: datetime, change: dict[str, object], reason: Reason
) -> None:
    wishes = replace(any_day(), **change)  # type: ignore[arg-type]
    with pytest.raises(RefusedError) as caught:
        enter_request(service=scene.drawn, people=[ALICE], wishes=wishes, contact=ALICE_MAIL, language="fr", now=now)
    assert caught.value.reason == reason


def test_wishes_may_change_while_the_request_stands(scene: Scene, now: datetime) -> None:
    request = enter(scene.drawn, now)
    day = now.date() + timedelta(days=9)
    change_wishes(request=request, wishes=Wishes(day, day, time(9), time(12)), now=now)
    assert (request.first_day, request.last_day) == (day, day)
    withdraw(request=request, now=now)
    with pytest.raises(RefusedError) as caught:
        change_wishes(request=request, wishes=any_day(), now=now)
    assert caught.value.reason == Reason.NOT_STANDING


def test_withdrawing_frees_the_passport_at_once_but_keeps_no_weight(scene: Scene, now: datetime) -> None:
    request = enter(scene.drawn, now)
    Request.objects.filter(pk=request.pk).update(draws_lost=5)
    withdraw(request=request, now=now)
    assert not Person.objects.filter(living=True).exists()
    assert enter(scene.drawn, now).weight == 1


def test_requests_whose_days_are_over_end_by_themselves_and_say_so(scene: Scene, now: datetime) -> None:
    request = enter(scene.drawn, now)
    assert end_lapsed(now) == 0
    assert end_lapsed(now + timedelta(days=32)) == 1
    request.refresh_from_db()
    assert request.ended_reason == Request.Ended.LAPSED
    assert Letter.objects.filter(kind="request_ended", subject_key=request.reference).exists()


def test_only_the_address_that_entered_it_opens_a_request(scene: Scene, now: datetime) -> None:
    request = enter(scene.drawn, now)
    enter(scene.drawn, now, CHARLIE, contact=BOB_MAIL)
    assert request_for_contact("ALICE@example.org ", spoken(request.reference).lower()) == request
    for contact, reference in [(BOB_MAIL, request.reference), (ALICE_MAIL, new_reference()), (None, request.reference)]:
        with pytest.raises(RefusedError) as caught:
            request_for_contact(contact, reference)
        assert caught.value.reason == Reason.NOT_FOUND
    assert [found.pk for found in find_for_contact(ALICE_MAIL)] == [request.pk]


def test_the_same_form_sent_twice_enters_once(scene: Scene, now: datetime) -> None:
    draft = start_draft(session_key="alice", service=scene.drawn, now=now)
    entry = {"service": scene.drawn, "people": [ALICE], "wishes": any_day(), "contact": ALICE_MAIL, "language": "fr"}
    request = enter_request(**entry, now=now, draft=draft)  # type: ignore[arg-type]
    with pytest.raises(RefusedError) as caught:
        enter_request(**entry, now=now, draft=draft)  # type: ignore[arg-type]
    assert caught.value.reason == Reason.ALREADY_ENTERED
    assert draft.request_id == request.pk
    assert Request.objects.count() == 1


def test_a_draft_belongs_to_its_browser_and_to_its_day(scene: Scene, now: datetime) -> None:
    draft = start_draft(session_key="alice", service=scene.drawn, now=now)
    save_draft(draft=draft, payload={"people": [{"family_name": "BENALI"}]}, now=now)
    found = draft_of(session_key="alice", public_id=draft.public_id, now=now)
    assert found.payload["people"][0]["family_name"] == "BENALI"
    for session_key, moment in [("bob", now), (None, now), ("alice", now + timedelta(days=2))]:
        with pytest.raises(RefusedError) as caught:
            draft_of(session_key=session_key, public_id=draft.public_id, now=moment)
        assert caught.value.reason == Reason.NOT_YOURS


def test_drafts_are_gone_after_a_day(scene: Scene, now: datetime) -> None:
    start_draft(session_key="alice", service=scene.drawn, now=now)
    assert sweep_drafts(now) == 0
    assert sweep_drafts(now + timedelta(hours=25)) == 1
    assert not Draft.objects.exists()
