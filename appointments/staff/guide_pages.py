"""The staff guide inside the admin: one file a language in docs/, cut into tasks, in the language of the reader."""

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import VIEW
from accounts.site import staff_site
from appointments.staff.showing import show

_PICTURE = re.compile(r"!\[(.*?)\]\(\.\./static/(.*?)\)")
_SECTION = re.compile(r'<a id="([a-z-]+)"></a>\n## (.+)\n')
FILES: Final = {"en": "staff-guide.md", "fr": "staff-guide.fr.md", "ar": "staff-guide.ar.md"}
# The task that helps on a page; every page of staff has one, a test says so.
TASK_OF_PAGE: Final = {
    "index": "start-day", "days": "start-day", "day_board": "at-counter", "day_mark": "at-counter", "day_call": "call",
    "day_print": "start-day", "day_display": "call", "walk_in": "walk-in", "standby": "walk-in",
    "standby_serve": "walk-in", "till": "till", "till_receipt": "till", "desks": "desk", "desk_entry": "desk",
    "desk_receipt": "desk", "staff_request": "typing", "correct": "typing", "staff_cancel": "wrong-passport",
    "closings": "close", "closing": "close", "closing_again": "close", "figures": "figures",
    "figures_export": "figures", "history": "history", "history_export": "history", "access_export": "history",
    "bookings_export": "history", "profile": "account", "password_change": "account", "two_factor_codes": "sign-in",
    "appointments_trafficreport_changelist": "reports", "appointments_trafficreport_change": "reports",
    "appointments_closure_changelist": "close", "appointments_closure_add": "close",
    "appointments_closure_change": "close", "accounts_accessrecord_changelist": "history",
    "accounts_signin_changelist": "history", "accounts_user_changelist": "roles", "accounts_user_change": "roles",
    "accounts_user_add": "roles", "policies": "policy", "policy": "policy", "terms": "policy",
    "antibot_policy": "policy", "regenerate_slots": "hours", "regeneration_progress": "hours",
    "appointments_counter_changelist": "hours", "appointments_counter_change": "hours",
    "appointments_holiday_changelist": "hours", "appointments_break_changelist": "hours",
    "staff_guide": "", "staff_guide_task": "",
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """A section of the guide."""

    name: str
    title: str
    text: str

    @property
    def page(self) -> SafeString:
        """The section as HTML."""
        return mark_safe(as_page(self.text))  # noqa: S308 - our own file, and escaped


def _inline(text: str) -> str:
    """Bold, emphasis; everything else is text."""
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(text))
    return re.sub(r"\*(.+?)\*", r"<em>\1</em>", text)


def _table(lines: list[str]) -> str:
    rows = [[_inline(cell.strip()) for cell in line.strip("|").split("|")] for line in lines]
    head = "".join(f'<th scope="col">{cell}</th>' for cell in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows[2:])
    return f'<div class="scroll"><table class="board"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def as_page(text: str) -> str:
    """The few forms that the guide uses: headings, paragraphs, tables, pictures."""
    parts = []
    for block in re.split(r"\n{2,}", text.strip()):
        picture = _PICTURE.fullmatch(block)
        if picture:
            parts.append(f'<p><img src="{static(picture[2])}" alt="{escape(picture[1])}" width="960" height="600"></p>')
        elif block.startswith("|"):
            parts.append(_table(block.splitlines()))
        elif block.startswith("#"):
            title, _newline, rest = block.partition("\n")
            level = min(len(title) - len(title.lstrip("#")), 3)
            if level > 1:
                parts.append(f"<h{level}>{_inline(title.lstrip('# '))}</h{level}>")
            if rest:
                parts.append(as_page(rest))
        else:
            parts.append(f"<p>{_inline(block)}</p>")
    return "\n".join(parts)


@lru_cache(maxsize=8)
def tasks_in(language: str) -> dict[str, Task]:
    """The guide's tasks by name, in their order; in English for a language that has no file."""
    text = (Path(settings.BASE_DIR) / "docs" / FILES.get(language, FILES["en"])).read_text(encoding="utf-8")
    parts = _SECTION.split(text)[1:]
    return {name: Task(name, title, body) for name, title, body in zip(*[iter(parts)] * 3, strict=True)}


def task_for(page: str) -> str:
    """The name of the task that helps on a page of the admin; empty where only the list of tasks does."""
    return TASK_OF_PAGE.get(page, "")


@staff_site.page("guide/", name="staff_guide", verb=VIEW)
@require_GET
def staff_guide(request: HttpRequest) -> HttpResponse:
    """What there is to do, each a page of its own."""
    tasks = tasks_in((get_language() or "en")[:2])
    return show(
        request, "appointments/staff/guide.html", {"title": _("Guide for staff"), "tasks": list(tasks.values())}
    )


@staff_site.page("guide/<slug:task>/", name="staff_guide_task", verb=VIEW)
@require_GET
def staff_guide_task(request: HttpRequest, task: str) -> HttpResponse:
    """One task."""
    tasks = list(tasks_in((get_language() or "en")[:2]).values())
    place = next((index for index, one in enumerate(tasks) if one.name == task), None)
    if place is None:
        raise Http404
    context = {
        "title": tasks[place].title,
        "task": tasks[place],
        "before": tasks[place - 1] if place else None,
        "after": tasks[place + 1] if place + 1 < len(tasks) else None,
    }
    return show(request, "appointments/staff/guide_task.html", context)
