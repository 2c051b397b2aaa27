"""A security key in software: CTAP2's three commands, as a device of FIDO speaks them.

What drives it is what drives a real one; only the USB is not there. It verifies its
holder by itself (``uv``), so it asks for no PIN.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Event
from typing import Any, Self

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.ctap import STATUS, CtapDevice, CtapError
from fido2.ctap2.base import Ctap2
from fido2.hid import CAPABILITY
from typing_extensions import override

_PRESENT_AND_VERIFIED = 0x05
_ATTESTED = 0x40
_OK = b"\x00"
CREDENTIAL = b"credential-of-a-key"


@dataclass
class SoftKey(CtapDevice):
    """One key pair for one member on one site; `sign_count` counts its answers."""

    sign_count: int = 0
    site: str = ""
    user: Mapping[str, Any] = field(default_factory=dict)
    credential_id: bytes = CREDENTIAL
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    @override
    def capabilities(self) -> int:
        return CAPABILITY.CBOR

    @classmethod
    @override
    def list_devices(cls) -> Iterator[Self]:
        yield from ()

    @override
    def call(
        self,
        cmd: int,
        data: bytes = b"",
        event: Event | None = None,
        on_keepalive: Callable[[STATUS], None] | None = None,
    ) -> bytes:
        asked = cbor2.loads(data[1:]) if data[1:] else {}
        match data[0]:
            case Ctap2.CMD.GET_INFO:
                told = self._info()
            case Ctap2.CMD.MAKE_CREDENTIAL:
                told = self._made(asked)
            case Ctap2.CMD.GET_ASSERTION:
                if asked[1] != self.site:
                    return bytes([CtapError.ERR.NO_CREDENTIALS])
                told = self._signed(asked)
            case unknown:
                raise AssertionError(unknown)
        return _OK + cbor2.dumps(told, canonical=True)

    def _info(self) -> dict[int, Any]:
        options = {"rk": True, "up": True, "uv": True, "plat": False}
        return {1: ["FIDO_2_0"], 3: bytes(16), 4: options, 6: [2]}

    def _made(self, asked: Mapping[int, Any]) -> dict[int, Any]:
        assert asked[7] == {"rk": True, "uv": True}
        self.site, self.user = asked[2]["id"], asked[3]
        attested = (
            bytes(16)
            + len(self.credential_id).to_bytes(2, "big")
            + self.credential_id
            + self._cose_key()
        )
        data = self._data(_PRESENT_AND_VERIFIED | _ATTESTED) + attested
        return {1: "none", 2: data, 3: {}}

    def _signed(self, asked: Mapping[int, Any]) -> dict[int, Any]:
        self.sign_count += 1
        data = self._data(_PRESENT_AND_VERIFIED)
        signature = self.key.sign(data + asked[2], ec.ECDSA(SHA256()))
        named = {"id": self.credential_id, "type": "public-key"}
        return {1: named, 2: data, 3: signature, 4: dict(self.user)}

    def _data(self, flags: int) -> bytes:
        return (
            sha256(self.site.encode()).digest()
            + bytes([flags])
            + self.sign_count.to_bytes(4, "big")
        )

    def _cose_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y}, canonical=True)
