"""The simulated НУЦ: OpenSSL and certvalidator accept what it says."""

import asyncio
import secrets
from pathlib import Path

import pytest
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import RevokedError
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from infra.simulators.client import Person
from infra.simulators.hierarchy import new_serial
from tests.integration.simulators.stand import Stand, openssl

REVOCATION_DEMANDED = CertRevTrustPolicy(
    RevocationCheckingPolicy(
        ee_certificate_rule=RevocationCheckingRule.CRL_OR_OCSP_REQUIRED,
        intermediate_ca_cert_rule=RevocationCheckingRule.NO_CHECK,
    )
)


def issuing(stand: Stand) -> x509.Certificate:
    pem = stand.public.call("GET", "/ca/issuing.pem").expect(200).body
    return x509.load_pem_x509_certificate(pem)


def ask(stand: Stand, request: ocsp.OCSPRequestBuilder) -> ocsp.OCSPResponse:
    der = request.build().public_bytes(Encoding.DER)
    answer = stand.public.call("POST", "/ocsp", body=der).expect(200)
    assert answer.headers["content-type"] == "application/ocsp-response"
    return ocsp.load_der_ocsp_response(answer.body)


def about(
    stand: Stand, certificate: x509.Certificate, nonce: bytes = b""
) -> ocsp.OCSPResponse:
    request = ocsp.OCSPRequestBuilder().add_certificate(
        certificate, issuing(stand), SHA256()
    )
    if nonce:
        request = request.add_extension(x509.OCSPNonce(nonce), critical=False)
    return ask(stand, request)


def test_a_person_certificate_has_the_profile_of_nuc(stand: Stand) -> None:
    """Subject, usages and addresses are those of a natural person's certificate."""
    person = stand.enrolled_person("profile")
    certificate = person.certificate
    names = {a.oid._name: a.value for a in certificate.subject}
    assert names["serialNumber"] == f"IIN{person.iin}"
    assert names["commonName"] == (
        f"{person.identity.surname} {person.identity.given_name}".upper()
    )
    assert names.get("givenName", "") == (person.identity.patronymic or "").upper()
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_encipherment
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert {oid.dotted_string for oid in purposes.value} == {
        "1.3.6.1.5.5.7.3.4",
        "1.2.398.3.3.4.1.1",
    }
    access = certificate.extensions.get_extension_for_class(
        x509.AuthorityInformationAccess
    )
    assert [place.access_location.value for place in access.value] == [
        f"{stand.public_url}/ocsp",
        f"{stand.public_url}/ca/issuing.cer",
    ]
    assert 19 <= (certificate.serial_number.bit_length() + 7) // 8 <= 20


def test_an_authentication_certificate_cannot_sign_contracts(stand: Stand) -> None:
    """No nonRepudiation, clientAuth instead of emailProtection."""
    person = stand.person("auth certificate")
    certificate = person.enrol(stand.public_url, stand.pki.ca, "individual_auth")
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.content_commitment, usage.key_encipherment) == (False, True)


def test_openssl_builds_the_chain_with_crls(stand: Stand) -> None:
    """Root → issuing → person, revocation of both levels by CRL."""
    person = stand.enrolled_person("chain")
    leaf = stand.folder / "chain.pem"
    leaf.write_bytes(person.certificate.public_bytes(Encoding.PEM))
    crls = stand.folder / "crls.pem"
    crls.write_bytes(
        b"".join(
            x509.load_der_x509_crl(
                stand.public.call("GET", path).expect(200).body
            ).public_bytes(Encoding.PEM)
            for path in ("/crl", "/crl/root")
        )
    )
    openssl(
        "verify",
        "-x509_strict",
        "-crl_check_all",
        *("-CAfile", stand.authority_file("/ca/roots.pem")),
        *("-untrusted", stand.authority_file("/ca/issuing.pem")),
        *("-CRLfile", crls),
        leaf,
    )


@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
def test_openssl_accepts_a_good_and_a_revoked_answer(
    stand: Stand, digest: str, tmp_path: Path
) -> None:
    """The same certificate: good, then revoked; signature and nonce verified."""
    person = stand.enrolled_person(f"openssl {digest}")
    assert ": good" in openssl_ocsp(stand, person, digest, tmp_path)
    person.revoke_certificate()
    report = openssl_ocsp(stand, person, digest, tmp_path)
    assert ": revoked" in report
    assert "keyCompromise" in report


def openssl_ocsp(stand: Stand, person: Person, digest: str, folder: Path) -> str:
    leaf = folder / "leaf.pem"
    leaf.write_bytes(person.certificate.public_bytes(Encoding.PEM))
    authority = stand.authority_file("/ca/issuing.pem")
    report = openssl(
        "ocsp",
        *(digest, "-issuer", authority, "-cert", leaf),
        *("-url", f"{stand.public_url}/ocsp"),
        *("-CAfile", stand.authority_file("/ca/roots.pem")),
        *("-verify_other", authority),
    )
    assert "Response verify OK" in report
    assert "no nonce" not in report
    return report


def test_the_nonce_comes_back(stand: Stand) -> None:
    """A fresh answer is told from a recorded one."""
    nonce = secrets.token_bytes(8)
    answer = about(stand, stand.enrolled_person("nonce").certificate, nonce)
    returned = answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    assert returned == nonce
    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert answer.next_update_utc is None


