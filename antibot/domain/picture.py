"""Pictures of letters: mildly warped, with inverted regions and one curve; the harder form has two.

The form was chosen for people: what machines cannot read at all, people cannot read either, and whoever sells
appointments has a solver anyway. Strokes are thick, letters are those that cannot be taken for one another, and nothing
depends on colour.
"""

from __future__ import annotations

import math
import struct
import zlib
from functools import lru_cache
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFont

from antibot.domain.stream import Stream

# Without F (E), G (C), I (1, L), O (0, Q), P (R), Q, S (5), Z (2): people who looked at the harder form took them for
# the letters in brackets.
LETTERS: Final = "ABCDEHJKLMNRTUVWXY"
LENGTH: Final = 5
WIDTH, HEIGHT = 260, 90
_SIZES = (50, 54, 58)
_MARGIN = 24
_TILE = 76  # room for one turned letter: the widest reaches 36 pixels from the middle
_CORNER = 48  # a letter's place is rounded at the corner of a square of 96 pixels around it
_CELL = 13  # warp: one quad of this many pixels
_REACH = 7  # no wave moves anything further to the side, two of them together neither
_GREYS: Final = [28 + value * 200 // 255 for value in range(256)]
_HEADER: Final = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)  # eight bits of grey


def draw(text: str, stream: Stream, font_path: str, *, hard: bool) -> bytes:
    """A PNG of `text`. The same stream draws the same picture; every call needs a fresh Stream."""
    image = _warped(*_letters(text, stream, font_path), stream)
    # One curve halves what off-the-shelf machines read, and costs people nothing that forty pictures would show. With
    # two curves, two regions fewer keep the harder form readable.
    image = ImageChops.difference(image, _regions(stream, 6 if hard else 8))
    image = ImageChops.difference(image, _curves(stream, 2 if hard else 1))
    return _png(image.point(_GREYS))


