"""The challenge in a real browser: proof in the background, another picture in place, nothing against the CSP."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from antibot.models import Appeal
from tests.antibot.conftest import digits_of, letters_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

PAGE = "/antibot/appeal/"


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console says of errors and of the content security policy."""
    said: list[str] = []
    page.on("console", lambda entry: said.append(entry.text) if entry.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def proof_of(page: Page) -> dict:
    expect(page.locator("[data-proof]")).not_to_have_value("", timeout=60_000)
    return json.loads(base64.b64decode(page.input_value("[data-proof]")))


def test_proof_picture_and_sending(page: Page, complaints: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from antibot.challenges import forms
    from antibot.challenges.proof import Proof

    seen: list[Proof] = []
    real = forms.check_proof
    monkeypatch.setattr(forms, "check_proof", lambda *args: seen.append(real(*args)) or seen[-1])
    page.goto(PAGE)
    proof = proof_of(page)
    assert proof["solution"]["derivedKey"].startswith(proof["challenge"]["parameters"]["keyPrefix"])
    first = page.input_value("[data-captcha-key]")
    page.fill("[name=text]", "Bonjour")
    page.click("[data-captcha-refresh]")
    expect(page.locator("[data-captcha-key]")).not_to_have_value(first)
    assert page.input_value("[name=text]") == "Bonjour"
    expect(page.locator("[data-captcha-image]")).to_have_js_property("naturalWidth", 260)
    page.fill("[name=captcha_answer]", letters_of(page.input_value("[data-captcha-key]")).lower())
    page.click("main form button.button:not(.second)")
    page.wait_for_selector(".ticket")
    assert Appeal.objects.count() == 1
    assert seen == [Proof.GIVEN]
    assert complaints == []


def test_the_sound_plays_in_the_page(page: Page, complaints: list[str]) -> None:
    page.goto(PAGE)
    page.click("[data-captcha-audio]")
    expect(page.locator("[data-captcha-player]")).to_have_js_property("readyState", 4)
    assert page.eval_on_selector("[data-captcha-player]", "player => player.duration") > 4
    page.fill("[name=text]", "Bonjour")
    page.fill("[name=captcha_answer]", digits_of(page.input_value("[data-captcha-key]")))
    page.click("main form button.button:not(.second)")
    page.wait_for_selector(".ticket")
    assert complaints == []


def test_without_javascript_the_button_gives_another_picture_and_keeps_what_was_typed(
    browser: Browser, live_server: LiveServer
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(PAGE)
    first = page.input_value("[name=captcha_key]")
    page.fill("[name=text]", "Bonjour")
    page.click("[data-captcha-refresh]")
    assert page.input_value("[name=captcha_key]") != first
    assert page.input_value("[name=text]") == "Bonjour"
    page.fill("[name=captcha_answer]", letters_of(page.input_value("[name=captcha_key]")))
    page.click("main form button.button:not(.second)")
    assert page.locator(".ticket").count() == 1
    context.close()
