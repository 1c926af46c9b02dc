"""Development only: the messages that would have been sent, newest first, as plain text."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

NEWEST = 50
_SEPARATOR = re.compile(rb"^-{79}\n", re.MULTILINE)  # what Django's file backend writes after each message


def _messages(path: Path) -> list[EmailMessage]:
    parts = (part.strip() for part in _SEPARATOR.split(path.read_bytes()))
    return [email.message_from_bytes(part, policy=email.policy.default) for part in parts if part]


def _files() -> list[Path]:
    folder = Path(settings.EMAIL_FILE_PATH)
    return (
        sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns, reverse=True) if folder.is_dir() else []
    )


@require_safe
@never_cache
def mailbox(request: HttpRequest) -> HttpResponse:
    """The newest messages with their text."""
    rows = []
    for path in _files()[:NEWEST]:
        for position, item in reversed(list(enumerate(_messages(path)))):
            body = item.get_body(("plain",))
            rows.append(
                {
                    "file": path.name,
                    "position": position,
                    "to": item["To"],
                    "subject": item["Subject"],
                    "sent": item["Date"],
                    "text": body.get_content() if body else "",
                    "attachments": [part.get_filename() for part in item.iter_attachments()],
                }
            )
    return render(request, "mailbox.html", {"messages_sent": rows[:NEWEST]})


@require_safe
@never_cache
def message(request: HttpRequest, name: str, position: int) -> HttpResponse:
    """One attachment (`?part=0`) or the whole message as it was sent."""
    found = [path for path in _files() if path.name == name]
    messages = _messages(found[0]) if found else []
    if position >= len(messages):
        raise Http404
    if "part" not in request.GET:
        return HttpResponse(messages[position].as_bytes(), content_type="text/plain; charset=utf-8")
    parts = list(messages[position].iter_attachments())
    wanted = request.GET["part"]
    if not (wanted.isascii() and wanted.isdigit() and int(wanted) < len(parts)):
        raise Http404
    part = parts[int(wanted)]
    payload = part.get_payload(decode=True)
    return HttpResponse(
        payload if isinstance(payload, bytes) else b"",
        content_type=part.get_content_type(),
        headers={"Content-Disposition": f'inline; filename="{part.get_filename() or "attachment"}"'},
    )
