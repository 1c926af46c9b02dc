"""The desk with the keyboard alone and without JavaScript: a family walks in, a receipt, a typing mistake."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.models import Role
from appointments.models import Booking, Person, Place, Request, Service
from tests.accounts.people import make_staff, signed_in
from tests.appointments.staff.scenes import scene_at_work, slots_near_now
from tests.cast import ALICE, BOB, CHARLIE, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

    from appointments.domain.people import PersonData

pytestmark = pytest.mark.django_db(transaction=True)
MOST_STEPS = 80


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    """A post at work whose passport service is free of charge."""
    scene = scene_at_work()
    Service.objects.filter(pk=scene.first_come.pk).update(service_fee_cents=0)
    scene.first_come.refresh_from_db()
    return scene


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, scene: Scene) -> Iterator[Page]:
    """A browser that runs no scripts, signed in as an officer, at the board."""
    context = browser.new_context(base_url=live_server.url, locale="en-GB", java_script_enabled=False)
    context.set_default_timeout(20_000)
    session = signed_in(make_staff(Role.OFFICER, "dz-alg")).cookies[settings.SESSION_COOKIE_NAME].value
    for name, value in ((settings.SESSION_COOKIE_NAME, session), (settings.LANGUAGE_COOKIE_NAME, "en")):
        context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
    page = context.new_page()
    page.goto(reverse("admin:day_board", args=["dz-alg"]))
    yield page
    context.close()


def shortcut(page: Page, letter: str) -> None:
    """Alt-Shift and a letter, as a real keyboard sends it: Playwright's own press carries no text with Alt."""
    session = page.context.new_cdp_session(page)
    key = {
        "modifiers": 1 | 8,
        "key": letter,
        "code": f"Key{letter.upper()}",
        "windowsVirtualKeyCode": ord(letter.upper()),
    }
    session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": letter, "unmodifiedText": letter, **key})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})


def reach(page: Page, selector: str) -> None:
    """Press Tab until what is wanted has the focus."""
    for _ in range(MOST_STEPS):
        if page.locator(f"{selector}:focus").count():
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} cannot be reached by keyboard")


def press(page: Page, selector: str) -> None:
    reach(page, selector)
    page.keyboard.press("Enter")


def write(page: Page, number: int, who: PersonData) -> None:
    """Type a passport into the form of one person; the countries stand there already. The browser speaks American."""
    for name, text in (
        ("family_name", who.family_name),
        ("given_names", who.given_names),
        ("birth_date", f"{who.birth_date:%m%d%Y}"),
        ("passport_number", who.passport_number),
    ):
        reach(page, f"#id_people-{number}-{name}")
        page.keyboard.type(text)


def test_a_family_walks_in(page: Page, scene: Scene) -> None:
    slots_near_now(scene.first_come, 2, minutes=30)
    shortcut(page, "w")
    page.wait_for_selector("#id_slot")
    assert page.locator("fieldset:visible").count() == 1, "only the first person is unfolded"
    write(page, 0, ALICE)
    press(page, "summary")
    assert page.locator("fieldset:visible").count() == 2
    write(page, 1, BOB)
    press(page, "form.plain button")
    page.wait_for_selector("button[name=mark]")
    booking = Booking.objects.get()
    assert (booking.origin, booking.places.count()) == ("walk_in", 2)
    # The first of them is shown, and the next Enter is "identity matches".
    page.keyboard.press("Enter")
    page.wait_for_selector(".messagelist li.success")
    assert Place.objects.filter(outcome=Place.Outcome.MATCH).count() == 1


def test_a_request_is_entered_and_its_receipt_shown(page: Page, scene: Scene) -> None:
    page.goto(reverse("admin:desk_entry", args=["dz-alg"]))
    write(page, 0, CHARLIE)
    reach(page, "#id_service")
    page.keyboard.press("ArrowDown")
    press(page, "form.plain button")
    page.wait_for_url("**/receipt/**")
    row = Request.objects.get()
    assert (row.origin, row.size) == (Request.Origin.DESK, 1)
    assert row.ticket_id in page.content()


def test_a_typing_mistake_is_mended(page: Page, scene: Scene) -> None:
    page.goto(reverse("admin:desk_entry", args=["dz-alg"]))
    write(page, 0, CHARLIE)
    reach(page, "#id_service")
    page.keyboard.press("ArrowDown")
    press(page, "form.plain button")
    page.wait_for_url("**/receipt/**")
    row = Request.objects.get()
    page.goto(reverse("admin:staff_request", args=["dz-alg", row.reference]))
    press(page, f"a[href='{reverse('admin:correct', args=['dz-alg', row.reference, 0])}']")
    reach(page, "#id_text")
    page.keyboard.type("MEZIANNE")
    reach(page, "#id_reason")
    page.keyboard.type("double n")
    press(page, "form.plain button")
    page.wait_for_selector(".messagelist li.success")
    assert Person.objects.get().family_name == "MEZIANNE"


def test_what_was_typed_stays_unfolded_when_it_is_refused(page: Page, scene: Scene) -> None:
    page.goto(reverse("admin:desk_entry", args=["dz-alg"]))
    write(page, 0, CHARLIE)
    press(page, "summary")
    press(page, "details[open] details:not([open]) > summary")
    write(page, 2, replace(BOB, passport_number="1"))  # and nothing in the second form
    reach(page, "#id_service")
    page.keyboard.press("ArrowDown")
    press(page, "form.plain button")
    page.wait_for_selector("text=at least five letters or digits")
    assert page.locator("fieldset:visible:has(input[name^=people])").count() == 3
    assert page.locator("#id_people-2-family_name").input_value() == BOB.family_name
    assert not Request.objects.exists()
