"""What is sent is what a mail program reads: Python's own reader is the judge."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from django.core import mail
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from hypothesis import given
from hypothesis import strategies as st

from mailroom.mime import Message

LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200)
FILE = ("A B-1.pdf", b"%PDF-1.7\r\n\x00\xff", "application/pdf")


def letter(**changes: Any) -> Message:
    return Message(
        **{
            "subject": "Hello",
            "body": "Good day",
            "from_email": "Préfecture <post@example.org>",
            "to": ["alice@example.org"],
            "headers": {"Message-ID": "<1@example.org>", "Content-Language": "fr"},
            **changes,
        }
    )


def read(message: Message, linesep: str = "\r\n") -> EmailMessage:
    raw = message.message().as_bytes(linesep=linesep)
    lines = raw.split(linesep.encode())
    assert max(map(len, lines)) <= 998
    return cast("EmailMessage", message_from_bytes(raw, policy=policy.default))


def text(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@given(subject=LINE, body=st.lists(LINE, max_size=5), html=LINE)
def test_text_of_any_script_arrives_as_it_was_written(subject: str, body: list[str], html: str) -> None:
    message = letter(subject=" ".join(subject.split()), body="\n".join(body))
    message.attach_alternative(html, "text/html")
    message.attach(*FILE)
    got = read(message)
    assert got["Subject"] == " ".join(subject.split())
    assert text(got, "plain").rstrip("\n") == "\n".join(body).rstrip("\n")
    assert text(got, "html").rstrip("\n") == html
    assert not got.defects


def test_it_says_what_django_says() -> None:
    """The same message by the package that it stands in for, part by part."""
    ours = letter(subject="تأكيد " * 20, body="Réserver est gratuit\n" + "x" * 2000)
    ours.attach_alternative("<p>é</p>", "text/html")
    ours.attach(*FILE)
    ours.attach("réf.ics", b"BEGIN:VCALENDAR\r\n", "text/calendar")
    theirs = message_from_bytes(EmailMultiAlternatives.message(ours).as_bytes(), policy=policy.default)
    got = read(ours)
    for name in ("Subject", "From", "To", "Message-ID", "Content-Language", "MIME-Version"):
        assert str(got[name]).strip() == str(theirs[name]).strip(), name  # one folds with a space in front
    assert [part.get_content_type() for part in got.walk()] == [part.get_content_type() for part in theirs.walk()]
    assert [part.get_filename() for part in got.walk()] == [part.get_filename() for part in theirs.walk()]
    assert text(got, "plain") == text(cast("EmailMessage", theirs), "plain")
    [pdf, calendar] = got.iter_attachments()
    assert pdf.get_payload(decode=True) == FILE[1]
    assert calendar.get_content() == "BEGIN:VCALENDAR\r\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\nBcc: eve@example.org"},
        {"headers": {"X-Note": "a\r\nBcc: eve@example.org"}},
        {"to": ["alice@example.org\nBcc: eve@example.org"]},
    ],
)
def test_nobody_adds_a_header(changes: dict[str, Any]) -> None:
    with pytest.raises((BadHeaderError, ValueError)):
        letter(**changes).message()


def test_an_address_with_a_name_and_a_foreign_domain_is_written_out() -> None:
    got = read(letter(to=["Élise <elise@münchen.example>"]))
    assert got["To"].addresses[0].display_name == "Élise"
    assert got["To"].addresses[0].domain == "xn--mnchen-3ya.example"


def test_a_backend_of_django_takes_it() -> None:
    assert letter().send() == 1
    assert mail.outbox[0].recipients() == ["alice@example.org"]
