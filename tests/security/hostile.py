"""What people who mean harm put into a field, a header, a path or a body; seeded, so that it repeats."""

# ruff: noqa: E501, Q003 - tables of texts
from __future__ import annotations

import json
import random  # noqa: TID251 - seeded: an input is made again by its number
from typing import Any

TEXTS = (
    "", " ", "\x00", "a\x00b", "\x1b[2J", "\r\nSet-Cookie: x=1", "\n{\"event\": \"forged\"}",
    "\u202ecod.exe", "\u2066x\u2069", "\u200b", "\ufeff", "\ufffe", "\U0010ffff", "\ud800", "a\udfffb",
    "ﷺ" * 50, "e\u0301" * 200, "Z" + "\u0335" * 500, "٣٤", "१२", "１２", "²", "½", "①", "İ", "ß", "ǰ", "ﬀ",
    "-1", "0", "00", "1e9", "1e999", "NaN", "Infinity", "-Infinity", "0x1F", "1_000", "9" * 19, "9" * 400, "9" * 5000,
    "2147483648", "9223372036854775808", "1.5", "+1", " 1 ", "1,5", "true", "null", "None", "undefined",
    "<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "{{ 7*7 }}", "{% debug %}", "${7*7}", "%(x)s", "%s%n",
    "{0.__class__}", "' OR 1=1 --", "\\", "\\'", ";", "../../etc/passwd", "..\\..\\x", "//evil.example/", "/\\evil.example",
    "https://evil.example/", "javascript:alert(1)", "data:text/html,x", "/%2e%2e/%2e%2e", "%00", "%ff", "%zz", "%u0000",
    "=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-2+3", "\t=1", "#let x = 1", "#import \"/etc/passwd\"", "$ x $", "`code`",
    "a@b", "a@b.c\r\nBcc: x@example.org", "a" * 65 + "@example.org", "a@" + "b" * 260 + ".org", "@", "a@localhost",
    "a@[127.0.0.1]", "\"a b\"@example.org", "a@xn--.org", "أحمد@مثال.إختبار", "a@b..c", "+213 555 00 11 22", "+" + "1" * 40,
    "0000-00-00", "2027-02-31", "9999-12-31", "10000-01-01", "0001-01-01", "-001-01-01", "2026-13-01", "2026-W53-8",
    "25:00", "24:00", "23:59:60", "-1:00", "12:00+99:00", "2026-11-23T10:00:00Z", "1970-01-01T00:00:00+25:00",
    "P<DZABENALI<<ALICE<<<<<<<<<<<<<<<<<<<<<<<<<<", "<" * 44, "AB1234567", "K7RT-9PQ2-MM4X", "K" * 12, "dz-alg", "dz-alg/c-tour",
    "00000000-0000-0000-0000-000000000000", "f" * 32, "(" * 3000, "[" * 3000, "a" * 3000, "<" * 3000, "a,b;c\td\"e", "x" * 70_000,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**30, "", "x", "\x00", "\ud800", [], {}, [[]], {"a": {}}, ["x"] * 50, {"": ""},
)  # fmt: skip
HEADERS = (
    "Accept-Language", "Accept", "Accept-Encoding", "User-Agent", "Referer", "Origin", "Host", "X-Forwarded-For",
    "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "If-None-Match", "If-Modified-Since", "Range", "Authorization",
    "Content-Type", "X-CSRFToken", "X-Requested-With", "Stripe-Signature", "X-Sandbox-Signature", "Cookie",
    "X-HTTP-Method-Override", "Transfer-Encoding", "Sec-Fetch-Site",
)  # fmt: skip
HEADER_TEXTS = (
    "*", "*;q=9", "fr;q=x", "zz-" + "y" * 300, "fr," * 2000, "ar;q=0.000001", "\x01", "é", "a=b; a=c; =; ;;", "-1", "abc", "1" * 30,
    "W/\"x\"", "\"", "*", "0", "bytes=0-", "bytes=-1,1-0", "Basic AAAA", "Bearer x.y.z", "text/html;q=0.9,*/*", "t=1,v1=00",
    "t=" + "9" * 30 + ",v1=a", "t=,v1=", "v1", "sessionid=x", "session=" + "x" * 5000, "csrf=\"", "django_language=\x7f",
    "django_language=../../x", "django_language=" + "a" * 3000, "language=zz", "evil.example", "testserver:99999", "[::1",
    "testserver\x00", "1.2.3.4, 5.6.7.8", "unknown", "::ffff:1.2.3.4", "fe80::1%eth0", "99999999999999999999", "Thu, 99 Foo",
)  # fmt: skip
CONTENT_TYPES = (
    "application/json", "application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencoded; charset=zzz",
    "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=é", "multipart/form-data; boundary=x",
    "multipart/mixed; boundary=x", "text/plain", "", "x", "application/xml", "application/json; charset=utf-32",
)  # fmt: skip
METHODS = ("GET",) * 8 + ("POST",) * 12 + ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
MULTIPART = (
    b"--x\r\n", b"--x--\r\n", b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1", b"--x\r\n\r\n\r\n--x--",
    b"--x\r\nContent-Disposition: form-data; name=\"document\"; filename=\"\x00.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--x--",
    b"--x\r\nContent-Disposition: form-data; name=\"f\"; filename*=utf-9''%zz\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!\r\n--x--",
    b"--x\r\nContent-Disposition: form-data; name*0=a; name*1=b\r\n\r\nx\r\n--x--", b"\xff\xfe" * 40, b"--x\r\n" * 300,
)  # fmt: skip
FILES = (
    b"", b"\x00" * 100, b"\x89PNG\r\n\x1a\n" + b"\x00" * 60, b"\xff\xd8\xff\xe0" + b"x" * 200, b"%PDF-1.7\n" + b"1 0 obj\n" * 20,
    b"GIF89a\xff\xff\xff\xff", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"PK\x03\x04" + b"x" * 50,
    b"file_number,family_name\n=1,\x00\n", b"file_number;x\n\"", b"\xff\xfef\x00i\x00", b"[{\"file_number\": 1e999}]",
    b"[" * 5000, b"{\"a\":" * 5000, b"[{\"file_number\": \"\\ud800\", \"events\": [1, null, {\"type\": []}]}]",
    b"file_number,events,birth_date\nX1,ISSUED 9999-99-99|a=b,31/31/1990\n" * 20,
)  # fmt: skip


