"""Documents of contracts: drawn up, filed by their digest, given out on record.

Whoever is given one is an event; the client sees every reading in the access history
(clauses 1.3a, 6.1c).  What a printed code tells anybody holds no personal data.
"""

import base64
from uuid import UUID

from kernel.context import StaffMember, jsonable
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.contracts import DocumentRead
from services.contracts.domain import texts
from services.contracts.domain.contract import Contract
from services.contracts.domain.document import PDF, Document, Paper
from services.contracts.domain.reading import (
    CLIENT,
    OWN_DOCUMENT,
    ReadPurpose,
    reader_of,
)
from services.contracts.handlers.views import not_found
from services.contracts.ports import Filed, Printer, Unit, Work


def printed(
    paper: Paper, *, contract_id: UUID, kind: str, template: str, printer: Printer
) -> Document:
    """The paper as bytes with the digests that name it."""
    return Document(
        contract_id=contract_id,
        kind=kind,
        template=template,
        content_sha256=paper.digest,
        data=printer.print(paper),
    )


def get_document(*, client_id: UUID, contract_id: UUID, work: Work) -> Json:
    """The very bytes of the client's own contract (clause 5.1).  Refused ``not_found``.

    Raises Broken when the stored bytes no longer have their digest (clause 3.2b).
    """
    with work.begin() as unit:
        contract = _own(unit, contract_id=contract_id, client_id=client_id)
        data = unit.contracts.document(contract)
        record_reading(
            unit,
            contract,
            contract.document_sha256,
            reader=CLIENT,
            purpose=OWN_DOCUMENT,
        )
    return {
        **_bytes(data, sha256=contract.document_sha256),
        "media_type": PDF if texts.is_printed(data) else texts.MEDIA_TYPE,
    }


def list_documents(*, client_id: UUID, contract_id: UUID, work: Work) -> Json:
    """What is filed for the client's own contract, the oldest first."""
    with work.begin() as unit:
        _own(unit, contract_id=contract_id, client_id=client_id)
        filed = unit.documents.of_contract(contract_id)
    return {"items": [_listed(one) for one in filed]}


def read_document(
    *, client_id: UUID, contract_id: UUID, sha256: str, work: Work
) -> Json:
    """One of the client's own documents by its digest.  Refused ``not_found``."""
    with work.begin() as unit:
        contract = _own(unit, contract_id=contract_id, client_id=client_id)
        document = _filed(unit, contract, sha256)
        record_reading(unit, contract, sha256, reader=CLIENT, purpose=OWN_DOCUMENT)
    return {
        **_bytes(document.data, sha256=sha256),
        "media_type": document.media_type,
        "kind": document.kind,
    }


def list_for_staff(*, contract_id: UUID, work: Work) -> Json:
    """What is filed for a contract; nothing personal.  Refused ``not_found``."""
    with work.begin() as unit:
        contract = any_contract(unit, contract_id)
        filed = unit.documents.of_contract(contract.id)
    return {"documents": [_listed(one) for one in filed]}


def read_for_staff(
    *, contract_id: UUID, sha256: str, purpose: ReadPurpose, by: StaffMember, work: Work
) -> Json:
    """A document for a member of the staff, who says what for; the client sees it."""
    with work.begin() as unit:
        contract = any_contract(unit, contract_id)
        document = _filed(unit, contract, sha256)
        record_reading(
            unit, contract, sha256, reader=reader_of(by.id), purpose=purpose.value
        )
    return {
        **_bytes(document.data, sha256=sha256),
        "media_type": document.media_type,
        "kind": document.kind,
    }


def look_up(*, digest: str, work: Work) -> Json:
    """What a printed code stands for: the kind, the day and the standing, no person.

    `digest` is of the bytes or of what is printed.  Refused ``document_unknown``.
    """
    with work.begin() as unit:
        filed = unit.documents.find(digest)
        contract = None if filed is None else unit.contracts.get(filed.contract_id)
    if filed is None or contract is None:
        raise Refused(
            "document_unknown",
            "No document of ours has this digest.",
            next_step="Compare the digest, or ask us about the paper you hold.",
        )
    return jsonable(
        {
            "kind": filed.kind,
            "template": filed.template,
            "sha256": filed.sha256,
            "state": contract.state,
            "contract_on": contract.contract_on,
            "signed_at": contract.signed_at,
        }
    )


def _own(unit: Unit, *, contract_id: UUID, client_id: UUID) -> Contract:
    contract = unit.contracts.get_own(contract_id, client_id)
    if contract is None:
        raise not_found()
    return contract


def any_contract(unit: Unit, contract_id: UUID) -> Contract:
    """Anybody's contract, for the staff.  Refused ``not_found``."""
    contract = unit.contracts.get(contract_id)
    if contract is None:
        raise not_found()
    return contract


def _filed(unit: Unit, contract: Contract, sha256: str) -> Document:
    document = unit.documents.get(sha256)
    if document is None or document.contract_id != contract.id:
        raise Refused(
            "not_found",
            "The contract has no such document.",
            next_step="List the contract's documents.",
        )
    return document


def record_reading(
    unit: Unit, contract: Contract, sha256: str, *, reader: str, purpose: str
) -> None:
    """Tell that somebody is given a document; the client will see it."""
    unit.publish(
        DocumentRead(
            contract_id=contract.id,
            client_id=contract.client_id,
            document_sha256=sha256,
            reader=reader,
            purpose=purpose,
        )
    )


def _bytes(data: bytes, *, sha256: str) -> dict[str, Json]:
    return {
        "document_b64": base64.b64encode(data).decode("ascii"),
        "sha256": sha256,
    }


def _listed(filed: Filed) -> Json:
    return jsonable(
        {
            "sha256": filed.sha256,
            "content_sha256": filed.content_sha256,
            "kind": filed.kind,
            "template": filed.template,
            "media_type": filed.media_type,
            "made_at": filed.made_at,
        }
    )
