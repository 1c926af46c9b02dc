"""Which database a table lives in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Model

KEYS_ALIAS = "vault_keys"


def _holds_keys(app_label: str, model_name: str) -> bool:
    return f"{app_label}.{model_name}".lower() in settings.KEYS_DATABASE_MODELS


class KeysRouter:
    """The models named in `KEYS_DATABASE_MODELS` live in the keys' database and nothing else does."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """The keys' database for keys; no opinion otherwise."""
        return KEYS_ALIAS if _holds_keys(model._meta.app_label, model._meta.model_name or "") else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        """The same as for reading."""
        return self.db_for_read(model, **hints)

    def allow_relation(self, first: Model, second: Model, **hints: Any) -> bool | None:
        """No foreign key between the two databases."""
        one = _holds_keys(first._meta.app_label, first._meta.model_name or "")
        other = _holds_keys(second._meta.app_label, second._meta.model_name or "")
        return None if one == other else False

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
        """Operations without a model (raw SQL) run in the main database alone, unless they hint `database`."""
        if "database" in hints:
            return bool(db == hints["database"])
        if model_name is None:
            return db != KEYS_ALIAS
        return (db == KEYS_ALIAS) == _holds_keys(app_label, model_name)
