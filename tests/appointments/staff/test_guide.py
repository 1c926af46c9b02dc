"""The guide says the same in three languages, with the interface's own words, and helps on every page."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.models import Role
from accounts.site import staff_site
from appointments.staff.guide_pages import FILES, TASK_OF_PAGE, tasks_in
from tests.accounts.people import make_staff, signed_in

BOLD, PICTURE = re.compile(r"\*\*(.+?)\*\*"), re.compile(r"static/img/staff/(\w+)/([a-z-]+)\.png")
LANGUAGES = [name for name in FILES if name != "en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_tasks_pictures_and_tables_agree(language: str) -> None:
    for original, other in zip(tasks_in("en").values(), tasks_in(language).values(), strict=True):
        assert other.name == original.name
        assert other.title != original.title
        assert [name for _, name in PICTURE.findall(other.text)] == [n for _, n in PICTURE.findall(original.text)]
        assert {folder for folder, _ in PICTURE.findall(other.text)} <= {language}
        assert other.text.count("\n|") == original.text.count("\n|"), original.name
        assert len(re.split(r"\n{2,}", other.text)) == len(re.split(r"\n{2,}", original.text)), original.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_and_pages_are_called_what_they_are_called(language: str) -> None:
    for original, other in zip(tasks_in("en").values(), tasks_in(language).values(), strict=True):
        with override(language):
            wanted = [gettext(word) for word in BOLD.findall(original.text)]
        assert BOLD.findall(other.text) == wanted, original.name


def test_every_picture_exists_in_every_language() -> None:
    for language in FILES:
        pictures = [path for task in tasks_in(language).values() for path in PICTURE.findall(task.text)]
        assert len(pictures) >= 8
        folder = Path(settings.BASE_DIR) / "static" / "img" / "staff"
        assert [name for name in pictures if not (folder / name[0] / f"{name[1]}.png").exists()] == []


def test_every_page_of_the_counter_has_its_task() -> None:
    ours = {page.name for page in staff_site.pages if page.view.__module__.startswith("appointments.")}
    ours |= {page.name for page in staff_site.pages if page.route.startswith(("day/", "desk/", "closing/"))}
    assert ours - set(TASK_OF_PAGE) == set()
    assert {task for task in TASK_OF_PAGE.values() if task} <= set(tasks_in("en"))


@pytest.mark.django_db
@pytest.mark.parametrize("language", list(FILES))
def test_the_guide_speaks_the_language_of_the_reader(language: str) -> None:
    client = signed_in(make_staff(Role.AGENT, "dz-alg"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    page = client.get(reverse("admin:staff_guide")).content.decode()
    for task in tasks_in(language).values():
        address = reverse("admin:staff_guide_task", args=[task.name])
        assert f'<a href="{address}">' in page
        shown = client.get(address).content.decode()
        assert "**" not in shown
        assert "](" not in shown
    assert tasks_in(language)["close"].title in page
    assert client.get(reverse("admin:staff_guide_task", args=["nothing"])).status_code == 404


@pytest.mark.django_db
def test_each_page_leads_to_its_own_task() -> None:
    client = signed_in(make_staff(Role.HEAD, "dz-alg"))
    for page, task in (("figures", "figures"), ("history", "history"), ("profile", "account"), ("index", "start-day")):
        answer = client.get(reverse(f"admin:{page}")).content.decode()
        assert f'class="help-link" href="{reverse("admin:staff_guide_task", args=[task])}"' in answer
