"""The WSGI application that the server imports."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "visa_booking.settings.base")

_django = get_wsgi_application()

from visa_booking.remembered import Remembered  # noqa: E402  (imports models, which wait for Django's registry)

application = Remembered(_django)
