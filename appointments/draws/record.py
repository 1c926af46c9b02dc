"""The public record of a draw: kept compressed, given out as plain lines."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appointments.models import Draw, DrawDocument

_CHUNK = 256 * 1024


class NoRecordError(LookupError):
    """There is no record to give out; the text says why."""


def chunks_of(draw: Draw, part: str) -> Iterator[bytes]:
    """The plain bytes of one part, some hundred kilobytes at a time; nothing where it does not exist (any more)."""
    body = DrawDocument.objects.filter(draw=draw, part=part).values_list("body", flat=True).first()
    if body is None:
        return
    packed = memoryview(body)
    unpacker = zlib.decompressobj()
    for start in range(0, len(packed), _CHUNK):
        piece: bytes = unpacker.decompress(packed[start : start + _CHUNK])
        if piece:
            yield piece
    yield unpacker.flush()


def _split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


def lines_of(draw: Draw, part: str) -> Iterator[bytes]:
    """The lines of one part, each with its line end."""
    return _split(chunks_of(draw, part))


def record_of(draw: Draw) -> Iterator[bytes]:
    """The whole record as it is published: the list, and the result once there is one.

    Raises:
        NoRecordError: the list is not published yet, nobody asked, or the record was reduced to its hashes.
    """
    if draw.state == Draw.State.COLLECTING:
        raise NoRecordError("This draw still collects claims: its list is published when it closes.")
    if draw.state == Draw.State.EMPTY:
        raise NoRecordError("Nobody's wishes met a slot of this draw: there was nothing to draw.")
    if not DrawDocument.objects.filter(draw=draw, part=DrawDocument.Part.LIST).exists():
        raise NoRecordError("This record was reduced to its hashes and counts when its retention period ended.")
    yield from chunks_of(draw, DrawDocument.Part.LIST)
    yield from chunks_of(draw, DrawDocument.Part.RESULT)


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket in a record. `rank` counts from 1; both are None until the draw."""

    line: str
    rank: int | None
    slots: int | None


def find_ticket(draw: Draw, ticket: str) -> Found | None:
    """Where a ticket stands in a record; None: it is not in it."""
    mark = f'"ticket":"{ticket}"'.encode("ascii")
    line = next((line for line in lines_of(draw, DrawDocument.Part.LIST) if mark in line), None)
    if line is None:
        return None
    for rank, result in enumerate(lines_of(draw, DrawDocument.Part.RESULT)):
        if rank and mark in result:
            inside = result[result.index(b"[") + 1 : result.index(b"]")]
            return Found(line.decode("ascii"), rank, len(inside.split(b",")) if inside else 0)
    return Found(line.decode("ascii"), None, None)
