"""The counter's day in a real browser, with the keyboard alone; the pictures of the staff guide are taken here.

`STAFF_PICTURES=1 pytest tests/appointments/staff/test_counter_browser.py` renews the pictures in static/img/staff.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from appointments.models import Figure, Place
from tests.accounts.people import make_staff, signed_in
from tests.appointments.staff.scenes import book, slots_near_now
from tests.cast import ALICE, BOB, CHARLIE, make_scene

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = Path(settings.BASE_DIR) / "static" / "img" / "staff"


def desk(browser: Browser, server: LiveServer, user: User) -> Page:
    """A browser at a desk, signed in with both factors."""
    context = browser.new_context(base_url=server.url, viewport={"width": 1280, "height": 800}, locale="fr-FR")
    context.set_default_timeout(20_000)
    cookie = signed_in(user).cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie.value, "url": server.url}])
    return context.new_page()


def picture(page: Page, name: str) -> None:
    if os.environ.get("STAFF_PICTURES"):
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png")


def no_violation(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert not found.response["violations"], found.generate_report()


def test_a_day_at_the_counter_with_the_keyboard_alone(browser: Browser, live_server: LiveServer) -> None:
    scene = make_scene()
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
    picture(page, "found")
    no_violation(page)
    assert page.evaluate("document.activeElement.value") == f"{first.places.get().pk}:match"
    page.keyboard.press("Enter")
    page.wait_for_selector(".messagelist li.success")
    assert first.places.get().outcome == Place.Outcome.MATCH
    assert page.evaluate("document.activeElement.id") == "q"
    picture(page, "board")
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
    # Call next: from the search field two steps on.
    page.keyboard.press("Tab")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.accessKey") == "n":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".person")
    assert "BENALI" in page.locator(".person").inner_text()
    page.context.close()


def test_pages_of_staff_have_no_barrier(browser: Browser, live_server: LiveServer) -> None:
    scene = make_scene()
    slots = slots_near_now(scene.drawn, 3, minutes=60 * 24 * 3)
    booking = book(scene.drawn, slots[:1], [ALICE])
    slots_near_now(scene.first_come, 2, minutes=30)
    today = timezone.now().date()
    for back in range(1, 31):
        number = 40 + back * 7 % 23
        counts = {"entered": number * 9, "released": number, "booked": number - 3, "paid": number - 4}
        counts |= {"attended": number - 8, "no_show": 3, "cancelled": 4, "expired": 2, "due": number - 4}
        Figure.objects.create(span="day", post=scene.post, first_day=today - timedelta(days=back), **counts)
    page = desk(browser, live_server, make_staff(Role.HEAD, "dz-alg"))
    day = slots[0].local_day
    closed = f"?first_day={day}&last_day={day}&reason=Greve&priority=on"
    addresses = {
        "first-page": reverse("admin:index"),
        "figures": reverse("admin:figures"),
        "desk-entry": reverse("admin:desk_entry", args=["dz-alg"]),
        "walk-in": reverse("admin:walk_in", args=["dz-alg"]),
        "closing": reverse("admin:closing", args=["dz-alg"]) + closed,
        "request": reverse("admin:staff_request", args=["dz-alg", booking.request.reference]),
        "history": reverse("admin:history"),
        "guide": reverse("admin:staff_guide"),
    }
    for name, address in addresses.items():
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, name
        picture(page, name)
        no_violation(page)
    page.context.close()


def test_the_public_pages_of_this_part_have_no_barrier(page: Page) -> None:
    scene = make_scene()
    month = (timezone.now().date().replace(day=1) - timedelta(days=1)).replace(day=1)
    Figure.objects.create(span="month", post=scene.post, first_day=month, entered=800, released=90, booked=80)
    for address in ("/transparency/", "/report/"):
        for language in ("fr", "ar", "en"):
            page.goto(f"/language/{language}/?next={address}")
            no_violation(page)


def test_every_picture_of_the_guide_exists() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "staff-guide.md").read_text()
    names = re.findall(r"\.\./static/img/staff/([a-z-]+)\.png", text)
    assert len(names) >= 6
    assert [name for name in names if not (PICTURES / f"{name}.png").exists()] == []
