"""The session of a member of the staff, kept between two commands.

One file of mode 0600 in a folder of the person's own: no argument, no variable and no
log ever holds it.  A file that others may read, or that belongs to somebody else, is
not used.
"""

import os
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson

from kernel.clock import parse_rfc3339, rfc3339
from kernel.crypto import Json, as_object
from kernel.errors import Broken, Refused
from kernel.values import Secret

_NAME: Final = "session"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who is logged in, until when, and what proves it to auth."""

    secret: Secret[str]
    expires_at: datetime
    staff_id: str
    roles: tuple[str, ...]


def not_logged_in(sentence: str = "You are not logged in.") -> Refused:
    """The refusal that ends a command with 4."""
    return Refused("not_logged_in", sentence, next_step="Run kredit login.")


@dataclass(frozen=True, slots=True)
class SessionFile:
    """The one session kept in a folder."""

    folder: Path

    @property
    def _path(self) -> Path:
        return self.folder / _NAME

    def load(self, *, now: datetime) -> Session:
        """The session, if it may be used.

        Refused: ``not_logged_in`` when there is none or it is over,
        ``session_exposed`` when others could read it.
        """
        session, exposed = self._read()
        if exposed:
            raise Refused(
                "session_exposed",
                "Others may read the file of your session, so it is not used.",
                next_step="End it with kredit logout, then log in anew.",
            )
        if session.expires_at <= now:
            raise not_logged_in("Your session is over.")
        return session

    def to_end(self) -> Session:
        """`load` for ending it: an exposed or aged session is ended all the more."""
        return self._read()[0]

    def save(self, session: Session) -> None:
        """Keep it in the place of any other, readable by this user alone."""
        told: dict[str, Json] = {
            "session": session.secret.reveal(),
            "expires_at": rfc3339(session.expires_at),
            "staff_id": session.staff_id,
            "roles": list(session.roles),
        }
        fresh = self._path.with_name(f".{_NAME}.{os.getpid()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(fresh, flags, 0o600), "wb") as file:
                file.write(orjson.dumps(told))
            fresh.replace(self._path)
        except OSError as error:
            raise Broken("the session cannot be kept in its folder") from error

    def forget(self) -> None:
        """Remove it, if it is there."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> tuple[Session, bool]:
        """What is kept, and whether anybody else could have read it."""
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError as error:
            raise not_logged_in() from error
        except OSError as error:
            raise Broken("the file of the session cannot be read") from error
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if found.st_uid != os.geteuid():
                raise Broken("the file of the session belongs to somebody else")
            content = file.read()
        return _session(content), bool(found.st_mode & _OTHERS)


def _session(content: bytes) -> Session:
    try:
        told = as_object(orjson.loads(content))
        roles = told["roles"]
        return Session(
            secret=Secret(str(told["session"])),
            expires_at=parse_rfc3339(str(told["expires_at"])),
            staff_id=str(told["staff_id"]),
            roles=tuple(map(str, roles)) if isinstance(roles, list) else (),
        )
    except (ValueError, TypeError, KeyError, Broken) as error:
        raise not_logged_in("The file of your session cannot be read.") from error
