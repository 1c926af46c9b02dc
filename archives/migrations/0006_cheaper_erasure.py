from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# Django's foreign keys say NO ACTION: PostgreSQL asks for each deleted file and each of six keys whether a file with the
# same number has come back meanwhile, before it asks whether somebody still points at it. RESTRICT asks the second alone,
# and at once. Each is added without a look at old rows, validated without stopping writers, and only then replaces the
# other. Killed in between, the migration can run again.
KEYS = (
    ("fileevent", "file_id", "archives_fileevent_file_id_eac4f40a_fk_archives_visafile_id"),
    ("filelink", "first_id", "archives_filelink_first_id_330ba784_fk_archives_visafile_id"),
    ("filelink", "second_id", "archives_filelink_second_id_1a7ce567_fk_archives_visafile_id"),
    ("filedocument", "file_id", "archives_filedocument_file_id_0811e4cc_fk_archives_visafile_id"),
    ("sealedpart", "file_id", "archives_sealedpart_file_id_b2dc5eb7_fk_archives_visafile_id"),
    ("hold", "file_id", "archives_hold_file_id_e3232a39_fk_archives_visafile_id"),
)


def replaced(table: str, column: str, old: str, new: str, action: str) -> list[str]:
    alter = f"ALTER TABLE archives_{table}"
    return [
        f"{alter} DROP CONSTRAINT IF EXISTS {new}",
        f"{alter} ADD CONSTRAINT {new} FOREIGN KEY ({column}) REFERENCES archives_visafile (id) {action}"
        " DEFERRABLE INITIALLY DEFERRED NOT VALID",
        f"{alter} VALIDATE CONSTRAINT {new}",
        f"{alter} DROP CONSTRAINT IF EXISTS {old}",
    ]


def restricted(table: str, column: str, old: str) -> migrations.RunSQL:
    new = f"{table}_{column}_restrict"
    return migrations.RunSQL(
        replaced(table, column, old, new, "ON DELETE RESTRICT"), replaced(table, column, new, old, "")
    )


class Migration(migrations.Migration):
    """Outside a transaction: twenty million files go on being read and written meanwhile."""

    atomic = False

    dependencies = [
        ('archives', '0005_names'),
    ]

    operations = [
        *(restricted(*key) for key in KEYS),
        # A build that was killed leaves an index that is not valid, and in the way of the next one.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS processingrecord_file", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name='processingrecord',
            index=models.Index(condition=models.Q(('file_ref__isnull', False)), fields=['file_ref'], name='processingrecord_file'),
        ),
        migrations.AlterField(
            model_name='processingrecord',
            name='file_ref',
            field=models.UUIDField(null=True),
        ),
    ]
