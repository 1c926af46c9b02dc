"""The counter's day in a real browser, with the keyboard alone; the pictures of the staff guide are taken here.

`STAFF_PICTURES=1 pytest tests/appointments/staff/test_counter_browser.py` renews the pictures in static/img/staff.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from appointments.actions.counter import check_in
from appointments.models import Figure, Place
from tests.accounts.people import make_staff, signed_in
from tests.appointments.staff.scenes import book, scene_at_work, slots_near_now
from tests.cast import ALICE, BOB, CHARLIE, person

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = Path(settings.BASE_DIR) / "static" / "img" / "staff"
SHOWN = PICTURES / "shown.json"
# The first page lists what every application brings: another application's new page makes no picture untrue.
BELONGS_TO_ALL = {"first-page"}
LANGUAGES = ("fr", "ar", "en")
# Every page in one language; in all of them those that people work with all day.
LOOKED_AT = {"board", "found", "figures", "policy", "terms", "desk-entry", "guide", "guide task"}
PICTURED = (
    "first-page",
    "board",
    "found",
    "figures",
    "desk-entry",
    "walk-in",
    "closing",
    "request",
    "history",
    "terms",
)


def desk(browser: Browser, server: LiveServer, user: User, language: str = "fr", width: int = 1280) -> Page:
    """A browser at a desk, signed in with both factors."""
    context = browser.new_context(base_url=server.url, viewport={"width": width, "height": 800}, locale=language)
    context.set_default_timeout(20_000)
    session = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
    for name, value in ((settings.SESSION_COOKIE_NAME, session), (settings.LANGUAGE_COOKIE_NAME, language)):
        context.add_cookies([{"name": name, "value": value, "url": server.url}])
    return context.new_page()


def picture(page: Page, language: str, name: str) -> None:
    """Take the picture of the guide, and keep what is written on its buttons; or compare what is written with that."""
    own = "#content :is(h2, button, label, thead th)"
    shown = page.eval_on_selector_all(own, "found => found.map(one => one.innerText.trim()).filter(text => text)")
    kept = json.loads(SHOWN.read_text()) if SHOWN.exists() else {}
    if os.environ.get("STAFF_PICTURES"):
        (PICTURES / language).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / language / f"{name}.png")
        kept.setdefault(language, {})[name] = shown
        SHOWN.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    elif name not in BELONGS_TO_ALL:
        assert kept[language][name] == shown, f"{name}: this page has changed; renew the pictures of the guide"


def no_violation(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert not found.response["violations"], found.generate_report()


def test_a_day_at_the_counter_with_the_keyboard_alone(browser: Browser, live_server: LiveServer) -> None:
    scene = scene_at_work()
    slots = slots_near_now(scene.first_come, 3)
    first = book(scene.first_come, slots[:1], [ALICE])
    second = book(scene.first_come, slots[1:2], [BOB])
    book(scene.first_come, slots[2:], [CHARLIE])
    page = desk(browser, live_server, make_staff(Role.OFFICER, "dz-alg"))
    page.goto(reverse("admin:day_board", args=["dz-alg"]) + f"?day={slots[0].local_day}")
    assert page.locator("table.board tbody tr").count() == 3
    no_violation(page)
    # A scanner types the code and presses Enter; the next Enter is "identity matches".
    page.keyboard.type(first.request.reference)
    page.keyboard.press("Enter")
    page.wait_for_selector("button[name=mark]")
    assert page.evaluate("document.activeElement.value") == f"{first.places.get().pk}:match"
    page.keyboard.press("Enter")
    page.wait_for_selector(".messagelist li.success")
    assert first.places.get().outcome == Place.Outcome.MATCH
    page.wait_for_function("document.activeElement.id == 'q'")
    # By name, and a mistake taken back.
    page.keyboard.type("benali bob")
    page.keyboard.press("Enter")
    page.wait_for_selector("button[name=mark]")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".messagelist li.success")
    assert second.places.get().outcome == Place.Outcome.NO_SHOW
    page.keyboard.type("bob")
    page.keyboard.press("Enter")
    page.wait_for_selector("button[value$=':expected']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".messagelist li.success")
    assert second.places.get().outcome == Place.Outcome.EXPECTED
    # Call next: from the search field two steps on. On a busy machine the field has the focus a moment later.
    page.wait_for_function("document.activeElement.id == 'q'")
    page.keyboard.press("Tab")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.accessKey") == "n":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".person")
    assert "BENALI" in page.locator(".person").inner_text()
    page.context.close()


@pytest.fixture
def addresses(transactional_db: None) -> dict[str, str]:
    """A post in the middle of a day, and where its pages are; those of PICTURED stand in the guide."""
    scene = scene_at_work()
    today = slots_near_now(scene.first_come, 4)
    first, second = (book(scene.first_come, [slot], [who]) for slot, who in zip(today[:2], (ALICE, BOB), strict=True))
    book(scene.first_come, today[2:3], [CHARLIE])
    check_in(place=second.places.get(), outcome="match", by="x", now=timezone.now())
    later = slots_near_now(scene.drawn, 1, minutes=60 * 24 * 3)
    drawn = book(scene.drawn, later, [person(7)])
    for back in range(1, 31):
        number = 40 + back * 7 % 23
        counts = {"entered": number * 9, "released": number, "booked": number - 3, "paid": number - 4}
        counts |= {"attended": number - 8, "no_show": 3, "cancelled": 4, "expired": 2, "due": number - 4}
        Figure.objects.create(
            span="day", post=scene.post, first_day=timezone.now().date() - timedelta(days=back), **counts
        )
    day = later[0].local_day
    board = reverse("admin:day_board", args=["dz-alg"]) + f"?day={today[0].local_day}"
    return {
        "first-page": reverse("admin:index"),
        "board": board,
        "found": f"{board}&q={first.request.reference}",
        "figures": reverse("admin:figures"),
        "desk-entry": reverse("admin:desk_entry", args=["dz-alg"]),
        "walk-in": reverse("admin:walk_in", args=["dz-alg"]),
        "closing": reverse("admin:closing", args=["dz-alg"])
        + f"?first_day={day}&last_day={day}&reason=Strike&priority=on",
        "request": reverse("admin:staff_request", args=["dz-alg", drawn.request.reference]),
        "history": reverse("admin:history"),
        "policy": reverse("admin:policy", args=["dz-alg", scene.drawn.slug]),
        "policies": reverse("admin:policies"),
        "terms": reverse("admin:terms", args=["dz-alg", scene.first_come.slug]),
        "guide": reverse("admin:staff_guide"),
        "guide task": reverse("admin:staff_guide_task", args=["at-counter"]),
        "till": reverse("admin:till", args=["dz-alg"]),
        "profile": reverse("admin:profile"),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_staff_have_no_barrier(
    browser: Browser, live_server: LiveServer, addresses: dict[str, str], language: str
) -> None:
    page = desk(browser, live_server, make_staff(Role.HEAD, "dz-alg"), language)
    for name, address in addresses.items():
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, name
        if name in PICTURED:
            picture(page, language, name)
        if name in LOOKED_AT or language == "fr":
            no_violation(page)
    page.context.close()


def test_no_page_of_staff_is_wider_than_a_phone(
    browser: Browser, live_server: LiveServer, addresses: dict[str, str]
) -> None:
    page = desk(browser, live_server, make_staff(Role.HEAD, "dz-alg"), "ar", 390)
    wide = []
    for name, address in addresses.items():
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            wide.append((name, width))
        if folder := os.environ.get("STAFF_PHONE"):
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    page.context.close()
    assert wide == []


def test_the_public_pages_of_this_part_have_no_barrier(page: Page) -> None:
    scene = scene_at_work()
    month = (timezone.now().date().replace(day=1) - timedelta(days=1)).replace(day=1)
    Figure.objects.create(span="month", post=scene.post, first_day=month, entered=800, released=90, booked=80)
    for address in ("/transparency/", "/report/"):
        for language in ("fr", "ar", "en"):
            page.goto(f"/language/{language}/?next={address}")
            no_violation(page)
