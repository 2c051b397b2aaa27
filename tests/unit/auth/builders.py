"""One builder per domain object; every argument has a plain default."""

from uuid import UUID

from kernel.starting_policy import STARTING_POLICY
from kernel.values import Phone
from services.auth.domain.codes import Challenge, Purpose
from services.auth.domain.messages import Message
from services.auth.domain.passwords import Login
from services.auth.domain.rules import Rules
from services.auth.domain.sessions import Session
from services.auth.handlers.codes import CodeOrder
from tests.unit.auth.fakes import NOON, minutes

PHONE = Phone("+77011234567")
TOKEN = "k1.phone-token"  # noqa: S105 - a blind token
CLIENT = UUID(int=0xC1)
LOGIN = UUID(int=0x10)
REFERENCE = UUID(int=0xEF)
RULES = Rules.at(STARTING_POLICY, NOON)


def login(*, password_hash: str | None = "hash") -> Login:  # noqa: S107 - a fake
    return Login(
        login_id=LOGIN,
        client_id=CLIENT,
        phone=PHONE,
        phone_token=TOKEN,
        password_hash=password_hash,
    )


def order(
    purpose: Purpose = "registration", *, client_id: UUID | None = None
) -> CodeOrder:
    return CodeOrder(
        purpose=purpose,
        reference=REFERENCE,
        phone=PHONE,
        phone_token=TOKEN,
        client_id=client_id,
    )


def challenge(
    purpose: Purpose = "login", *, client_id: UUID | None = CLIENT
) -> Challenge:
    return Challenge(
        challenge_id=UUID(int=0xCC),
        purpose=purpose,
        reference=LOGIN,
        client_id=client_id,
        phone=PHONE,
        phone_token=TOKEN,
        code_token="token",  # noqa: S106 - no secret
        issued_at=NOON,
        expires_at=NOON + minutes(5),
        state="confirmed",
        tries=1,
        confirmed_at=NOON,
    )


def session(number: int = 1) -> Session:
    return Session(
        session_id=UUID(int=0x5E00 + number),
        login_id=LOGIN,
        client_id=CLIENT,
        opened_at=NOON,
        active_at=NOON,
    )


def message() -> Message:
    return Message(
        message_id=UUID(int=0x77),
        client_id=CLIENT,
        template="login_notice",
        version=1,
        language="ru",
        phone=PHONE,
        text="text",
        queued_at=NOON,
        expires_at=NOON + minutes(5),
        attempts=1,
    )
