from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('antibot', '0005_asking'),
    ]

    operations = [
        migrations.AddField(
            model_name='appeal',
            name='contact_index',
            field=models.BinaryField(max_length=32, null=True),
        ),
    ]
