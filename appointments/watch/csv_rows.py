"""CSV that streams, and that a spreadsheet reads as data and never as a formula."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse

# What makes a spreadsheet run a cell (OWASP, CSV Injection); some read full-width signs like the narrow ones.
_SIGNS = r"[=+\-@|%＝＋－＠]"
_BLANK = r'[\s"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,8}'
_BEGINS = re.compile(rf"'*(?:{_BLANK}{_SIGNS}|[\t\r\n])")
# A French or Arabic spreadsheet takes the semicolon for the end of a cell, and then not even quotes hold one together
# in the middle of a line: what follows a semicolon, a tab or a line break is the beginning of a cell, too.
_BEGINS_INSIDE = re.compile(rf"([;\t\r\n]{_BLANK})(?='*{_SIGNS})")
_MARKED_INSIDE = re.compile(rf"([;\t\r\n]{_BLANK})'(?='*{_SIGNS})")


def safe_cell(value: Any) -> Any:
    """The value; text that a spreadsheet would run gets an apostrophe where it would begin to."""
    if not isinstance(value, str):
        return value
    begins = _BEGINS.match(value)
    head = begins[0] if begins else ""
    inside = _BEGINS_INSIDE.sub(r"\1'", value[len(head) :])
    return f"'{head}{inside}" if begins else inside


def plain_cell(text: str) -> str:
    """What `safe_cell` was given, from a cell that comes back."""
    begins = _BEGINS.match(text[1:]) if text[:1] == "'" else None
    head = begins[0] if begins else ""
    return head + _MARKED_INSIDE.sub(r"\1", text[len(head) + 1 :] if begins else text)


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """CSV text, a row at a time; a byte-order mark first, so that spreadsheets read UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow([safe_cell(cell) for cell in header])
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])


def csv_answer(name: str, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> StreamingHttpResponse:
    """A download that holds one row in memory at a time."""
    answer = StreamingHttpResponse(lines(header, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer
