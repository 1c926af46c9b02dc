"""What a row of the inventory says, and how completeness is found out."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from django.apps import apps

if TYPE_CHECKING:
    from django.db.models import Model
    from django.utils.functional import _StrPromise

# Applications whose tables are ours to decide about; third-party ones are listed where they hold rows.
APPLICATIONS = (
    "mailroom", "vault", "accounts", "antibot", "appointments", "archives", "admin", "auth", "contenttypes", "sessions",
    "otp_totp", "otp_static", "captcha", "pghistory", "altcha_django",
)  # fmt: skip
# Views of pghistory over all histories: no table of their own.
_VIEWS = ("pghistory.Events", "pghistory.MiddlewareEvents")
_ROWS = ("visa_files", "copies", "bookings", "protection", "staff")


@dataclass(frozen=True)
class Clock:
    """When data go, in a sentence for the public, and what makes them go."""

    key: str
    says: "_StrPromise"
    # Name of a sweeper, "visa files" (the nightly erasure), "with its row's owner", or "never" for what is no person's.
    erased_by: str


@dataclass(frozen=True)
class Table:
    """The decision on one table. `personal` and `plain` together are exactly its fields."""

    model: str
    personal: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    # For people: what is held, why, under which text. Empty where the table holds nothing about a person.
    about: "_StrPromise | str" = ""
    purpose: "_StrPromise | str" = ""
    rule: str = ""
    clock: Clock | None = None

    def fields(self) -> set[str]:
        """Every field with a decision."""
        return {*self.personal, *self.plain}


def person(
    model: str, personal: str, plain: str, about: "_StrPromise", purpose: "_StrPromise", rule: str, clock: Clock
) -> Table:
    """A table that holds something about a person; fields as words."""
    return Table(model, tuple(personal.split()), tuple(plain.split()), about, purpose, rule, clock)


def nobody(model: str, fields: str) -> Table:
    """A table that holds nothing about a person."""
    return Table(model, (), tuple(fields.split()))


@lru_cache(maxsize=1)
def all_tables() -> tuple[Table, ...]:
    """The whole inventory."""
    return tuple(table for name in _ROWS for table in import_module(f"archives.inventory.{name}").TABLES)


def table_of(model: "type[Model]") -> Table | None:
    """The decision on a model, None where there is none."""
    return next((table for table in all_tables() if table.model == model._meta.label), None)


def undecided() -> Iterator[str]:
    """Fields without a decision, decisions without a field, tables twice: one line each."""
    models = {m._meta.label: m for m in apps.get_models(include_auto_created=True) if m._meta.app_label in APPLICATIONS}
    seen: set[str] = set()
    for table in all_tables():
        if table.model in seen:
            yield f"{table.model} stands twice"
        seen.add(table.model)
        if table.model not in models:
            yield f"{table.model} is no table of the project"
    for label, model in models.items():
        if not model._meta.managed or model._meta.proxy or label in _VIEWS:
            continue
        decided = table_of(model)
        held = {field.name for field in model._meta.local_concrete_fields}
        said = decided.fields() if decided else set()
        yield from (f"{label}.{name} has no decision" for name in sorted(held - said))
        yield from (f"{label}.{name} has a decision and does not exist" for name in sorted(said - held))
        if decided and set(decided.personal) & set(decided.plain):
            yield f"{label} has fields decided twice"
        if decided and decided.personal and decided.clock is None:
            yield f"{label} holds personal data without a clock"
