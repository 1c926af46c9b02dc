"""A person with a browser: finds buttons by what they do, reads codes from letters, pictures from the table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from captcha.models import CaptchaStore
from django.conf import settings
from django.core import mail
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Page

from antibot.models import OneTimeCode
from antibot.tasks import move_money
from appointments.actions.payments import take_payment_events
from appointments.domain.people import PersonData
from mailroom.post import send_due

PICTURES = Path(settings.BASE_DIR) / "test-results"


@dataclass
class Applicant:
    """Fills in pages like somebody who reads them. Names of fields are looked up, never positions."""

    page: Page
    contact: str
    language: str = "fr"
    seen: list[str] = field(default_factory=list)

    def press(self, selector: str) -> None:
        """Press a button or link and wait for the page that follows."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.locator(selector).first.click()

    def go_on(self) -> None:
        """Press the button that goes on: the first visible one of the page's main form."""
        self.press("main .actions button >> visible=true")

    def choose_language(self) -> None:
        """By the link at the top of the page."""
        self.press(f'.languages a[hreflang="{self.language}"]')

    def solve_picture(self) -> None:
        """Read the letters where only the test can: in the table of challenges."""
        key = self.page.locator('[name="captcha_key"]').input_value()
        letters = CaptchaStore.objects.get(hashkey=key).challenge.partition(":")[0]
        self.page.fill('[name="captcha_answer"]', letters)

    def code(self) -> str:
        """The code of the newest letter to this address."""
        send_due()
        letters = [letter for letter in mail.outbox if self.contact in letter.to]
        codes = [found.group(1) for letter in letters if (found := re.search(r"\b(\d{6})\b", str(letter.subject)))]
        assert codes, [letter.subject for letter in mail.outbox]
        return codes[-1]

    def give_contact(self) -> None:
        """Address, picture, code."""
        self.page.fill('[name="contact"]', self.contact)
        self.solve_picture()
        self.go_on()
        self.page.fill('[name="code"]', self.code())
        self.go_on()

    def fill_person(self, person: PersonData, born: date | None = None, *, another: bool = False) -> None:
        """One person's page; `another` goes on to the page of the next one."""
        born = born or person.birth_date
        self.page.fill('[name="family_name"]', person.family_name)
        self.page.fill('[name="given_names"]', person.given_names)
        for part, value in enumerate((born.day, born.month, born.year)):
            self.page.fill(f'[name="birth_date_{part}"]', str(value))
        self.page.select_option('[name="nationality"]', person.nationality)
        self.page.select_option('[name="passport_country"]', person.passport_country)
        self.page.fill('[name="passport_number"]', person.passport_number)
        if another:
            self.press('button[name="another"]')
        else:
            self.go_on()

    def pay(self) -> None:
        """Through the hosted page of the pretended bank, and what a worker would do then."""
        self.pay_at_the_bank()
        move_money()
        take_payment_events(timezone.now())

    def pay_at_the_bank(self) -> None:
        """Through the hosted page of the pretended bank."""
        self.press('form[action$="/pay/"] button')
        self.press('button[name="act"][value="pay"]')

    def let_a_minute_pass(self) -> None:
        """Codes are sent a minute apart: move those already sent back instead of waiting."""
        OneTimeCode.objects.update(created_at=F("created_at") - timedelta(minutes=2))

    def path(self) -> str:
        """Where the browser is."""
        return self.page.url.split("/", 3)[3]

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page under test-results/, for people to look at."""
        PICTURES.mkdir(exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
