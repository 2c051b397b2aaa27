"""The proofs of a contract's two signatures, as the real verifier finds them."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509

from infra.stack import company
from kernel.crypto import sha256_hex
from kernel.errors import Broken, Refused
from services.audit.domain.stamping import granted
from services.contracts.adapters.signing import SoftSigner
from services.onboarding.domain.archive import KeptEvidence, Restamp
from services.onboarding.service import CompanySignature
from tests.integration.onboarding.conftest import Applicant, Cabinet
from tests.integration.onboarding.test_archive import STAMPER_ENDS
from tests.integration.simulators.stand import openssl
from tools import verify_contract

CONTRACT: Final = "contract:01890000-0000-7000-8000-0000000000d1"
FILE: Final = b"%PDF- the contract"


def signer(cabinet: Cabinet, folder: Path) -> SoftSigner:
    """The company's key, certified by the simulated НУЦ."""
    stand = cabinet.stand
    company.enrol(folder, authority=stand.public_url, ca=stand.pki.ca)
    return SoftSigner(folder / company.KEY, folder / company.CERTIFICATE)


def proved(cabinet: Cabinet, cms: bytes, document: bytes = FILE) -> Mapping[str, Any]:
    return cabinet.use_cases.evidence.prove_company_signature(
        document_b64=base64.b64encode(document).decode(),
        cms_b64=base64.b64encode(cms).decode(),
    )


def completed(cabinet: Cabinet, seed: str) -> Applicant:
    """A client who has signed a contract's document with both proofs."""
    client = cabinet.client(seed)
    client.open_contract(FILE, CONTRACT)
    client.sign()
    client.pass_biometrics()
    return client


def holds(told: Mapping[str, Any], document: bytes) -> x509.Certificate:
    """The stand-alone program agrees: signature, stamp, path and НУЦ's answer."""
    decode = base64.b64decode
    chain = [x509.load_der_x509_certificate(decode(one)) for one in told["chain_b64"]]
    signature = verify_contract.read_cms(decode(told["cms_b64"]))
    verify_contract.check_signature(signature, document)
    token = verify_contract.read_cms(decode(told["stamp_b64"]))
    at = verify_contract.stamped_at(token, signature.value)
    assert at == datetime.fromisoformat(told["stamped_at"])
    path = verify_contract.check_path(signature.signer, chain, chain[-1:], at)
    stamper = verify_contract.check_path(token.signer, chain, chain[-1:], at)
    # About the signer, the stamper, and the authority above them.
    assert len(told["revocation_b64"]) == 3
    verify_contract.check_answers(
        [decode(one) for one in told["revocation_b64"]],
        [*pairwise(path), *pairwise(stamper)],
        at,
    )
    return signature.signer


@pytest.mark.clause("5.2b")
def test_the_companys_signature_is_judged_and_stamped_like_anybodys(
    cabinet: Cabinet, tmp_path: Path
) -> None:
    ours = signer(cabinet, tmp_path)
    told = proved(cabinet, ours.sign(FILE, at=cabinet.platform.clock.now()))
    certificate = holds(told, FILE)
    assert int(str(told["certificate_serial"]), 16) == certificate.serial_number


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("onboarding_any_company_signs")
def test_a_signature_that_is_not_the_companys_over_these_bytes_is_none(
    cabinet: Cabinet, tmp_path: Path
) -> None:
    """Other bytes; a person's key; another organisation's."""
    company_key = signer(cabinet, tmp_path)
    ours = company_key.sign(FILE, at=cabinet.platform.clock.now())
    proved(cabinet, ours)
    person = cabinet.stand.enrolled_person("no company")
    other = cabinet.stand.person("another company")
    other.enrol(cabinet.stand.public_url, cabinet.stand.pki.ca, "organisation_sign")
    for cms, document in (
        (ours, FILE + b"!"),
        (person.sign(FILE), FILE),
        (other.sign(FILE), FILE),
    ):
        with pytest.raises(Broken, match="not good"):
            proved(cabinet, cms, document)


