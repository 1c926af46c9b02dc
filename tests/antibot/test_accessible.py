"""No fault that axe-core finds on the pages of antibot that people and staff meet rarely, on a narrow telephone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import Role
from antibot.actions.decide_case import notify
from antibot.actions.object_to_case import objection_path
from antibot.actions.publish_policy import publish_policy
from antibot.models import RadarCase
from tests.accounts.people import make_staff, signed_in
from tests.browser.test_accessible import RULES
from tests.cast import make_scene


def faults_of(page: Page, name: str) -> list[str]:
    """What axe finds on the page that is open, at 320 px."""
    page.set_viewport_size({"width": 320, "height": 640})
    found = Axe().run(page, options={"runOnly": RULES})
    return [f"{name}: {fault['id']}: {fault['nodes'][0]['html'][:150]}" for fault in found.response["violations"]]


def speak(page: Page, language: str, address: str) -> None:
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": address}])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_objecting(live_server: object, page: Page, language: str) -> None:
    now = timezone.now()
    case = RadarCase.objects.create(
        reference="STESTCASE1", fingerprint=b"f" * 32, post_key="dz-alg", score=80, identities=20,
        explanation=[{"signal": "session", "count": 20, "points": 40}], subjects=["request:X"],
        first_seen=now, last_seen=now, opened_at=now,
    )  # fmt: skip
    notify(case.pk, now)
    speak(page, language, live_server.url)  # type: ignore[attr-defined]
    faults = []
    page.goto(objection_path(case.reference, "request:X"))
    assert page.get_attribute("html", "lang") == language
    faults += faults_of(page, "objection")
    page.fill("textarea", "We are a family.")
    page.click("main form button")
    page.wait_for_selector(".success")
    faults += faults_of(page, "objection written")
    for path in ("/antibot/appeal/", "/against-traffic/"):
        page.goto(path)
        faults += faults_of(page, path)
    assert not faults, "\n".join(faults)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_policy_editor(live_server: object, page: Page, language: str) -> None:
    make_scene()
    made = publish_policy(
        scope_key="dz-alg", values={"sms": True}, author=None, reason="first", shadow=True, now=timezone.now()
    )
    head = make_staff(Role.HEAD, "dz-alg")
    type(head).objects.update(language=language)
    client = signed_in(head)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])  # type: ignore[attr-defined]
    speak(page, language, live_server.url)  # type: ignore[attr-defined]
    faults = []
    for name, path in (
        ("versions", "/admin/antibot/policyversion/"),
        ("one version", f"/admin/antibot/policyversion/{made.pk}/change/"),
        ("editor", "/admin/antibot/policyversion/add/?scope_key=dz-alg"),
        ("figures", "/admin/figures/"),
    ):
        page.goto(path)
        assert page.get_attribute("html", "lang") == language
        faults += faults_of(page, name)
    page.goto("/admin/antibot/policyversion/add/?scope_key=dz-alg")
    page.fill("[name=reason]", "To see")
    page.click("[name=_preview]")
    page.wait_for_selector("form h2 + p")
    faults += faults_of(page, "preview")
    assert not faults, "\n".join(faults)
