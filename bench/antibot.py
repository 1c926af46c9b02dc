"""What antibot costs, and that nothing it accepts is accepted twice.

Options: `--rounds=N` parallel rounds of each replay (100; the bar is counted over 1000), `--networks=N` tracked in
Valkey (1000000), `--only=cpu|valkey|replays`.
"""

from __future__ import annotations

import base64
import json
import secrets
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median
from typing import Any

from bench.report import Row, publish
from bench.stage import stage

PARALLEL = 8


def _option(options: Sequence[str], name: str, default: str) -> str:
    found = [option.partition("=")[2] for option in options if option.startswith(f"--{name}=")]
    return found[-1] if found else default


def _cpu(act: Callable[[], object], times: int) -> float:
    """Milliseconds of this process's CPU for one `act`, the mean of `times`."""
    act()
    started = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - started) / times * 1000


def _request(method: str = "post", address: str = "198.51.100.7") -> Any:
    from django.contrib.sessions.backends.db import SessionStore
    from django.test import RequestFactory

    request = getattr(RequestFactory(), method)("/", REMOTE_ADDR=address)
    request.session = SessionStore()
    request.session.create()
    return request


def cpu() -> list[Row]:
    """Pictures, sounds, proofs and the gate."""
    from altcha import Challenge, solve_challenge
    from django.utils import timezone

    from antibot import doors
    from antibot.challenges.captcha import Binding, issue, picture_of, sound_of
    from antibot.challenges.proof import Proof, check_proof, new_challenge
    from antibot.domain.policy import Policy

    now, mine, policy = timezone.now(), Binding(b"s" * 32, "apply", "dz-alg/visa"), Policy()
    rows = []
    for hard in (False, True):
        key = issue(mine, hard=hard, life=timedelta(hours=1), now=now)
        took = _cpu(lambda k=key: picture_of(k, now), 200)
        name = "picture, harder" if hard else "picture"
        rows.append(Row(name, took, "ms CPU", "≤ 15 ms", took <= 15, "with its query"))
    key = issue(mine, hard=False, life=timedelta(hours=1), now=now)
    rows.append(Row("spoken digits", _cpu(lambda: sound_of(key, "ar", now), 20), "ms CPU"))
    challenge = new_challenge(mine, policy, policy.proof_tries)
    rows.append(Row("proof: make a challenge", _cpu(lambda: new_challenge(mine, policy, 256), 50), "ms CPU"))
    rows.append(
        Row("proof: solve, native code", _cpu(lambda: solve_challenge(Challenge.from_dict(challenge)), 3), "ms CPU")
    )
    cheap = [new_challenge(mine, Policy(proof_cost=1000), 16) for _ in range(201)]
    proofs = [_solved(one) for one in cheap]
    request = _request()
    took = _cpu(lambda: check_proof(request, proofs.pop(), mine) is Proof.GIVEN or 1 / 0, 200)
    rows.append(Row("proof: check", took, "ms CPU", "≤ 1 ms", took <= 1, "with the claim in Valkey"))
    gates = [_request(address=f"203.0.113.{n}") for n in range(201)]
    rows.append(
        Row(
            "may_proceed, posted form",
            _cpu(lambda: doors.may_proceed(gates.pop(), "apply", "dz-alg/visa"), 200),
            "ms CPU",
        )
    )
    looks = [_request("get") for _ in range(201)]
    rows.append(
        Row(
            "may_proceed, looked at",
            _cpu(lambda: doors.may_proceed(looks.pop(), "apply", "dz-alg/visa"), 200),
            "ms CPU",
        )
    )
    senders = [(_request(address=f"192.0.2.{n % 200}"), f"{secrets.token_hex(4)}@example.org") for n in range(101)]

    def one_code() -> None:
        sender, mail = senders.pop()
        doors.send_code(sender, mail, "apply", "", "fr")

    rows.append(Row("send a code", _cpu(one_code, 100), "ms CPU", note="without the letter"))
    return rows


