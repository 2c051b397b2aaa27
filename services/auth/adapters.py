"""Outer systems and slow or secret functions, one class per port."""

import base64
import functools
import json
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

import httpx
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import BaseModel, ConfigDict, ValidationError
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRequestOptions,
    UserVerificationRequirement,
)

from kernel.crypto import (
    BlindKeys,
    Json,
    b64url,
    random_bytes,
    random_digits,
    sha256,
    unb64url,
)
from kernel.errors import Broken, Transient
from kernel.logging import get_logger
from services.auth.domain.codes import CODE_DIGITS
from services.auth.domain.messages import Message, Report
from services.auth.domain.passkeys import NewCredential, Passkey
from services.auth.domain.passwords import normal_form
from services.auth.domain.rules import HashCost

log = get_logger(__name__)

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


class WebAuthn:
    """The port `Authenticators` by py_webauthn, for our site only.

    Of which make an authenticator is, is nobody's business here (no attestation);
    that it has verified its holder (PIN, finger, face) is demanded both times.
    """

    def __init__(self, site: str) -> None:
        self._site = site
        self._origin = f"https://{site}"

    def registration(
        self, login_id: UUID, challenge: bytes, known: Sequence[Passkey]
    ) -> Mapping[str, Json]:
        options = generate_registration_options(
            rp_id=self._site,
            rp_name=self._site,
            # What an authenticator keeps and shows must name nobody.
            user_id=login_id.bytes,
            user_name=self._site,
            challenge=challenge,
            exclude_credentials=_descriptors(known),
            authenticator_selection=AuthenticatorSelectionCriteria(
                user_verification=UserVerificationRequirement.REQUIRED
            ),
        )
        return _as_json(options)

    def registered(
        self, credential: Mapping[str, Json], challenge: bytes
    ) -> NewCredential | None:
        try:
            proved = verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._site,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except _NOT_PROVED as error:
            log.info("passkey_not_registered", why=type(error).__name__)
            return None
        return NewCredential(
            proved.credential_id, proved.credential_public_key, proved.sign_count
        )

    def authentication(
        self, challenge: bytes, known: Sequence[Passkey]
    ) -> Mapping[str, Json]:
        options = generate_authentication_options(
            rp_id=self._site,
            challenge=challenge,
            allow_credentials=_descriptors(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _as_json(options)

    def credential_id(self, credential: Mapping[str, Json]) -> bytes | None:
        named = credential.get("id")
        try:
            return unb64url(named) if isinstance(named, str) else None
        except ValueError:
            return None

    def signed(
        self, credential: Mapping[str, Json], challenge: bytes, passkey: Passkey
    ) -> int | None:
        """The count is judged by the domain, which must know a copy from a lie."""
        try:
            proved = verify_authentication_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._site,
                expected_origin=self._origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except _NOT_PROVED as error:
            log.info("passkey_not_accepted", why=type(error).__name__)
            return None
        return int(proved.new_sign_count)


_NOT_PROVED: Final = (WebAuthnException, ValueError, TypeError, KeyError)
"""What the library raises for answers that prove nothing, and for garbage."""


def _descriptors(known: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=key.credential_id) for key in known]


def _as_json(
    options: PublicKeyCredentialCreationOptions | PublicKeyCredentialRequestOptions,
) -> Mapping[str, Json]:
    plain: dict[str, Json] = json.loads(options_to_json(options))
    return plain
