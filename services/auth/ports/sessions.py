"""Sessions and the browsers they are opened in."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.auth.domain.devices import Aim, DeviceCheck
from services.auth.domain.sessions import EndReason, Limits, Session


class SessionTokens(Protocol):
    """The secrets of sessions: the browser has the token, we have its digest."""

    def new(self) -> str: ...

    def digest(self, token: str) -> bytes: ...


class Sessions(Protocol):
    """Who is in."""

    def add(self, session: Session, digest: bytes) -> None: ...

    def touch(
        self, digests: Collection[bytes], *, limits: Limits, now: datetime, wait: bool
    ) -> Mapping[bytes, Session]:
        """Note activity of those that live, by one statement; which.

        Who is being changed at this very moment is waited for, or left out.
        """
        ...

    def look(
        self, digests: Collection[bytes], *, limits: Limits
    ) -> Mapping[bytes, Session]:
        """Those that live, without counting as activity."""
        ...

    def end(self, session_id: UUID, reason: EndReason, *, now: datetime) -> bool: ...

    def end_others(
        self, session: Session, reason: EndReason, *, now: datetime
    ) -> Sequence[Session]:
        """End the client's other sessions; which they were."""
        ...

    def end_all(
        self, client_id: UUID, reason: EndReason, *, now: datetime
    ) -> Sequence[Session]:
        """End every session of a client; which they were."""
        ...

    def end_beyond(
        self, session: Session, *, most: int, now: datetime
    ) -> Sequence[Session]:
        """End those silent longest until `most` are left with `session`; which."""
        ...

    def of_client(self, client_id: UUID, *, limits: Limits) -> Sequence[Session]:
        """A client's living sessions, the newest first."""
        ...

    def step_up(self, session_id: UUID, digest: bytes, *, now: datetime) -> bool:
        """Note a fresh second factor under a new token; False when it has ended."""
        ...

    def use_step_up(self, session_id: UUID, *, since: datetime) -> bool:
        """Take the fresh second factor, once; False when there is none so fresh."""
        ...

    def rotate(self, session_id: UUID, digest: bytes) -> bool:
        """Give a session a new token, the old one is dead; False when it has ended."""
        ...

    def end_stale(
        self, *, limits: Limits, now: datetime
    ) -> Sequence[tuple[Session, EndReason]]:
        """End every session beyond its limits; which, and why."""
        ...


class Devices(Protocol):
    """Browsers known to logins, and checks of new ones."""

    def note_use(self, login_id: UUID, mark: bytes, *, now: datetime) -> bool:
        """Note a login in a known browser; False when it is new to the login."""
        ...

    def remark(self, mark: bytes, fresh: bytes) -> None:
        """Change the mark of a browser for all logins that know it."""
        ...

    def admit(
        self, device_id: UUID, login_id: UUID, mark: bytes, *, now: datetime
    ) -> None: ...

    def checks_since(self, login_id: UUID, aim: Aim, *, since: datetime) -> int: ...

    def add_check(self, check: DeviceCheck, token: bytes) -> None: ...

    def find_check(self, check_id: UUID, token: bytes) -> DeviceCheck | None: ...

    def find_right(self, token: bytes, *, now: datetime) -> DeviceCheck | None:
        """The passed check of a lost number whose token this is, while it lasts."""
        ...

    def void_checks(self, client_id: UUID, *, now: datetime) -> None:
        """Let every check of a client be over: its proofs are of yesterday."""
        ...

    def pass_check(self, check_id: UUID, ceremony_id: UUID, *, now: datetime) -> bool:
        """Use a living check up; False when it was used, or has run out."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove browsers not used since, and older checks; how many browsers."""
        ...
