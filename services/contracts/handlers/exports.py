"""A contract with all that proves it, for a court: verified without any database.

The files and their names are an interface: `tools/verify_contract.py` reads them, and
whoever holds an export of years ago has no newer verifier.
"""

import base64
from typing import Final
from uuid import UUID

from kernel.context import StaffMember, jsonable
from kernel.crypto import Json, canonical, sha256_hex
from kernel.errors import Broken, Refused
from services.contracts.domain.contract import Contract
from services.contracts.domain.reading import ReadPurpose, reader_of
from services.contracts.domain.signing import ClientProof, Signed
from services.contracts.handlers import disclosures
from services.contracts.handlers.documents import any_contract, record_reading
from services.contracts.handlers.signing import SigningDesk
from services.contracts.ports import Unit

BUNDLE: Final = "kredit-contract-1"
PURPOSE: Final = "contract_export"


def export_contract(
    contract_id: UUID,
    *,
    disclosure_id: UUID,
    purpose: ReadPurpose,
    by: StaffMember,
    desk: SigningDesk,
) -> Json:
    """The document, both signatures with their evidence, and a signed manifest.

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
    client = desk.witness.of_client(contract.ceremony_id, purpose=PURPOSE)  # step 2
    files |= _signature("client", client.signed) | _signature("company", company)
    manifest = _manifest(contract, client, files)  # step 3
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


def _on_file(contract: Contract, unit: Unit) -> dict[str, bytes]:
    files = {"contract.pdf": unit.contracts.document(contract)}
    for filed in unit.documents.of_contract(contract.id):
        page = unit.documents.get(filed.sha256) if filed.kind == "evidence" else None
        if page is not None:
            files["evidence.pdf"] = page.data
    return files


def _signature(who: str, signed: Signed) -> dict[str, bytes]:
    return {
        f"{who}.cms": signed.cms,
        f"{who}.tst": signed.stamp,
        **{f"{who}.chain-{n}.der": one for n, one in enumerate(signed.chain)},
        **{f"{who}.revocation-{n}.der": one for n, one in enumerate(signed.revocation)},
    }


def _manifest(
    contract: Contract, client: ClientProof, files: dict[str, bytes]
) -> bytes:
    if contract.signed_at is None:
        raise Broken("A contract both have signed has its instant")
    return canonical(
        jsonable(
            {
                "bundle": BUNDLE,
                "number": contract.number,
                "document_sha256": contract.document_sha256,
                "signed_at": contract.signed_at,
                "protocol_id": client.protocol_id,
                "protocol_sha256": client.protocol_sha256,
                "files": {name: sha256_hex(data) for name, data in files.items()},
            }
        )
    )
