"""The company's ЭЦП key as a file: a stand-in of development for an HSM.

A detached CMS (RFC 5652) in the shape НУЦ's software gives: one signer, its certificate
inside, signed attributes contentType, signingTime and messageDigest in DER.
"""

import threading
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from asn1crypto import cms, core, pem, x509

from kernel.crypto import CertifiedSigner, sha256
from kernel.errors import Transient
from kernel.logging import get_logger

log = get_logger(__name__)

_ALGORITHMS: Final[dict[str, dict[str, Any]]] = {
    "rsa": {"algorithm": "sha256_rsa", "parameters": core.Null()},
    "ecdsa": {"algorithm": "sha256_ecdsa"},
}


class SoftSigner:
    """Implements CompanySigner; the files are read at the first signature."""

    def __init__(self, key: Path, certificate: Path) -> None:
        self._files = key, certificate
        self._loaded: tuple[CertifiedSigner, x509.Certificate] | None = None
        self._lock = threading.Lock()

    def sign(self, document: bytes, *, at: datetime) -> bytes:
        key, certificate = self._ready()
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["data"]},
                {"type": "signing_time", "values": [_time(at)]},
                {"type": "message_digest", "values": [sha256(document)]},
            ]
        )
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": {
                        "issuer": certificate.issuer,
                        "serial_number": certificate.serial_number,
                    }
                }
            ),
            "digest_algorithm": {"algorithm": "sha256"},
            "signed_attrs": attributes,
            "signature_algorithm": _ALGORITHMS[key.kind],
            # RFC 5652, 5.4: over the SET, not over the [0] on the wire.
            "signature": key.sign(attributes.dump()),
        }
        signed = cms.SignedData(
            {
                "version": "v1",
                "digest_algorithms": [{"algorithm": "sha256"}],
                "encap_content_info": {"content_type": "data"},
                "certificates": [certificate],
                "signer_infos": [signer],
            }
        )
        made: bytes = cms.ContentInfo(
            {"content_type": "signed_data", "content": signed}
        ).dump()
        return made

    def _ready(self) -> tuple[CertifiedSigner, x509.Certificate]:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> tuple[CertifiedSigner, x509.Certificate]:
        key, certificate = self._files
        try:
            _, _, der = pem.unarmor(certificate.read_bytes())
            loaded = CertifiedSigner.load(key.read_bytes())
        except OSError as error:
            raise Transient("The company's key cannot be reached") from error
        log.warning("company_key_is_a_file", why="for development only")
        return loaded, x509.Certificate.load(der)


def _time(at: datetime) -> cms.Time:
    return cms.Time({"utc_time": core.UTCTime(at.replace(microsecond=0))})
