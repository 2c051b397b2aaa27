"""Second factors beside codes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.crypto import Json
from services.auth.domain.factors import CountedMethod, FactorAttempt, Totp
from services.auth.domain.passkeys import NewCredential, Passkey
from services.auth.domain.rules import Rules


class Totps(Protocol):
    """Secrets shared with authenticators, at most one per login."""

    def begin(self, totp: Totp) -> bool:
        """Keep an unconfirmed secret instead of an earlier; False if one counts."""
        ...

    def find(self, login_id: UUID) -> Totp | None: ...

    def use_step(self, login_id: UUID, step: int) -> bool:
        """Use up a step and all before it; False when it was used up before."""
        ...

    def confirm(self, login_id: UUID, *, now: datetime) -> bool: ...

    def remove(self, login_id: UUID) -> bool: ...


class RecoveryCodes(Protocol):
    """Codes on paper, by their keyed hashes."""

    def replace(
        self, login_id: UUID, tokens: Sequence[str], *, now: datetime
    ) -> None: ...

    def use(self, login_id: UUID, token: str, *, now: datetime) -> bool:
        """Use a code up; False when there is none such, or it was used."""
        ...

    def left(self, login_id: UUID) -> int: ...


class FactorAttempts(Protocol):
    """The count of attempts per login and kind of second factor."""

    def reserve(
        self, login_id: UUID, method: CountedMethod, *, rules: Rules, now: datetime
    ) -> FactorAttempt | None:
        """Take one attempt, by one statement; None when the kind is locked."""
        ...

    def locked_until(
        self, login_id: UUID, method: CountedMethod
    ) -> datetime | None: ...

    def clear(self, attempt: FactorAttempt) -> None: ...

    def reopen(self, *, now: datetime) -> Sequence[tuple[UUID, CountedMethod]]:
        """End the locks that have run out; of which logins and kinds."""
        ...


class Passkeys(Protocol):
    """Public keys of authenticators, and the challenges they are asked."""

    def add(self, passkey: Passkey) -> bool:
        """Keep a new passkey; False when its credential is known already."""
        ...

    def of_login(self, login_id: UUID) -> Sequence[Passkey]: ...

    def note_use(self, passkey: Passkey, sign_count: int, *, now: datetime) -> bool:
        """Count on from what was read; False when another use came between."""
        ...

    def suspend(self, passkey_id: UUID, *, now: datetime) -> None: ...

    def rename(self, passkey: Passkey, name: str) -> None: ...

    def remove(self, passkey: Passkey) -> bool: ...

    def ask(self, reference: UUID, challenge: bytes, *, until: datetime) -> None:
        """Keep the one challenge of `reference`; an earlier one is worth nothing."""
        ...

    def take(self, reference: UUID, *, now: datetime) -> bytes | None:
        """The challenge of `reference`, once."""
        ...

    def forget(self, *, before: datetime) -> int: ...


class Authenticators(Protocol):
    """WebAuthn: what browsers are asked, and what their answers prove."""

    def registration(
        self, login_id: UUID, challenge: bytes, known: Sequence[Passkey]
    ) -> Mapping[str, Json]:
        """Options of ``navigator.credentials.create``."""
        ...

    def registered(
        self, credential: Mapping[str, Json], challenge: bytes
    ) -> NewCredential | None:
        """What the answer proves; None when it proves nothing."""
        ...

    def authentication(
        self, challenge: bytes, known: Sequence[Passkey]
    ) -> Mapping[str, Json]:
        """Options of ``navigator.credentials.get``."""
        ...

    def credential_id(self, credential: Mapping[str, Json]) -> bytes | None:
        """Whose answer it claims to be."""
        ...

    def signed(
        self, credential: Mapping[str, Json], challenge: bytes, passkey: Passkey
    ) -> int | None:
        """The count of signatures in a right answer; None when it is not right."""
        ...
