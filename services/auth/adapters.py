"""Outer systems and slow or secret functions, one class per port."""

import ssl
import threading
from typing import Final
from uuid import UUID

import httpx
from argon2 import PasswordHasher
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
from services.auth.domain.messages import Message
from services.auth.domain.passwords import normal_form

SMS_TIMEOUT_S: Final = 5.0
SMS_LARGEST_ANSWER: Final = 4096
SESSION_TOKEN_BYTES: Final = 32

# RFC 9106 knows no single right cost; OWASP asks for at least 19 MiB and t=2.
HASH_MEMORY_KIB: Final = 32 * 1024
HASH_PASSES: Final = 2
HASHES_AT_ONCE: Final = 2
"""Each takes 32 MiB and a core: more at once would only be slower (case A14)."""


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

    def __init__(
        self, *, memory_kib: int = HASH_MEMORY_KIB, passes: int = HASH_PASSES
    ) -> None:
        self._hasher = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=1
        )
        self._places = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._nobody = self._hasher.hash(random_bytes(32))

    def hash(self, password: str) -> str:
        with self._places:
            return self._hasher.hash(normal_form(password))

    def matches(self, password: str, password_hash: str | None) -> bool:
        with self._places:
            try:
                self._hasher.verify(
                    password_hash or self._nobody, normal_form(password)
                )
            except VerificationError:
                return False
            except InvalidHashError as error:
                raise Broken("a stored password hash is not one") from error
        return password_hash is not None


class _Accepted(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    accepted: bool


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
        try:
            with self._client.stream(
                "POST", "/sms/v1/messages", json=request
            ) as answer:
                body = _bounded(answer)
        except httpx.HTTPError as error:
            # The cause may quote the request, which holds the number and the text.
            raise Transient(f"the SMS provider: {type(error).__name__}") from None
        if answer.status_code != httpx.codes.ACCEPTED or not _accepted(body):
            raise Transient(f"the SMS provider answered {answer.status_code}")

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
