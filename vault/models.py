"""How far the rotation of a key is, and which index key the rows are written under."""

from django.db import models


class KeyMark(models.Model):
    """One job of a rotation. It holds no key, only a fingerprint that tells one key from another."""

    name = models.CharField(max_length=60, primary_key=True)
    fingerprint = models.CharField(max_length=16)
    position = models.CharField(max_length=64, blank=True, default="")  # primary key of the last row that is done
    rows = models.BigIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
