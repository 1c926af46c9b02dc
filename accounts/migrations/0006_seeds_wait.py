"""Where earlier code serves staff already, seeds stay in clear until `manage.py seal_seeds`: that code reads no others."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

# An installation without staff, and one that seals already, have no node that would have to wait.
WAIT = """
    INSERT INTO vault_keymark (name, fingerprint, position, rows)
    SELECT 'authenticators:clear', '', '', 0
     WHERE EXISTS (SELECT 1 FROM accounts_user) AND NOT EXISTS (SELECT 1 FROM accounts_authenticator)
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    """A row of a table that earlier code does not read by this name."""

    dependencies: ClassVar = [("accounts", "0005_seed_goes_with_its_device"), ("vault", "0001_key_marks")]
    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(
            WAIT, "DELETE FROM vault_keymark WHERE name = 'authenticators:clear'", elidable=False
        )
    ]
