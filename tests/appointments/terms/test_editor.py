"""The editor of terms by HTTP: preview, a new version, one click back, and who may."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Role
from appointments.models import Service
from appointments.terms.versions import values_of
from tests.accounts.people import make_staff, signed_in
from tests.cast import Scene, change_terms, make_service, open_slots

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/policies/dz-alg/c-tour/terms/"


def data(scene: Scene, **changes: Any) -> dict[str, Any]:
    values = {name: "" if value is None else value for name, value in values_of(scene.drawn).items()}
    values = {name: value for name, value in values.items() if value is not False}  # a box that is not ticked
    return values | {"based_on": scene.drawn.terms.latest().version, "reason": "fairer"} | changes


def head(*posts: str) -> Any:
    client = signed_in(make_staff(Role.HEAD, *posts))
    client.cookies["django_language"] = "en"
    return client


def test_a_preview_saves_nothing(scene: Scene) -> None:
    page = head("dz-alg").post(ADDRESS, data(scene, payment_deadline_hours=12, preview="1")).content.decode()
    assert "What these values would have meant" in page
    assert "Nothing is saved yet" in page
    assert scene.drawn.terms.count() == 1


def test_a_new_version_asks_why(scene: Scene) -> None:
    client = head("dz-alg")
    page = client.post(ADDRESS, data(scene, payment_deadline_hours=12, save="1", reason=" ")).content.decode()
    assert "Say in a sentence why" in page
    assert client.post(ADDRESS, data(scene, payment_deadline_hours=12, save="1")).status_code == 302
    saved = scene.drawn.terms.latest()
    assert (saved.version, saved.author, saved.reason) == (2, "hélène", "fairer")
    assert Service.objects.get(pk=scene.drawn.pk).payment_deadline_hours == 12


def test_one_click_brings_an_earlier_version_back(scene: Scene) -> None:
    change_terms(scene.drawn, payment_deadline_hours=12, cooling_off_days=30)
    client = head("dz-alg")
    assert "Back to version 1" in client.get(ADDRESS).content.decode()
    assert client.post(ADDRESS, {"again": "1", "based_on": "2"}).status_code == 302
    row = Service.objects.get(pk=scene.drawn.pk)
    assert (row.payment_deadline_hours, row.cooling_off_days) == (72, 7)
    saved = scene.drawn.terms.latest()
    assert saved.version == 3
    assert "version 1" in saved.reason
    for nonsense in ("9", "x", "٣", "-1", "9" * 30):
        assert client.post(ADDRESS, {"again": nonsense}).status_code == 404


def test_a_version_saved_in_the_meantime_is_looked_at_first(scene: Scene) -> None:
    form = data(scene, save="1", cooling_off_days=1)
    change_terms(scene.drawn, cooling_off_days=30)
    assert "in the meantime" in head("dz-alg").post(ADDRESS, form).content.decode()
    assert Service.objects.get(pk=scene.drawn.pk).cooling_off_days == 30


def test_going_back_over_a_version_that_was_not_shown_is_refused_and_shows_it(scene: Scene) -> None:
    change_terms(scene.drawn, cooling_off_days=20)
    client = head("dz-alg")
    page = client.get(ADDRESS).content.decode()
    seen = dict(re.findall(r'name="(based_on|again)" value="(\d+)"', page[page.index(">Versions<") :]))
    assert seen == {"based_on": "2", "again": "1"}
    change_terms(scene.drawn, cooling_off_days=30)
    page = client.post(ADDRESS, seen, follow=True).content.decode()
    assert "in the meantime" in page
    assert "Back to version 2" in page  # the third is in force
    assert Service.objects.get(pk=scene.drawn.pk).cooling_off_days == 30


def test_a_version_from_before_a_limit_does_not_come_back(scene: Scene) -> None:
    old = make_service(scene.drawn.post, "windowed", code="OLD", cooling_off_days=91)
    change_terms(old, cooling_off_days=90)
    page = (
        head("dz-alg")
        .post("/admin/policies/dz-alg/old/terms/", {"again": "1", "based_on": "2"}, follow=True)
        .content.decode()
    )
    assert "These values are outside the limits" in page
    assert "in the meantime" not in page
    assert Service.objects.get(pk=old.pk).cooling_off_days == 90


@pytest.mark.parametrize(
    "values", [{"payment_deadline_hours": 73}, {"hold_minutes": 4}, {"largest_group": 0}, {"cooling_off_days": "x"}]
)
def test_values_out_of_reach_are_refused_at_their_field(scene: Scene, values: dict[str, Any]) -> None:
    page = head("dz-alg").post(ADDRESS, data(scene, save="1", **values)).content.decode()
    assert 'class="errorlist"' in page
    assert scene.drawn.terms.count() == 1


@pytest.mark.parametrize(
    ("role", "posts"),
    [(Role.AGENT, ["dz-alg"]), (Role.OFFICER, ["dz-alg"]), (Role.HEAD, ["ma-rab"]), (Role.AUDITOR, [])],
)
def test_others_may_not(scene: Scene, role: str, posts: list[str]) -> None:
    client = signed_in(make_staff(role, *posts))
    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, data(scene, save="1", cooling_off_days=1)).status_code == 403
    assert client.post(ADDRESS, {"again": "1"}).status_code == 403
    assert scene.drawn.terms.count() == 1


def test_the_second_factor_is_asked_again(scene: Scene) -> None:
    client = signed_in(make_staff(Role.HEAD, "dz-alg"), fresh=False)
    answer = client.post(ADDRESS, data(scene, save="1", cooling_off_days=1))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:two_factor"))
    assert scene.drawn.terms.count() == 1


def test_the_service_page_shows_terms_and_leads_to_them(scene: Scene) -> None:
    client = signed_in(make_staff(Role.CENTRE))
    client.cookies["django_language"] = "en"
    page = client.get(reverse("admin:appointments_service_change", args=[scene.drawn.pk])).content.decode()
    assert f'href="{ADDRESS}"' in page
    assert 'name="payment_deadline_hours"' not in page
    assert f'href="{ADDRESS}"' in client.get("/admin/policies/").content.decode()


def test_the_page_costs_the_same_however_many_versions_there_are(
    scene: Scene, django_assert_max_num_queries: Any
) -> None:
    client = head("dz-alg")
    for days in range(3, 23):
        change_terms(scene.drawn, cooling_off_days=days)
    client.get(ADDRESS)
    with django_assert_max_num_queries(24):
        assert "Back to version 12" in client.get(ADDRESS).content.decode()


def test_applicants_read_the_new_terms_on_the_page_of_the_service(scene: Scene) -> None:
    open_slots(scene.drawn, 1)
    change_terms(scene.drawn, payment_deadline_hours=13)
    page = head("dz-alg").get("/posts/dz-alg/c-tour/").content.decode()
    assert re.search(r"within\D*13\D* hours", page)
