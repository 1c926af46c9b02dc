"""For building the image: no secret is there, none is needed; static files are collected as production serves them."""

from visa_booking.settings.development import *  # noqa: F403  (first: it supplies what base asks for)

from visa_booking.settings import base  # isort: skip

STORAGES = base.STORAGES
WHITENOISE_USE_FINDERS = False
WHITENOISE_AUTOREFRESH = False
