"""A document made anew from its pixels, in a process of its own with little memory, little time and no secrets.

`python -m archives.copies.recode` reads a file from standard input and writes a PDF of JPEG pages to standard output.
Whatever was hidden in the file (scripts, attachments, a second format behind the first, positions in the metadata)
does not survive, because only what can be seen is kept. Exit status: 0 made; 10 to 15, see `Fault`.
"""

import io
import resource
import sys
from enum import IntEnum

MOST_PAGES = 6
MOST_PIXELS = 40_000_000
LONG_EDGE = 2000  # pixels of a page: 170 dots an inch on A4, enough to read a passport
MEMORY_BYTES = 1_200_000_000
CPU_SECONDS = 20


class Fault(IntEnum):
    """Exit statuses."""

    UNKNOWN_FORMAT = 10
    BROKEN = 11
    LOCKED = 12
    TOO_MANY_PAGES = 13
    TOO_LARGE = 14


def format_of(start: bytes) -> str | None:
    """PDF, JPEG or PNG by content; the name and the browser's word count for nothing."""
    if start.startswith(b"%PDF-"):
        return "pdf"
    if start.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return None


def _fail(fault: Fault) -> None:
    sys.exit(int(fault))


def _pictures(body: bytes, kind: str) -> list["object"]:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(io.BytesIO(body), formats=[kind.upper()]) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            _fail(Fault.TOO_LARGE)
        picture.load()
        return [ImageOps.exif_transpose(picture)]


def _pages(body: bytes) -> list["object"]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        _fail(Fault.LOCKED if "password" in str(error).lower() else Fault.BROKEN)
        raise
    if len(document) > MOST_PAGES:
        _fail(Fault.TOO_MANY_PAGES)
    made = []
    for page in document:
        width, height = page.get_size()
        if not 1 <= max(width, height) <= 15_000:
            _fail(Fault.TOO_LARGE)
        made.append(page.render(scale=LONG_EDGE / max(width, height)).to_pil())
    return made


def remake(body: bytes) -> tuple[bytes, int]:
    """The document as a PDF of pictures, and its number of pages."""
    from PIL import Image

    kind = format_of(body[:16])
    if kind is None:
        _fail(Fault.UNKNOWN_FORMAT)
    pages: list[Image.Image] = []
    for picture in _pages(body) if kind == "pdf" else _pictures(body, str(kind)):
        assert isinstance(picture, Image.Image)  # noqa: S101 - both makers give pictures; narrows the type
        clean = Image.new("RGB", picture.size, "white")
        rgba = picture.convert("RGBA")
        clean.paste(rgba, mask=rgba.getchannel("A"))
        clean.thumbnail((LONG_EDGE, LONG_EDGE))
        pages.append(clean)
    if not pages:
        _fail(Fault.BROKEN)
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], quality=80, resolution=170)
    return out.getvalue(), len(pages)


def main() -> None:
    """Limit this process, then read, remake, write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    body = sys.stdin.buffer.read()
    try:
        made, count = remake(body)
    except SystemExit:
        raise
    except MemoryError:
        sys.exit(int(Fault.TOO_LARGE))
    except Exception as error:  # noqa: BLE001 - whatever a hostile file does to a decoder, the answer is the same
        sys.exit(int(Fault.TOO_LARGE if "Bomb" in type(error).__name__ else Fault.BROKEN))
    sys.stdout.buffer.write(count.to_bytes(2, "big") + made)


if __name__ == "__main__":
    main()
