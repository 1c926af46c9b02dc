"""Settings of the tests: development with fixed secrets, quick password hashing and no network."""

import base64
import os
import tempfile

for _name in [name for name in os.environ if name.startswith("VISA_") and name != "VISA_KEYS_DATABASE_URL"]:
    del os.environ[_name]
os.environ["VISA_SECRET_KEY"] = "tests-only-" + "x" * 50
os.environ["VISA_FIELD_KEYS"] = "1:" + base64.b64encode(bytes(range(32))).decode()
os.environ["VISA_INDEX_KEY"] = base64.b64encode(bytes(range(32, 64))).decode()
os.environ["VISA_OTP_PEPPER"] = base64.b64encode(bytes(range(64, 96))).decode()
os.environ["VISA_ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"
os.environ["VISA_LOG_LEVEL"] = "WARNING"
if "VISA_KEYS_DATABASE_URL" not in os.environ and "DATABASE_URL" in os.environ:
    _start, _, _query = os.environ["DATABASE_URL"].partition("?")
    os.environ["VISA_KEYS_DATABASE_URL"] = _start.rpartition("/")[0] + "/visa_keys" + (f"?{_query}" if _query else "")

from visa_booking.settings.development import *  # noqa: E402, F403  (the environment has to be complete first)

EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
UPLOAD_DIR = tempfile.mkdtemp(prefix="visa-booking-tests-")
STORAGES["default"]["OPTIONS"]["location"] = UPLOAD_DIR  # type: ignore[index]  # noqa: F405
WHITENOISE_AUTOREFRESH = False
