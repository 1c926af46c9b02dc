"""The search for free slots was planned anew at each hold, which took longer than the search."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """One plan a connection, for the function and the triggers that it sets off; the index of open slots serves all."""

    dependencies: ClassVar = [("appointments", "0007_suspicions")]
    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(
            "ALTER FUNCTION appointments_hold SET plan_cache_mode = force_generic_plan",
            "ALTER FUNCTION appointments_hold RESET plan_cache_mode",
            elidable=False,
        )
    ]
