"""May a migration run while the code of the last release still does? What `lintmigrations` does not see.

While nodes are replaced one by one, old code reads and writes the new schema. `deploy/released.json` names each app's
last migration of the last release; everything after it has to leave old code its columns, its tables and its pace.
A migration that is safe for a reason that cannot be seen here says it: `safe_while_old_code_runs = "the reason"`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection, models
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED, Field

REASON = "safe_while_old_code_runs"
TAKEN_AWAY = (
    operations.RemoveField, operations.DeleteModel, operations.RenameField, operations.RenameModel,
    operations.AlterModelTable,
)  # fmt: skip
_DESTRUCTIVE = re.compile(r"\b(DROP\s+(COLUMN|TABLE|VIEW)|RENAME\s+(COLUMN|TO)|SET\s+NOT\s+NULL)\b", re.IGNORECASE)


def released() -> set[tuple[str, str]]:
    """The last migration of each app in the last release."""
    found: dict[str, str] = json.loads((Path(settings.BASE_DIR) / "deploy" / "released.json").read_text())
    return set(found.items())


def since_release(loader: MigrationLoader) -> list[Migration]:
    """Our migrations that came after the last release, in an order in which they can run."""
    ours = {app for app, _ in released()}
    before = {node for leaf in released() for node in loader.graph.forwards_plan(leaf)}
    after: list[tuple[str, str]] = []
    for leaf in loader.graph.leaf_nodes():
        if leaf[0] in ours:
            after += [n for n in loader.graph.forwards_plan(leaf) if n not in before and n not in after]
    return [loader.get_migration(*node) for node in after if node[0] in ours]


def released_state(loader: MigrationLoader) -> ProjectState:
    """The models as the last release knew them."""
    return loader.project_state(sorted(released()))


def hazards(migration: Migration, state: ProjectState, known: ProjectState) -> Iterator[str]:
    """Why old code would not survive `migration`; `state` before it (is moved on), `known` of the release."""
    excused = bool(getattr(migration, REASON, ""))
    for operation in migration.operations:
        if not excused:
            for why in _hazards_of(operation, migration.app_label, state, known):
                yield f"{migration.app_label}.{migration.name}: {why}"
        operation.state_forwards(migration.app_label, state)


def _known(known: ProjectState, app: str, model: str) -> ModelState | None:
    return known.models.get((app, model.lower()))


def _hazards_of(operation: Operation, app: str, state: ProjectState, known: ProjectState) -> Iterator[str]:
    if isinstance(operation, operations.RunSQL):
        if _DESTRUCTIVE.search(str(operation.sql)):
            yield "its SQL takes away or narrows what old code uses"
        return
    if isinstance(operation, operations.SeparateDatabaseAndState):
        for inner in operation.database_operations:
            yield from _hazards_of(inner, app, state, known)
        return
    name = (
        getattr(operation, "model_name", None) or getattr(operation, "name", None) or getattr(operation, "old_name", "")
    )
    if _known(known, app, str(name)) is None:
        return  # a table that old code does not know
    if isinstance(operation, TAKEN_AWAY):
        yield f"{type(operation).__name__} of {name}: first a release that does not use it"
    elif isinstance(operation, operations.AddField):
        if not _fills_itself(operation.field):
            yield f"{name}.{operation.name} is neither nullable nor has a db_default: old code's INSERT fails"
    elif isinstance(operation, operations.AlterField):
        yield from _narrowed(operation, state.models[app, str(name).lower()].fields[operation.name])
    elif type(operation) is operations.AddIndex:
        yield f"an index on {name}: AddIndexConcurrently, or writing stops while it is built"
    elif isinstance(operation, operations.AddConstraint):
        yield f"a constraint on {name}: old code may break it, and checking it stops writing"


def _fills_itself(field: Field) -> bool:
    return bool(field.many_to_many or field.null or field.db_default is not NOT_PROVIDED or field.generated)


def _narrowed(operation: operations.AlterField, before: Field) -> Iterator[str]:
    after, where = operation.field, f"{operation.model_name}.{operation.name}"
    if before.null and not after.null and after.db_default is NOT_PROVIDED:
        yield f"{where} becomes NOT NULL"
    if before.max_length and after.max_length and after.max_length < before.max_length:
        yield f"{where} becomes shorter"
    if not isinstance(after, models.ForeignKey) and _kind(after) != _kind(before):
        yield f"{where} changes its type"


def _kind(field: Field) -> str:
    return re.sub(r"\(.*\)", "", field.db_type(connection) or "")
