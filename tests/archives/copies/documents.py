"""Documents that people send, good and bad, made when they are needed."""

import io
import struct
import zlib

from PIL import Image, PngImagePlugin


def jpeg(colour: str = "navy", size: tuple[int, int] = (900, 600)) -> bytes:
    """A photo."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def png(secret: str = "") -> bytes:
    """A picture, with a text hidden in its metadata."""
    out = io.BytesIO()
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", secret)
    Image.new("RGBA", (300, 200), (10, 90, 80, 128)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def pdf(pages: int = 1, extra: bytes = b"") -> bytes:
    """A PDF with empty pages; `extra` goes into the catalogue (an action, say)."""
    kids = b" ".join(b"%d 0 R" % (3 + n) for n in range(pages))
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R " + extra + b" >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, kids),
        *[b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 400] >>"] * pages,
    ]
    body, offsets = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, start)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def bomb() -> bytes:
    """A PNG of a few kilobytes that says it is 60,000 × 60,000 pixels."""
    header = struct.pack("!IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")
