"""Twins of the use cases around a login, for one client."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from uuid import UUID

from kernel.context import Context
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.values import Phone
from services.auth.domain.codes import Challenge
from services.auth.domain.devices import DeviceCheck
from services.auth.domain.factors import Standing
from services.auth.domain.passkeys import Passkey
from services.auth.domain.sessions import Session
from services.auth.wiring import CheckDue, Entered
from services.auth.wiring.factors import Begun, Factors
from tests.behind import ID

NOON = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
SESSION = Session(
    session_id=UUID(ID),
    login_id=UUID(ID),
    client_id=UUID(ID),
    opened_at=NOON,
    active_at=NOON,
    browser="Firefox, Linux",
)
_CHALLENGE = Challenge(
    challenge_id=UUID(ID),
    purpose="login",
    reference=UUID(ID),
    client_id=UUID(ID),
    phone=Phone("+77011234567"),
    phone_token="k1.phone",  # noqa: S106 - a blind token
    code_token="k1.code",  # noqa: S106 - no secret
    issued_at=NOON,
    expires_at=NOON + timedelta(minutes=5),
)
_PASSKEY = Passkey(
    passkey_id=UUID(ID),
    login_id=UUID(ID),
    credential_id=b"c",
    public_key=b"k",
    sign_count=0,
    name="phone",
    added_at=NOON,
)
HOLDER = UUID(int=0xC11E)
"""Who has lost a number, and holds the right to change it."""
_TOKEN = "next-token"  # noqa: S105 - opens nothing
_OPTIONS: Mapping[str, Json] = {"challenge": "bGV0dGVycw"}


@dataclass
class FakeEntry:
    """Of `EntryUseCases`: no second factor is right, every check is passed."""

    def new_mark(self) -> str:
        return "fresh-mark"

    def send_message(self, _context: Context, **_given: object) -> Challenge:
        return _CHALLENGE

    def ask_passkey(self, _context: Context, **_given: object) -> Mapping[str, Json]:
        return _OPTIONS

    def open_session(self, _context: Context, **_given: object) -> NoReturn:
        raise Refused("code_wrong", "The code is not right.", next_step="-")

    def find_check(self, _context: Context, **_given: object) -> DeviceCheck:
        return _check()

    def statement(self, _check: DeviceCheck) -> bytes:
        return b"{}"

    def enter_checked(self, _context: Context, **_given: object) -> Entered:
        return Entered(SESSION, _TOKEN, "fresh-mark")

    def admit_registered(self, _context: Context, **_given: object) -> None:
        return


@dataclass
class FakeRecovery:
    """Of `RecoveryUseCases`: every proof is right, every token a right of `HOLDER`."""

    def send_code(self, _context: Context, **_given: object) -> Challenge:
        return _CHALLENGE

    def prove_code(self, _context: Context, **_given: object) -> CheckDue:
        return CheckDue(_check(), _TOKEN)

    def prove_password(self, _context: Context, **_given: object) -> CheckDue:
        return CheckDue(_check(), _TOKEN)

    def prove_visit(self, _context: Context, **_given: object) -> CheckDue:
        return CheckDue(_check(), _TOKEN)

    def find(self, _context: Context, **_given: object) -> DeviceCheck:
        return _check()

    def statement(self, _check: DeviceCheck) -> bytes:
        return b"{}"

    def set_password(self, _context: Context, **_given: object) -> None:
        return

    def allow_change(self, _context: Context, **_given: object) -> DeviceCheck:
        return _check()

    def client_of_right(self, _context: Context, *, token: str) -> UUID:
        del token
        return HOLDER


def _check() -> DeviceCheck:
    return DeviceCheck(
        check_id=UUID(ID),
        login_id=UUID(ID),
        client_id=UUID(ID),
        opened_at=NOON,
        expires_at=NOON,
    )


@dataclass
class FakeStays:
    """Of `SessionUseCases`: one session."""

    def list_own(self, _context: Context, *, session: Session) -> list[Session]:
        return [session]

    def revoke(self, _context: Context, **_given: object) -> None:
        return

    def revoke_others(self, _context: Context, *, session: Session) -> int:
        del session
        return 0


@dataclass
class FakeFactors:
    """Of `FactorUseCases`: every change is allowed."""

    def show(self, _context: Context, **_given: object) -> Factors:
        standing = Standing(totp_since=NOON, recovery_left=10, passkeys=1)
        return Factors(standing, [_PASSKEY])

    def begin_step_up(
        self, _context: Context, **_given: object
    ) -> tuple[Challenge, tuple[str, ...]]:
        return _CHALLENGE, ("sms",)

    def send_message(self, _context: Context, **_given: object) -> Challenge:
        return _CHALLENGE

    def ask_passkey(self, _context: Context, **_given: object) -> Mapping[str, Json]:
        return _OPTIONS

    def step_up(self, _context: Context, **_given: object) -> str:
        return _TOKEN

    def use_step_up(self, _context: Context, **_given: object) -> None:
        return

    def begin_totp(self, _context: Context, **_given: object) -> Begun:
        return Begun("GEZDGNBV", "otpauth://totp/x")

    def confirm_totp(self, _context: Context, **_given: object) -> str:
        return _TOKEN

    def remove_totp(self, _context: Context, **_given: object) -> str:
        return _TOKEN

    def replace_recovery_codes(
        self, _context: Context, **_given: object
    ) -> tuple[list[str], str]:
        return ["ABCD-EFGH-IJKL-MNOP"], _TOKEN

    def begin_passkey(self, _context: Context, **_given: object) -> Mapping[str, Json]:
        return _OPTIONS

    def add_passkey(self, _context: Context, **_given: object) -> tuple[Passkey, str]:
        return _PASSKEY, _TOKEN

    def rename_passkey(self, _context: Context, **_given: object) -> Passkey:
        return _PASSKEY

    def remove_passkey(self, _context: Context, **_given: object) -> str:
        return _TOKEN
