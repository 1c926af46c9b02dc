"""Histories are under retention too: after three years they go, and nothing but this takes them away."""

from datetime import datetime, timedelta
from typing import Final

import pgtrigger
from django.apps import apps
from django.db import transaction
from pghistory.models import Context

# Long enough that the year before last can still be audited when the current one is over.
KEPT: Final = timedelta(days=3 * 366)
_APPS: Final = ("accounts", "appointments")


def forget_histories(now: datetime) -> int:
    """Erase history rows older than three years, and the contexts that nothing refers to; returns how many rows."""
    models = [model for label in _APPS for model in apps.get_app_config(label).get_models()]
    events = [model for model in models if hasattr(model, "pgh_tracked_model")]
    gone = 0
    with transaction.atomic():
        for model in events:
            with pgtrigger.ignore(f"{model._meta.label}:append_only"):
                gone += model._default_manager.filter(pgh_created_at__lt=now - KEPT).delete()[0]
        Context.objects.filter(created_at__lt=now - KEPT).delete()
    return gone