@pytest.mark.clause("3.2b")
def test_any_bytes_are_stamped_as_openssl_reads_it(
    cabinet: Cabinet, tmp_path: Path
) -> None:
    """What the audit log publishes, under НУЦ's stamp, wrapped as audit keeps it."""
    told: Mapping[str, Any] = cabinet.use_cases.evidence.stamp_bytes(
        document_b64=base64.b64encode(FILE).decode()
    )
    data, reply = tmp_path / "1.checkpoint", tmp_path / "1.tsr"
    data.write_bytes(FILE)
    reply.write_bytes(granted(base64.b64decode(told["stamp_b64"])))
    files = ("-data", data, "-in", reply)
    authority = ("-CAfile", cabinet.stand.authority_file("/ca/roots.pem"))
    between = ("-untrusted", cabinet.stand.authority_file("/ca/issuing.pem"))
    report = openssl("ts", "-verify", *files, *authority, *between)
    assert "Verification: OK" in report


@pytest.mark.clause("5.2b")
def test_a_completed_ceremony_gives_its_proofs_and_that_is_on_record(
    cabinet: Cabinet,
) -> None:
    client = completed(cabinet, "proofs")
    told: Mapping[str, Any] = cabinet.use_cases.evidence.get_proofs(
        cabinet.context(),
        ceremony_id=client.ceremony_id,
        reader="contracts",
        purpose="contract_evidence",
    )
    certificate = holds(told["signature"], FILE)
    assert certificate == client.person.certificate
    ((protocol_id,),) = cabinet.rows(
        "SELECT protocol_id FROM protocols WHERE code IS NULL AND ceremony_id = :id",
        id=client.ceremony_id,
    )
    assert told["protocol_id"] == protocol_id
    assert len(told["protocol_sha256"]) == len(sha256_hex(b""))
    reading = cabinet.said("personal_data_read")[-1]
    assert (reading["reader"], reading["purpose"]) == (
        "contracts",
        "contract_evidence",
    )


@pytest.mark.seeded("onboarding_proofs_of_half_a_ceremony")
def test_a_ceremony_that_is_not_complete_has_no_proofs_to_give(
    cabinet: Cabinet,
) -> None:
    client = cabinet.client("half")
    client.open_contract(FILE, CONTRACT)
    client.sign()
    with pytest.raises(Refused) as refused:
        cabinet.use_cases.evidence.get_proofs(
            cabinet.context(),
            ceremony_id=client.ceremony_id,
            reader="contracts",
            purpose="contract_evidence",
        )
    assert refused.value.code == "ceremony_unknown"


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("onboarding_companys_stamp_is_not_renewed")
def test_the_companys_signature_is_stamped_again_before_its_stamp_ages(
    cabinet: Cabinet, tmp_path: Path
) -> None:
    """Over all there is; with the new stamp it verifies by what was kept."""
    ours = signer(cabinet, tmp_path)
    told = proved(cabinet, ours.sign(FILE, at=cabinet.platform.clock.now()))
    renew = cabinet.use_cases.evidence.renew_company_signature
    kept = given(told)
    fresh: Mapping[str, Any] = renew(kept)
    assert (fresh["code"], fresh["restamp"]) == (None, None)
    late = STAMPER_ENDS - timedelta(days=30)
    cabinet.stand.clock_file.write_text(str(int(late.total_seconds())))
    renewed: Mapping[str, Any] = renew(kept)
    assert renewed["code"] is None
    decode, new = base64.b64decode, renewed["restamp"]
    restamp = Restamp(
        token=decode(new["stamp_b64"]),
        revocation=tuple(decode(one) for one in new["revocation_b64"]),
    )
    stamped = replace(kept, restamps=(restamp,))
    again: Mapping[str, Any] = renew(stamped)
    assert again["code"] is None
    for broken in (
        replace(stamped, document=FILE + b"!"),
        replace(stamped, restamps=(restamp, restamp)),
        replace(kept, stamp=restamp.token),
    ):
        found: Mapping[str, Any] = renew(broken)
        assert found["code"] is not None
        assert found["restamp"] is None


def given(told: Mapping[str, Any]) -> KeptEvidence:
    """What contracts sends back, as its rows have it."""
    return CompanySignature(
        cms_b64=told["cms_b64"],
        chain_b64=told["chain_b64"],
        revocation_b64=told["revocation_b64"],
        stamp_b64=told["stamp_b64"],
        accepted_at=told["stamped_at"],
    ).kept(base64.b64encode(FILE).decode(), [])
