"""Migrations of both databases."""

from __future__ import annotations

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from visa_booking.routers import KEYS_ALIAS


def migrate_all() -> None:
    """Bring both databases to the newest migration; does nothing where they are."""
    call_command("migrate", database=DEFAULT_DB_ALIAS, interactive=False, verbosity=0)
    _pass_over_foreign_migrations()
    call_command("migrate", database=KEYS_ALIAS, interactive=False, verbosity=0)


def _pass_over_foreign_migrations() -> None:
    """Mark the migrations of apps without a table in the keys' database as applied there.

    The router would refuse each of their operations one by one, and working out the models between them takes longer
    than all the rest of a first start.
    """
    labels = {model.partition(".")[0] for model in settings.KEYS_DATABASE_MODELS}
    executor = MigrationExecutor(connections[KEYS_ALIAS])
    executor.recorder.ensure_schema()
    for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        if migration.app_label not in labels:
            executor.recorder.record_applied(migration.app_label, migration.name)