def text(chance: random.Random) -> str:
    """A hostile text: a known one, a changed one, or signs of the whole of Unicode."""
    kind = chance.random()
    if kind < 0.7:
        return chance.choice(TEXTS)
    if kind < 0.85:
        return chance.choice(TEXTS)[:200] + chance.choice(TEXTS)[:200]
    return "".join(chr(chance.choice((chance.randrange(32), chance.randrange(0x3000), chance.randrange(0x110000))))
                   for _ in range(chance.randrange(1, 40)))  # fmt: skip


def value(chance: random.Random, depth: int = 3) -> Any:
    """Something that JSON can hold."""
    kind = chance.random()
    if depth == 0 or kind < 0.5:
        return chance.choice(VALUES) if kind < 0.25 else text(chance)
    if kind < 0.75:
        return [value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {text(chance)[:30]: value(chance, depth - 1) for _ in range(chance.randrange(4))}


def mutated(thing: Any, chance: random.Random) -> Any:
    """A document that was right, with one part replaced, taken out or added; deep down more often than on top."""
    if isinstance(thing, dict) and thing and chance.random() < 0.85:
        key = chance.choice(sorted(thing))
        changed = dict(thing)
        if chance.random() < 0.1:
            changed.pop(key)
        else:
            changed[key] = mutated(thing[key], chance)
        return changed
    return value(chance)


def body(chance: random.Random) -> bytes:
    """Bytes that may be meant as JSON."""
    if chance.random() < 0.5:
        return json.dumps(value(chance)).encode()
    return chance.choice((*FILES, *MULTIPART, chance.randbytes(chance.randrange(300))))


def address(chance: random.Random) -> str:
    """Somebody else each time, so that what was refused to one does not hide what the next one would meet."""
    if chance.random() < 0.1:
        return f"2001:db8:{chance.randrange(65536):x}:{chance.randrange(65536):x}::{chance.randrange(65536):x}"
    return ".".join(str(chance.randrange(1, 224)) for _ in range(4))
