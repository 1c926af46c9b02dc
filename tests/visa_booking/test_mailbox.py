"""The mailbox of development, and that production has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from pytest_django.fixtures import Settings


@pytest.fixture
def letters(settings: Settings, tmp_path: Path) -> Path:
    settings.ROOT_URLCONF = "visa_booking.urls_development"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    return tmp_path


def test_production_has_no_mailbox(client: Client, db: None) -> None:
    assert client.get("/dev/mailbox/").status_code == 404


def test_letters_are_shown_with_what_is_attached(client: Client, db: None, letters: Path) -> None:
    letter = EmailMultiAlternatives(
        "Votre <rendez-vous> موعد", "Bonjour <b>é</b>", "from@example.org", ["a@example.org"]
    )
    letter.attach("rendez-vous.pdf", b"%PDF-1.7 x", "application/pdf")
    letter.send()
    page = client.get("/dev/mailbox/").content.decode()
    assert "Votre &lt;rendez-vous&gt; موعد" in page
    assert "Bonjour &lt;b&gt;é&lt;/b&gt;" in page
    (file,) = letters.glob("*.log")
    part = client.get(f"/dev/mailbox/{file.name}/0/?part=0")
    assert (part.content, part["Content-Type"]) == (b"%PDF-1.7 x", "application/pdf")
    assert client.get(f"/dev/mailbox/{file.name}/0/").status_code == 200


@pytest.mark.parametrize("address", ["x.log/0/", "..%2f..%2fmanage.py/0/"])
def test_no_other_file_is_shown(client: Client, db: None, letters: Path, address: str) -> None:
    assert client.get(f"/dev/mailbox/{address}").status_code == 404
