"""Outer systems and slow or secret functions, one class per port."""

import base64
import functools
import ssl
import threading
from collections.abc import Callable
from typing import Final
from uuid import UUID

import httpx
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import BaseModel, ConfigDict, ValidationError

from kernel.crypto import (
    BlindKeys,
    b64url,
    random_bytes,
    random_digits,
    sha256,
)
from kernel.errors import Broken, Transient
from services.auth.domain.codes import CODE_DIGITS
from services.auth.domain.messages import Message, Report
from services.auth.domain.passwords import normal_form
from services.auth.domain.rules import HashCost

SMS_TIMEOUT_S: Final = 5.0
SMS_LARGEST_ANSWER: Final = 4096
SESSION_TOKEN_BYTES: Final = 32

HASHES_AT_ONCE: Final = 2
"""Each takes its memory and a core: more at once would only be slower (case A14)."""
_HASH_BYTES: Final = 32
_SALT_BYTES: Final = 16


class KeyedCodes:
    """The port `Codes`: uniform digits, HMAC under the key of blind tokens.

    A plain hash of six digits would be undone by trying them all; the key is what
    makes it one-way.
    """

    def __init__(self, keys: BlindKeys) -> None:
        self._keys = keys

    def new(self) -> str:
        return random_digits(CODE_DIGITS)

    def token(self, challenge_id: UUID, code: str) -> str:
        return self._keys.token("code", f"{challenge_id}:{code}")


class RandomTokens:
    """The port `SessionTokens`: 256 random bits; a fast hash is enough for those."""

    def new(self) -> str:
        return b64url(random_bytes(SESSION_TOKEN_BYTES))

    def digest(self, token: str) -> bytes:
        return sha256(token.encode())


class Argon2Passwords:
    """The port `Passwords`: argon2id, a bounded number at once.

    Who has no password is compared with a hash of nothing anybody knows, so that the
    work, and the time, is the same for numbers nobody has (case A04).
    """

    def __init__(self, cost: Callable[[], HashCost]) -> None:
        self._cost = cost
        self._places = threading.BoundedSemaphore(HASHES_AT_ONCE)

    def hash(self, password: str) -> str:
        with self._places:
            return _hasher(self._cost()).hash(normal_form(password))

    def matches(
        self, password: str, password_hash: str | None, *, like: str | None = None
    ) -> bool:
        compared = password_hash or _of_nobody(
            self._cost() if like is None else _cost_of(like)
        )
        with self._places:
            try:
                _hasher(self._cost()).verify(compared, normal_form(password))
            except VerificationError:
                return False
            except InvalidHashError as error:
                raise Broken("a stored password hash is not one") from error
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        asked, has = self._cost(), _cost_of(password_hash)
        return has.memory_kib < asked.memory_kib or has.passes < asked.passes


def _hasher(cost: HashCost) -> PasswordHasher:
    return PasswordHasher(
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=_HASH_BYTES,
        salt_len=_SALT_BYTES,
    )


def _cost_of(password_hash: str) -> HashCost:
    try:
        found = extract_parameters(password_hash)
    except InvalidHashError as error:
        raise Broken("a stored password hash is not one") from error
    return HashCost(
        memory_kib=found.memory_cost, passes=found.time_cost, lanes=found.parallelism
    )


def _of_nobody(cost: HashCost) -> str:
    """A hash of this cost that no password has: random bytes in its usual form."""
    salt, digest = (_plain_b64(n) for n in (_SALT_BYTES, _HASH_BYTES))
    parameters = f"m={cost.memory_kib},t={cost.passes},p={cost.lanes}"
    return f"$argon2id$v=19${parameters}${salt}${digest}"


def _plain_b64(count: int) -> str:
    return base64.b64encode(random_bytes(count)).decode().rstrip("=")


@functools.cache
def common_passwords() -> frozenset[str]:
    """The 30 000 passwords most often found in leaks, by the library zxcvbn.

    Loaded when first asked for: who sets no passwords need not keep them.
    """
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 16 MB

    return frozenset(FREQUENCY_LISTS["passwords"])


class _Accepted(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    accepted: bool


class _Reported(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    state: Report


class HttpSms:
    """The port `SmsGateway` over HTTPS with a client certificate.

    The provider delivers one `message_id` once, so a lost answer is asked again.
    """

    def __init__(self, url: str, tls: ssl.SSLContext) -> None:
        self._client = httpx.Client(
            base_url=url,
            verify=tls,
            timeout=SMS_TIMEOUT_S,
            follow_redirects=False,
            trust_env=False,
        )

    def send(self, message: Message) -> None:
        """Raises Transient when the provider is away or says nothing we know."""
        request = {
            "message_id": str(message.message_id),
            "to": message.phone.reveal(),
            "text": message.text,
        }
        status, body = self._asked("POST", "/sms/v1/messages", request)
        if status != httpx.codes.ACCEPTED or not _accepted(body):
            raise Transient(f"the SMS provider answered {status}")

    def report(self, message_id: UUID) -> Report:
        """Raises Transient when the provider is away or says nothing we know."""
        status, body = self._asked("GET", f"/sms/v1/messages/{message_id}")
        try:
            return _Reported.model_validate_json(body).state
        except ValidationError:
            raise Transient(f"the SMS provider answered {status}") from None

    def _asked(
        self, method: str, path: str, request: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        try:
            with self._client.stream(method, path, json=request) as answer:
                return answer.status_code, _bounded(answer)
        except httpx.HTTPError as error:
            # The cause may quote the request, which holds the number and the text.
            raise Transient(f"the SMS provider: {type(error).__name__}") from None

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def _bounded(answer: httpx.Response) -> bytes:
    body = b""
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > SMS_LARGEST_ANSWER:
            raise Transient("the SMS provider answered too much")
    return body


def _accepted(body: bytes) -> bool:
    try:
        return _Accepted.model_validate_json(body).accepted
    except ValidationError:
        return False
