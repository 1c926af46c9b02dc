"""What the erasure of a visa file does to requests for its copy: the reference goes, and that it is gone stays."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from archives.dating import erasure_day
from archives.erasure.owners import Taken, owner
from vault.arrays import uuids

# A grant that was only proposed cannot be carried out any more: the request is open again, to be refused with the law.
_FORGET = """
UPDATE archives_copyrequest SET file_id = NULL, erased_on = %s,
    proposal = CASE WHEN state = 'proposed' AND proposal = 'grant' THEN '' ELSE proposal END,
    proposed_by = CASE WHEN state = 'proposed' AND proposal = 'grant' THEN '' ELSE proposed_by END,
    state = CASE WHEN state = 'proposed' AND proposal = 'grant' THEN 'received' ELSE state END
WHERE file_id = ANY(%s::uuid[])
"""


@owner("copy_requests")
def forget_files(files: Sequence[uuid.UUID], now: datetime) -> Taken:
    """In the transaction of the batch: no request names an erased file, and each says on which day it was erased."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [erasure_day(now), uuids(files)])
        return Taken(counts={"copy_requests_told": cursor.rowcount})
