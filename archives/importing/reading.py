"""CSV and JSON as rows of text, whatever wrote them; one row at a time, so that size does not matter."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from appointments.watch.csv_rows import plain_cell

# A line longer than this is no row of a table, and would be kept in memory whole.
# The last column of an error report.
REPORT = "problems"
LONGEST_LINE = 64 * 1024
MOST_ROWS = 200_000
# A list of objects with lists of events of lists of files.
DEEPEST = 12
_JSON_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_HALF_SIGN = re.compile(rb"\\u[dD][89a-fA-F]")
MOST_JSON_BYTES = 64 * 1024 * 1024


class NotReadableError(Exception):
    """The file as a whole cannot be read; `code` says why."""

    def __init__(self, code: str) -> None:
        """`code` is one of: not_utf8, no_rows, too_many_rows, line_too_long, not_json, too_large, no_header."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class RawRow:
    """A row as it stands in the file; `line` is what an editor shows."""

    line: int
    values: dict[str, Any]


def rows_of(stream: BinaryIO, name: str) -> Iterator[RawRow]:
    """Rows of a CSV (comma, semicolon or tab) or JSON (a list of objects) file. Raises NotReadableError."""
    return _json_rows(stream) if name.lower().endswith(".json") else _csv_rows(stream)


def _csv_rows(stream: BinaryIO) -> Iterator[RawRow]:
    try:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        first = text.readline(LONGEST_LINE)
        if not first.strip():
            raise NotReadableError("no_rows")
        delimiter = max(",;\t", key=first.count)
        header = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter))]
        if "file_number" not in header or len(set(header)) != len(header):
            raise NotReadableError("no_header")
        reader = csv.reader(_short_lines(text), delimiter=delimiter)
        for count, cells in enumerate(reader):
            if count >= MOST_ROWS:
                raise NotReadableError("too_many_rows")
            if not any(cell.strip() for cell in cells):
                continue
            values: dict[str, Any] = {name: plain_cell(cell) for name, cell in zip(header, cells, strict=False)}
            values.pop(REPORT, None)
            if len(cells) > len(header):
                values["…"] = "x"  # a cell too many is a mistake of this row, and not of the file
            yield RawRow(reader.line_num + 1, values)
    except UnicodeDecodeError as error:
        raise NotReadableError("not_utf8") from error
    except csv.Error as error:
        raise NotReadableError("line_too_long") from error


def _short_lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) >= LONGEST_LINE:
            raise NotReadableError("line_too_long")
        yield line


def _too_deep(body: bytes) -> bool:
    """Brackets nested so deeply end the process instead of the reading: the parser recurses in C."""
    depth = 0
    for match in _JSON_MARKS.finditer(body):
        mark = match[0]
        depth += (mark in (b"[", b"{")) - (mark in (b"]", b"}"))
        if depth > DEEPEST:
            return True
    return False


def _is_text(rows: Any) -> bool:
    """Whether every text is Unicode: JSON can name half of a sign (a surrogate), which nothing can store."""
    try:
        json.dumps(rows, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _json_rows(stream: BinaryIO) -> Iterator[RawRow]:
    body = stream.read(MOST_JSON_BYTES + 1)
    if len(body) > MOST_JSON_BYTES:
        raise NotReadableError("too_large")
    if _too_deep(body):
        raise NotReadableError("not_json")
    try:
        rows = json.loads(body)
    except UnicodeDecodeError as error:
        raise NotReadableError("not_utf8") from error
    except ValueError as error:
        raise NotReadableError("not_json") from error
    if _HALF_SIGN.search(body) and not _is_text(rows):
        raise NotReadableError("not_utf8")
    if not isinstance(rows, list) or not rows:
        raise NotReadableError("no_rows")
    if len(rows) > MOST_ROWS:
        raise NotReadableError("too_many_rows")
    for number, row in enumerate(rows, 1):
        yield RawRow(number, row if isinstance(row, dict) else {"…": "x"})
