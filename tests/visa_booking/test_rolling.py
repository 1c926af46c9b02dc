"""Old code on the new schema: what a migration may do while nodes are replaced one by one."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from visa_booking import rolling


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


def test_migrations_since_the_release_leave_old_code_alone(loader: MigrationLoader) -> None:
    state, known = rolling.released_state(loader), rolling.released_state(loader)
    found = [why for migration in rolling.since_release(loader) for why in rolling.hazards(migration, state, known)]
    assert not found, "\n".join(found)


def test_every_column_of_the_release_is_there_and_every_new_one_fills_itself(db: None, loader: MigrationLoader) -> None:
    """By the database's own catalogue, which also knows what came by SQL."""
    apps = rolling.released_state(loader).apps
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, is_nullable = 'YES' OR column_default IS NOT NULL OR is_identity = 'YES'"
            " OR is_generated = 'ALWAYS' FROM information_schema.columns WHERE table_schema = 'public'"
        )
        columns = {(table, column): fills for table, column, fills in cursor.fetchall()}
    looked_at = 0
    for app in sorted({app for app, _ in rolling.released()}):
        for model in apps.get_app_config(app).get_models():
            table, old = model._meta.db_table, {field.column for field in model._meta.local_concrete_fields}
            if f"{app}.{model._meta.model_name}" == "archives.filekey":
                continue  # of the other database
            now = {column for name, column in columns if name == table}
            assert old <= now, f"{table} lost {old - now}"
            looked_at += len(old)
            assert all(columns[table, column] for column in now - old), f"{table}: {now - old}"
    assert looked_at > 300


def hazards(*operations: Operation, reason: str = "", loader: MigrationLoader) -> list[str]:
    migration: Any = migrations.Migration("9999_next", "mailroom")
    migration.operations = list(operations)
    if reason:
        migration.safe_while_old_code_runs = reason
    return list(rolling.hazards(migration, rolling.released_state(loader), rolling.released_state(loader)))


ADD = migrations.AddField


@pytest.mark.parametrize(
    "operation",
    [
        ADD("letter", "priority", models.IntegerField(default=3)),
        migrations.RemoveField("letter", "kind"),
        migrations.RenameField("letter", "kind", "sort"),
        migrations.DeleteModel("Letter"),
        migrations.RenameModel("Letter", "Note"),
        migrations.AlterField("letter", "finished_at", models.DateTimeField()),
        migrations.AlterField("letter", "kind", models.CharField(max_length=10)),
        migrations.AlterField("letter", "kind", models.IntegerField()),
        migrations.AddIndex("letter", models.Index(fields=["kind"], name="x")),
        migrations.AddConstraint("letter", models.UniqueConstraint(fields=["kind"], name="y")),
        migrations.RunSQL('ALTER TABLE mailroom_letter\nDROP  COLUMN "kind"'),
        migrations.SeparateDatabaseAndState([migrations.RemoveField("letter", "kind")], []),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_what_old_code_would_not_survive_is_refused(operation: Operation, loader: MigrationLoader) -> None:
    assert len(hazards(operation, loader=loader)) == 1


def test_what_it_survives_is_let_through(loader: MigrationLoader) -> None:
    new_table = migrations.CreateModel("Stamp", [("id", models.BigAutoField(primary_key=True))])
    assert not hazards(
        ADD("letter", "note", models.TextField(null=True)),
        ADD("letter", "priority", models.IntegerField(db_default=3)),
        migrations.AlterField("letter", "kind", models.CharField(max_length=200)),
        AddIndexConcurrently("letter", models.Index(fields=["kind"], name="x")),
        new_table,
        ADD("stamp", "value", models.IntegerField(default=1)),
        migrations.AddIndex("stamp", models.Index(fields=["value"], name="z")),
        loader=loader,
    )


def test_a_reason_is_believed(loader: MigrationLoader) -> None:
    index = migrations.AddIndex("letter", models.Index(fields=["kind"], name="x"))
    assert not hazards(index, reason="the table has few rows", loader=loader)
