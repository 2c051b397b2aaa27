"""The company's own ЭЦП: a key made here and certified by the outer authority.

A soft key, for development and demonstrations; a company keeps its key in an HSM.
"""

from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from infra.layout import write_private
from infra.simulators.identities import iban_of
from infra.simulators.wire import Wire

KEY, CERTIFICATE = "company.key", "company.crt"
IBAN, BIN = "KZ86125KZT5004100100", "240140001238"
COLLECTION_IBAN = iban_of("722", "C000000000002")
"""The company as bank and authority know it; invented, with good check digits."""
_BITS: Final = 3072
_SUBJECT: Final = {
    # The first head's, invented: a certificate of a legal entity names a person too.
    "iin": "850101300603",
    "common_name": "РУКОВОДИТЕЛЬ МФО",
    "surname": "РУКОВОДИТЕЛЬ",
    "organization": "ТОО «МФО Kredit Seven Kazakhstan»",
    "bin": BIN,
    "kind": "organisation_sign",
}


def enrol(folder: Path, *, authority: str, ca: Path) -> None:
    """Make key and certificate in `folder`, once; the certificate comes last."""
    if (folder / CERTIFICATE).is_file():
        return
    key = rsa.generate_private_key(public_exponent=65_537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "company")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name)
    csr = request.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    answer = Wire(authority, ca=ca).call(
        "POST", "/ca/v1/certificates", json={**_SUBJECT, "csr": csr}
    )
    certificate: str = answer.expect(201).json()["certificate"]
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(folder / KEY, private)
    write_private(folder / CERTIFICATE, certificate)
