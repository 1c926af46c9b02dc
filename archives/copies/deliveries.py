"""The way to a copy that was granted: a link that ends by time and by number."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from archives.copies.refusals import Reason, RefusedError
from archives.models import CopyDelivery, CopyRequest
from mailroom.post import enqueue

LINK_LIFE = timedelta(days=14)


def send_link(request: CopyRequest, now: datetime) -> None:
    """A new way to the copy; an earlier link ends with it. The token stands in the letter and nowhere else."""
    token = secrets.token_urlsafe(32)
    CopyDelivery.objects.update_or_create(
        request=request,
        defaults={"token_hash": token_hash(token), "expires_at": now + LINK_LIFE, "downloads": 0, "last_at": None},
    )
    enqueue("copy_granted", request.reference, payload={"token": token})


def token_hash(token: str) -> bytes:
    """What is stored of a link."""
    return hashlib.sha256(token.encode()).digest()


def delivery_of(token: str, now: datetime) -> CopyDelivery:
    """The delivery behind a link. Raises RefusedError(LINK_OVER), alike for wrong, used-up and outlived ones."""
    row = CopyDelivery.objects.select_related("request").filter(token_hash=token_hash(token[:200])).first()
    if row is None or row.expires_at <= now or row.downloads >= row.most_downloads:
        raise RefusedError(Reason.LINK_OVER)
    return row


def count_download(delivery: CopyDelivery, now: datetime) -> None:
    """One download more.

    Raises:
        RefusedError: LINK_OVER for one too many, also when two come at once; GONE where the file was erased, be it this
            moment: the table itself refuses the count.
    """
    try:
        with transaction.atomic():
            locked = CopyDelivery.objects.select_for_update().get(pk=delivery.pk)
            if locked.downloads >= locked.most_downloads or locked.expires_at <= now:
                raise RefusedError(Reason.LINK_OVER)
            locked.downloads += 1
            locked.last_at = now
            locked.save(update_fields=["downloads", "last_at"])
    except IntegrityError as error:
        if "copy_file_is_erased" in str(error):
            raise RefusedError(Reason.GONE) from error
        raise
