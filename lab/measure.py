"""What a page costs that is only looked at: measured once before each run, then accounted for without being sent."""

from __future__ import annotations

import time
from collections.abc import Callable

from lab.browser import Browser
from lab.clock import Clock
from lab.ledger import Account, PageCosts
from lab.world import World
from mailroom.models import Letter
from mailroom.renderers import render

ADDRESS = "203.0.113.9"  # of nobody else in a run
MAIL = "measure@example.org"
TIMES = 8


def _cpu(act: Callable[[], object], times: int = TIMES) -> float:
    """CPU seconds of this process for one `act`, the first one left out: it fills caches."""
    act()
    began = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - began) / times


def page_costs(clock: Clock, world: World) -> PageCosts:
    """CPU seconds of a page of the form, a list of open times, a picture, a letter."""
    browser = Browser(clock, Account("measure"), ADDRESS, world.path)
    browser.begin()
    key, letters = browser.picture(browser.step("contact"))
    page = _cpu(lambda: browser.get(world.path))
    picture = _cpu(lambda: browser.get(f"/antibot/captcha/{key}/image")) if key else 0.0
    # Whoever only polls keeps no session, and is answered from memory where everybody is.
    poller = Browser(clock, Account("measure"), ADDRESS, world.path)
    poll = _cpu(lambda: poller.get(f"{world.path}slots.json"), 40)
    browser.post(browser.step("contact"), contact=MAIL, captcha_key=key, captcha_answer=letters)
    letter = Letter.objects.filter(kind="one_time_code").latest("pk")
    return PageCosts(
        page=page,
        poll=poll,
        picture=picture,
        letter=_cpu(lambda: render(letter.kind, letter.subject_key, letter.payload)),
    )
