"""A certificate over a key that the library for certificates cannot read.

The draft is made over another key; its SubjectPublicKeyInfo is put in the place of that
one, and the whole is signed anew.
"""

from asn1crypto import parser
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.simulators.cms import Signer

_SEQUENCE = 16
_BIT_STRING = 3
_CONTENT = 4
"""Where the parser's answer has what is inside."""


def over_key(
    drafted: x509.Certificate, spki: bytes, issuer: Signer
) -> x509.Certificate:
    """The draft over another key.  ValueError when that is no key, or no RSA signs."""
    if not isinstance(issuer.key, rsa.RSAPrivateKey):
        raise ValueError("an issuer with an RSA key is needed")  # noqa: TRY004 - a value of ours
    if len(_parts(spki)) != 2:  # noqa: PLR2004 - algorithm and key
        raise ValueError("not a SubjectPublicKeyInfo")
    of_draft = drafted.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    members = _parts(drafted.tbs_certificate_bytes)
    signed = _sequence([spki if one == of_draft else one for one in members])
    signature = issuer.key.sign(signed, padding.PKCS1v15(), SHA256())
    algorithm = _parts(drafted.public_bytes(Encoding.DER))[1]
    value: bytes = parser.emit(0, 0, _BIT_STRING, b"\x00" + signature)
    return x509.load_der_x509_certificate(_sequence([signed, algorithm, value]))


def _parts(sequence: bytes) -> list[bytes]:
    """The members of a sequence, unread.  ValueError when it is none."""
    inside: bytes = parser.parse(sequence, strict=True)[_CONTENT]
    found = []
    while inside:
        size = parser.peek(inside)
        found.append(inside[:size])
        inside = inside[size:]
    return found


def _sequence(parts: list[bytes]) -> bytes:
    whole: bytes = parser.emit(0, 1, _SEQUENCE, b"".join(parts))
    return whole
