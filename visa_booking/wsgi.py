"""The WSGI application that the server imports."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "visa_booking.settings.base")

_django = get_wsgi_application()

from vault.rotation import check_at_start  # noqa: E402  (imports models, which wait for Django's registry)
from visa_booking.remembered import Remembered  # noqa: E402  (the same)

check_at_start()
application = Remembered(_django)
