"""Test databases copied from a migrated template, which is made once for each state of the migrations."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.utils import CursorWrapper

ALIASES = ("default", "vault_keys")
LOCK = 7_401_001  # an advisory lock of the server's maintenance database, held while a template is made or copied


def fingerprint() -> str:
    """Changes with any migration, with the router's list and with Django."""
    digest = hashlib.sha256(importlib.metadata.version("django").encode())
    digest.update(repr(sorted(settings.KEYS_DATABASE_MODELS)).encode())
    for path in sorted(Path(settings.BASE_DIR).glob("*/migrations/*.py")):
        digest.update(str(path.relative_to(settings.BASE_DIR)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def maintenance() -> Iterator[CursorWrapper]:
    """A cursor outside the databases that are made and dropped, with the lock held."""
    connection = connections["default"].copy(alias=NO_DB_ALIAS)  # no look-up of types in a database not made yet
    connection.settings_dict = {**connection.settings_dict, "NAME": "postgres"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            yield cursor
    finally:
        connection.close()


def _migrate(names: dict[str, str]) -> None:
    from visa_booking.migrating import migrate_all

    before = {alias: connections[alias].settings_dict["NAME"] for alias in ALIASES}
    try:
        for alias in ALIASES:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = names[alias]
        migrate_all()
    finally:
        for alias in ALIASES:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = before[alias]


def create() -> None:
    """Give this process databases of its own and point Django at them."""
    state = fingerprint()
    templates = {alias: f"template_{alias}_{state}" for alias in ALIASES}
    with maintenance() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname = ANY(%s)", [list(templates.values())])
        if len(cursor.fetchall()) < len(ALIASES):
            making = {alias: f"{name}_making" for alias, name in templates.items()}
            for alias in ALIASES:
                cursor.execute(f"DROP DATABASE IF EXISTS {templates[alias]} WITH (FORCE)")
                cursor.execute(f"DROP DATABASE IF EXISTS {making[alias]} WITH (FORCE)")
                cursor.execute(f"CREATE DATABASE {making[alias]}")
            _migrate(making)
            for alias in ALIASES:
                cursor.execute(f"ALTER DATABASE {making[alias]} RENAME TO {templates[alias]}")
        for alias in ALIASES:
            name = connections[alias].settings_dict["TEST"]["NAME"]
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {templates[alias]}")
    for alias in ALIASES:
        connections[alias].close()
        name = connections[alias].settings_dict["TEST"]["NAME"]
        connections[alias].settings_dict["NAME"] = name
        settings.DATABASES[alias]["NAME"] = name


def drop() -> None:
    """Remove what `create` made."""
    for alias in ALIASES:
        connections[alias].close()
    with maintenance() as cursor:
        for alias in ALIASES:
            cursor.execute(f"DROP DATABASE IF EXISTS {connections[alias].settings_dict['TEST']['NAME']} WITH (FORCE)")
