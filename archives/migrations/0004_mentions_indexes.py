import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart and outside a transaction: twenty million files go on being read and written meanwhile."""

    atomic = False

    dependencies = [
        ('archives', '0003_erased_requests_and_mentions'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='copyrequest',
            index=models.Index(condition=models.Q(('file_id__isnull', False)), fields=['file_id'], name='copy_file'),
        ),
        AddIndexConcurrently(
            model_name='visafile',
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(('mentions__len__gt', 0)), fields=['mentions'], name='visafile_mentions'),
        ),
        AddIndexConcurrently(
            model_name='visafile',
            index=models.Index(condition=models.Q(('mentions__isnull', True)), fields=['id'], name='visafile_unread'),
        ),
    ]
