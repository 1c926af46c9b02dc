"""Taking an identity document: scanned, made anew in a process of its own, encrypted."""

import logging
import subprocess
import sys
from datetime import datetime

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from archives.copies.recode import Fault
from archives.copies.refusals import Reason, RefusedError
from archives.copies.scanning import scan
from archives.models import CopyRequest, CopyUpload
from vault.cipher import decrypt, encrypt

log = logging.getLogger(__name__)

LARGEST_BYTES = 8 * 1024 * 1024
PATIENCE_SECONDS = 45
_PLACE = "archives.copyupload.body"
_REASONS = {
    Fault.UNKNOWN_FORMAT: Reason.UNKNOWN_FORMAT,
    Fault.BROKEN: Reason.BROKEN,
    Fault.LOCKED: Reason.LOCKED,
    Fault.TOO_MANY_PAGES: Reason.TOO_MANY_PAGES,
    Fault.TOO_LARGE: Reason.TOO_LARGE,
}


def remade(body: bytes) -> tuple[bytes, int]:
    """A PDF of what can be seen in the document, and its pages.

    The process gets the file and nothing else: an empty environment, no database, limits on memory and time.

    Raises:
        RefusedError: with the reason that fits.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own module; the hostile part goes in by standard input
            [sys.executable, "-I", "-c", _START, str(settings.BASE_DIR)],
            input=body,
            capture_output=True,
            env={"PYTHONUTF8": "1"},
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RefusedError(Reason.TOO_LARGE) from error
    if done.returncode == 0 and len(done.stdout) > 2:
        return done.stdout[2:], int.from_bytes(done.stdout[:2], "big")
    fault = Fault(done.returncode) if done.returncode in set(Fault) else None
    # A limit that was hit ends the process by a signal.
    raise RefusedError(_REASONS[fault] if fault else Reason.TOO_LARGE)


_START = "import sys; sys.path.insert(0, sys.argv[1]); from archives.copies.recode import main; main()"


def made_safe(file: UploadedFile) -> tuple[bytes, int, bool]:
    """Scanned and made anew: the PDF, its pages, and whether a scanner looked at what was sent.

    Raises:
        RefusedError: see `remade` and `scan`.
    """
    if (file.size or 0) > LARGEST_BYTES:
        raise RefusedError(Reason.TOO_LARGE)
    body = file.read()
    scanned = scan(body)
    return *remade(body), scanned


def take_upload(request: CopyRequest, file: UploadedFile, now: datetime) -> CopyUpload:
    """Scan, remake and keep a document; it takes the place of an earlier one.

    Raises:
        RefusedError: see `remade` and `scan`; nothing is kept then, and an earlier document stays.
    """
    made, pages, scanned = made_safe(file)
    upload, _created = CopyUpload.objects.update_or_create(
        request=request,
        defaults={
            "body": encrypt(made, f"{_PLACE}:{request.pk}"),
            "pages": pages,
            "size": len(made),
            "scanned": scanned,
            "stored_at": now,
        },
    )
    log.info("copy_upload", extra={"request": request.pk, "pages": pages, "bytes": len(made), "scanned": scanned})
    return upload


def read_upload(upload: CopyUpload) -> bytes:
    """The document as PDF. Raises vault.cipher.UnreadableError for a value that was moved or changed."""
    return decrypt(bytes(upload.body), f"{_PLACE}:{upload.request_id}")
