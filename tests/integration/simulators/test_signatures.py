"""A person's ЭЦП is what НУЦ's software would have made, by OpenSSL's judgement."""

from pathlib import Path

import pytest
from asn1crypto import cms

from infra.simulators.client import Person, PersonError
from tests.integration.simulators.stand import Stand, openssl

DOCUMENT = "Договор микрокредита № 1".encode()


def verify(stand: Stand, signature: bytes, document: bytes, folder: Path) -> str:
    (folder / "doc").write_bytes(document)
    (folder / "doc.p7s").write_bytes(signature)
    return openssl(
        "cms",
        "-verify",
        "-binary",
        *("-inform", "DER", "-in", folder / "doc.p7s", "-content", folder / "doc"),
        *("-CAfile", stand.trusted_file()),
        *("-purpose", "any", "-out", folder / "out"),
    )


@pytest.mark.parametrize("key_kind", ["rsa", "ec"])
def test_openssl_verifies_a_person_s_signature(
    stand: Stand, tmp_path: Path, key_kind: str
) -> None:
    """Detached CMS over our document, certificate inside, chain to the root."""
    person = stand.person(f"signs {key_kind}")
    person.key_kind = "ec" if key_kind == "ec" else "rsa"
    person.enrol(stand.public_url, stand.pki.ca)
    report = verify(stand, person.sign(DOCUMENT), DOCUMENT, tmp_path)
    assert "Verification successful" in report


def test_openssl_refuses_another_document(stand: Stand, tmp_path: Path) -> None:
    """The signature is bound to the bytes."""
    signature = stand.enrolled_person("other document").sign(DOCUMENT)
    with pytest.raises(AssertionError, match="CMS Verification failure"):
        verify(stand, signature, DOCUMENT + b".", tmp_path)


def signer_info(person: Person) -> cms.SignerInfo:
    signed = cms.ContentInfo.load(person.sign(DOCUMENT), strict=True)["content"]
    assert signed["encap_content_info"]["content"].native is None
    assert len(signed["certificates"]) == 1
    (info,) = signed["signer_infos"]
    return info


def test_the_signature_has_the_shape_of_nuc_software(stand: Stand) -> None:
    """SignerInfo v1, issuer and serial, exactly three signed attributes."""
    info = signer_info(stand.enrolled_person("shape"))
    assert info["version"].native == "v1"
    assert info["sid"].name == "issuer_and_serial_number"
    assert {attribute["type"].native for attribute in info["signed_attrs"]} == {
        "content_type",
        "signing_time",
        "message_digest",
    }
    assert info["digest_algorithm"]["algorithm"].native == "sha256"
    assert info["signature_algorithm"]["algorithm"].native == "sha256_rsa"


def test_the_signing_time_follows_the_moved_clock(stand: Stand) -> None:
    """A person signs by the simulators' clock."""
    person = stand.enrolled_person("signs later")
    stand.clock_file.write_text("86400")
    info = signer_info(person)
    (signed_at,) = [
        attribute["values"][0].native
        for attribute in info["signed_attrs"]
        if attribute["type"].native == "signing_time"
    ]
    issued_at = person.certificate.not_valid_before_utc
    assert 86_390 < (signed_at - issued_at).total_seconds() < 86_410


def test_nobody_signs_without_a_certificate(stand: Stand) -> None:
    """A person has to enrol first."""
    with pytest.raises(PersonError):
        stand.person("no certificate").sign(DOCUMENT)
