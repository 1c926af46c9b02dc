"""More of the matrix: actions, popups, rows that move, and every table after an auditor pressed everything."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from django.test import RequestFactory
from django.urls import reverse

from accounts.models import PostScope, Role
from accounts.site import staff_site
from appointments.models import Break, Closure, Holiday, Post, TrafficReport
from tests.accounts.matrix_addresses import FOREIGN, LOCAL_ROLES, OWN, PUBLIC, REFUSED, addresses, leaks_in
from tests.accounts.matrix_world import World
from tests.accounts.people import make_staff, signed_in

pytestmark = pytest.mark.django_db
# One's own traces: that somebody looked, is signed in, and made recovery codes.
OF_THE_READER = {
    "accounts_accessrecord", "accounts_authenticator", "accounts_signin", "django_session", "otp_static_staticdevice",
    "otp_static_statictoken", "otp_totp_totpdevice", "pghistory_context",
}  # fmt: skip


def fingerprints() -> dict[str, str]:
    """Every table of the database by what it holds."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in OF_THE_READER:
                name = connection.ops.quote_name(table)
                cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {name} t")
                found[table] = cursor.fetchone()[0]
    return found


def base_of(model: type[models.Model]) -> str:
    """The start of the names of a model's addresses."""
    return f"admin:{model._meta.app_label}_{model._meta.model_name}"


def actions_of(model: type[models.Model], user: Any) -> list[str]:
    """Every action of a model, whether this person is offered it or not."""
    request = RequestFactory().get("/")
    request.user = user
    named = [
        action if isinstance(action, str) else action.__name__ for action in staff_site._registry[model].actions or ()
    ]
    return sorted({*named, *staff_site._registry[model].get_actions(request), "delete_selected"})


@pytest.mark.parametrize("role", LOCAL_ROLES)
def test_no_action_and_no_popup_reaches_another_posts_row(world: World, role: str) -> None:
    user = make_staff(role, OWN)
    client = signed_in(user)
    before, faults, tried = fingerprints(), [], 0
    for model, row in world.rows[FOREIGN].items():
        if model not in staff_site._registry:
            continue
        base = base_of(model)
        for action in actions_of(model, user):
            data = {"action": action, "_selected_action": [row.pk], "select_across": "1", "post": "yes", "index": "0"}
            data["_selected_action"] = [row.pk]
            for across in ("0", "1"):
                # Across everything means everything that the person sees: rows of their own post may then be meant.
                if across == "1" and world.rows[OWN].get(model) is not None:
                    continue
                answer = client.post(reverse(f"{base}_changelist"), data | {"select_across": across})
                tried += 1
                if answer.status_code >= 500 or leaks_in(answer):
                    faults.append((role, model, action, answer.status_code))
        for name in ("change", "delete", "history"):
            address = reverse(f"{base}_{name}", args=[row.pk]) + "?_popup=1&_to_field=id"
            for answer in (client.get(address), client.post(address, {"_popup": "1", "post": "yes"})):
                tried += 1
                if answer.status_code not in REFUSED or leaks_in(answer):
                    faults.append((role, address, answer.status_code))
        answer = client.get(reverse(f"{base}_changelist") + "?_popup=1&_to_field=id")
        if answer.status_code >= 500 or leaks_in(answer):
            faults.append((role, model, "popup", answer.status_code))
    assert not faults, "\n".join(map(str, faults))
    assert tried > 60
    assert fingerprints() == before


def test_an_auditor_who_presses_everything_changes_no_table(world: World) -> None:
    user = make_staff(Role.AUDITOR)
    client = signed_in(user)
    before, pressed = fingerprints(), 0
    for whose in (OWN, FOREIGN):
        for address in addresses():
            arguments = world.arguments(address, whose)
            if arguments is None or address.name in PUBLIC | {"logout", "password_change"}:
                continue
            path = reverse(f"admin:{address.name}", kwargs=arguments)
            for data in ({"mark": "1:match", "counter": "1"}, {"post": "yes", "reason": "x", "_save": "1"}):
                answer = client.post(path, data)
                pressed += 1
                assert answer.status_code < 500, path
        for model, row in world.rows[whose].items():
            if model in staff_site._registry:
                for action in actions_of(model, user):
                    data = {"action": action, "_selected_action": [row.pk], "post": "yes"}
                    client.post(reverse(f"{base_of(model)}_changelist"), data)
                    pressed += 1
    after = fingerprints()
    assert [table for table in after if after[table] != before[table]] == []
    assert pressed > 400


@pytest.mark.parametrize("model", [Break, Closure, Holiday, TrafficReport])
def test_a_row_that_moves_to_another_post_disappears(world: World, model: type[models.Model]) -> None:
    client = signed_in(make_staff(Role.HEAD, OWN))
    row = world.rows[OWN][model]
    page, rows = reverse(f"{base_of(model)}_change", args=[row.pk]), reverse(f"{base_of(model)}_changelist")
    assert client.get(page).status_code == 200
    assert f"/{row.pk}/change/" in client.get(rows).content.decode()
    model._default_manager.filter(post__key=FOREIGN).delete()  # a post has a holiday once a day
    model._default_manager.filter(pk=row.pk).update(post=Post.objects.get(key=FOREIGN))
    assert client.get(page).status_code == 302
    assert client.post(page, {"_save": "1"}).status_code == 302
    assert f"/{row.pk}/change/" not in client.get(rows).content.decode()


def test_somebody_who_moves_to_another_post_leaves_everything_behind(world: World) -> None:
    user = make_staff(Role.HEAD, OWN)
    client = signed_in(user)
    board = reverse("admin:day_board", args=[OWN])
    assert client.get(board).status_code == 200
    PostScope.objects.filter(user=user).update(post_key=FOREIGN)
    assert client.get(board).status_code == 403
    for model, row in world.rows[OWN].items():
        if model in staff_site._registry and row != world.rows[FOREIGN].get(model):
            assert client.get(reverse(f"{base_of(model)}_change", args=[row.pk])).status_code in REFUSED, model
