"""The four outcomes in a short form, with a solver that passes every challenge; each with a control that fails."""

from __future__ import annotations

import pytest
from django.db import transaction

from lab.clock import simulated
from lab.figures import Result
from lab.networks import press
from lab.outcomes import EQUAL, WRONGLY_BLOCKED
from lab.scenario import PeopleNumbers
from lab.short import ALONE, BATCH, RACE, RACED, REOPENED, SHORT, STEERED, STUFFED, UNCHECKED, WINDOWED
from lab.statistics import rare_share
from lab.world import START
from tests.lab.conftest import Play

# A run takes seconds of computing, which may be minutes on a machine that does other things as well.
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def drawn(played: Play) -> Result:
    """The default policy, with everybody."""
    return played(SHORT, WINDOWED)


@pytest.fixture
def raced(played: Play) -> Result:
    """The same people and attackers where the first one wins."""
    return played(RACE, RACED)


def test_a_script_that_looks_all_day_has_the_odds_of_a_person_who_looks_once(drawn: Result) -> None:
    ratio = drawn.estimates["script : person, drawn again"]
    assert EQUAL[0] <= ratio.low <= ratio.high <= EQUAL[1], ratio


def test_the_same_in_one_draw_a_day(played: Play) -> None:
    batch = played(ALONE, BATCH)
    ratio = batch.estimates["script : person, drawn again"]
    assert EQUAL[0] <= ratio.low <= ratio.high <= EQUAL[1], ratio


def test_control_where_the_first_one_wins_scripts_take_what_people_would_have_had(raced: Result) -> None:
    ratio = raced.estimates["script : person, as played"]
    assert ratio.low > EQUAL[1], ratio


def test_a_place_that_is_given_back_reaches_the_buyer_no_more_often_than_any_other(drawn: Result) -> None:
    returned = drawn.counts["slots returned by attackers"]
    assert returned >= 5
    resold = drawn.estimates["returned slots that reach the customer"]
    assert resold.low <= drawn.estimates["customers' share of all weights"].high, resold
    more = drawn.estimates["customers served more, per invented person"]
    assert more.high <= 0, "hoarding takes places from its own customers too"


def test_control_where_what_comes_back_is_open_at_once_it_is_steered(played: Play, drawn: Result) -> None:
    steered = played(STEERED, REOPENED).estimates["… of those that were given again"]
    assert steered.low > drawn.estimates["customers' share of all weights"].high, steered


def test_inventing_people_costs_more_than_it_brings(drawn: Result) -> None:
    profit = drawn.estimates["profit per invented person, EUR"]
    assert profit.high < 0, profit


def test_control_without_a_look_at_passports_it_pays(played: Play) -> None:
    profit = played(STUFFED, UNCHECKED).estimates["profit per invented person, EUR"]
    assert profit.low > 0, profit


def _press(people: PeopleNumbers) -> tuple[int, int]:
    with transaction.atomic(), simulated(START) as clock:
        found = press(clock, people, "laboratory/visa", 7, "1")
    return found.blocked, found.people


@pytest.mark.django_db
def test_of_five_thousand_people_nobody_is_locked_out() -> None:
    blocked, people = _press(PeopleNumbers(number=5000))
    assert rare_share(blocked, people).high < WRONGLY_BLOCKED


@pytest.mark.django_db
def test_control_a_clumsy_crowd_behind_one_address_would_be() -> None:
    crowd = PeopleNumbers(number=500, carrier=1.0, cafe=0.0, people_a_carrier_address=500, captcha_mistake=0.95)
    blocked, people = _press(crowd)
    assert rare_share(blocked, people).low > WRONGLY_BLOCKED


def test_no_person_of_the_short_week_met_a_block(drawn: Result, raced: Result) -> None:
    assert drawn.estimates["people wrongly blocked"].value == 0
    assert raced.estimates["people wrongly blocked"].value == 0
