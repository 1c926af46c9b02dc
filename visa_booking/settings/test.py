"""Settings of the tests: development with fixed secrets, quick password hashing and no network.

Several test processes may share one PostgreSQL and one Valkey: each has databases of its own.
"""

import atexit
import base64
import os
import shutil
import tempfile
from pathlib import Path

_kept = {"VISA_KEYS_DATABASE_URL"}
for _name in [name for name in os.environ if name.startswith("VISA_") and name not in _kept]:
    del os.environ[_name]
_services = Path(__file__).resolve().parents[2] / ".data" / "services.env"
if "DATABASE_URL" not in os.environ and _services.exists():  # of `dev.py services`
    os.environ.update(dict(line.split("=", 1) for line in _services.read_text().splitlines()))
if "VISA_KEYS_DATABASE_URL" not in os.environ and "DATABASE_URL" in os.environ:
    _start, _, _query = os.environ["DATABASE_URL"].partition("?")
    os.environ["VISA_KEYS_DATABASE_URL"] = _start.rpartition("/")[0] + "/visa_keys" + (f"?{_query}" if _query else "")
os.environ["VISA_SECRET_KEY"] = "tests-only-" + "x" * 50
os.environ["VISA_FIELD_KEYS"] = "1:" + base64.b64encode(bytes(range(32))).decode()
os.environ["VISA_INDEX_KEY"] = base64.b64encode(bytes(range(32, 64))).decode()
os.environ["VISA_OTP_PEPPER"] = base64.b64encode(bytes(range(64, 96))).decode()
os.environ["VISA_ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"
os.environ["VISA_LOG_LEVEL"] = "WARNING"

# Web servers and workers that a test starts read these settings too; they are told their databases by the test.
_is_pytest = "PYTEST_VERSION" in os.environ
OWNS_REDIS = _is_pytest and "REDIS_URL" in os.environ
if OWNS_REDIS:
    import redis

    _server, _, _number = os.environ["REDIS_URL"].rpartition("/")
    _redis = redis.Redis.from_url(os.environ["REDIS_URL"])
    # Number 0 holds the claims; each process takes the first number that nobody holds, for an hour at most.
    for _candidate in range(1, 256):
        if _redis.set(f"test-claim:{_candidate}", str(os.getpid()), nx=True, ex=3600):
            os.environ["REDIS_URL"] = f"{_server}/{_candidate}"
            break
    _redis.close()

from visa_booking.settings.development import *  # noqa: E402, F403  (the environment has to be complete first)

if _is_pytest:
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
INSTALLED_APPS = [*INSTALLED_APPS, "django_migration_linter"]
ROOT_URLCONF = "visa_booking.urls"
PAGE_MEMORY_SECONDS = 0  # a test looks at the same page twice within a second; what is remembered has tests of its own
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if "TEST_UPLOAD_DIR" in os.environ:
    UPLOAD_DIR = Path(os.environ["TEST_UPLOAD_DIR"])
else:
    UPLOAD_DIR = Path(tempfile.mkdtemp(prefix="visa-booking-tests-"))
    atexit.register(shutil.rmtree, UPLOAD_DIR, ignore_errors=True)
STORAGES["default"]["OPTIONS"]["location"] = UPLOAD_DIR  # type: ignore[index]
DATABASES["default"]["TEST"] = {"NAME": f"test_visa_{os.getpid()}"}
DATABASES["vault_keys"]["TEST"] = {"NAME": f"test_keys_{os.getpid()}"}
