"""No fault that axe-core finds (WCAG 2.2 AA and its best practices), on every page, in all languages and two widths."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page

from appointments.actions.holds import expire_holds
from appointments.models import Booking, Request
from tests.browser.applicant import Applicant
from tests.cast import ALICE, ALICE_MAIL, BOB, CHARLIE, Scene, open_slots

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = ((320, 640), (1280, 900))


class Auditor:
    """Looks at each page as it comes by."""

    def __init__(self, page: Page, language: str) -> None:
        self.page, self.language = page, language
        self.axe = Axe()
        self.faults: list[str] = []
        self.pages = 0
        self.checks = 0

    def look(self, name: str) -> None:
        """Audit the page that is open, narrow and wide."""
        self.pages += 1
        for width, height in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": height})
            found = self.axe.run(self.page, options={"runOnly": RULES})
            self.checks += len(found.response["passes"])
            for fault in found.response["violations"]:
                nodes = "; ".join(node["html"][:120] for node in fault["nodes"][:3])
                self.faults.append(f"{name} ({self.language}, {width}): {fault['id']}: {nodes}")
            if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                self.faults.append(f"{name} ({self.language}, {width}): scrolls sideways")
            small = self.page.evaluate(
                """() => [...document.querySelectorAll('.button, button, select, input:not([type=hidden])')]
                    .filter(e => e.offsetParent && !e.closest('.visually-hidden') && !e.matches('.visually-hidden'))
                    .map(e => [e.outerHTML.slice(0, 80), (e.closest('label') ?? e).getBoundingClientRect().height])
                    .filter(([, height]) => height < 43.5)"""
            )
            self.faults += [f"{name} ({self.language}, {width}): small target {html}" for html, _height in small]
        self.page.set_viewport_size({"width": 390, "height": 844})


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_no_page_has_a_fault_that_axe_finds(scene: Scene, page: Page, language: str) -> None:
    open_slots(scene.first_come, 6)
    alice = Applicant(page, ALICE_MAIL, language)
    auditor = Auditor(page, language)
    page.goto("/")
    alice.choose_language()
    _public(auditor)
    _drawn(alice, auditor)
    _first_come(alice, auditor)
    _refusals(auditor)
    print(f"axe {language}: {auditor.pages} pages, {auditor.checks} checks passed, {len(auditor.faults)} faults")  # noqa: T201 - a measure
    assert not auditor.faults, "\n".join(auditor.faults)


def _public(auditor: Auditor) -> None:
    for path in (
        "/",
        "/?q=zzz",
        "/posts/dz-alg/",
        "/posts/dz-alg/c-tour/",
        "/posts/dz-alg/passport/",
        "/posts/dz-alg/passport/slots/",
        "/posts/dz-alg/c-tour/slots/",
        "/help/",
        "/accessibility/",
        "/against-traffic/",
        "/my/",
        "/draws/",
        "/antibot/appeal/",
        "/nowhere/",
    ):
        auditor.page.goto(path)
        auditor.look(path)


def _drawn(alice: Applicant, auditor: Auditor) -> None:
    page = auditor.page
    page.goto("/posts/dz-alg/c-tour/")
    alice.go_on()
    auditor.look("contact")
    page.fill('[name="contact"]', "nonsense")
    alice.go_on()
    auditor.look("contact with a mistake")
    page.fill('[name="contact"]', alice.contact)
    alice.solve_picture()
    alice.go_on()
    auditor.look("code")
    page.fill('[name="code"]', "0")
    alice.go_on()
    auditor.look("code with a mistake")
    page.fill('[name="code"]', alice.code())
    alice.go_on()
    page.locator("details summary").first.click()
    auditor.look("person")
    alice.go_on()
    auditor.look("person with mistakes")
    alice.fill_person(ALICE, another=True)
    alice.fill_person(BOB)
    auditor.look("people")
    alice.go_on()
    auditor.look("wishes")
    page.fill('[name="last_day"]', "2020-01-01")
    alice.go_on()
    auditor.look("wishes with a mistake")
    page.fill('[name="last_day"]', (timezone.now() + timedelta(days=60)).date().isoformat())
    alice.go_on()
    auditor.look("check")
    alice.go_on()
    auditor.look("standing")
    alice.press('a[href$="/wishes/"] >> nth=1')
    auditor.look("other wishes")
    page.go_back()
    alice.press('a[href$="/withdraw/"]')
    auditor.look("withdraw")
    alice.go_on()
    auditor.look("withdrawn")
    page.goto("/my/")
    auditor.look("list")


def _first_come(alice: Applicant, auditor: Auditor) -> None:
    page = auditor.page
    page.goto("/posts/dz-alg/passport/")
    alice.go_on()
    page.fill('[name="contact"]', alice.contact)
    alice.solve_picture()
    alice.go_on()
    alice.fill_person(CHARLIE)
    auditor.look("check of first come")
    alice.go_on()
    auditor.look("slots")
    alice.press(".times button")
    auditor.look("held")
    alice.press('form[action$="/pay/"] button[value="voucher"]')
    auditor.look("pay")
    alice.press('button[name="how"]')
    auditor.look("the pretended bank")
    page.go_back()
    reference = Request.objects.get(service__category__identity_family="passport").reference
    page.goto(f"/my/{reference}/")
    alice.pay()
    page.goto(f"/my/{reference}/")
    auditor.look("confirmed")
    alice.press('a[href$="/cancel/"]')
    auditor.look("cancel")
    alice.let_a_minute_pass()
    alice.go_on()
    auditor.look("cancel with a code")
    page.fill('[name="code"]', alice.code())
    alice.go_on()
    auditor.look("cancelled")
    assert Booking.objects.get().state == Booking.State.CANCELLED
    assert expire_holds(timezone.now()) == 0


def _refusals(auditor: Auditor) -> None:
    for path in ("/my/0000-0000-0000/", "/apply/x/contact/"):
        auditor.page.goto(path)
        auditor.look(path)
