"""Settings of the laboratory: those of the tests, with a queue that nobody reads kept in memory."""

import os

from visa_booking.settings.test import *  # noqa: F403  (the environment has to be complete first)

EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# The laboratory calls what a worker would be asked to do; messages to a worker would only be thrown away.
CELERY_BROKER_URL = "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
for _settings in DATABASES.values():
    _settings["CONN_MAX_AGE"] = None
# The application's own memory of services, as in production: their facts do not change within a run.
PAGE_MEMORY_SECONDS = 1

# `lab.stage` starts a Valkey of its own for every laboratory; pytest claims a number for each process.
OWNS_REDIS = OWNS_REDIS or "LABORATORY_OWNS_SERVERS" in os.environ
