"""Production settings. What differs between installations comes from the environment; others only loosen this."""

import hashlib
import hmac
import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from visa_booking.environment import Environment

BASE_DIR = Path(__file__).resolve().parents[2]
env = Environment(os.environ)

# --- secrets ----------------------------------------------------------------------------------------------------------
SECRET_KEY = env.text("VISA_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("VISA_SECRET_KEY_FALLBACKS", "")
FIELD_KEYS = env.keys("VISA_FIELD_KEYS")
INDEX_KEY = env.text("VISA_INDEX_KEY")
INDEX_KEY_FALLBACKS = env.words("VISA_INDEX_KEY_FALLBACKS", "")
OTP_PEPPER = env.text("VISA_OTP_PEPPER")
OTP_PEPPER_FALLBACKS = env.words("VISA_OTP_PEPPER_FALLBACKS", "")

# --- who reaches us ---------------------------------------------------------------------------------------------------
DEBUG = False
ALLOWED_HOSTS = env.words("VISA_ALLOWED_HOSTS")
PUBLIC_ORIGIN = env.text("VISA_PUBLIC_ORIGIN").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN]
TRUSTED_PROXY_HOPS = env.integer("VISA_TRUSTED_PROXY_HOPS", 0, most=8)
METRICS_NETWORKS = env.networks("VISA_METRICS_NETWORKS", "127.0.0.0/8,::1/128")
# The middleware deletes this header where no proxy is trusted, so that a visitor cannot claim https.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- applications -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "visa_booking",
    "vault",
    "mailroom",
    "accounts",
    "antibot",
    "appointments",
    "archives",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",  # TemplatesSetting finds the templates of widgets there
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "captcha",
    "altcha_django",
    "csp",
    "django_countries",
    "phonenumber_field",
    "pgtrigger",
    "pghistory",
]
MIDDLEWARE = [
    "visa_booking.middleware.TrustedProxyMiddleware",
    "visa_booking.middleware.RequestLogMiddleware",
    "visa_booking.middleware.ProbesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "visa_booking.middleware.OnePolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "visa_booking.middleware.StorablePathMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.history.StaffHistoryMiddleware",
]
ROOT_URLCONF = "visa_booking.urls"
WSGI_APPLICATION = "visa_booking.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "visa_booking.folding.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
FORM_RENDERER = "visa_booking.rendering.PlainRenderer"

# --- data -------------------------------------------------------------------------------------------------------------
# Server-side cursors and session state are not used, so that a transaction-pooling PgBouncer may stand in between.
_persistent = {
    "CONN_MAX_AGE": env.integer("VISA_DATABASE_MAX_AGE_SECONDS", 600),
    "CONN_HEALTH_CHECKS": True,
    "DISABLE_SERVER_SIDE_CURSORS": True,
}
DATABASES = {
    "default": env.database("DATABASE_URL") | _persistent,
    # The per-file keys of the archive live elsewhere, with a backup of their own: erasing a key erases the file from
    # every backup of the first database.
    "vault_keys": env.database("VISA_KEYS_DATABASE_URL") | _persistent,
}
DATABASE_ROUTERS = ["visa_booking.routers.KeysRouter"]
KEYS_DATABASE_MODELS = frozenset({"archives.filekey"})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Public pages about open times may be this old; 0: rendered at every request.
PAGE_MEMORY_SECONDS = env.integer("VISA_PAGE_MEMORY_SECONDS", 1, most=60)

REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "vault.guarded_cache.GuardedRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "visa",
        "OPTIONS": {"socket_connect_timeout": 0.4, "socket_timeout": 0.4},
    }
}
# In the database, not in the cache: a flushed Valkey logs nobody out in the middle of a payment.
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_FAILURE_VIEW = "visa_booking.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

UPLOAD_DIR = Path(env.text("VISA_UPLOAD_DIR", str(BASE_DIR / ".data" / "uploads")))
CLAMD_URL = env.text("VISA_CLAMD_URL", "tcp://clamd:3310")
# A request carries forms, and at most one identity document of a few megabytes, which goes to a file as it arrives.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
DATA_UPLOAD_MAX_NUMBER_FILES = 5
FILE_UPLOAD_PERMISSIONS = 0o600

# --- people -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"  # where a foreign `next` leads instead
OTP_TOTP_ISSUER = "visa-booking"

# --- languages and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("ar", _("Arabic")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 180 * 24 * 3600
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- static files -----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "static_collected"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": UPLOAD_DIR}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- headers ----------------------------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = env.integer("VISA_HSTS_SECONDS", 2 * 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# --- mail -------------------------------------------------------------------------------------------------------------
_email = env.email("VISA_EMAIL_URL")
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST = _email["EMAIL_HOST"]
EMAIL_PORT = _email["EMAIL_PORT"]
EMAIL_HOST_USER = _email["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _email["EMAIL_USE_TLS"]
EMAIL_USE_SSL = _email["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text("VISA_EMAIL_FROM")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- counter-measures -------------------------------------------------------------------------------------------------
# Which door stays open without Valkey is decided door by door in antibot; the library itself never lets through.
RATELIMIT_FAIL_OPEN = False
ALTCHA_HMAC_SECRET = hmac.new(SECRET_KEY.encode(), b"altcha", hashlib.sha256).hexdigest()
PAYMENT_GATEWAY = env.choice("VISA_PAYMENT_GATEWAY", ("sandbox", "stripe"), "stripe")
STRIPE_SECRET_KEY = env.text("VISA_STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRET = env.text("VISA_STRIPE_WEBHOOK_SECRET", "")
if PAYMENT_GATEWAY == "stripe":
    # "Go on to pay" is a form of ours that is answered by a redirect to the hosted page, and Chromium holds redirects
    # to `form-action` too (CSP level 3, section 6.4.2): with 'self' alone the button does nothing at all.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append("https://checkout.stripe.com")
# Text messages: an https address that takes them, `console` for trials, nothing where there is no contract for them.
SMS_GATEWAY_URL = env.text("VISA_SMS_GATEWAY_URL", "")
SMS_GATEWAY_TOKEN = env.text("VISA_SMS_GATEWAY_TOKEN", "")
# A draw by "demonstration" can be verified by nobody; pages and records say so.
RANDOMNESS = env.choice("VISA_RANDOMNESS", ("drand", "demonstration"), "drand")
DRAND_RELAYS = env.words("VISA_DRAND_RELAYS", "https://api.drand.sh,https://api2.drand.sh,https://drand.cloudflare.com")

# --- background work --------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "celery:",
    "visibility_timeout": 600,  # far above the longest task (limit below): a task handed out twice would start twice
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "retry_policy": {"timeout": 2.0},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
# Celery closes its connections to the database before and after every task, and opening one (a process of PostgreSQL's,
# SCRAM, cold catalogues) costs more than most tasks. Kept for CONN_MAX_AGE instead, see `visa_booking/celery.py`.
CELERY_DB_REUSE_MAX = 2**62
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"

# --- logs -------------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.choice("VISA_LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
LOG_FORMAT = env.choice("VISA_LOG_FORMAT", ("json", "console"), "json")
LOGGING_CONFIG = "visa_booking.logs.configure"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}