def test_a_serial_never_issued_is_revoked_in_1970(stand: Stand) -> None:
    """НУЦ's own way to say "never issued" (RFC 6960, section 2.2)."""
    authority = issuing(stand)
    genuine = stand.enrolled_person("template").certificate
    known = ocsp.OCSPRequestBuilder().add_certificate(genuine, authority, SHA256())
    template = known.build()
    request = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        template.issuer_name_hash, template.issuer_key_hash, new_serial(), SHA256()
    )
    answer = ask(stand, request)
    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert answer.revocation_time_utc is not None
    assert answer.revocation_time_utc.year == 1970
    assert answer.revocation_reason is x509.ReasonFlags.certificate_hold


def test_a_certificate_of_another_authority_is_unknown(stand: Stand) -> None:
    """The responder speaks for one authority only."""
    request = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        b"\x01" * 32, b"\x02" * 32, 12345, SHA256()
    )
    status = ask(stand, request).certificate_status
    assert status is ocsp.OCSPCertStatus.UNKNOWN


@pytest.mark.usefixtures("healed")
def test_a_wrong_ocsp_answer_is_about_another_certificate(stand: Stand) -> None:
    """Genuinely signed, but not what was asked."""
    certificate = stand.enrolled_person("ocsp lie").certificate
    stand.control.arm_world("/ocsp", "wrong")
    assert about(stand, certificate).serial_number != certificate.serial_number


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"\x30\x03\x02\x01\x05"])
def test_rubbish_is_answered_as_malformed(stand: Stand, rubbish: bytes) -> None:
    """A responder answers in its own language, never with 500."""
    answer = stand.public.call("POST", "/ocsp", body=rubbish).expect(200)
    response = ocsp.load_der_ocsp_response(answer.body)
    assert response.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def validate(stand: Stand, person: Person, **evidence: object) -> None:
    """Run certvalidator the way a strict verifier does."""
    roots, authority = (
        asn1_x509.Certificate.load(stand.public.call("GET", path).body)
        for path in ("/ca/root.cer", "/ca/issuing.cer")
    )
    leaf = asn1_x509.Certificate.load(person.certificate.public_bytes(Encoding.DER))
    context = ValidationContext(
        trust_roots=[roots],
        other_certs=[authority],
        allow_fetching=False,
        revinfo_policy=REVOCATION_DEMANDED,
        **evidence,
    )
    validator = CertificateValidator(leaf, validation_context=context)
    check = validator.async_validate_usage(
        key_usage={"non_repudiation"},
        extended_key_usage={"1.2.398.3.3.4.1.1"},
        extended_optional=False,
    )
    asyncio.run(check)


def test_certvalidator_accepts_a_good_ocsp_answer(stand: Stand) -> None:
    """Path, usages and the delegated responder hold."""
    person = stand.enrolled_person("certvalidator")
    validate(stand, person, ocsps=[ocsp_evidence(stand, person)])


def test_certvalidator_sees_the_revocation(stand: Stand) -> None:
    """By OCSP and by CRL alike."""
    person = stand.enrolled_person("revoked")
    person.revoke_certificate("certificate_hold")
    with pytest.raises(RevokedError):
        validate(stand, person, ocsps=[ocsp_evidence(stand, person)])
    with pytest.raises(RevokedError):
        validate(stand, person, crls=[stand.public.call("GET", "/crl").body])


def test_certvalidator_accepts_the_crl(stand: Stand) -> None:
    """A CRL stands in for OCSP (facts: fallback)."""
    person = stand.enrolled_person("crl")
    validate(stand, person, crls=[stand.public.call("GET", "/crl").body])


def ocsp_evidence(stand: Stand, person: Person) -> asn1_ocsp.OCSPResponse:
    der = about(stand, person.certificate).public_bytes(Encoding.DER)
    return asn1_ocsp.OCSPResponse.load(der)


def csr_for(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("csr", "code"),
    [
        ("rubbish", "csr_malformed"),
        (csr_for(ec.generate_private_key(ec.SECP384R1())), "key_refused"),
        (csr_for(rsa.generate_private_key(65537, 1024)), "key_refused"),  # noqa: S505 - weak on purpose
    ],
    ids=["rubbish", "P-384", "RSA-1024"],
)
def test_weak_or_foreign_keys_get_no_certificate(
    stand: Stand, csr: str, code: str
) -> None:
    """RSA from 2048 bits and EC P-256 only."""
    body = {
        "csr": csr,
        "iin": stand.person("weak").iin,
        "common_name": "ТЕСТ",
        "surname": "ТЕСТ",
        "patronymic": None,
        "kind": "individual_sign",
    }
    answer = stand.public.call("POST", "/ca/v1/certificates", json=body)
    assert (answer.status, answer.json()["code"]) == (422, code)


def test_an_unknown_serial_cannot_be_revoked(stand: Stand) -> None:
    """The register knows what it has issued."""
    body = {"serial": "12345"}
    answer = stand.public.call("POST", "/ca/v1/revocations", json=body)
    assert (answer.status, answer.json()["code"]) == (404, "serial_unknown")
