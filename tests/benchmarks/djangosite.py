"""The peer of the gateway: Django with django-axes as their manuals show them.

The same work as ours does: argon2id at the same cost, sessions and counts in
PostgreSQL over TLS, a lock after three failures for fifteen minutes.  Run as
``python -m tests.benchmarks.djangosite people`` it makes its tables and its people.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from typing_extensions import override

COUNT: Final = "DJANGO_COUNT"
"""Names the file that grows by a byte with every look at a password."""
_MODULE: Final = "tests.benchmarks.djangosite"
_PREFIX: Final = "ANTIFRAUD"
"""Whose database is lent to the peer."""


def configure() -> None:
    """Django's settings, from the environment of the lent database's owner."""
    database = urlsplit(os.environ[f"{_PREFIX}_DATABASE_URL"])
    settings.configure(
        SECRET_KEY="of a benchmark",  # noqa: S106 - of this run alone
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF=f"{_MODULE}_urls",
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "axes",
        ],
        MIDDLEWARE=[
            "django.middleware.common.CommonMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "axes.middleware.AxesMiddleware",
        ],
        AUTHENTICATION_BACKENDS=[
            "axes.backends.AxesStandaloneBackend",
            "django.contrib.auth.backends.ModelBackend",
        ],
        PASSWORD_HASHERS=[f"{_MODULE}.CountedArgon2"],
        AXES_FAILURE_LIMIT=3,
        AXES_COOLOFF_TIME=timedelta(minutes=15),
        AXES_LOCKOUT_PARAMETERS=["username"],
        AXES_VERBOSE=False,
        LOGGING_CONFIG=None,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": database.hostname,
                "PORT": str(database.port),
                "USER": database.username,
                "NAME": database.path.lstrip("/"),
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "sslmode": "verify-full",
                    "sslrootcert": os.environ[f"{_PREFIX}_TLS_CA"],
                    "sslcert": os.environ[f"{_PREFIX}_TLS_CERT"],
                    "sslkey": os.environ[f"{_PREFIX}_TLS_KEY"],
                },
            }
        },
    )
    django.setup()


class CountedArgon2(Argon2PasswordHasher):  # type: ignore[misc] # untyped library
    """Django's hasher at our cost, counting its looks."""

    time_cost = 2
    memory_cost = 32 * 1024
    parallelism = 1

    @override
    def verify(self, password: str, encoded: str) -> bool:
        with Path(os.environ[COUNT]).open("ab") as mark:
            mark.write(b".")
        return bool(super().verify(password, encoded))


def make_people(count: int, password: str) -> list[str]:
    """Tables, people with one password, and a session of the first; their cookies."""
    from django.contrib.auth import (  # noqa: PLC0415 - after set-up only
        BACKEND_SESSION_KEY,
        HASH_SESSION_KEY,
        SESSION_KEY,
    )
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    call_command("flush", verbosity=0, interactive=False)
    encoded = make_password(password)
    users = [User(username=f"+7701{n:07}", password=encoded) for n in range(count)]
    User.objects.bulk_create(users)
    first: Any = User.objects.order_by("id").first()
    session: Any = SessionStore()
    session[SESSION_KEY] = str(first.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = first.get_session_auth_hash()
    session.create()
    return [f"Cookie: sessionid={session.session_key}"]


if __name__ == "__main__":
    configure()
    print(json.dumps(make_people(int(sys.argv[1]), sys.argv[2])))  # noqa: T201
