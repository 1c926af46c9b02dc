"""The limits: the smallest views that do the same work on the same server behind the same middleware."""

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

TABLES = """
    CREATE TABLE limit_slot (id bigserial PRIMARY KEY, state text NOT NULL DEFAULT 'open');
    CREATE INDEX ON limit_slot (id) WHERE state = 'open';
    CREATE TABLE limit_booking (id bigserial PRIMARY KEY, slot_id bigint UNIQUE, made_at timestamptz DEFAULT now());
    INSERT INTO limit_slot SELECT generate_series(1, 200000);
    ANALYZE limit_slot;
"""
CLAIM = """
    WITH free AS (SELECT id FROM limit_slot WHERE state = 'open' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED),
         taken AS (UPDATE limit_slot s SET state = 'taken' FROM free WHERE s.id = free.id RETURNING s.id)
    INSERT INTO limit_booking (slot_id) SELECT id FROM taken RETURNING slot_id
"""


def same_bytes(request: HttpRequest, size: int) -> HttpResponse:
    """As many bytes as the page that is measured."""
    return HttpResponse(b"x" * size)


@csrf_exempt
def claim(request: HttpRequest) -> HttpResponse:
    """The smallest correct claim: one free slot, locked without waiting, and its booking, in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM)
        row = cursor.fetchone()
    return HttpResponse(str(row[0] if row else "none"))
