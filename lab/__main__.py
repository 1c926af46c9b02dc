"""`python3 dev.py lab`: play a scenario, compare its policies, check the four outcomes."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.progress import Bar
from lab.scenario import DEFAULT, BadScenarioError, PolicyNumbers, Scenario, read_scenario
from lab.short import RUNS

SHARE_OF_COMPARISONS = 0.1  # people of a comparing run, as a share of the scenario's
Run = tuple[Scenario, PolicyNumbers | None]
PRESSED = 5000  # people whose faults are given to the limits alone
FULL_SEEDS = 3  # weeks of the default policy, so that 5,000 people and more are played


def arguments_of(words: Sequence[str]) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python3 dev.py lab", description=__doc__)
    parser.add_argument("--scenario", type=Path, default=DEFAULT, help="a TOML file like lab/scenario.toml")
    parser.add_argument("--only", action="append", default=[], metavar="POLICY", help="play this policy (repeatable)")
    parser.add_argument("--scale", type=float, default=None, help="share of people, slots and customers, for all runs")
    parser.add_argument("--seed", type=int, default=None, help="another week")
    parser.add_argument("--weeks", type=int, default=None, help="weeks of the first policy, or of those of --only")
    parser.add_argument("--short", action="store_true", help="only the short form that continuous integration plays")
    parser.add_argument("--compare", action="store_true", help="only the comparison, no full weeks")
    parser.add_argument("--solver", default="", help="perfect, network, ocr or people, for every attacker")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--name", default="laboratory", help="name of the files in lab/results/")
    return parser.parse_args(words)


def plan(scenario: Scenario, asked: argparse.Namespace) -> list[Run]:
    """The runs: the first policy in full for some weeks, then every policy on a smaller scale, then the short form."""
    if asked.only:
        policies = [scenario.policy(name) for name in asked.only]
        return _weeks(scenario.scaled(asked.scale or 1.0), policies, asked.weeks or 1)
    short = [*RUNS, (replace(scenario, people=replace(scenario.people, number=PRESSED)), None)]
    if asked.short:
        return list(short)
    runs: list[Run] = []
    if not asked.compare:
        runs = _weeks(scenario.scaled(asked.scale or 1.0), scenario.policies[:1], asked.weeks or FULL_SEEDS)
    share = SHARE_OF_COMPARISONS * (asked.scale or 1.0)
    # Few entries make wide intervals, and are soon drawn again: as often as in a whole week, counted by entries.
    small = replace(scenario.scaled(share), redraws=round(scenario.redraws / share))
    return [*runs, *((small, policy) for policy in scenario.policies), *short]


def _weeks(scenario: Scenario, policies: Sequence[PolicyNumbers], weeks: int) -> list[Run]:
    """Each policy in so many weeks, each of a seed of its own."""
    return [(replace(scenario, seed=scenario.seed + week), policy) for policy in policies for week in range(weeks)]


def run(words: Sequence[str]) -> int:
    """Play; 0 where no bar was missed."""
    asked = arguments_of(words)
    try:
        scenario = replace(read_scenario(asked.scenario), solver=asked.solver)
        if asked.seed is not None:
            scenario = replace(scenario, seed=asked.seed)
        runs = plan(scenario, asked)
    except (BadScenarioError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    from lab.outcomes import outcomes
    from lab.report import attacker_rows, machine, policy_rows, table, write

    began = time.monotonic()
    # What is played is written down run by run: a comparison takes long, and may be ended before its end.
    try:
        results = _play(runs, asked.processes, lambda played: write(asked.name, played, []))
    except KeyboardInterrupt:
        print(f"\nEnded before its end. What was played stands in lab/results/{asked.name}.json", file=sys.stderr)
        return 130
    found = outcomes(results)
    print(table(policy_rows(results)))
    print(f"\nAttackers under “{results[0].policy}”:")
    print(table(attacker_rows(results[0])))
    print()
    for outcome in found:
        print("\n".join(outcome.lines()))
    for path in write(asked.name, results, found):
        print(f"Written to {path}")
    load = ", ".join(f"{value:.1f}" for value in machine()["load_average"])
    print(f"{time.monotonic() - began:.0f} s of wall time with {asked.processes} processes; load average {load}")
    return 1 if any(outcome.met is False for outcome in found) else 0


def _play(runs: list[Run], processes: int, keep: Callable[[list[Any]], object]) -> list[Any]:
    from lab.stage import Job, play_job, stage

    spawn = multiprocessing.get_context("spawn")
    with stage() as servers, spawn.Manager() as manager:
        shares = manager.dict()
        with _workers(ProcessPoolExecutor(processes, mp_context=spawn, max_tasks_per_child=1)) as pool:
            jobs = [Job(number, scenario, policy) for number, (scenario, policy) in enumerate(runs)]
            futures = [pool.submit(play_job, servers, job, shares) for job in jobs]
            _watch(futures, shares, keep)
        return [future.result() for future in futures]


@contextmanager
def _workers(pool: ProcessPoolExecutor) -> Iterator[ProcessPoolExecutor]:
    """The pool; where a run fails or the laboratory is ended, the other runs end at once."""
    others = set(multiprocessing.active_children())
    try:
        with pool:
            try:
                yield pool
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for process in set(multiprocessing.active_children()) - others:
                    process.terminate()
                raise
    except BrokenProcessPool:
        raise RuntimeError("A run was killed from outside.") from None


def _watch(futures: list[Future[Any]], shares: Mapping[int, float], keep: Callable[[list[Any]], object]) -> None:
    """Wait for all runs; raises what a failed one raised."""
    bar = Bar()
    waiting = set(futures)
    while waiting:
        finished, waiting = wait(waiting, timeout=1.0)
        # Played to the end is not all: its draws are drawn again before its figures are there.
        bar.show([1.0 if one.done() else min(0.99, shares.get(at, 0.0)) for at, one in enumerate(futures)])
        if finished:
            keep([future.result() for future in futures if future.done()])
    bar.end()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended like by Ctrl-C: servers and runs end with it
    sys.exit(run(sys.argv[1:]))
