"""A contract with all that proves it, for a court: verified without any database.

The files and their names are an interface: `tools/verify_contract.py` reads them, and
whoever holds an export of years ago has no newer verifier.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kernel.context import StaffMember, jsonable
from kernel.crypto import Json, canonical, sha256_hex
from kernel.errors import Broken, Refused
from services.contracts.domain.amendment import Amendment
from services.contracts.domain.contract import Contract
from services.contracts.domain.disclosure import unfit_for_audit
from services.contracts.domain.reading import ReadPurpose, reader_of
from services.contracts.domain.signing import ClientProof, Signed
from services.contracts.handlers import disclosures
from services.contracts.handlers.documents import any_contract, record_reading
from services.contracts.handlers.signing import SigningDesk
from services.contracts.ports import Unit

BUNDLE: Final = "kredit-contract-1"
AMENDED_BUNDLE: Final = "kredit-contract-2"
"""With amendments, which a verifier of the first kind would pass over in silence."""
PURPOSE: Final = "contract_export"
LOG_REPORT: Final = b"/Subject (kredit audit report)"
LOG_MANIFEST: Final = b'{"checkpoint":{"sha256":"'
"""What audit's files say of themselves; a contract says neither."""


def export_contract(
    contract_id: UUID,
    *,
    disclosure_id: UUID,
    purpose: ReadPurpose,
    by: StaffMember,
    desk: SigningDesk,
) -> Json:
    """The document, both signatures with their evidence, and a signed manifest.

    With the chain of its amendments, each with the same.

    1. If an entry of the register covers the client now (clause 6.2): document, page of
       evidence and the company's signature as they are on file.
    2. The client's from onboarding, which records that reading.
    3. A manifest of every file, signed by the company: nothing in it can be changed.
    4. On record, before it is given out.

    Refused: ``not_found``, ``disclosure_not_valid``, ``not_signed``.  Transient when
    onboarding is away.
    """
    with desk.work.begin() as unit:  # step 1
        contract = any_contract(unit, contract_id)
        disclosures.valid(
            disclosure_id,
            contract.client_id,
            register=unit.disclosures,
            now=desk.clock.now(),
        )
        company = unit.signatures.get(contract.document_sha256)
        if company is None or contract.ceremony_id is None:
            raise Refused(
                "not_signed",
                "The contract is not signed by both yet.",
                next_step="Export it once it is concluded.",
            )
        files = _on_file(contract, unit)
        amended = _amended(contract, unit, files)
    client = desk.witness.of_client(contract.ceremony_id, purpose=PURPOSE)  # step 2
    files |= _signature("client", client.signed) | _signature("company", company)
    chain = [_amendment(one, desk, files) for one in amended]
    manifest = _manifest(contract, client, files, chain)  # step 3
    cms = desk.signer.sign(manifest, at=desk.clock.now())
    sealed = desk.witness.of_company(manifest, cms)
    files |= {"manifest.json": manifest, **_signature("manifest", sealed)}
    with desk.work.begin() as unit:  # step 4
        record_reading(
            unit,
            contract,
            contract.document_sha256,
            reader=reader_of(by.id),
            purpose=purpose.value,
        )
    return {
        "number": contract.number,
        "files": {
            name: base64.b64encode(data).decode("ascii") for name, data in files.items()
        },
    }


def sign_for_audit(document_b64: str, *, desk: SigningDesk) -> Mapping[str, str]:
    """A detached CMS of the company over a report of the log, or over its manifest.

    Nothing else, so that whoever speaks as audit has no contract signed by the company:
    a report names its maker in the file, a manifest its form.

    Refused ``document_unfit``.  Transient when the key is away.
    """
    document = base64.b64decode(document_b64)
    is_report = document.startswith(b"%PDF-") and LOG_REPORT in document
    if not is_report and not document.startswith(LOG_MANIFEST):
        raise unfit_for_audit()
    cms = desk.signer.sign(document, at=desk.clock.now())
    return {"cms_b64": base64.b64encode(cms).decode("ascii")}


def _on_file(contract: Contract, unit: Unit) -> dict[str, bytes]:
    files = {"contract.pdf": unit.contracts.document(contract)}
    if pages := _pages(contract, unit):
        files["evidence.pdf"] = pages[0]
    return files


def _pages(contract: Contract, unit: Unit) -> list[bytes]:
    """The pages of evidence: the contract's, then each amendment's, in their order."""
    filed = unit.documents.of_contract(contract.id)
    found = [unit.documents.get(one.sha256) for one in filed if one.kind == "evidence"]
    return [page.data for page in found if page is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Amended:
    """An amendment both have signed, as it is on file."""

    name: str
    number: str
    amendment: Amendment
    company: Signed


def _amended(contract: Contract, unit: Unit, files: dict[str, bytes]) -> list[_Amended]:
    """Those that count, in the order of their chain; their papers join `files`."""
    concluded = [
        one for one in unit.amendments.of_contract(contract.id) if one.signed_at
    ]
    pages = _pages(contract, unit)[1:]
    if len(pages) != len(concluded):
        raise Broken("An amendment both have signed has its page of evidence")
    found = []
    for place, (amendment, page) in enumerate(
        zip(concluded, pages, strict=True), start=1
    ):
        name, sha256 = f"amendment-{place}", amendment.document_sha256 or ""
        document, company = unit.documents.get(sha256), unit.signatures.get(sha256)
        if document is None or company is None:
            raise Broken("An amendment both have signed lacks a part")
        files |= {f"{name}.pdf": document.data, f"{name}.evidence.pdf": page}
        found.append(
            _Amended(
                name=name,
                number=amendment.numbered(contract.number),
                amendment=amendment,
                company=company,
            )
        )
    return found


def _amendment(
    amended: _Amended, desk: SigningDesk, files: dict[str, bytes]
) -> dict[str, object]:
    """Its signatures join `files`; what the manifest says of it."""
    amendment = amended.amendment
    if amendment.ceremony_id is None:
        raise Broken("An amendment the client has signed has its ceremony")
    client = desk.witness.of_client(amendment.ceremony_id, purpose=PURPOSE)
    files |= _signature(f"{amended.name}.client", client.signed)
    files |= _signature(f"{amended.name}.company", amended.company)
    return {
        "number": amended.number,
        "document_sha256": amendment.document_sha256,
        "previous_sha256": amendment.previous_sha256,
        "signed_at": amendment.signed_at,
        "protocol_id": client.protocol_id,
        "protocol_sha256": client.protocol_sha256,
    }


def _signature(who: str, signed: Signed) -> dict[str, bytes]:
    return {
        f"{who}.cms": signed.cms,
        f"{who}.tst": signed.stamp,
        **{f"{who}.chain-{n}.der": one for n, one in enumerate(signed.chain)},
        **{f"{who}.revocation-{n}.der": one for n, one in enumerate(signed.revocation)},
    }


def _manifest(
    contract: Contract,
    client: ClientProof,
    files: dict[str, bytes],
    chain: list[dict[str, object]],
) -> bytes:
    if contract.signed_at is None:
        raise Broken("A contract both have signed has its instant")
    return canonical(
        jsonable(
            {
                "bundle": AMENDED_BUNDLE if chain else BUNDLE,
                **({"amendments": chain} if chain else {}),
                "number": contract.number,
                "document_sha256": contract.document_sha256,
                "signed_at": contract.signed_at,
                "protocol_id": client.protocol_id,
                "protocol_sha256": client.protocol_sha256,
                "files": {name: sha256_hex(data) for name, data in files.items()},
            }
        )
    )