def _solved(challenge: dict[str, Any]) -> str:
    from altcha import Challenge, solve_challenge

    solution = solve_challenge(Challenge.from_dict(challenge))
    if solution is None:
        raise RuntimeError("A challenge without a solution.")
    payload = {"challenge": challenge, "solution": {"counter": solution.counter, "derivedKey": solution.derived_key}}
    return base64.b64encode(json.dumps(payload).encode()).decode()


def valkey(count: int) -> list[Row]:
    """Memory for many tracked networks, and the time of one more fault among them."""
    from datetime import UTC, datetime
    from ipaddress import IPv4Address

    import redis
    from django.conf import settings

    from antibot.domain.networks import origin_of
    from antibot.domain.policy import Policy
    from antibot.limits.origins import Caller, network_index
    from antibot.limits.scoring import add_points

    link, policy, now = redis.Redis.from_url(settings.REDIS_URL), Policy(), datetime.now(UTC)

    def who(number: int) -> Caller:
        origin = origin_of(IPv4Address(0x0B000000 + number))
        own, above = network_index(origin.key), network_index(origin.rollup)
        return Caller(None, origin.key, origin.rollup, own, above, shared=False, hosting=False)

    def microseconds() -> float:
        callers = [who(secrets.randbelow(count)) for _ in range(2000)]
        took = []
        for caller in callers:
            started = time.perf_counter()
            add_points(caller, 1, policy, now)
            took.append(time.perf_counter() - started)
        return median(took) * 1e6

    link.flushdb()
    empty, before = microseconds(), link.info("memory")["used_memory"]
    link.flushdb()
    # What add_points writes, in batches: the script itself would take minutes of round trips.
    pipe = link.pipeline(transaction=False)
    for number in range(count):
        caller = who(number)
        pipe.set(f"antibot:s:{caller.key}", f"1.000 {int(now.timestamp())}", ex=86400)
        if number % 256 == 0:
            pipe.set(f"antibot:s:{caller.rollup_key}", f"1.000 {int(now.timestamp())}", ex=86400)
        if number % 10_000 == 9_999:
            pipe.execute()
    pipe.execute()
    used = (link.info("memory")["used_memory"] - before) / 1e6
    full = microseconds()
    link.flushdb()
    note = f"{count:,} networks"
    bar = 300 * count / 1e6
    return [
        Row("Valkey memory", used, "MB", f"≤ {bar:.0f} MB", used <= bar, note),
        Row("one fault, empty Valkey", empty, "µs", note="median"),
        Row("one fault, full Valkey", full, "µs", "constant", full < 2 * empty, note),
    ]


class Racers:
    """Eight threads, each with a connection that stays open, that start together at each round."""

    def __init__(self) -> None:
        """As many workers as there are acts, so that none waits for another to end."""
        self._pool, self._gate = ThreadPoolExecutor(PARALLEL), threading.Barrier(PARALLEL)

    def _run(self, act: Callable[[int], object], number: int) -> object:
        self._gate.wait()
        return act(number)

    def at_once(self, act: Callable[[int], object]) -> list[object]:
        """What the acts returned; raises what one of them raised."""
        return list(self._pool.map(lambda number: self._run(act, number), range(PARALLEL)))

    def close(self) -> None:
        """Let go of the connections and end the threads."""
        from django.db import connection

        self.at_once(lambda _number: connection.close())
        self._pool.shutdown()


def replays(rounds: int) -> list[Row]:
    """Each token posted eight times at once: accepted exactly once, or the row says so."""
    makers = {
        "captcha": _captcha_round,
        "proof of work": _proof_round,
        "one-time code": _code_round,
        "voucher": _voucher_round,
        "webhook": _webhook_round,
    }
    rows = []
    racers = Racers()
    for name, make in makers.items():
        seen = [racers.at_once(make(number)).count(True) for number in range(rounds)]
        twice, never = sum(count > 1 for count in seen), sum(count == 0 for count in seen)
        note = f"{rounds} rounds × {PARALLEL} at once; accepted never: {never}"
        rows.append(Row(f"{name}, accepted twice", twice, "rounds", "0", twice == 0 and never == 0, note))
        print(f"{name}: {twice} of {rounds} accepted twice, {never} never", file=sys.stderr, flush=True)
    racers.close()
    return rows


