"""One visitor's browser: the real addresses, forms and tokens of the application, through Django's test client."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from captcha.models import CaptchaStore
from django.http import HttpResponse
from django.test import Client

from antibot.actions.send_code import contact_index
from antibot.models import OneTimeCode, SandboxNotice
from antibot.payments.sandbox import SIGNATURE_HEADER, sign
from appointments.domain.people import PersonData
from lab.clock import Clock
from lab.ledger import Account
from mailroom.models import Letter

_KEY = re.compile(rb'name="captcha_key" value="(\w+)"')
_ASKED = b'name="captcha_key"'
_SLOT = re.compile(rb'name="slot" value="(\d+)"')
_TOKEN = "c" * 32  # cookie and field have to agree; both are the browser's own
WRONG_LETTERS = "WRONG"


class HeldBackError(Exception):
    """The application asked this visitor to wait; `blocked` where the network is blocked."""

    def __init__(self, seconds: int, *, blocked: bool) -> None:
        """`seconds` are those of the header Retry-After."""
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds
        self.blocked = blocked


class LostError(Exception):
    """The way ended at another page than expected: a refusal, or a step that has to be done again."""

    def __init__(self, where: str, answer: HttpResponse) -> None:
        """`where` is what was tried."""
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode(errors="replace")))
        found = text.partition("<main")[2] or text
        super().__init__(f"{where}: {answer.status_code} {answer.get('Location', '')} {found[:300]}")
        self.status = answer.status_code
        self.refused = answer.status_code in {404, 409}


@dataclass(frozen=True)
class Traveller:
    """Who a browser applies for."""

    people: tuple[PersonData, ...]
    mail: str


class Browser:
    """One session at one address. What it sends is written into `account`."""

    def __init__(self, clock: Clock, account: Account, address: str, service_path: str) -> None:
        """`service_path` is the address of the service's page."""
        self.clock, self.account, self.service_path = clock, account, service_path
        self.client = Client(enforce_csrf_checks=True, REMOTE_ADDR=address, headers={"accept-language": "fr"})
        self.client.cookies["csrf"] = _TOKEN
        self.draft = ""
        self.proved_until = -1.0

    def _send(self, method: str, path: str, data: Any = None, **more: Any) -> HttpResponse:
        self.clock.tell_database()
        began = time.process_time()
        answer: HttpResponse = getattr(self.client, method)(path, data, **more)
        self.account.cpu_sent += time.process_time() - began
        self.account.sent += 1
        if answer.status_code == 429:
            blocked = b"/antibot/appeal" in answer.content
            self.account.counts["blocked" if blocked else "held_back"] += 1
            raise HeldBackError(int(answer.get("Retry-After", "60")), blocked=blocked)
        return answer

    def get(self, path: str) -> HttpResponse:
        """Look at a page. Raises HeldBackError."""
        return self._send("get", path)

    def post(self, path: str, **data: Any) -> HttpResponse:
        """Send a form. Raises HeldBackError."""
        typed = urlencode({"csrfmiddlewaretoken": _TOKEN, **data}, doseq=True)
        return self._send("post", path, typed, content_type="application/x-www-form-urlencoded")

    def step(self, name: str) -> str:
        """The address of a step of this browser's draft."""
        return f"/apply/{self.draft}/{name}/"

    def _moved(self, where: str, answer: HttpResponse) -> str:
        if answer.status_code != 302:
            raise LostError(where, answer)
        return str(answer["Location"])

    def begin(self) -> None:
        """Start an application."""
        self.draft = self._moved("begin", self.post(f"{self.service_path}apply/")).split("/")[2]

    def picture(self, path: str) -> tuple[str, str]:
        """The key of the picture on a page, and its letters, which only a laboratory can look up.

        Both are empty where the policy asks for no picture.
        """
        page = self.get(path).content
        if _ASKED not in page:
            return "", ""
        found = _KEY.search(page)
        if found is None:
            raise HeldBackError(60, blocked=False)  # above the cap of pictures the page shows none
        key = found[1].decode()
        return key, CaptchaStore.objects.get(hashkey=key).challenge.partition(":")[0]

    def ask_code(self, mail: str, *, right: bool, proof: str = "") -> bool:
        """Address and picture, as seen or as misread; whether a code is on its way (or not needed any more)."""
        page = self.step("contact")
        key, letters = self.picture(page)
        answer = self.post(
            page,
            contact=mail,
            captcha_key=key,
            captcha_answer=letters if right else WRONG_LETTERS,
            captcha_proof=proof,
        )
        return answer.status_code == 302

    def give_code(self, mail: str, *, right: bool = True) -> bool:
        """The code of the newest letter, or a mistyped one; whether it was accepted."""
        answer = self.post(self.step("code"), code=code_of(mail) if right else "000000")
        if answer.status_code == 302:
            self.proved_until = self.clock.seconds + 1790
        return answer.status_code == 302

    def enter(self, person: PersonData, number: int) -> None:
        """One person's page."""
        typed = {
            "family_name": person.family_name,
            "given_names": person.given_names,
            "birth_date_0": person.birth_date.day,
            "birth_date_1": person.birth_date.month,
            "birth_date_2": person.birth_date.year,
            "nationality": person.nationality,
            "passport_country": person.passport_country,
            "passport_number": person.passport_number,
        }
        self._moved("person", self.post(f"/apply/{self.draft}/people/{number}/", **typed))

    def wish(self, first_day: str, last_day: str) -> None:
        """Any day and hour between two dates, every working day of the post."""
        days = {"first_day": first_day, "last_day": last_day, "weekdays": [0, 1, 2, 3, 6]}
        self._moved("wishes", self.post(self.step("wishes"), earliest="", latest="", **days))

    def send(self) -> str:
        """Send the request off; its reference. Raises LostError where it is refused."""
        return self._moved("check", self.post(self.step("check"))).split("/")[2]

    def open_times(self) -> list[int]:
        """The open times of the draft's page, earliest first, as slot ids."""
        return [int(number) for number in _SLOT.findall(self.get(self.step("slots")).content)]

    def hold(self, slot: int) -> str | None:
        """Hold a time; the reference, or None where somebody was faster. Raises LostError for other refusals."""
        answer = self.post(self.step("slots"), slot=slot)
        if answer.status_code == 409:
            return None
        return self._moved("hold", answer).split("/")[2]

    def pay(self, reference: str) -> bool:
        """Pay at the bank's page; the bank tells us at once. Whether the booking is confirmed."""
        page = f"/my/{reference}/"
        answer = self.post(f"{page}pay/", how="card")  # the button of the page
        if answer.status_code != 302:
            return False
        bank = str(answer["Location"])
        if bank == page:
            return True  # nothing to pay
        if bank.startswith("/antibot/pay/"):  # something has to be read first
            bank = self._moved("way to pay", self.post(bank, how="card"))
        self._moved("bank", self.post(bank, act="pay"))
        self._bank_tells()
        self._moved("paid", self.get(f"{page}paid/"))
        self.account.counts["payments"] += 1
        return True

    def _bank_tells(self) -> None:
        at = int(self.clock.now.timestamp())
        for notice in SandboxNotice.objects.filter(delivered_at__isnull=True):
            body = notice.body.encode()
            signed = {SIGNATURE_HEADER: sign(body, at)}
            answer = Client().post("/antibot/webhook/sandbox/", body, content_type="application/json", headers=signed)
            if answer.status_code == 200:
                SandboxNotice.objects.filter(pk=notice.pk).update(delivered_at=self.clock.now)

    def sign_in(self, mail: str, *, right: bool = True) -> bool:
        """Prove an address to see one's requests; whether it was proved."""
        if self.clock.seconds < self.proved_until:
            return True
        key, letters = self.picture("/my/")
        typed = {"captcha_key": key, "captcha_answer": letters if right else WRONG_LETTERS}
        if self.post("/my/", contact=mail, **typed).status_code != 302:
            return False
        if self.post("/my/code/", code=code_of(mail)).status_code != 302:
            return False
        self.proved_until = self.clock.seconds + 1790
        return True

    def cancel(self, reference: str, mail: str) -> bool:
        """Cancel with a fresh code; whether it was cancelled."""
        page = f"/my/{reference}/cancel/"
        self.post(page)
        return self.post(page, code=code_of(mail)).status_code == 302

    def withdraw(self, reference: str) -> bool:
        """Withdraw a standing request."""
        return self.post(f"/my/{reference}/withdraw/").status_code == 302


def code_of(mail: str) -> str:
    """The newest code that was sent to an address, from the letter that waits for it in the outbox."""
    row = OneTimeCode.objects.filter(contact_index=contact_index(mail)).order_by("-created_at", "-pk").first()
    letter = row and Letter.objects.filter(kind="one_time_code", subject_key=str(row.pk)).first()
    return str(letter.payload["code"]) if letter and letter.payload else "000000"
