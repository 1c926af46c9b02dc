"""The WSGI application that the server imports."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "visa_booking.settings.base")

application = get_wsgi_application()
