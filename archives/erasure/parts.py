"""What goes apart from files: early parts, copies for litigation, records of processing."""

from datetime import date, datetime

from django.db import connection

from archives.erasure import journal
from archives.erasure.doomed import doom
from archives.erasure.permission import erasing
from archives.models import ErasureRun, FileKey
from vault.arrays import uuids

_PARTS = """
DELETE FROM archives_sealedpart WHERE id IN (
    SELECT id FROM archives_sealedpart WHERE gone_from <= %s ORDER BY gone_from, id LIMIT %s FOR UPDATE SKIP LOCKED
) RETURNING file_id, kind, basis, gone_from
"""
# Art. 25(3): the refusal that a final ruling annulled goes with its data, and so does the appeal against it. A later
# refusal of the same file stays; so does every event that a date still rests on.
_REFUSAL_EVENTS = """
DELETE FROM archives_fileevent e USING (
    SELECT r.id, r.file_id, r.date,
           (SELECT min(q.id) FROM archives_fileevent q WHERE q.file_id = r.file_id
            AND q.type = 'REFUSAL_ANNULLED_FINAL' AND (q.date, q.id) > (r.date, r.id)) AS ruling
    FROM archives_fileevent r WHERE r.file_id = ANY(%s::uuid[]) AND r.type = 'REFUSED'
) gone
WHERE gone.ruling IS NOT NULL AND e.file_id = gone.file_id
  AND (e.id IN (gone.id, gone.ruling)
       OR (e.type = 'APPEAL_LODGED' AND e.id > gone.id AND e.id < gone.ruling))
"""
_COPIES = """
DELETE FROM archives_restrictedcopy WHERE id IN (
    SELECT id FROM archives_restrictedcopy WHERE gone_from <= %s ORDER BY gone_from LIMIT %s FOR UPDATE SKIP LOCKED
) RETURNING id, legal_basis, gone_from
"""
_RECORDS = """
DELETE FROM archives_processingrecord WHERE id IN (
    SELECT id FROM archives_processingrecord WHERE gone_from <= %s ORDER BY gone_from, id LIMIT %s
    FOR UPDATE SKIP LOCKED
) RETURNING gone_from
"""
KEY_OF_KIND = {"fingerprints": FileKey.Part.FINGERPRINTS, "refusal_data_art12": FileKey.Part.REFUSAL}


def erase_parts(run: ErasureRun, today: date, now: datetime, limit: int) -> int:
    """Fingerprints and data of annulled refusals whose day has come."""
    with erasing(), connection.cursor() as cursor:
        cursor.execute(_PARTS, [today, limit])
        rows = cursor.fetchall()
        for kind, key in KEY_OF_KIND.items():
            mine = [row for row in rows if row[1] == kind]
            if not mine:
                continue
            files, days = [row[0] for row in mine], [row[3] for row in mine]
            counts: dict[str, int | str] = {}
            if kind == "refusal_data_art12":
                cursor.execute(_REFUSAL_EVENTS, [uuids(files)])
                counts["events"] = cursor.rowcount
            line = journal.Line(f"part:{kind}", len(mine), "", mine[0][2], min(days), max(days), counts)
            journal.write(run, [line], now)
            doom(now, files, parts=[int(key)])
    return len(rows)


def erase_copies(run: ErasureRun, today: date, now: datetime, limit: int) -> int:
    """Copies for litigation whose own end has come."""
    with erasing(), connection.cursor() as cursor:
        cursor.execute(_COPIES, [today, limit])
        rows = cursor.fetchall()
        if rows:
            days = [row[2] for row in rows]
            line = journal.Line("restricted_copies", len(rows), "", rows[0][1], min(days), max(days))
            journal.write(run, [line], now)
            doom(now, [row[0] for row in rows])
    return len(rows)


def erase_records(run: ErasureRun, today: date, now: datetime, limit: int) -> int:
    """Records of processing, a year after their file's retention ended (art. 34(2))."""
    with erasing(), connection.cursor() as cursor:
        cursor.execute(_RECORDS, [today, limit])
        days = [row[0] for row in cursor.fetchall()]
        if days:
            line = journal.Line("processing_records", len(days), "", "34(2)", min(days), max(days))
            journal.write(run, [line], now)
    return len(days)
