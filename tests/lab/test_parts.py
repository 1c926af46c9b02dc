"""The laboratory's own parts: its clock, its intervals, its files."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from antibot.domain.networks import origin_of, parse_address
from appointments.actions.people import identity_index
from appointments.models import CoolingOff
from appointments.releases.clock import database_now
from lab.agenda import Agenda, Life, Signal
from lab.attackers import STRATEGIES
from lab.attackers.base import address_of
from lab.clock import seeded, simulated
from lab.crowd import arrivals, make_people, passport
from lab.figures import Result
from lab.outcomes import inventing_does_not_pay
from lab.play import Played
from lab.progress import line
from lab.report import policy_rows, table, write
from lab.scenario import DEFAULT, AttackerNumbers, BadScenarioError, PeopleNumbers, PolicyNumbers, read_scenario
from lab.scenario import STRATEGIES as NAMES
from lab.short import NEAR, SHORT, SNIPER
from lab.statistics import mean, rare_share, ratio_of_means, resampled_mean, risk_ratio, share
from lab.world import START
from tests.cast import ALICE, make_scene
from tests.lab.conftest import Play

# See test_outcomes: seconds of computing may be minutes.
pytestmark = pytest.mark.timeout(1200)


@pytest.mark.django_db
def test_python_and_the_database_tell_the_simulated_time() -> None:
    with simulated(START) as clock:
        clock.move_to(3600)
        clock.tell_database()
        assert timezone.now() == database_now() == START + timedelta(hours=1)
        assert time.time() == (START + timedelta(hours=1)).timestamp()
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            assert cursor.fetchone() == (START + timedelta(hours=1),)
    assert abs(database_now() - timezone.now()) < timedelta(minutes=1)


@pytest.mark.django_db
def test_the_cooling_off_of_the_database_ends_by_the_simulated_clock() -> None:
    from appointments.actions.requests import enter_request
    from appointments.refusals import RefusedError
    from tests.cast import any_day

    with simulated(START) as clock:
        drawn = make_scene().drawn
        person = ALICE.normalised()
        CoolingOff.objects.create(
            identity_scope=drawn.identity_scope,
            identity_index=identity_index(drawn, person),
            until=START + timedelta(days=1),
            reason="cancelled",
        )
        asking = {"service": drawn, "people": [person], "contact": "a@example.org", "language": "fr"}
        with pytest.raises(RefusedError):
            enter_request(wishes=any_day(), now=clock.now, **asking)  # type: ignore[arg-type]
        clock.move_to(86401)
        clock.tell_database()
        assert enter_request(wishes=any_day(), now=clock.now, **asking).state == "standing"  # type: ignore[arg-type]


def test_what_the_application_draws_by_lot_can_be_played_again() -> None:
    import secrets

    def some() -> tuple[str, int, str]:
        return secrets.token_hex(8), secrets.randbelow(1000), secrets.choice("abcdef")

    with seeded("x"):
        first = some()
    with seeded("x"):
        assert some() == first
    assert some() != first


@pytest.mark.django_db
def test_lives_go_on_in_the_order_of_time_and_wait_for_signals() -> None:
    told: list[tuple[str, float]] = []
    with simulated(START) as clock:
        agenda, signal = Agenda(clock, 100), Signal()

        def waiter() -> Life:
            yield signal
            told.append(("woken", clock.seconds))

        def sleeper() -> Life:
            yield 30.0
            told.append(("slept", clock.seconds))
            agenda.release(signal)

        agenda.start(waiter())
        agenda.start(sleeper(), 10)
        agenda.call(lambda: told.append(("too late", clock.seconds)), 200)
        agenda.run(lambda _at: None)
    assert told == [("slept", 40.0), ("woken", 40.0)]


def test_intervals_are_those_of_the_books() -> None:
    # Brown, Cai and DasGupta 2001, and tables of the exact interval.
    assert (round(share(5, 50).low, 4), round(share(5, 50).high, 4)) == (0.0435, 0.2136)
    assert round(rare_share(0, 5000).high, 6) == 0.000738
    assert round(rare_share(3, 10).low, 4) == 0.0667
    assert round(mean([1, 2, 3, 4]).high, 3) == 4.554
    assert resampled_mean([-1, -2, -30]).high < 0 < resampled_mean([1, 2, 30]).low
    assert risk_ratio(50, 100, 50, 100).value == 1
    paired = ratio_of_means([2, 4, 6, 8], [1, 2, 3, 4])
    assert (paired.value, paired.low, paired.high) == (2, 2, 2)


def test_the_scenario_names_every_strategy_and_every_measure() -> None:
    scenario = read_scenario(DEFAULT)
    assert set(NAMES) == set(STRATEGIES)
    assert {one.strategy for one in scenario.attackers} == set(NAMES)
    assert len(scenario.attackers) >= 16
    assert {one.mode for one in scenario.policies} == {"first_come", "windowed", "batch"}
    assert scenario.policies[0] == PolicyNumbers(name="default: windowed", mode="windowed")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("days = 0", "days has to be"),
        ("[people]\nnumber = 'many'", "kind int"),
        ("[people]\nnumber = -1", "below zero"),
        ("[peple]\nnumber = 1", "nobody reads"),
        ("[[attackers]]\nname = 'x'\nstrategy = 'magic'", "no strategy 'magic'"),
        ("[[attackers]]\nstrategy = 'seller'", "lacks a value"),
        ("[[policies]]\nname = 'x'\nmode = 'auction'", "has to be first_come"),
        ("days = ", "no TOML"),
    ],
)
def test_a_scenario_with_a_mistake_is_refused_with_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(BadScenarioError, match=said):
        read_scenario(path)


def test_people_follow_from_the_seed_and_share_addresses() -> None:
    numbers = PeopleNumbers(number=400)
    people = make_people(numbers, 7, [], "1")
    assert people == make_people(numbers, 7, [], "1") != make_people(numbers, 7, [], "2")
    assert len({one.address for one in people}) < 300
    passports = [person.identity for one in people for person in one.people]
    assert len(set(passports)) == len(passports)
    assert passport("PA", 1).identity != passport("CA", 1).identity


@pytest.mark.parametrize(("hosting", "ranges"), [(True, 4 + 1), (False, 128 + 500)])
def test_an_attackers_addresses_are_networks_apart(hosting: bool, ranges: int) -> None:
    """At a provider they fill whole ranges, at homes they are far apart; every other one is IPv6."""
    numbers = AttackerNumbers(name="x", strategy="seller", addresses=1000, hosting=hosting, ipv6=True)
    found = [parse_address(address_of(numbers, 3, index)) for index in range(2000)]
    origins = [origin_of(address) for address in found if address is not None]
    assert len({origin.network for origin in origins}) == 1000
    assert len({origin.rollup for origin in origins}) == ranges


def test_the_bar_tells_runs_share_and_what_is_left() -> None:
    assert line([0.0, 0.0], 5) == "[                              ]   0%  0 of 2 runs"
    assert line([1.0, 0.5], 180) == "[######################        ]  75%  1 of 2 runs  about 1 min left"
    assert line([1.0, 1.0], 240) == f"[{'#' * 30}] 100%  2 of 2 runs"


def test_one_passport_in_several_spellings_stands_once(played: Play) -> None:
    spelling = AttackerNumbers(name="x", strategy="stuffer", clients=1, spellings=2)
    tiny = replace(SHORT, days=2, people=PeopleNumbers(number=3), attackers=(spelling,), redraws=0)
    result = played(tiny, PolicyNumbers(name="a", mode="windowed", release=NEAR))
    counts = result.attackers[0].counts
    assert (counts["spellings tried"], counts["spellings accepted"]) == (2, 0)


def test_a_proof_counts_once_in_time_and_in_its_own_session(played: Play) -> None:
    piling = AttackerNumbers(name="x", strategy="stockpiler", clients=2)
    tiny = replace(SHORT, days=2, people=PeopleNumbers(number=3), attackers=(piling,), redraws=0)
    counts = played(tiny, PolicyNumbers(name="a", mode="windowed", release=NEAR)).attackers[0].counts
    tried = {name: number for name, number in counts.items() if name.startswith("proof ")}
    assert tried == {
        "proof in time: counted": 2,
        "proof again: did not count": 2,
        "proof of another session: did not count": 2,
        "proof too late: did not count": 2,
    }


def _invented(without: str, *profits: float) -> Result:
    plain = Result("a", "windowed", without, "", 1, 7, 10, 5, 5, 10, 100.0)
    plain.estimates["profit per invented person, EUR"] = resampled_mean(profits)
    return plain


def test_that_inventing_does_not_pay_is_shown_beside_a_control_where_it_does() -> None:
    guarded, pays = _invented("", -3, -2, -4), _invented("counter check", 60, 70, 80)
    loses = _invented("counter check", -3, -2, 10)
    assert inventing_does_not_pay([guarded]).met is None
    assert inventing_does_not_pay([guarded, loses]).met is False
    assert inventing_does_not_pay([guarded, loses, pays]).met is True
    assert inventing_does_not_pay([guarded, pays, _invented("", 5, 6, 7)]).met is False


def test_nobody_comes_on_the_last_day() -> None:
    import random  # noqa: TID251 - the laboratory's people follow from a seed

    assert max(arrivals(random.Random(1), 500, 7)) < 6 * 86400


def _kept(run: Played) -> tuple[list[str], int]:
    return sorted(fate.reference for fate in run.crowd.fates), run.office.releases


def test_the_same_seed_plays_the_same_week(played: Play) -> None:
    tiny = replace(SHORT, days=2, people=PeopleNumbers(number=3), attackers=(replace(SNIPER, clients=1),), redraws=0)
    first = played(tiny, PolicyNumbers(name="a", mode="windowed", release=NEAR), _kept)
    again = played(tiny, PolicyNumbers(name="b", mode="windowed", release=NEAR), _kept)
    assert first == again
    assert first != played(replace(tiny, seed=2), PolicyNumbers(name="c", mode="windowed", release=NEAR), _kept)


def test_results_are_written_as_table_json_and_chart(
    played: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json
    from xml.etree import ElementTree

    monkeypatch.setattr("lab.report.RESULTS", tmp_path)
    tiny = replace(SHORT, days=2, people=PeopleNumbers(number=3), attackers=(replace(SNIPER, clients=1),), redraws=0)
    result = played(tiny, PolicyNumbers(name="a", mode="windowed", release=NEAR))
    assert "a " in table(policy_rows([result]))
    paths = write("try", [result], [])
    assert json.loads(paths[0].read_text())["runs"][0]["people"] == 3
    assert ElementTree.fromstring(paths[1].read_text()).tag.endswith("svg")
