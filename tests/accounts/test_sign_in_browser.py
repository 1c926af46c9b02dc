"""Signing in as a new member of staff does it: password, enrolment with the key on the page, codes, first page."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from django_otp.oath import totp

from accounts.models import Role
from tests.accounts.people import PASSWORD, make_staff

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.mark.django_db(transaction=True)
def test_a_new_member_of_staff_gets_in(page: Page) -> None:
    make_staff(Role.OFFICER, "dz-alg")
    page.goto("/admin/")
    page.get_by_role("textbox").first.fill("omar")
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/two-factor/enrol/**")
    secret = page.locator("#secret").inner_text()
    code = f"{totp(base64.b32decode(secret)):06}"
    page.locator("input[name=token]").fill(code)
    page.keyboard.press("Enter")
    page.wait_for_selector("#codes")
    assert page.locator("#codes li").count() == 10
    page.locator("main a.button").last.click()
    page.wait_for_url("**/admin/")
    assert page.locator("a[href='/admin/day/']").count() >= 1
