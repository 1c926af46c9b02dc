"""Whole journeys in a real browser, as on a phone: three languages, without JavaScript, by keyboard alone."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from antibot.doors import PaymentState, payment_state
from appointments.models import Booking, Request
from tests.browser.applicant import Applicant
from tests.cast import ALICE, ALICE_MAIL, BOB, Scene, open_slots
from tests.processes import Worker, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

LANGUAGES = ("fr", "ar", "en")
STANDS = {"fr": "Votre demande est en attente de tirage", "ar": "طلبك قائم", "en": "Your request stands"}
CONFIRMED = {"fr": "Votre rendez-vous est confirmé", "ar": "موعدك مؤكَّد", "en": "Your appointment is confirmed"}


def _ask(applicant: Applicant) -> None:
    """From the first page to a standing request of two people."""
    page = applicant.page
    page.goto("/")
    applicant.choose_language()
    applicant.picture(f"drawn-{applicant.language}-1-start")
    applicant.press('a[href="/posts/dz-alg/"]')
    applicant.press('a[href="/posts/dz-alg/c-tour/"]')
    applicant.go_on()
    applicant.give_contact()
    applicant.fill_person(ALICE, another=True)
    applicant.fill_person(BOB)
    applicant.picture(f"drawn-{applicant.language}-2-people")
    applicant.go_on()
    applicant.go_on()
    applicant.picture(f"drawn-{applicant.language}-3-check")
    applicant.go_on()


def _book(applicant: Applicant, name: str) -> None:
    """From the page of a first-come service to a paid appointment."""
    page = applicant.page
    page.goto("/posts/dz-alg/passport/")
    applicant.choose_language()
    applicant.go_on()
    applicant.give_contact()
    applicant.fill_person(ALICE)
    applicant.go_on()
    applicant.picture(f"{name}-{applicant.language}-1-slots")
    applicant.press(".times button")
    applicant.picture(f"{name}-{applicant.language}-2-held")
    applicant.pay()
    page.goto(f"/my/{Request.objects.get().reference}/")
    applicant.picture(f"{name}-{applicant.language}-3-confirmed")


@pytest.mark.parametrize("language", LANGUAGES)
def test_asking_for_a_drawn_place_on_a_phone(scene: Scene, page: Page, language: str) -> None:
    alice = Applicant(page, ALICE_MAIL, language)
    _ask(alice)
    expect(page.locator("h1")).to_have_text(STANDS[language])
    row = Request.objects.get()
    assert (row.size, row.language, row.state) == (2, language, Request.State.STANDING)
    alice.picture(f"drawn-{language}-4-standing")
    page.go_back()
    alice.page.reload()
    assert alice.path() == f"my/{row.reference}/"


@pytest.mark.parametrize("language", LANGUAGES)
def test_booking_and_paying_on_a_phone(scene: Scene, page: Page, language: str) -> None:
    open_slots(scene.first_come, 6)
    _book(Applicant(page, ALICE_MAIL, language), "first-come")
    expect(page.locator("h1")).to_have_text(CONFIRMED[language])
    assert Booking.objects.get().state == Booking.State.CONFIRMED
    papers = page.request.get(page.locator('a[href$="/confirmation.pdf"]').get_attribute("href") or "")
    assert papers.body().startswith(b"%PDF")


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_works_without_javascript(
    scene: Scene, browser: Browser, live_server: LiveServer, language: str
) -> None:
    open_slots(scene.first_come, 6)
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, viewport={"width": 320, "height": 640}
    )
    page = context.new_page()
    alice = Applicant(page, ALICE_MAIL, language)
    _book(alice, "no-script")
    expect(page.locator("h1")).to_have_text(CONFIRMED[language])
    alice.press('a[href$="/cancel/"]')
    alice.let_a_minute_pass()
    alice.go_on()
    page.fill('[name="code"]', alice.code())
    alice.go_on()
    assert Booking.objects.get().state == Booking.State.CANCELLED
    context.close()


def _tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the element that matches `wanted` has the focus, as somebody without a mouse does."""
    for _press in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement?.matches(wanted) ?? false", wanted):
            outline = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
            assert outline >= 3, f"the focus on {wanted} cannot be seen"
            return
    raise AssertionError(f"{wanted} cannot be reached by keyboard")


def _enter(page: Page) -> None:
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")


