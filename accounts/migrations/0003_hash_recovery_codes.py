"""Recovery codes that stood in clear become hashes; whoever wrote one down goes on using it."""

import base64
import hashlib
from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation


def hash_codes(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    """As `accounts.two_factor` stores them; codes in clear had ten signs, hashes have sixteen."""
    for row in apps.get_model("otp_static", "StaticToken").objects.exclude(token__regex=r"^.{16}$"):
        digest = hashlib.sha256(f"staff recovery code {row.token}".encode()).digest()[:10]
        row.token = base64.b32encode(digest).decode().lower()
        row.save(update_fields=["token"])


class Migration(migrations.Migration):
    """There is no way back from a hash: backwards leaves the rows, and new codes are made by hand."""

    dependencies: ClassVar = [("accounts", "0002_language"), ("otp_static", "0003_add_timestamps")]
    operations: ClassVar[list[Operation]] = [migrations.RunPython(hash_codes, migrations.RunPython.noop)]
