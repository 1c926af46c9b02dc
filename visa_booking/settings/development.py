"""Settings of `dev.py run` and of `manage.py` by hand: production, loosened for one machine without TLS."""

import base64
import os
import secrets
from pathlib import Path

# `dev.py` keeps one set of secrets beside its data. A command run by hand without them (to write a migration, say)
# gets secrets that live as long as the process.
_key = base64.b64encode(secrets.token_bytes(32)).decode
os.environ.setdefault("VISA_SECRET_KEY", secrets.token_urlsafe(48))
os.environ.setdefault("VISA_FIELD_KEYS", f"1:{_key()}")
os.environ.setdefault("VISA_INDEX_KEY", base64.b64encode(secrets.token_bytes(32)).decode())
os.environ.setdefault("VISA_OTP_PEPPER", base64.b64encode(secrets.token_bytes(32)).decode())
os.environ.setdefault("DATABASE_URL", "postgresql://127.0.0.1:5432/visa_booking")
os.environ.setdefault("VISA_KEYS_DATABASE_URL", "postgresql://127.0.0.1:5432/visa_keys")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:6379/0")
os.environ.setdefault("VISA_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
os.environ.setdefault("VISA_PUBLIC_ORIGIN", f"http://localhost:{os.environ.get('PORT', '8000')}")
os.environ.setdefault("VISA_EMAIL_URL", "smtp://127.0.0.1:2525")
os.environ.setdefault("VISA_EMAIL_FROM", "appointments@example.org")
os.environ.setdefault("VISA_PAYMENT_GATEWAY", "sandbox")
os.environ.setdefault("VISA_RANDOMNESS", "demonstration")
os.environ.setdefault("VISA_LOG_FORMAT", "console")

from visa_booking.settings.base import *  # noqa: E402, F403  (the environment has to be complete first)

# No scanner runs beside `dev.py`: documents are taken and marked as not scanned.
CLAMD_URL = os.environ.get("VISA_CLAMD_URL", "")
ROOT_URLCONF = "visa_booking.urls_development"
# Messages are kept as files, so that web and worker share them and /dev/mailbox/ can show them.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(Path(os.environ.get("DATA_DIR", BASE_DIR / ".data")) / "mailbox")
# One process on one machine without TLS: a browser keeps no Secure cookie, and no __Host- name, from plain http.
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 0
SESSION_COOKIE_SECURE = False
SESSION_COOKIE_NAME = "session"
CSRF_COOKIE_SECURE = False
CSRF_COOKIE_NAME = "csrf"
LANGUAGE_COOKIE_SECURE = False
# Static files straight from their folders: nothing to collect after a change.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
