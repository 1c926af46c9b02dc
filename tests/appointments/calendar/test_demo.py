"""The demonstration: real posts, one draw in short rounds, one service first come, within a bounded horizon."""

from datetime import timedelta
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

from appointments.calendar.demo import AT_WORK, DAYS
from appointments.calendar.facts import category_facts, post_facts
from appointments.demo import build
from appointments.domain.calendar.zones import local_of
from appointments.domain.feasibility import Proposal, flaws
from appointments.models import Post, Release, ReleasePolicy, Service, Slot
from appointments.queries.availability import availability
from appointments.releases.ticks import streams_of
from tests.appointments.calendar.conftest import NOW


def proposal(policy: ReleasePolicy) -> Proposal:
    return Proposal(
        pace=streams_of(policy)[0].pace,
        mode=policy.mode,
        late_slots_per_day=policy.late_slots_per_day,
        late_days=policy.late_days,
        lead_min_days=policy.lead_min_days,
        lead_max_days=policy.lead_max_days,
        claim_window_seconds=policy.claim_window_seconds,
        has_batch_time=policy.batch_time is not None,
        urgent_percent=policy.urgent_percent,
        first_come_percent=policy.first_come_percent,
        largest_group=policy.service.largest_group,
    )


@pytest.mark.django_db
def test_the_demonstration() -> None:
    said: list[str] = []
    build(NOW, said.append)
    assert "59 posts" in said[0]

    for policy in ReleasePolicy.objects.select_related("service"):
        assert flaws(proposal(policy)) == [], str(policy)

    for key, codes in AT_WORK.items():
        post = Post.objects.get(key=key)
        services = Service.objects.filter(post=post, is_open=True)
        assert set(services.values_list("category__code", flat=True)) == set(codes)
        slots = Slot.objects.filter(service__post=post)
        assert slots.exists()
        assert slots.latest("local_day").local_day <= local_of(NOW, post.timezone)[0] + timedelta(days=DAYS)
    assert not Slot.objects.exclude(service__post__key__in=AT_WORK).exists()

    drawn = Service.objects.get(post__key="dz-alg", category__code="C-TOUR")
    policy = ReleasePolicy.objects.filter(service=drawn).latest()
    assert (policy.mode, policy.claim_window_seconds) == ("windowed", 120)
    pace = streams_of(policy)[0].pace
    assert pace.tick_seconds / pace.probability <= 90, "a newcomer sees a release while looking on"

    passports = Service.objects.select_related("post").get(post__key="dz-alg", category__code="P-PASS")
    assert availability(passports, now=NOW).days, "something is open at the first look"
    assert Release.objects.filter(service=passports, opened_at__lt=NOW).exists()
    paid = Service.objects.get(post__key="dz-alg", category__code="C-FAM")
    assert paid.service_fee_cents
    assert not Release.objects.exclude(service__in=[passports, paid]).exists()

    before = Slot.objects.count(), ReleasePolicy.objects.count()
    build(NOW, said.append)
    assert (Slot.objects.count(), ReleasePolicy.objects.count()) == before
    assert len(said) == 2


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_sentences_in_the_data_are_translated(language: str) -> None:
    path = Path(settings.BASE_DIR) / "appointments" / "locale" / language / "LC_MESSAGES" / "django.po"
    with path.open("rb") as stream:
        catalog = {message.id: message.string for message in read_po(stream, locale=language)}
    sentences = {post.closed_reason for post in post_facts()} | {entry.fee_note for entry in category_facts()}
    for sentence in sentences - {""}:
        assert catalog.get(sentence), sentence
