"""The library behind passkeys proves what we rely on, and nothing else."""

from dataclasses import replace
from uuid import UUID

import pytest

from kernel.crypto import Json, b64url
from services.auth.adapters import WebAuthn
from services.auth.domain.passkeys import Passkey
from tests.unit.auth.authenticator import PRESENT, Authenticator
from tests.unit.auth.builders import LOGIN
from tests.unit.auth.fakes import NOON

SITE = WebAuthn("creditplus.kz")
CHALLENGE = b"c" * 32
OTHER_CHALLENGE = b"d" * 32


def registered(authenticator: Authenticator) -> Passkey:
    options = SITE.registration(LOGIN, CHALLENGE, [])
    proved = SITE.registered(authenticator.register(dict(options)), CHALLENGE)
    assert proved is not None
    return Passkey(
        passkey_id=UUID(int=0xFA),
        login_id=LOGIN,
        credential_id=proved.credential_id,
        public_key=proved.public_key,
        sign_count=proved.sign_count,
        name="phone",
        added_at=NOON,
    )


def asked(passkey: Passkey) -> dict[str, Json]:
    return dict(SITE.authentication(CHALLENGE, [passkey]))


def test_a_registered_key_answers_and_is_counted() -> None:
    authenticator = Authenticator()
    passkey = registered(authenticator)
    answer = authenticator.answer(asked(passkey))

    assert SITE.credential_id(answer) == authenticator.credential_id
    assert SITE.signed(answer, CHALLENGE, passkey) == 1


def test_the_options_name_our_site_and_nobody_and_demand_verification() -> None:
    passkey = registered(Authenticator())
    create = SITE.registration(LOGIN, CHALLENGE, [passkey])
    get = asked(passkey)

    assert create["rp"] == {"name": "creditplus.kz", "id": "creditplus.kz"}
    assert create["user"] == {
        "id": b64url(LOGIN.bytes),
        "name": "creditplus.kz",
        "displayName": "creditplus.kz",
    }
    assert create["attestation"] == "none"
    assert get["rpId"] == "creditplus.kz"
    assert get["userVerification"] == "required"
    assert get["allowCredentials"] == [
        {"id": b64url(passkey.credential_id), "type": "public-key"}
    ]


@pytest.mark.seeded(
    "auth_passkey_without_user_verification", "auth_passkey_of_any_origin"
)
@pytest.mark.parametrize(
    "changed",
    [
        {"flags": PRESENT},
        {"flags": 0},
        {"origin": "https://creditplus.kz.evil.example"},
        {"origin": "http://creditplus.kz"},
        {"site": "evil.example"},
    ],
)
def test_an_answer_given_elsewhere_or_without_its_holder_proves_nothing(
    changed: dict[str, object],
) -> None:
    """Neither at a login nor when a key is added."""
    honest = Authenticator()
    passkey = registered(honest)
    spoilt = replace(honest, **changed)  # type: ignore[arg-type]

    assert SITE.signed(spoilt.answer(asked(passkey)), CHALLENGE, passkey) is None
    options = dict(SITE.registration(LOGIN, CHALLENGE, []))
    assert SITE.registered(spoilt.register(options), CHALLENGE) is None


def test_an_answer_to_another_challenge_or_by_another_key_proves_nothing() -> None:
    honest = Authenticator()
    passkey = registered(honest)
    answer = honest.answer(asked(passkey))
    thief = Authenticator(credential_id=honest.credential_id)

    assert SITE.signed(answer, OTHER_CHALLENGE, passkey) is None
    assert SITE.signed(thief.answer(asked(passkey)), CHALLENGE, passkey) is None


@pytest.mark.parametrize(
    "garbage",
    [
        {},
        {"id": "!", "rawId": "!", "type": "public-key", "response": {}},
        {"id": 7, "rawId": None, "type": [], "response": "x"},
        {
            "id": "AAAA",
            "rawId": "AAAA",
            "type": "public-key",
            "response": {
                "clientDataJSON": "AAAA",
                "authenticatorData": "AAAA",
                "attestationObject": "oA",
                "signature": "AAAA",
            },
        },
    ],
)
def test_garbage_proves_nothing_and_breaks_nothing(garbage: dict[str, Json]) -> None:
    passkey = registered(Authenticator())

    assert SITE.registered(garbage, CHALLENGE) is None
    assert SITE.signed(garbage, CHALLENGE, passkey) is None
    assert SITE.credential_id({**garbage, "id": "ы"}) is None


@pytest.mark.parametrize(
    ("stored", "came", "copied"),
    [(0, 0, False), (0, 1, False), (5, 6, False), (5, 5, True), (5, 4, True)],
)
def test_a_count_that_does_not_grow_means_a_copy(
    stored: int, came: int, *, copied: bool
) -> None:
    """An authenticator that never counts says zero for ever: no sign of a copy."""
    passkey = replace(registered(Authenticator()), sign_count=stored)

    assert passkey.is_copied(came) is copied
