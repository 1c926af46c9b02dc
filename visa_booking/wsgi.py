"""The WSGI application that the server imports."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "visa_booking.settings.base")

_django = get_wsgi_application()

from vault.rotation import refuse_another_index_key  # noqa: E402  (imports models, which wait for Django's registry)
from visa_booking.remembered import Remembered  # noqa: E402  (the same)

refuse_another_index_key()
application = Remembered(_django)
