from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart and outside a transaction: people go on objecting meanwhile."""

    atomic = False

    dependencies = [
        ('antibot', '0006_appeal_contact'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='appeal',
            index=models.Index(fields=['contact_index'], name='antibot_appeal_contact'),
        ),
    ]
