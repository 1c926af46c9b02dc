"""A letter as the bytes that a mail server takes (RFC 5322, 2045–2047), put together in one pass.

Python's own package runs every header through a grammar and every part through three writers: as much work as setting
the PDF of a confirmation. Letters need a handful of shapes, and these are they.
"""

import base64
import re
import secrets
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.core.mail.message import sanitize_address

_PLAIN_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+", re.ASCII)
_LONGEST_PLAIN = 60  # of a header's text, so that no line needs folding
_LONGEST_LINE = 998  # bytes, RFC 5322
_WORD = 42  # bytes in an encoded word, which has 75 signs at most; a letter has four bytes at most


class Whole:
    """A finished message, as far as Django's mail backends want to know."""

    def __init__(self, content: bytes) -> None:
        """`content` ends its lines with a line feed."""
        self._content = content

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\n") -> bytes:
        """The message with the wanted ends of lines."""
        return self._content if linesep == "\n" else self._content.replace(b"\n", linesep.encode())

    def get_charset(self) -> None:
        """None: each part names its own."""


class Message(EmailMultiAlternatives):
    """A letter with one recipient, a text, mostly an alternative in HTML, and attachments as bytes."""

    def message(self, **_: Any) -> Any:
        """The finished message. Raises BadHeaderError for a line break in a header, ValueError for a bad address."""
        head = [
            _header("Subject", _words(str(self.subject))),
            _header("From", _sender(self.from_email)),
            _header("To", _address(self.to[0])),
            _header("Date", formatdate()),
            *(_header(name, str(value)) for name, value in self.extra_headers.items()),
            "MIME-Version: 1.0",
        ]
        return Whole("\n".join(head).encode("ascii") + b"\n" + self._parts())

    def _parts(self) -> bytes:
        part = _text("plain", str(self.body))
        if self.alternatives:
            part = _multipart("alternative", [part, *(_text("html", str(html)) for html, _ in self.alternatives)])
        if self.attachments:
            part = _multipart("mixed", [part, *(_attached(*attachment) for attachment in self.attachments)])
        return part


def _header(name: str, value: str) -> str:
    if "\r" in value or "\n" in value.replace("\n ", ""):
        raise BadHeaderError(f"A line break in {name}.")
    return f"{name}: {value}"


def _words(text: str) -> str:
    """Text of any script in a header; line breaks are no text."""
    if "\r" in text or "\n" in text:
        raise BadHeaderError("A line break in a header.")
    if text.isascii() and len(text) <= _LONGEST_PLAIN and "=?" not in text:
        return text
    words, rest = [], text
    while rest:
        taken = rest[:_WORD]
        while len(taken.encode()) > _WORD:
            taken = taken[:-1]
        words.append(f"=?utf-8?b?{base64.b64encode(taken.encode()).decode()}?=")
        rest = rest[len(taken) :]
    return "\n ".join(words)


@lru_cache(maxsize=8)
def _sender(address: str) -> str:
    return sanitize_address(address, "utf-8")


def _address(address: str) -> str:
    return address if _PLAIN_ADDRESS.fullmatch(address) else sanitize_address(address, "utf-8")


def _text(kind: str, text: str) -> bytes:
    content = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    if max(map(len, content.split(b"\n"))) > _LONGEST_LINE:
        return _encoded(f'text/{kind}; charset="utf-8"', content)
    way = "7bit" if text.isascii() else "8bit"
    head = f'Content-Type: text/{kind}; charset="utf-8"\nContent-Transfer-Encoding: {way}\n\n'
    return head.encode() + content


def _encoded(kind: str, content: bytes, more: str = "") -> bytes:
    head = f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\n{more}\n"
    return head.encode("ascii") + base64.encodebytes(content)


def _attached(name: str, content: bytes | str, kind: str) -> bytes:
    octets = content.encode() if isinstance(content, str) else content  # Django reads attached text
    plain = re.fullmatch(r"[\w. -]+", name, re.ASCII)
    known = f'filename="{name}"' if plain else f"filename*=utf-8''{quote(name, safe='')}"
    charset = '; charset="utf-8"' if kind.startswith("text/") else ""
    return _encoded(kind + charset, octets, f"Content-Disposition: attachment; {known}\n")


def _multipart(kind: str, parts: list[bytes]) -> bytes:
    edge = f"=_{secrets.token_hex(16)}"  # nobody can write it into a part beforehand
    between = f"\n--{edge}\n".encode()
    head = f'Content-Type: multipart/{kind}; boundary="{edge}"\n'.encode()
    return head + between + between.join(parts) + f"\n--{edge}--\n".encode()