def _png(image: Image.Image) -> bytes:
    """A grey image as PNG (RFC 2083). Lines go in as they are and only runs are looked for.

    Pillow tries five filters on each line and searches for repetitions: three times the work for larger files.
    """
    lines = Image.new("L", (WIDTH + 1, HEIGHT), 0)  # each line begins with the number of its filter: none
    lines.paste(image, (1, 0))
    packer = zlib.compressobj(1, strategy=zlib.Z_RLE)
    packed = packer.compress(lines.tobytes()) + packer.flush()
    chunks = ((b"IHDR", _HEADER), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


@lru_cache(maxsize=len(LETTERS) * len(_SIZES))
def _tile(path: str, size: int, letter: str) -> Image.Image:
    """One upright letter in the middle of a tile; never changed. Some 300 kB are kept in all."""
    # A typeface of its own for each, because FreeType's faces are not safe to share between threads.
    font = ImageFont.truetype(path, size)
    tile = Image.new("L", (_TILE, _TILE), 0)
    ImageDraw.Draw(tile).text((_TILE // 2, _TILE // 2), letter, 255, font, anchor="mm", stroke_width=1)
    return tile


def _letters(text: str, stream: Stream, font_path: str) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """Black letters on white, and the box that holds all of them."""
    image = Image.new("L", (WIDTH, HEIGHT), 255)
    step = (WIDTH - 2 * _MARGIN) / len(text)
    half = _TILE // 2
    corners = []
    for place, letter in enumerate(text):
        upright = _tile(font_path, _SIZES[stream.whole(0, len(_SIZES) - 1)], letter)
        tile = upright.rotate(stream.between(-14, 14), Image.Resampling.BILINEAR)
        x = int(_MARGIN + step * (place + 0.5) - _CORNER + stream.between(-3, 3)) + _CORNER - half
        y = int(HEIGHT / 2 - _CORNER + stream.between(-6, 6)) + _CORNER - half
        image.paste(0, (x, y), tile)
        left, top, right, bottom = tile.getbbox() or (0, 0, 0, 0)
        corners.append((x + left, y + top, x + right, y + bottom))
    lefts, tops, rights, bottoms = zip(*corners, strict=True)
    return image, (min(lefts), min(tops), max(rights), max(bottoms))


def _warped(image: Image.Image, ink: tuple[int, int, int, int], stream: Stream) -> Image.Image:
    waves = [
        (stream.between(2.2, 3.4), stream.between(70, 120), stream.between(0, math.tau)),
        (stream.between(2.2, 3.6), stream.between(55, 95), stream.between(0, math.tau)),
        (stream.between(1.0, 1.8), stream.between(34, 48), stream.between(0, math.tau)),
    ]

    # A corner belongs to four quads, and each wave runs along one axis only: some fifty sines do for all of them.
    (ax, lx, px), (ay, ly, py), (az, lz, pz) = waves
    across, down = [*range(0, WIDTH, _CELL), WIDTH], [*range(0, HEIGHT, _CELL), HEIGHT]
    swing = [ax * math.sin(math.tau * y / lx + px) for y in down]
    ripple = [az * math.sin(math.tau * x / lz + pz) for x in across]
    rise = [ay * math.sin(math.tau * x / ly + py) for x in across]
    moved = [[(x + swing[j] + ripple[i], y + rise[i]) for j, y in enumerate(down)] for i, x in enumerate(across)]
    left, top, right, bottom = ink
    bent = Image.new("L", image.size, 255)
    # What `Image.transform` does with a mesh, without looking at the same arguments again for each of a hundred quads.
    put, source, method, bilinear = bent.im.transform, image.im, Image.Transform.QUAD, Image.Resampling.BILINEAR
    for i in range(len(across) - 1):
        if across[i + 1] + _REACH < left or across[i] - _REACH > right:
            continue
        highest, lowest = min(rise[i], rise[i + 1]) - 1, max(rise[i], rise[i + 1]) + 1
        for j in range(len(down) - 1):
            if down[j + 1] + lowest < top or down[j] + highest > bottom:
                continue  # nothing but white comes from there
            box = (across[i], down[j], across[i + 1], down[j + 1])
            put(
                box,
                source,
                method,
                _quad(box, moved[i][j], moved[i][j + 1], moved[i + 1][j + 1], moved[i + 1][j]),
                bilinear,
                0,
            )
    return bent


Point = tuple[float, float]


def _quad(box: tuple[int, int, int, int], nw: Point, sw: Point, se: Point, ne: Point) -> tuple[float, ...]:
    """The bilinear map of a target box to its four corners in the source, as Pillow's core takes it."""
    right, below = 1.0 / (box[2] - box[0]), 1.0 / (box[3] - box[1])
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = nw, sw, se, ne
    across = (ax, (dx - ax) * right, (bx - ax) * below, (cx - bx - dx + ax) * right * below)
    return (*across, ay, (dy - ay) * right, (by - ay) * below, (cy - by - dy + ay) * right * below)


def _regions(stream: Stream, count: int) -> Image.Image:
    """Where black and white change places: blobs about as large as a letter; strokes go on across their edges."""
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    for _ in range(count):
        x, y = stream.between(0, WIDTH), stream.between(5, HEIGHT - 5)
        half_width, half_height = stream.between(16, 30), stream.between(12, 24)
        layer = Image.new("L", (WIDTH, HEIGHT), 0)
        ImageDraw.Draw(layer).ellipse((x - half_width, y - half_height, x + half_width, y + half_height), 255)
        mask = ImageChops.difference(mask, layer)
    return mask


def _curves(stream: Stream, count: int) -> Image.Image:
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    pen = ImageDraw.Draw(mask)
    for _ in range(count):
        base, tilt = stream.between(26, 64), stream.between(-0.12, 0.12)
        height, length, phase = stream.between(8, 18), stream.between(90, 170), stream.between(0, math.tau)
        line = [
            (x, base + tilt * (x - WIDTH / 2) + height * math.sin(math.tau * x / length + phase))
            for x in range(0, WIDTH + 6, 6)
        ]
        pen.line(line, 255, 3, joint="curve")
    return mask
