"""Every address of the admin × every role × own and another post's rows, generated from the addresses themselves.

A new view is tested the moment it has an address. A view with an argument that this test does not know fails it: then
`World.arguments()` has to learn what the argument means.
"""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from accounts.site import ScopedModelAdmin, staff_site
from tests.accounts.matrix_addresses import (
    FOREIGN,
    LOCAL_ROLES,
    OWN,
    PUBLIC,
    REFUSED,
    addresses,
    ask,
    leaks_in,
    names_foreign,
)
from tests.accounts.matrix_world import World
from tests.accounts.people import make_staff, signed_in

pytestmark = pytest.mark.django_db


def test_every_model_of_the_archive_has_rows_of_both_posts_or_belongs_to_none(world: World) -> None:
    """So that no address of the archive goes untried for want of an object."""
    for model, admin in staff_site._registry.items():
        if model._meta.app_label == "archives" and admin.post_key_path is not None:
            own, foreign = world.rows[OWN].get(model), world.rows[FOREIGN].get(model)
            assert own is not None, model
            assert foreign is not None, model
            assert own.pk != foreign.pk, model
    for address in addresses():
        if address.name.startswith(("archives_", "copy_")):
            central = address.model is not None and staff_site._registry[address.model].post_key_path is None
            assert central or world.arguments(address, FOREIGN) is not None, address


@pytest.mark.parametrize("role", LOCAL_ROLES)
def test_people_of_a_post_reach_nothing_of_another(world: World, role: str) -> None:
    client = signed_in(make_staff(role, OWN))
    faults, asked = [], 0
    for address in addresses():
        for whose in (OWN, FOREIGN):
            arguments = world.arguments(address, whose)
            if arguments is None or (whose == FOREIGN and not arguments):
                continue
            # The other post's reference or row below one's own post is the other way to try.
            mixes = [arguments]
            if whose == FOREIGN and "post_key" in arguments and len(arguments) > 1:
                mixes.append(arguments | {"post_key": OWN})
            for mixed in mixes:
                path = reverse(f"admin:{address.name}", kwargs=mixed)
                for method in ("get", "post") if whose == FOREIGN else ("get",):
                    answer = ask(client, method, path)
                    asked += 1
                    leaks = leaks_in(answer)
                    about_foreign = whose == FOREIGN and names_foreign(mixed)
                    if answer.status_code >= 500 or leaks or (about_foreign and answer.status_code not in REFUSED):
                        faults.append((role, method, path, answer.status_code, leaks))
    assert not faults, "\n".join(map(str, faults))
    assert asked > 150


@pytest.mark.parametrize("model", list(staff_site._registry), ids=lambda model: model._meta.label)
def test_lists_filters_and_autocomplete_show_own_rows_only(world: World, model: type[models.Model]) -> None:
    client = signed_in(make_staff(Role.HEAD, OWN))
    base = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    faults = []
    for query in ("", "?q=C", "?q=canary", "?all=1", "?o=1"):
        answer = client.get(base + query)
        leaks = leaks_in(answer)
        # What was typed stands in the search field again.
        leaks = [leak for leak in leaks if leak.lower() not in query]
        if answer.status_code >= 500 or leaks:
            faults.append((query, answer.status_code, leaks))
    for source in apps.get_models():
        for foreign_key in source._meta.get_fields():
            if isinstance(foreign_key, models.ForeignKey) and foreign_key.remote_field.model is model:
                answer = client.get(
                    reverse("admin:autocomplete"),
                    {
                        "term": "",
                        "app_label": source._meta.app_label,
                        "model_name": source._meta.model_name,
                        "field_name": foreign_key.name,
                    },
                )
                if answer.status_code >= 500 or leaks_in(answer):
                    faults.append((f"autocomplete {source._meta.label}.{foreign_key.name}", answer.status_code, "leak"))
    assert not faults, "\n".join(map(str, faults))


def test_an_auditor_reads_everything_and_changes_nothing(world: World) -> None:
    client = signed_in(make_staff(Role.AUDITOR))
    counted = [model for model in apps.get_models() if model._meta.app_label in {"appointments", "antibot", "archives"}]
    tables = set(connection.introspection.table_names())
    counted = [model for model in counted if not model._meta.proxy and model._meta.db_table in tables]
    before = {model: model._default_manager.count() for model in counted}
    faults = []
    for address in addresses():
        arguments = world.arguments(address, FOREIGN)
        if arguments is None or address.name in PUBLIC:
            continue
        path = reverse(f"admin:{address.name}", kwargs=arguments)
        read, written = ask(client, "get", path), ask(client, "post", path)
        if (
            read.status_code >= 500
            or written.status_code >= 500
            or (address.name.endswith(("_add", "_delete")) and 200 in {read.status_code, written.status_code})
        ):
            faults.append((path, read.status_code, written.status_code))
        elif address.model and address.name.endswith("_change") and written.status_code == 200:
            faults.append((path, "post", written.status_code))
    assert not faults, "\n".join(map(str, faults))
    assert {model: model._default_manager.count() for model in counted} == before


def test_without_a_second_factor_everything_leads_to_signing_in(world: World) -> None:
    nobody, half = Client(), Client()
    half.force_login(make_staff(Role.CENTRE))
    faults = []
    for address in addresses():
        arguments = world.arguments(address, OWN)
        if arguments is None or address.name in PUBLIC:
            continue
        path = reverse(f"admin:{address.name}", kwargs=arguments)
        for client in (nobody, half):
            for method in ("get", "post"):
                answer = ask(client, method, path)
                if answer.status_code not in {302, 404, 405} or (
                    answer.status_code == 302 and "/admin/" not in answer["Location"]
                ):
                    faults.append((path, method, answer.status_code))
    assert not faults, "\n".join(map(str, faults))


def test_every_model_of_the_site_is_scoped_in_the_one_place() -> None:
    for model, admin in staff_site._registry.items():
        assert isinstance(admin, ScopedModelAdmin), model
        path = admin.post_key_path
        if path is not None:
            model._default_manager.filter(**{f"{path}__in": ["x"]}).exists()
