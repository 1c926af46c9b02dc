"""The staff guide inside the admin: the file in docs/, shown as it is."""

import re
from functools import lru_cache
from html import escape
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import VIEW
from accounts.site import staff_site
from appointments.staff.showing import show

_PICTURE = re.compile(r"!\[(.*?)\]\(\.\./static/(.*?)\)")


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


@lru_cache(maxsize=1)
def _guide() -> SafeString:
    text = (Path(settings.BASE_DIR) / "docs" / "staff-guide.md").read_text(encoding="utf-8")
    return mark_safe(as_page(text))  # noqa: S308 - our own file, and escaped


@staff_site.page("guide/", name="staff_guide", verb=VIEW)
@require_GET
def staff_guide(request: HttpRequest) -> HttpResponse:
    """How staff work with this."""
    return show(request, "appointments/staff/guide.html", {"title": _("Guide for staff"), "guide": _guide()})