def test_booking_by_keyboard_alone(scene: Scene, page: Page) -> None:
    open_slots(scene.first_come, 6)
    alice = Applicant(page, ALICE_MAIL, "en")
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.skip')")
    for link in ('.languages a[hreflang="en"]', 'a[href="/posts/dz-alg/"]', 'a[href="/posts/dz-alg/passport/"]'):
        _tab_to(page, link)
        _enter(page)
    _tab_to(page, "main .actions button")
    _enter(page)
    # Enter in a field sends the form, not “show another picture”.
    _tab_to(page, '[name="contact"]')
    page.keyboard.type("nonsense")
    _enter(page)
    assert page.evaluate("document.activeElement.matches('.error-summary')")
    _tab_to(page, ".error-summary a")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "contact"
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(ALICE_MAIL)
    alice.solve_picture()
    _enter(page)
    _tab_to(page, '[name="code"]')
    page.keyboard.type(alice.code())
    _enter(page)
    for name, value in (
        ("family_name", ALICE.family_name),
        ("given_names", ALICE.given_names),
        ("birth_date_0", "12"),
        ("birth_date_1", "4"),
        ("birth_date_2", "1990"),
        ("passport_number", ALICE.passport_number),
    ):
        _tab_to(page, f'[name="{name}"]')
        page.keyboard.type(value)
    _enter(page)
    _tab_to(page, "main .actions button")  # of the page with all answers
    _enter(page)
    _tab_to(page, ".times button")
    _enter(page)
    assert Booking.objects.get().state == Booking.State.HELD


def test_a_double_click_books_once(scene: Scene, page: Page) -> None:
    open_slots(scene.first_come, 6)
    alice = Applicant(page, ALICE_MAIL, "en")
    page.goto("/posts/dz-alg/passport/")
    alice.choose_language()
    alice.go_on()
    alice.give_contact()
    alice.fill_person(ALICE)
    alice.go_on()
    page.locator(".times button").first.dblclick(no_wait_after=True)
    page.wait_for_url("**/my/**")
    assert Booking.objects.count() == 1


def test_the_time_left_counts_down_beside_the_words_of_the_server(scene: Scene, page: Page) -> None:
    open_slots(scene.first_come, 6)
    alice = Applicant(page, ALICE_MAIL, "en")
    page.goto("/posts/dz-alg/passport/")
    alice.choose_language()
    alice.go_on()
    alice.give_contact()
    alice.fill_person(ALICE)
    alice.go_on()
    alice.press(".times button")
    timer = page.locator("[data-until]")
    expect(timer).to_have_text(re.compile(r"14:\d\d"))
    assert "min were left" in page.inner_text("main")


def test_the_code_and_the_confirmation_come_from_a_real_worker(scene: Scene, page: Page, real_worker: Worker) -> None:
    open_slots(scene.first_come, 6)

    def letters() -> list[str]:
        found = []
        for path in sorted(real_worker.mailbox.glob("*.log")):
            for part in re.split(rb"^-{79}\n", path.read_bytes(), flags=re.MULTILINE):
                if part.strip():
                    message = message_from_bytes(part.strip(), policy=policy.default)
                    attached = [item.get_filename() for item in message.iter_attachments()]
                    found.append(f"{message['Subject']} {attached}")
        return found

    alice = Applicant(page, ALICE_MAIL, "en")
    page.goto("/posts/dz-alg/passport/")
    alice.choose_language()
    alice.go_on()
    page.fill('[name="contact"]', ALICE_MAIL)
    alice.solve_picture()
    alice.go_on()
    wait_for(letters, 30, "the letter with the code")
    found = re.search(r"\b(\d{6})\b", letters()[0])
    assert found
    page.fill('[name="code"]', found.group(1))
    alice.go_on()
    alice.fill_person(ALICE)
    alice.go_on()
    alice.press(".times button")
    alice.pay_at_the_bank()
    reference = Request.objects.get().reference
    subject = Booking.objects.get().subject
    wait_for(lambda: payment_state(subject) == PaymentState.PAID, 30, "the bank's message")
    page.goto(f"/my/{reference}/paid/")
    expect(page.locator("h1")).to_have_text(CONFIRMED["en"])
    wait_for(lambda: any("confirmed" in letter for letter in letters()), 30, "the confirmation")
    confirmation = next(letter for letter in letters() if "confirmed" in letter)
    assert f"{reference}.pdf" in confirmation
    assert f"{reference}.ics" in confirmation
