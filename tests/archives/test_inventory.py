"""Every field of every table has a decision, and every clock something that makes it tick."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from archives.erasure.sweepers import SWEEPERS
from archives.inventory import all_tables, registry, undecided
from archives.inventory.sessions import PERSONAL_KEYS, SESSION_VALUES
from vault.fields import EncryptedJSONField, EncryptedTextField

# Clocks that tick elsewhere, each with where.
ELSEWHERE = {
    "visa files": "archives.erasure.run",
    "accounts.forget_old": "accounts.tasks",
    "drafts": "appointments.tasks.sweep_drafts",
    "accounting": "kept by law",
    "history": "with its row",
}


def test_every_field_has_a_decision():
    assert list(undecided()) == []


def test_a_new_field_fails(monkeypatch):
    """The control: without its row, a table's fields are named one by one."""
    without = tuple(table for table in all_tables() if table.model != "appointments.Person")
    monkeypatch.setattr(registry, "all_tables", lambda: without)
    assert "appointments.Person.passport_number has no decision" in list(undecided())


def test_every_encrypted_field_is_held_to_be_personal():
    for table in all_tables():
        model = apps.get_model(table.model) if "_" not in table.model.partition(".")[2] else None
        for field in model._meta.concrete_fields if model else ():
            if isinstance(field, EncryptedTextField | EncryptedJSONField):
                assert field.name in table.personal, f"{table.model}.{field.name}"


def test_fields_that_point_at_users_are_personal_in_our_tables():
    for table in all_tables():
        if table.model.startswith("archives."):
            for field in apps.get_model(table.model)._meta.concrete_fields:
                if isinstance(field, models.ForeignKey) and field.related_model._meta.label == "accounts.User":
                    assert field.name in table.personal


@pytest.mark.parametrize("clock", {t.clock.key: t.clock for t in all_tables() if t.clock}.values(), ids=lambda c: c.key)
def test_every_clock_ticks(clock):
    assert clock.erased_by in SWEEPERS or clock.erased_by in ELSEWHERE


def test_what_is_personal_has_words_for_people():
    for table in all_tables():
        if table.personal:
            assert table.about, table.model
            assert table.purpose, table.model
            assert table.rule, table.model


def _written_keys(path: Path) -> set[str]:
    """Names under which a module of ours writes into sessions."""
    tree = ast.parse(path.read_text())
    pairs = [(n.targets[0], n.value) for n in tree.body if isinstance(n, ast.Assign)]
    pairs += [(n.target, n.value) for n in tree.body if isinstance(n, ast.AnnAssign)]
    constants = {t.id: v.value for t, v in pairs if isinstance(t, ast.Name) and isinstance(v, ast.Constant)}
    found = set()
    for node in ast.walk(tree):
        written = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        if written and ast.unparse(node.value).endswith(".session"):
            found.add(constants[node.slice.id] if isinstance(node.slice, ast.Name) else ast.literal_eval(node.slice))
    return found


def test_every_value_of_a_session_has_a_decision():
    apps_of_ours = ("accounts", "antibot", "appointments", "archives", "mailroom", "vault", "visa_booking")
    files = [path for app in apps_of_ours for path in (settings.BASE_DIR / app).rglob("*.py")]
    written = set().union(*map(_written_keys, files))
    decided = [value.key for value in SESSION_VALUES]
    assert len(decided) == len(set(decided))
    assert written == set(decided)
    assert {"my_address", "my_data_address"} == PERSONAL_KEYS
    assert all(value.purpose for value in SESSION_VALUES if value.about)
