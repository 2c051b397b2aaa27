"""A certified private key signs what its public half verifies, and nothing else."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from kernel.crypto import CertifiedKey, CertifiedSigner

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (rsa.generate_private_key(public_exponent=65_537, key_size=2048), "rsa"),
        (ec.generate_private_key(ec.SECP256R1()), "ecdsa"),
    ],
    ids=["rsa", "ecdsa"],
)
def test_what_it_signs_its_public_half_verifies(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kind: str
) -> None:
    signer = CertifiedSigner.load(pem(key))
    spki = key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    public = CertifiedKey.load(spki)
    assert public is not None
    assert signer.kind == kind
    signature = signer.sign(b"contract")
    assert public.verify(b"contract", signature, digest="sha256")
    assert not public.verify(b"contracT", signature, digest="sha256")


def test_a_key_of_another_kind_is_not_taken() -> None:
    with pytest.raises(TypeError):
        CertifiedSigner.load(pem(ed25519.Ed25519PrivateKey.generate()))


def test_it_does_not_show_itself() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    shown = repr(CertifiedSigner.load(pem(key)))
    assert "private" not in shown.lower()
    assert str(key.private_numbers().private_value) not in shown