def _captcha_round(number: int) -> Callable[[int], bool]:
    from captcha.models import CaptchaStore
    from django.utils import timezone

    from antibot.challenges.captcha import Binding, Solved, issue, solve

    mine, now = Binding(b"s" * 32, "apply", ""), timezone.now()
    key = issue(mine, hard=False, life=timedelta(minutes=5), now=now)
    letters = CaptchaStore.objects.get(hashkey=key).challenge.partition(":")[0]
    return lambda _n: solve(key, letters, mine, now) is Solved.RIGHT


def _proof_round(number: int) -> Callable[[int], bool]:
    from antibot.challenges.captcha import Binding
    from antibot.challenges.proof import Proof, check_proof, new_challenge
    from antibot.domain.policy import Policy

    mine = Binding(b"s" * 32, "apply", "")
    proof, request = _solved(new_challenge(mine, Policy(proof_cost=1000), 16)), _request()
    return lambda _n: check_proof(request, proof, mine) is Proof.GIVEN


def _code_round(number: int) -> Callable[[int], bool]:
    from django.utils import timezone

    from antibot.actions.check_code import check_one_time_code
    from antibot.actions.send_code import send_one_time_code
    from antibot.domain.contacts import Channel
    from antibot.domain.policy import Policy
    from antibot.purposes import Purpose
    from mailroom.models import Letter

    now, mail, session = timezone.now(), f"{secrets.token_hex(8)}@example.org", secrets.token_bytes(32)
    send_one_time_code(
        session=session,
        contact=mail,
        channel=Channel.MAIL,
        purpose=Purpose.APPLY,
        scope_key="",
        language="fr",
        network=secrets.token_bytes(32),
        network_factor=1,
        policy=Policy(),
        now=now,
    )
    code = str(Letter.objects.latest("pk").payload["code"])  # type: ignore[index,call-overload]
    return lambda _n: (
        check_one_time_code(session=session, contact=mail, code=code, purpose=Purpose.APPLY, now=now) is None
    )


def _payment() -> Any:
    from django.utils import timezone

    from antibot import doors

    now = timezone.now()
    subject, until = secrets.token_hex(8), now + timedelta(hours=1)
    return doors.ask_payment(subject, "dz-alg/visa", 2900, "EUR", "x", "fr", "/", until, now)


def _voucher_round(number: int) -> Callable[[int], bool]:
    from django.utils import timezone

    from antibot.actions.import_vouchers import import_vouchers
    from antibot.actions.pay_voucher import pay_with_voucher, voucher_digest
    from antibot.models import VoucherBatch

    now = timezone.now()
    code = "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(16))
    batch = VoucherBatch.objects.create(
        label=code, amount_cents=2900, currency="EUR", valid_until=now.date() + timedelta(days=9), imported_at=now
    )
    import_vouchers(batch, [voucher_digest(code)])
    payments = [_payment().pk for _ in range(PARALLEL)]
    return lambda n: pay_with_voucher(payments[n], code, now) is None


def _webhook_round(number: int) -> Callable[[int], bool]:
    from django.utils import timezone

    from antibot.actions.receive_notice import receive_notice
    from antibot.payments.interface import Notice, NoticeKind

    now, token = timezone.now(), secrets.token_hex(8)
    payment = _payment()
    notice = Notice(token, NoticeKind.PAID, now, str(payment.public_id), token, 2900, "EUR")
    return lambda _n: receive_notice("sandbox", notice, now) is not None


def main(options: Sequence[str]) -> None:
    """Measure and publish."""
    only = _option(options, "only", "")
    with stage(durable=False):
        rows: list[Row] = []
        if only in {"", "cpu"}:
            rows += cpu()
        if only in {"", "valkey"}:
            rows += valkey(int(_option(options, "networks", "1000000")))
        if only in {"", "replays"}:
            rows += replays(int(_option(options, "rounds", "100")))
        publish("antibot", rows)
