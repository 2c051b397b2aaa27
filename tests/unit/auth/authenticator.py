"""A software authenticator: answers WebAuthn's two questions, rightly or as told."""

import json
from dataclasses import dataclass, field
from hashlib import sha256

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from kernel.crypto import Json, b64url, unb64url

PRESENT = 0x01
VERIFIED = 0x04
_ATTESTED = 0x40


@dataclass
class Authenticator:
    """One key pair of one person on one site; `sign_count` counts its answers."""

    site: str = "creditplus.kz"
    origin: str = "https://creditplus.kz"
    flags: int = PRESENT | VERIFIED
    sign_count: int = 0
    credential_id: bytes = b"credential-of-a-test"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def register(self, options: Json) -> dict[str, Json]:
        """The answer to options of ``navigator.credentials.create``."""
        attested = (
            bytes(16)
            + len(self.credential_id).to_bytes(2, "big")
            + self.credential_id
            + self._cose_key()
        )
        authenticator_data = self._data(self.flags | _ATTESTED) + attested
        attestation = cbor2.dumps(
            {"fmt": "none", "attStmt": {}, "authData": authenticator_data}
        )
        return self._credential(
            {
                "clientDataJSON": b64url(self._client_data("webauthn.create", options)),
                "attestationObject": b64url(attestation),
            }
        )

    def answer(self, options: Json) -> dict[str, Json]:
        """The answer to options of ``navigator.credentials.get``."""
        self.sign_count += 1
        return self.answer_without_counting(options)

    def answer_without_counting(self, options: Json) -> dict[str, Json]:
        client_data = self._client_data("webauthn.get", options)
        data = self._data(self.flags)
        signature = self.key.sign(
            data + sha256(client_data).digest(), ec.ECDSA(SHA256())
        )
        return self._credential(
            {
                "clientDataJSON": b64url(client_data),
                "authenticatorData": b64url(data),
                "signature": b64url(signature),
            }
        )

    def _credential(self, response: dict[str, Json]) -> dict[str, Json]:
        named = b64url(self.credential_id)
        return {
            "id": named,
            "rawId": named,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }

    def _client_data(self, kind: str, options: Json) -> bytes:
        assert isinstance(options, dict)
        challenge = str(options["challenge"])
        assert len(unb64url(challenge)) >= 16
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": self.origin}
        ).encode()

    def _data(self, flags: int) -> bytes:
        return (
            sha256(self.site.encode()).digest()
            + bytes([flags])
            + self.sign_count.to_bytes(4, "big")
        )

    def _cose_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        return cbor2.dumps(
            {
                1: 2,
                3: -7,
                -1: 1,
                -2: numbers.x.to_bytes(32, "big"),
                -3: numbers.y.to_bytes(32, "big"),
            }
        )
