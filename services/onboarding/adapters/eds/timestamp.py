"""Time stamps (RFC 3161) over signature values: asked for by us, or brought along.

A token proves that the signature existed at an instant by the authority's clock. It is
believed after these steps:

1. SignedData with one signer, around a TSTInfo of version 1 under a policy we know.
2. The imprint is by a strong hash, over the data asked for.
3. It returns our nonce, when we asked.
4. The stamped instant is not in the future.
5. The signature holds, and is by the certificate that the token's own signed
   attribute names (ESS signing-certificate, RFC 2634 and RFC 5816).
6. That certificate is for time stamping alone, with a path to a pinned root at the
   stamped instant.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from asn1crypto import tsp, x509

from kernel.clock import Clock
from kernel.crypto import random_bytes, sha256
from kernel.errors import Broken, Transient
from services.onboarding.adapters.eds.algorithms import (
    HASHES,
    Hash,
    digest_name,
    strong,
)
from services.onboarding.adapters.eds.asn1 import UNPARSABLE, der
from services.onboarding.adapters.eds.path import EXTENDED_USAGE, Path, extended_usages
from services.onboarding.adapters.eds.revocation import RevocationSource, of_path
from services.onboarding.adapters.eds.signed_data import (
    Signature,
    UnreadableError,
    read,
    single_signature,
)
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.adapters.http import HTTP_OK, OuterServer
from services.onboarding.domain.signature import Code, Trust
from services.onboarding.ports import Stamp

MAX_TOKEN_BYTES: Final = 64 * 1024
NONCE_BYTES: Final = 8
AHEAD: Final = timedelta(minutes=1)
STAMP_ATTRIBUTE: Final = "1.2.840.113549.1.9.16.2.14"

# НУЦ's policies of time stamping: GOST-2004, RSA, GOST-2015.
_POLICIES: Final = frozenset(f"1.2.398.3.3.2.6.{number}" for number in (1, 2, 4))
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_TIME_STAMPING: Final = "1.3.6.1.5.5.7.3.8"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"


class TokenChecker:
    """Decides whether a token may be believed."""

    def __init__(
        self, *, trust: PinnedTrust, clock: Clock, imprints: Mapping[str, Hash] = HASHES
    ) -> None:
        self._trust = trust
        self._clock = clock
        self._imprints = imprints

    def check_brought(self, signature: Signature) -> Code | None:
        """The fault of a token among the unsigned attributes; None if none is bad."""
        for token in signature.unsigned(STAMP_ATTRIBUTE):
            code = self.fault(der(token), signature.value, nonce=None)
            if code is not None:
                return code
        return None

    def fault(self, token: bytes, data: bytes, *, nonce: int | None) -> Code | None:
        """Why a token does not stamp `data`; None if it does."""
        try:
            return self._fault(token, data, nonce)
        except UnreadableError as error:
            return error.code
        except UNPARSABLE:
            return Code.MALFORMED

    def path_of(self, token: bytes) -> Path:
        """Where the stamper's certificate led when it stamped."""
        stamper = single_signature(read(token)).certificate
        return self._trust.path(stamper, moment=stamped_at(token))

    def _fault(self, token: bytes, data: bytes, nonce: int | None) -> Code | None:
        signature = single_signature(read(token))  # step 1
        info = _info(signature)
        imprint = info["message_imprint"]
        hashing = self._imprints.get(digest_name(imprint["hash_algorithm"]))
        if hashing is None or not signature.is_known() or not strong(signature.key):
            return Code.WEAK_OR_UNKNOWN_ALGORITHM  # step 2
        if imprint["hashed_message"].native != hashing(data):
            return Code.WRONG_IMPRINT
        if nonce is not None and info["nonce"].native != nonce:  # step 3
            return Code.WRONG_IMPRINT
        stamped: datetime = info["gen_time"].native
        known = info["version"].native == "v1" and info["policy"].dotted in _POLICIES
        if not known or stamped > self._clock.now() + AHEAD:  # step 4
            return Code.UNTRUSTED
        return self._signer_fault(signature, stamped)

    def _signer_fault(self, signature: Signature, stamped: datetime) -> Code | None:
        content = signature.content or b""
        if not signature.fits(content) or not signature.holds():  # step 5
            return Code.BAD_SIGNATURE
        stamper = signature.certificate
        if not _names(signature, stamper) or not _stamps_only(stamper):  # step 6
            return Code.UNTRUSTED
        path: Path = self._trust.path(stamper, moment=stamped)
        return None if path.trust is Trust.TRUSTED else Code.UNTRUSTED


def _names(signature: Signature, stamper: x509.Certificate) -> bool:
    """Whether the signed attribute says this very certificate signs."""
    first = signature.attribute(_SIGNING_CERTIFICATE_V2)
    if first is not None:
        named = tsp.SigningCertificateV2.load(der(first))["certs"][0]
        hashing = HASHES.get(digest_name(named["hash_algorithm"]))
        return (
            hashing is not None and hashing(der(stamper)) == named["cert_hash"].native
        )
    first = signature.attribute(_SIGNING_CERTIFICATE)
    if first is None:
        return False
    named = tsp.SigningCertificate.load(der(first))["certs"][0]
    # SHA-1 is all that RFC 2634 knows; the path below does not rest on it.
    found = hashlib.sha1(der(stamper), usedforsecurity=False)
    return bool(named["cert_hash"].native == found.digest())


def _stamps_only(stamper: x509.Certificate) -> bool:
    """Whether its one extended usage is time stamping, critical (RFC 3161, 2.3)."""
    critical = [
        one["critical"].native
        for one in stamper["tbs_certificate"]["extensions"]
        if one["extn_id"].dotted == EXTENDED_USAGE
    ]
    return critical == [True] and extended_usages(stamper) == (_TIME_STAMPING,)


class HttpTimestamps:
    """НУЦ's time-stamping authority, whose own certificate must be good as well."""

    def __init__(
        self,
        authority: OuterServer,
        *,
        checker: TokenChecker,
        revocation: RevocationSource,
    ) -> None:
        self._authority = authority
        self._checker = checker
        self._revocation = revocation

    def stamp(self, signature: bytes) -> Stamp:
        """A token over a signature value, checked.

        Transient when the authority is away, or the state of its certificate is not
        known; Broken when its token is not ours, or its certificate revoked.
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
        found = of_path(self._revocation, self._checker.path_of(token))
        if found.trust in (Trust.REVOKED, Trust.AUTHORITY_REVOKED):
            raise Broken("the time-stamping authority is revoked")
        if found.trust is not Trust.TRUSTED:
            raise Transient("the state of the time-stamping authority is not known")
        return Stamp(token=token, stamped_at=stamped_at(token), revocation=found.raw)


def stamped_at(token: bytes) -> datetime:
    """The instant a token names. Only for one that was checked."""
    moment: datetime = _info(single_signature(read(token)))["gen_time"].native
    return moment


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


def _granted(raw: bytes) -> bytes:
    try:
        answer = tsp.TimeStampResp.load(raw, strict=True)
        if answer["status"]["status"].native in ("granted", "granted_with_mods"):
            token: bytes = der(answer["time_stamp_token"])
            return token
    except UNPARSABLE:
        raise Transient("the time-stamping authority answered unreadably") from None
    raise Transient("the time-stamping authority did not grant a time stamp")


def _info(signature: Signature) -> tsp.TSTInfo:
    if signature.content_type != _TST_INFO or signature.content is None:
        raise UnreadableError(Code.MALFORMED)
    return tsp.TSTInfo.load(signature.content, strict=True)
