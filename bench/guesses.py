"""A million wrong codes against one that was sent: how many are tried, and what a refusal costs.

Options: `--tries=N` (1000000). Every code that there is, in random order, the right one among them; one second of the
clock for a thousand tries, so that the code dies of its age too.
"""

from __future__ import annotations

import random  # noqa: TID251 - the order in which somebody guesses is no secret of ours
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from bench.report import Row, publish
from bench.stage import stage

SEED = 7


def main(options: Sequence[str]) -> None:
    """Measure and publish."""
    found = [option.partition("=")[2] for option in options if option.startswith("--tries=")]
    tries = int(found[-1]) if found else 1_000_000
    with stage(durable=False):
        publish("guesses", rows(tries))


def rows(tries: int) -> list[Row]:
    """What became of the tries."""
    from django.utils import timezone

    from antibot.actions.check_code import check_one_time_code
    from antibot.actions.send_code import send_one_time_code
    from antibot.domain.contacts import Channel
    from antibot.domain.policy import Policy
    from antibot.models import OneTimeCode
    from antibot.purposes import Purpose

    now, mail, session = timezone.now(), "victim@example.org", b"s" * 32
    send_one_time_code(
        session=session, contact=mail, channel=Channel.MAIL, purpose=Purpose.APPLY, scope_key="", language="fr",
        network=b"n" * 32, network_factor=1, policy=Policy(), now=now,
    )  # fmt: skip
    codes = list(range(1_000_000))
    random.Random(SEED).shuffle(codes)  # noqa: S311
    answers: Counter[str] = Counter()
    began = time.process_time()
    for number, code in enumerate(codes[:tries]):
        at = now + timedelta(seconds=number / 1000)
        refused = check_one_time_code(session=session, contact=mail, code=f"{code:06d}", purpose=Purpose.APPLY, now=at)
        answers["accepted" if refused is None else str(refused.reason)] += 1
        if number % 100_000 == 99_999:
            print(f"{number + 1:,} tried", file=sys.stderr, flush=True)
    took = (time.process_time() - began) * 1000 / tries
    attempts = OneTimeCode.objects.get().attempts
    note = f"seed {SEED}; {', '.join(f'{name} {count:,}' for name, count in answers.most_common())}"
    return [
        Row("codes accepted", answers["accepted"], "", "0", answers["accepted"] == 0, f"{tries:,} tries, {note}"),
        Row("attempts that counted", attempts, "", "≤ 5", attempts <= 5, "the rest was refused without comparing"),
        Row("a refusal", took, "ms CPU", note="Python's part"),
    ]
