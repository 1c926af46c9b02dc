from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart and outside a transaction: people go on reporting meanwhile."""

    atomic = False

    dependencies = [
        ('appointments', '0010_report_contact'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='trafficreport',
            index=models.Index(fields=['contact_index'], name='traffic_report_contact'),
        ),
    ]
