"""The inventory as the public reads it: what is held, why, under which text, for how long."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from archives.inventory import Table, all_tables
from archives.inventory.clocks import SESSION
from archives.inventory.sessions import SESSION_VALUES

# Headings of the page, and the applications whose tables stand below each.
SECTIONS = (
    ("visas", _("Visa files"), ("archives",)),
    ("appointments", _("Appointments"), ("appointments", "mailroom", "sessions")),
    ("protection", _("Codes, payments and protection against trade in appointments"), ("antibot", "captcha")),
    ("staff", _("Members of staff"), ("accounts", "admin", "otp_totp", "otp_static", "pghistory")),
)


@dataclass(frozen=True)
class Line:
    """One row of the page."""

    about: str
    purpose: str
    rule: str
    clock: str


def lines(tables: Iterable[Table], apps: tuple[str, ...]) -> list[Line]:
    """The rows of one section; tables that say the same to people are one row."""
    found = {
        Line(str(table.about), str(table.purpose), table.rule, str(table.clock.says)): None
        for table in tables
        if table.personal and table.clock and table.model.partition(".")[0] in apps
    }
    if "sessions" in apps:
        rule = next(table.rule for table in tables if table.model == "sessions.Session")
        for value in SESSION_VALUES:
            if value.about:
                found[Line(str(value.about), str(value.purpose), rule, str(SESSION.says))] = None
    return list(found)


def sections() -> list[dict[str, object]]:
    """The whole page in the language of the moment."""
    tables = all_tables()
    return [{"key": key, "title": title, "lines": lines(tables, apps)} for key, title, apps in SECTIONS]
