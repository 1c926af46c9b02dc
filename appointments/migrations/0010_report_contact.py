from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0009_terms'),
    ]

    operations = [
        migrations.AddField(
            model_name='trafficreport',
            name='contact_index',
            field=models.BinaryField(max_length=32, null=True),
        ),
    ]
