"""Celery: the application, and a beat schedule put together from what each app says about itself."""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, task_postrun, task_prerun, worker_init
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "visa_booking.settings.base")

APPS_WITH_TASKS = ("visa_booking", "mailroom", "accounts", "antibot", "appointments", "archives")

app = Celery("visa_booking")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(list(APPS_WITH_TASKS))


@task_prerun.connect
@task_postrun.connect
def _close_old_connections(**_: Any) -> None:
    """Let go of connections that are too old or broken, as Django does before and after a request."""
    close_old_connections()


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Django has configured logging already; with a receiver Celery leaves it alone."""


@worker_init.connect
@beat_init.connect
def _check_keys(**_: Any) -> None:
    from vault.rotation import check_at_start

    check_at_start()


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Every app's `tasks.BEAT`: name → (task name, seconds or crontab). Raises ValueError for a name used twice."""
    schedule: dict[str, dict[str, Any]] = {}
    for label in APPS_WITH_TASKS:
        if importlib.util.find_spec(f"{label}.tasks") is None:
            continue
        beat = getattr(importlib.import_module(f"{label}.tasks"), "BEAT", {})
        for name, (task, every) in beat.items():
            if name in schedule:
                raise ValueError(f"Two beat entries are called {name}.")
            # A tick that waited longer than its own period is worth nothing: the next one does its work.
            expires = {"expires": max(10.0, float(every))} if isinstance(every, int | float) else {}
            schedule[name] = {"task": task, "schedule": every, "options": expires}
    return schedule


@app.on_after_finalize.connect
def _install_schedule(sender: Celery, **_: Any) -> None:
    """Late, because tasks import models and those need Django's registry."""
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()
    sender.conf.beat_schedule = beat_schedule()
