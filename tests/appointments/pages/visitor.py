"""A person without JavaScript: follows redirects, fills in forms, reads codes from letters."""

from __future__ import annotations

import re
from typing import Any

from captcha.models import CaptchaStore
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from antibot.models import SandboxNotice
from antibot.payments.sandbox import SIGNATURE_HEADER, sign
from appointments.domain.people import PersonData
from appointments.models import Draft, Request, Service
from mailroom.post import send_due


class Visitor:
    """One browser session."""

    def __init__(self, contact: str, language: str = "en") -> None:
        self.client = Client(headers={"accept-language": language})
        self.contact = contact
        self.draft = ""

    def get(self, path: str) -> HttpResponse:
        return self.client.get(path)  # type: ignore[return-value]

    def post(self, path: str, **data: Any) -> HttpResponse:
        return self.client.post(path, data)  # type: ignore[return-value]

    def step(self, name: str) -> str:
        """The address of a step of this visitor's draft."""
        return f"/apply/{self.draft}/{name}/"

    def begin(self, service: Service) -> None:
        answer = self.post(f"/posts/{service.post.key}/{service.slug}/apply/")
        assert answer.status_code == 302, answer.content.decode()
        self.draft = answer["Location"].split("/")[2]

    def challenge(self, path: str) -> dict[str, str]:
        """The key of the picture on a page, and its letters from where only a test can read them."""
        found = re.search(r'name="captcha_key" value="(\w+)"', self.get(path).content.decode())
        assert found
        letters = CaptchaStore.objects.get(hashkey=found.group(1)).challenge.partition(":")[0]
        return {"captcha_key": found.group(1), "captcha_answer": letters}

    def code(self) -> str:
        """The code of the newest letter."""
        send_due()
        mine = [letter for letter in mail.outbox if self.contact in letter.to]
        codes = [found.group(1) for letter in mine if (found := re.search(r"\b(\d{6})\b", str(letter.subject)))]
        assert codes, [letter.subject for letter in mail.outbox]
        return codes[-1]

    def prove_contact(self) -> None:
        """Address, picture, code."""
        page = self.step("contact")
        answer = self.post(page, contact=self.contact, **self.challenge(page))
        if answer["Location"] == self.step("code"):
            answer = self.post(self.step("code"), code=self.code())
        assert answer.status_code == 302, answer.content.decode()

    def enter(self, person: PersonData, number: int = 1, /, **other: str) -> HttpResponse:
        """One person's page; `other` replaces what would be typed."""
        typed: dict[str, Any] = {
            "family_name": person.family_name,
            "given_names": person.given_names,
            "birth_date_0": person.birth_date.day,
            "birth_date_1": person.birth_date.month,
            "birth_date_2": person.birth_date.year,
            "nationality": person.nationality,
            "passport_country": person.passport_country,
            "passport_number": person.passport_number,
        }
        return self.post(f"/apply/{self.draft}/people/{number}/", **(typed | other))

    def wishes(self, **other: Any) -> HttpResponse:
        """The page of wishes as it is offered."""
        found = re.findall(
            r'name="(first_day|last_day)" value="([\d-]+)"', self.get(self.step("wishes")).content.decode()
        )
        typed: dict[str, Any] = {**dict(found), "weekdays": [0, 1, 2, 3, 4, 5, 6], "earliest": "", "latest": ""}
        return self.post(self.step("wishes"), **(typed | other))

    def ready(self, service: Service, *people: PersonData) -> None:
        """Everything up to the page with all answers."""
        self.begin(service)
        self.prove_contact()
        for number, person in enumerate(people, start=1):
            assert self.enter(person, number).status_code == 302

    def ask(self, service: Service, *people: PersonData) -> Request:
        """A standing request in a drawn service."""
        self.ready(service, *people)
        assert self.wishes().status_code == 302
        answer = self.post(self.step("check"))
        assert answer.status_code == 302, answer.content.decode()
        return Request.objects.get(reference=answer["Location"].split("/")[2])

    def hold(self, service: Service, slot_id: int, *people: PersonData) -> Request:
        """A held slot in a first-come service."""
        self.ready(service, *people)
        answer = self.post(self.step("slots"), slot=slot_id)
        assert answer.status_code == 302, answer.content.decode()
        return Request.objects.get(reference=answer["Location"].split("/")[2])

    def bank_tells(self) -> None:
        """The signed messages that the pretended bank owes, delivered to our own address."""
        now = timezone.now()
        for notice in SandboxNotice.objects.filter(delivered_at__isnull=True):
            body = notice.body.encode()
            signed = {SIGNATURE_HEADER: sign(body, int(now.timestamp()))}
            answer = Client().post("/antibot/webhook/sandbox/", body, content_type="application/json", headers=signed)
            assert answer.status_code == 200, answer.content.decode()

    def kept(self) -> dict[str, Any]:
        """What the draft holds."""
        payload: dict[str, Any] = Draft.objects.get(public_id=self.draft).payload
        return payload
