"""Earlier code does not know our row beside django-otp's: where it takes a device away, the database takes the seed."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

_KEY = "accounts_authenticat_totpdevice_ptr_id_2f45f204_fk_otp_totp_"


def _replaced(action: str) -> str:
    return (
        f"ALTER TABLE accounts_authenticator DROP CONSTRAINT {_KEY}, ADD CONSTRAINT {_KEY}"
        f" FOREIGN KEY (totpdevice_ptr_id) REFERENCES otp_totp_totpdevice (id) {action} DEFERRABLE INITIALLY DEFERRED"
    )


class Migration(migrations.Migration):
    """A table of a few rows, locked for an instant."""

    dependencies: ClassVar = [("accounts", "0004_authenticator")]
    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(_replaced("ON DELETE CASCADE"), _replaced(""), elidable=False)
    ]
