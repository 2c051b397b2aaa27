"""Time stamps (RFC 3161) over signature values: asked for by us, or brought along.

A token proves that the signature existed at an instant by the authority's clock. It is
believed after these steps:

1. TSTInfo of version 1 under a policy we know.
2. The imprint is SHA-256 or better, over the signature value.
3. It returns our nonce, when we asked.
4. One signer, whose certificate is for time stamping, with a path to a pinned root at
   the stamped instant; its signature over TSTInfo holds.
5. The stamped instant is not in the future.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from asn1crypto import cms, core, tsp
from pyhanko.sign.general import CMSStructuralError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator.errors import PathError, ValidationError

from kernel.clock import Clock
from kernel.crypto import random_bytes, sha256
from kernel.errors import Broken, Transient
from services.onboarding.adapters.http import HTTP_OK, OuterServer
from services.onboarding.adapters.revocation import UNPARSABLE
from services.onboarding.adapters.trust import PinnedTrust, finish
from services.onboarding.domain.signature import Code
from services.onboarding.ports import Stamp

MAX_TOKEN_BYTES: Final = 64 * 1024
NONCE_BYTES: Final = 8
AHEAD: Final = timedelta(minutes=1)
STAMP_ATTRIBUTE: Final = "signature_time_stamp_token"

_HASHES: Final = {
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}
# НУЦ's policies of time stamping: GOST-2004, RSA, GOST-2015.
_POLICIES: Final = frozenset(f"1.2.398.3.3.2.6.{number}" for number in (1, 2, 4))


class TokenChecker:
    """Decides whether a token may be believed."""

    def __init__(self, *, trust: PinnedTrust, clock: Clock) -> None:
        self._trust = trust
        self._clock = clock

    def check_brought(self, signer: cms.SignerInfo) -> Code | None:
        """The fault of a token among the unsigned attributes; None if none is bad."""
        attributes = signer["unsigned_attrs"]
        if isinstance(attributes, core.Void):
            return None
        signature: bytes = signer["signature"].native
        for attribute in attributes:
            if attribute["type"].native == STAMP_ATTRIBUTE:
                for token in attribute["values"]:
                    code = self.fault(token, signature, nonce=None)
                    if code is not None:
                        return code
        return None

    def fault(
        self, token: cms.ContentInfo, signature: bytes, *, nonce: int | None
    ) -> Code | None:
        """Why a token does not stamp `signature`; None if it does."""
        try:
            return self._fault(token, signature, nonce)
        except (
            CMSStructuralError,
            SignatureValidationError,
            ValidationError,
            PathError,
            *UNPARSABLE,
        ):
            return Code.MALFORMED

    def _fault(
        self, token: cms.ContentInfo, signature: bytes, nonce: int | None
    ) -> Code | None:
        signed_data = token["content"]
        info = _info(signed_data)
        imprint = info["message_imprint"]
        hashing = _HASHES.get(imprint["hash_algorithm"]["algorithm"].native)
        if hashing is None:  # step 2
            return Code.WEAK_OR_UNKNOWN_ALGORITHM
        if imprint["hashed_message"].native != hashing(signature).digest():
            return Code.WRONG_IMPRINT
        if nonce is not None and info["nonce"].native != nonce:  # step 3
            return Code.WRONG_IMPRINT
        stamped: datetime = info["gen_time"].native
        late = stamped > self._clock.now() + AHEAD  # step 5
        known = info["version"].native == "v1" and info["policy"].dotted in _POLICIES
        one_signer = len(signed_data["signer_infos"]) == 1
        if late or not known or not one_signer:  # step 1
            return Code.UNTRUSTED
        return (
            None if self._trusted(signed_data, stamped, signature) else (Code.UNTRUSTED)
        )

    def _trusted(
        self, signed_data: cms.SignedData, moment: datetime, signature: bytes
    ) -> bool:
        """Step 4."""
        context = self._trust.context(moment=moment, revocation=None)
        found: Mapping[str, Any] = finish(
            validate_tst_signed_data(
                signed_data,
                context,
                lambda name: _HASHES[name](signature).digest(),
            )
        )
        return bool(TimestampSignatureStatus(**found).trusted)


class HttpTimestamps:
    """НУЦ's time-stamping authority."""

    def __init__(self, authority: OuterServer, *, checker: TokenChecker) -> None:
        self._authority = authority
        self._checker = checker

    def stamp(self, signature: bytes) -> Stamp:
        """A token over a signature value, checked.

        Transient when the authority is away; Broken when its token is not ours.
        """
        nonce = int.from_bytes(random_bytes(NONCE_BYTES))
        reply = self._authority.post(
            "/tsp",
            _request(signature, nonce),
            media_type="application/timestamp-query",
            limit=MAX_TOKEN_BYTES,
        )
        if reply.status != HTTP_OK:
            raise self._authority.unexpected(reply)
        token = _granted(reply.body)
        if self._checker.fault(token, signature, nonce=nonce) is not None:
            raise Broken("the time stamp is not for what was asked")
        info = _info(token["content"])
        return Stamp(token=token.dump(), stamped_at=info["gen_time"].native)


def _request(signature: bytes, nonce: int) -> bytes:
    imprint = {
        "hash_algorithm": {"algorithm": "sha256"},
        "hashed_message": sha256(signature),
    }
    request = tsp.TimeStampReq(
        {"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True}
    )
    der: bytes = request.dump()
    return der


def _granted(raw: bytes) -> cms.ContentInfo:
    try:
        answer = tsp.TimeStampResp.load(raw, strict=True)
        if answer["status"]["status"].native in ("granted", "granted_with_mods"):
            return answer["time_stamp_token"]
    except UNPARSABLE:
        raise Transient("the time-stamping authority answered unreadably") from None
    raise Transient("the time-stamping authority did not grant a time stamp")


def _info(signed_data: cms.SignedData) -> tsp.TSTInfo:
    info = signed_data["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise TypeError("the token holds no TSTInfo")
    return info
