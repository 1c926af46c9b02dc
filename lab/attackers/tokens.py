"""Attackers who spend a token twice, too late, or in another session.

Requests of one instant follow each other here: what happens when they are truly parallel is tested by processes and
threads in `tests/antibot` and `tests/concurrency`, with controls.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from altcha.v2 import Challenge, solve_challenge
from django.test import RequestFactory

from antibot.limits.counting import call
from antibot.limits.origins import caller
from antibot.limits.windows import MOST_COUNTED, window_key
from lab.agenda import Life
from lab.attackers.base import Steps, Target
from lab.attackers.speed import Seller
from lab.browser import Browser, HeldBackError, LostError

PROBES = 5  # customers whose forms are used for the attempts


def solve(challenge: dict[str, Any]) -> str:
    """The proof of work of a challenge, as the page's script would send it."""
    solution = solve_challenge(Challenge.from_dict(challenge))
    if solution is None:
        return ""
    found = {"counter": solution.counter, "derivedKey": solution.derived_key}
    payload = {"challenge": challenge, "solution": found}
    return base64.b64encode(json.dumps(payload).encode()).decode()


class Stockpiler(Seller):
    """Computes proofs beforehand and tries them again, too late, and in another session."""

    def lives(self) -> list[tuple[Life, float]]:
        """Customers are served like any other seller's; besides, proofs are tried."""
        return [*super().lives(), *((self.pile(n), t.arrives + 1) for n, t in enumerate(self.clients[:PROBES]))]

    def pile(self, index: int) -> Life:
        """A proof in time, the same again, one of another session, one too late."""
        address = self.address(index)
        mine, other = (Browser(self.clock, self.account, address, self.office.world.path) for _ in range(2))
        try:
            mine.begin()
            other.begin()
            proofs = [self.fetch(mine), self.fetch(mine)]
            foreign = self.fetch(other)
            self.spend(mine, address, "in time", proofs[0])
            yield 61.0  # between two codes of a session
            self.spend(mine, address, "again", proofs[0])
            yield 61.0
            self.spend(mine, address, "of another session", foreign)
            yield 61.0  # a proof lives for 150 seconds
            self.spend(mine, address, "too late", proofs[1])
        except HeldBackError:
            self.account.counts["proof attempts held back"] += 1

    def fetch(self, browser: Browser) -> str:
        """A challenge of the application, solved."""
        scope = self.office.world.service.scope_key
        self.account.counts["proofs"] += 1
        return solve(json.loads(browser.get(f"/antibot/proof?purpose=apply&scope={scope}").content))

    def spend(self, browser: Browser, address: str, how: str, proof: str) -> None:
        """Send a proof with a right picture. One that does not count leaves the picture counted as unproven."""
        before = self.unproven(address)
        browser.ask_code(f"pile{self.account.sent}@example.net", right=True, proof=proof)
        counted = self.unproven(address) == before
        self.account.counts[f"proof {how}: {'counted' if counted else 'did not count'}"] += 1

    def unproven(self, address: str) -> int:
        """Pictures without a proof that the limits hold against an address in its present window."""
        request = RequestFactory().get("/", REMOTE_ADDR=address)
        return int(call("get", window_key("unproven", caller(request).key)) or 0) % MOST_COUNTED


class Racer(Seller):
    """Sends each solved picture and each finished form `parallel` times."""

    def enter(self, target: Target, index: int) -> Steps:
        """Like any seller, with every form sent again and again."""
        browser = self.browser_for(target, index)
        copies = max(2, self.numbers.parallel)
        try:
            browser.begin()
            key, letters = browser.picture(browser.step("contact"))
            typed = {"contact": target.mail, "captcha_key": key, "captcha_answer": letters}
            answers = [browser.post(browser.step("contact"), **typed).status_code for _ in range(copies)]
            self.account.counts["pictures sent again"] += copies - 1
            self.account.counts["pictures accepted again"] += answers.count(302) - 1
            yield self.numbers.mail_seconds
            browser.give_code(target.mail)
            browser.enter(target.person, 1)
            browser.wish(*self.setting.days)
            references = {browser.send()}
            for _ in range(copies - 1):
                references.add(str(browser.post(browser.step("check"))["Location"]).split("/")[2])
            self.account.counts["forms sent again"] += copies - 1
            self.account.counts["requests made twice"] += len(references) - 1
            target.reference = min(references)
            self.browsers[target.reference] = browser
        except HeldBackError as held:
            yield float(held.seconds)
            return (yield from super().enter(target, index))
        except LostError as lost:
            target.refused = str(lost)
            self.account.counts["refused"] += 1
            return None
        return target.reference
