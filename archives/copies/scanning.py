"""The virus scanner: clamd over its socket, by its INSTREAM command (clamd(8)). Configured and away means no."""

import socket
import struct
from urllib.parse import urlsplit

from django.conf import settings

from archives.copies.refusals import Reason, RefusedError

CHUNK = 64 * 1024
PATIENCE_SECONDS = 30


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect(parts.path)
        return connection
    return socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 3310), timeout=PATIENCE_SECONDS)


def scan(body: bytes) -> bool:
    """True where the scanner found the file clean, False where no scanner is configured.

    Raises:
        RefusedError: INFECTED; SCANNER_AWAY where one is configured and gives no clear answer.
    """
    if not settings.CLAMD_URL:
        return False
    try:
        with _connect(settings.CLAMD_URL) as connection:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(body), CHUNK):
                part = body[start : start + CHUNK]
                connection.sendall(struct.pack("!I", len(part)) + part)
            connection.sendall(struct.pack("!I", 0))
            answer = connection.makefile("rb").read(4096).rstrip(b"\0\n ")
    except OSError as error:
        raise RefusedError(Reason.SCANNER_AWAY) from error
    if answer == b"stream: OK":
        return True
    raise RefusedError(Reason.INFECTED if answer.endswith(b"FOUND") else Reason.SCANNER_AWAY)
