"""Django settings. Everything an operator may set is an environment variable, explained by `coterie doctor`."""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from coterie.core.proxies import networks
from coterie.core.secret import secret_key

PACKAGE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("COTERIE_DATA") or "data").resolve()
# Only for the user who runs it: everything about everybody is in there.
DATA.mkdir(mode=0o700, parents=True, exist_ok=True)

SECRET_KEY = os.environ.get("COTERIE_SECRET_KEY") or secret_key(DATA)
DEBUG = False
ALLOWED_HOSTS = os.environ.get("COTERIE_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host != "*"]
SECURE_PROXY_SSL_HEADER = None

# The replica is a cache beside the database; see `audience.replica`.
REPLICA_MEMORY = os.environ.get("COTERIE_REPLICA_MEMORY", "1GB")
REPLICA_THREADS = int(os.environ.get("COTERIE_REPLICA_THREADS", "2"))
# `host:port` pairs on private networks that the operator allows outgoing calls to, such as a bot on the same machine.
PRIVATE_HOSTS = [host for host in os.environ.get("COTERIE_PRIVATE_HOSTS", "").split(",") if host]
# Proxies in front of us, whose X-Forwarded-For is believed; files that tell the place of an IP address.
TRUSTED_PROXIES = networks(os.environ.get("COTERIE_TRUSTED_PROXIES", ""))
GEOIP_FILES = [path for path in os.environ.get("COTERIE_GEOIP_FILES", "").split(",") if path]
# Bytes of a file that is sent to be imported.
IMPORT_MAX = int(os.environ.get("COTERIE_IMPORT_MAX_GB", "10")) << 30

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "django_htmx",
    "ninja",
    "coterie.accounts",
    "coterie.journal",
    "coterie.jobs",
    "coterie.audience",
    "coterie.people",
    "coterie.segments",
    "coterie.chats",
    "coterie.profile",
    "coterie.channels",
    "coterie.channels.widget",
    "coterie.transfers",
    "coterie.web",
    "coterie.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "coterie.core.static.StaticFiles",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "coterie.urls"
ASGI_APPLICATION = "coterie.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "coterie.web.context.shell",
            ],
        },
    },
]

_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA / "coterie.sqlite3",
    "OPTIONS": {
        # Every write transaction takes the write lock at its start, so that it can never fail half-way for want of it.
        "transaction_mode": "IMMEDIATE",
        "timeout": 60,
        # FULL: a commit is on disk before it is acknowledged, also through a loss of power.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY;"
            # What is deleted is overwritten; see docs/decisions/0018-erased-for-good.md.
            " PRAGMA secure_delete=ON;"
        ),
    },
}
# Connections are shared through a pool: every request runs in a thread of its own.
_POOL = {"min_size": 1, "max_size": 20, "timeout": 10}


def _postgres(url: str) -> dict[str, Any]:
    """What the address says, its TLS options too, and the pool."""
    found: dict[str, Any] = {**dj_database_url.parse(url)}
    return {**found, "OPTIONS": {**found.get("OPTIONS", {}), "pool": _POOL}}


_URL = os.environ.get("DATABASE_URL")
DATABASES = {"default": _postgres(_URL) if _URL else _SQLITE}
# Counts of tries at logging in live here, too: room enough that they cannot be washed out.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "coterie.web.login.Adapter"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/login"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/users"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [PACKAGE / "locale"]

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0
WHITENOISE_AUTOREFRESH = False

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# One request may carry a batch of events; the channel checks the finer limits.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
# Beside where files are kept, so that the parts of one need no second copy; /tmp may be memory.
FILE_UPLOAD_TEMP_DIR = DATA / "uploads.tmp"
FILE_UPLOAD_TEMP_DIR.mkdir(mode=0o700, exist_ok=True)
FILE_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"keys": {"()": "coterie.core.logs.WithoutKeys"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["keys"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "coterie": {"level": "INFO"},
        # Refused requests are the sender's affair.
        "django.request": {"level": "ERROR"},
    },
}
