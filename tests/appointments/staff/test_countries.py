"""Countries are named in the reader's language on every page, whoever asked for the page first."""

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.models import Role
from tests.accounts.people import make_staff, signed_in
from tests.appointments.staff.scenes import other_post, scene_at_work, slots_near_now

pytestmark = pytest.mark.django_db
NAMES = {"fr": "Algérie", "en": "Algeria", "ar": "الجزائر"}
PAGES = (
    ("walk_in", ["dz-alg"]),
    ("desk_entry", ["dz-alg"]),
    ("days", []),
    ("desks", []),
    ("closings", []),
    ("appointments_post_changelist", []),
    ("accounts_user_add", []),
)


@pytest.mark.parametrize(("name", "arguments"), PAGES)
def test_a_country_has_its_name_in_the_reader_s_language(name: str, arguments: list[str]) -> None:
    slots_near_now(scene_at_work().first_come, 1, minutes=5)
    other_post()
    central = name.startswith(("accounts", "appointments"))
    client = signed_in(make_staff(Role.CENTRE) if central else make_staff(Role.HEAD, "dz-alg", "ma-rab"))
    for language, word in NAMES.items():
        client.cookies["django_language"] = language
        text = strip_tags(client.get(reverse(f"admin:{name}", args=arguments)).content.decode())
        assert word in text, language
        others = [NAMES[other] for other in NAMES if other != language]
        assert not [other for other in others if other in text], language
