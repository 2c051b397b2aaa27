"""A security key in the person's hand, asked by CTAP2 over USB (FIDO Alliance).

The name it is asked in is this program's own and not the answering side's: whoever
stands between may ask for a signature of nothing else (WebAuthn level 3, section 13.4).
"""

import json
import sys
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from fido2.client import (
    ClientError,
    DefaultClientDataCollector,
    Fido2Client,
    UserInteraction,
)
from fido2.ctap import CtapDevice
from fido2.ctap2.pin import ClientPin
from fido2.hid import CtapHidDevice
from fido2.webauthn import (
    AuthenticationResponse,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRequestOptions,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from typing_extensions import override

from kernel.cli.terminal import ask_secret
from kernel.crypto import Json
from kernel.errors import Refused

PATIENCE_MS: Final = 60_000
"""For a touch; then the key gives up by itself."""
_ES256: Final = -7
_EDDSA: Final = -8
"""COSE algorithms (RFC 9053), as every key of today has one of them."""


class Person(UserInteraction):
    """Whoever holds the key: asked for the PIN, told to touch."""

    @override
    def prompt_up(self) -> None:
        sys.stderr.write("Touch your security key.\n")

    @override
    def request_pin(
        self, permissions: ClientPin.PERMISSION, rp_id: str | None
    ) -> str | None:
        return ask_secret("PIN of the security key").reveal()


class FidoKey:
    """The port `SecurityKey` by one device, for one site alone."""

    def __init__(self, device: CtapDevice, site: str) -> None:
        self._site = site
        collector = DefaultClientDataCollector(f"https://{site}")
        self._client = Fido2Client(device, collector, Person())

    def register(
        self, challenge: bytes, *, staff_id: UUID, login: str
    ) -> Mapping[str, Json]:
        options = PublicKeyCredentialCreationOptions(
            rp=PublicKeyCredentialRpEntity(id=self._site, name=self._site),
            user=PublicKeyCredentialUserEntity(
                id=staff_id.bytes, name=login, display_name=login
            ),
            challenge=challenge,
            pub_key_cred_params=[
                PublicKeyCredentialParameters(
                    type=PublicKeyCredentialType.PUBLIC_KEY, alg=algorithm
                )
                for algorithm in (_ES256, _EDDSA)
            ],
            timeout=PATIENCE_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                # The door names nobody's keys: the key itself knows whom it is for.
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        try:
            return _plain(self._client.make_credential(options))
        except ClientError as error:
            raise _not_answered(error) from error

    def answer(self, challenge: bytes, *, login: str) -> Mapping[str, Json]:
        options = PublicKeyCredentialRequestOptions(
            challenge=challenge,
            timeout=PATIENCE_MS,
            rp_id=self._site,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        try:
            selection = self._client.get_assertion(options)
        except ClientError as error:
            raise _not_answered(error) from error
        found = selection.get_assertions()
        # A key that serves several members names them; one that serves one need not.
        names = [(one.user or {}).get("name") for one in found]
        place = names.index(login) if login in names else 0
        return _plain(selection.get_response(place))


def plugged_in(site: str) -> FidoKey:
    """The one key that is plugged in; Refused ``security_key_missing``."""
    devices = list(CtapHidDevice.list_devices())
    if len(devices) != 1:
        raise Refused(
            "security_key_missing",
            f"One security key is needed, and {len(devices)} are plugged in.",
            next_step="Plug in the one you want to use.",
        )
    return FidoKey(devices[0], site)


def _plain(response: RegistrationResponse | AuthenticationResponse) -> dict[str, Json]:
    """As a browser would send it: the library's own words are not JSON's yet."""
    told: dict[str, Json] = json.loads(json.dumps(dict(response)))
    return told


def _not_answered(error: ClientError) -> Refused:
    return Refused(
        "security_key_refused",
        "The security key gave no answer.",
        next_step="Is it the right key, is its PIN set, did you touch it? Try again.",
        why=error.code.name.lower(),
    )
