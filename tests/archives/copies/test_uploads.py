"""Documents: by content, made anew, bounded, scanned, encrypted."""

import io
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from archives.copies.actions import begin
from archives.copies.refusals import Reason, RefusedError
from archives.copies.scanning import scan
from archives.copies.uploads import read_upload, remade, take_upload
from archives.models import CopyRequest, CopyUpload
from tests.archives.copies.documents import bomb, jpeg, pdf, png

# The test string that every scanner knows (EICAR, 2006), put together here so that no scanner takes this file.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD" + b"-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.fixture
def request_row(db: None) -> CopyRequest:
    """A form in progress."""
    return begin(post_key="dz-alg", kind="holder", session_hash=bytes(32), language="fr", now=timezone.now())


@pytest.mark.parametrize(("body", "pages"), [(jpeg(), 1), (png(), 1), (pdf(3), 3)])
def test_good_documents_become_pictures_in_a_pdf(body: bytes, pages: int) -> None:
    made, count = remade(body)
    assert count == pages
    reader = pypdf.PdfReader(io.BytesIO(made))
    assert len(reader.pages) == pages
    assert all(page.images for page in reader.pages)


def test_what_was_hidden_does_not_survive() -> None:
    made, _ = remade(png("a secret in the metadata"))
    assert b"a secret" not in made
    active = b"/OpenAction << /S /JavaScript /JS (app.alert\\('hello'\\)) >>"
    assert b"JavaScript" in pdf(1, active)
    made, _ = remade(pdf(1, active))
    assert b"JavaScript" not in made
    polyglot = jpeg() + b"<script>alert(1)</script>PK\x03\x04"
    made, _ = remade(polyglot)
    assert b"<script>" not in made


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"MZ\x90\x00 a program", Reason.UNKNOWN_FORMAT),
        (b"<html><body>passport</body></html>", Reason.UNKNOWN_FORMAT),
        (b"", Reason.UNKNOWN_FORMAT),
        (b"%PDF-1.7 and nothing else", Reason.BROKEN),
        (jpeg()[:400], Reason.BROKEN),
        (pdf(7), Reason.TOO_MANY_PAGES),
        (bomb(), Reason.TOO_LARGE),
    ],
)
def test_bad_documents_are_refused_by_name(body: bytes, reason: Reason) -> None:
    with pytest.raises(RefusedError) as caught:
        remade(body)
    assert caught.value.reason == reason


def test_a_pdf_with_a_password_is_refused_with_a_way_out() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf()))
    writer.encrypt("secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(RefusedError) as caught:
        remade(out.getvalue())
    assert caught.value.reason == Reason.LOCKED


def test_documents_are_encrypted_in_the_database_and_replaced_by_a_later_one(request_row: CopyRequest) -> None:
    take_upload(request_row, SimpleUploadedFile("a.exe", jpeg("red")), timezone.now())
    upload = take_upload(request_row, SimpleUploadedFile("b.jpg", pdf(2)), timezone.now())
    assert CopyUpload.objects.count() == 1
    assert read_upload(upload).startswith(b"%PDF")
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM archives_copyupload")
        assert b"%PDF" not in bytes(cursor.fetchone()[0])


class Scanner:
    """A scanner that speaks clamd's protocol and knows one signature."""

    def __init__(self, answer: bytes | None = None) -> None:
        self.answer = answer
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                body = b""
                while length := struct.unpack("!I", stream.read(4))[0]:
                    body += stream.read(length)
                found = b"stream: Eicar-Signature FOUND\0" if EICAR in body else b"stream: OK\0"
                connection.sendall(found if self.answer is None else self.answer)


@pytest.fixture
def scanner(settings: Any) -> Iterator[Scanner]:
    """Configured and running."""
    running = Scanner()
    settings.CLAMD_URL = running.url
    yield running
    running.socket.close()


def test_a_clean_file_passes_and_is_marked_as_scanned(scanner: Scanner, request_row: CopyRequest) -> None:
    upload = take_upload(request_row, SimpleUploadedFile("a.jpg", jpeg()), timezone.now())
    assert upload.scanned


def test_the_eicar_test_file_is_refused_and_nothing_is_kept(scanner: Scanner, request_row: CopyRequest) -> None:
    with pytest.raises(RefusedError) as caught:
        take_upload(request_row, SimpleUploadedFile("a.jpg", jpeg() + EICAR), timezone.now())
    assert caught.value.reason == Reason.INFECTED
    assert not CopyUpload.objects.exists()


@pytest.mark.parametrize("answer", [b"", b"stream: INSTREAM size limit exceeded. ERROR\0", b"stream: OK but odd\0"])
def test_a_scanner_without_a_clear_answer_means_no(settings: Any, answer: bytes) -> None:
    settings.CLAMD_URL = Scanner(answer).url
    with pytest.raises(RefusedError) as caught:
        scan(jpeg())
    assert caught.value.reason == Reason.SCANNER_AWAY


def test_a_scanner_that_is_away_means_no(settings: Any) -> None:
    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    with pytest.raises(RefusedError) as caught:
        scan(jpeg())
    assert caught.value.reason == Reason.SCANNER_AWAY


def test_where_no_scanner_is_configured_the_document_says_so(settings: Any, request_row: CopyRequest) -> None:
    settings.CLAMD_URL = ""
    assert not take_upload(request_row, SimpleUploadedFile("a.jpg", jpeg()), timezone.now()).scanned
