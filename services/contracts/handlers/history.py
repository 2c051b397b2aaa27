"""The staff look back: contracts that fit, and one contract's whole way with evidence.

Nothing here is personal: ids, sums, digests, and who of the staff or the neighbours did
what.  A person is looked for by onboarding's keyed index, and that look is on record.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.context import jsonable
from kernel.crypto import Json
from services.contracts.domain.amendment import Amendment
from services.contracts.domain.contract import Contract
from services.contracts.domain.search import Wanted
from services.contracts.handlers.documents import any_contract
from services.contracts.ports import Filed, History, Said, Stated, TraceLine, Unit

LISTED: Final = 100
_BY: Final = (
    *("reader", "answered_by", "closed_by", "extended_by", "approved_by"),
    "confirmed_by",
)
"""Members of an event that name who did it."""
_BY_CLIENT: Final = frozenset(
    {
        *("application_submitted", "signing_begun", "early_repayment_ordered"),
        *("additional_consent_given", "release_confirmed"),
        *("inquiry_opened", "letter_written"),
    }
)
_BY_BANK: Final = frozenset(
    {
        *("contract_activated", "schedule_issued"),
        *("credit_received", "credit_reversed"),
    }
)


def search(wanted: Wanted, *, history: History) -> Json:
    """Contracts that fit, the newest first.  Refused ``search_too_wide``."""
    wanted.refuse_everything()
    found = history.find(wanted, limit=LISTED + 1)
    shown = found[:LISTED]
    return {
        "contracts": [jsonable(_facts(contract)) for contract in shown],
        "more": len(found) > len(shown),
    }


def nobody() -> Json:
    """What is found of a person who is no client."""
    return {"contracts": [], "more": False}


def timeline(contract_id: UUID, *, unit: Unit, history: History) -> Json:
    """All that is known of a contract, in the order it happened.

    Each line: when, what, who, and the evidence: an event's id and its place in the
    audit log, a check with its source and settings, digests, proofs.  Refused
    ``not_found``.
    """
    contract = any_contract(unit, contract_id)
    lines = [
        *_said(history.said(_subjects(contract, history))),
        *_checks(unit.applications.trace(contract.application_id)),
        *_stated(history.statements(contract_id)),
        *_filed(unit.documents.of_contract(contract_id)),
        *_proofs(contract),
        *(
            line
            for amendment in unit.amendments.of_contract(contract_id)
            for line in _proofs(amendment)
        ),
    ]
    lines.sort(key=lambda line: line[0])
    told: list[Json] = [
        {"at": jsonable(at), "what": what, "who": who, "evidence": jsonable(evidence)}
        for at, what, who, evidence in lines
    ]
    return {**_of(contract), "timeline": told}


_Line = tuple[datetime, str, str, Mapping[str, object]]


def _subjects(contract: Contract, history: History) -> list[str]:
    """The contract, its application, and what the client wrote about either."""
    about = history.inquiries_about([contract.application_id, contract.id])
    return [
        f"application:{contract.application_id}",
        f"contract:{contract.id}",
        *(f"inquiry:{inquiry_id}" for inquiry_id in about),
    ]


def _said(said: Iterable[Said]) -> Iterable[_Line]:
    for one in said:
        name = one.type.split(".")[1]
        yield (
            one.at,
            name,
            _who(name, one.data),
            {
                "event_id": one.event_id,
                "sequence": one.sequence,
                "type": one.type,
                **{key: one.data[key] for key in one.data if key != "client_id"},
            },
        )


def _who(name: str, data: Mapping[str, Json]) -> str:
    for member in _BY:
        if data.get(member) is not None:
            by = str(data[member])
            return by if member == "reader" else f"staff:{by}"
    if name in _BY_CLIENT or data.get("reason") == "client_refused":
        return "client"
    return "bank" if name in _BY_BANK else "lender"


def _checks(trace: Iterable[TraceLine]) -> Iterable[_Line]:
    for line in trace:
        check = line.check
        settings = [f"{one.key}={one.value}" for one in check.cited]
        yield (
            line.at,
            f"check {check.name}: {check.verdict.value}",
            check.source,
            {"settings": settings},
        )


def _stated(statements: Iterable[Stated]) -> Iterable[_Line]:
    for one in statements:
        yield (
            one.given_at,
            f"statement {one.kind}",
            "client",
            {
                "text_version": one.text_version,
                "text_sha256": one.text_sha256,
                "channel": one.channel,
                "second_factor_at": one.second_factor_at,
            },
        )


def _filed(documents: Iterable[Filed]) -> Iterable[_Line]:
    for one in documents:
        yield (
            one.made_at,
            f"document {one.kind}",
            "lender",
            {
                "sha256": one.sha256,
                "content_sha256": one.content_sha256,
                "template": one.template,
            },
        )


def _proofs(signed: Contract | Amendment) -> Iterable[_Line]:
    """The client's two proofs, which onboarding keeps, by what names them."""
    if signed.client_signed_at is None:
        return
    yield (
        signed.client_signed_at,
        "proofs of the client",
        "client",
        {
            "ceremony_id": signed.ceremony_id,
            "protocol_id": signed.protocol_id,
            "certificate_serial": signed.certificate_serial,
            "signature_sha256": signed.signature_sha256,
            "document_sha256": signed.document_sha256,
        },
    )


def _facts(contract: Contract) -> dict[str, object]:
    return {
        "contract_id": contract.id,
        "number": contract.number,
        "application_id": contract.application_id,
        "client_id": contract.client_id,
        "state": contract.state,
        "end_code": contract.end_code,
        "amount": contract.amount,
        "contract_on": contract.contract_on,
    }


def _of(contract: Contract) -> dict[str, Json]:
    return {name: jsonable(value) for name, value in _facts(contract).items()}
