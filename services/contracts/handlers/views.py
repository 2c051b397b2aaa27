"""What callers see of an application and a contract."""

from datetime import datetime, timedelta
from typing import Final

from kernel.context import jsonable
from kernel.crypto import Json, canonical, sha256_hex
from kernel.errors import Refused
from services.contracts.domain import contract as machine
from services.contracts.domain import telling, texts
from services.contracts.domain.amendment import Amendment
from services.contracts.domain.application import Application, ApplicationState
from services.contracts.domain.contract import Contract
from services.contracts.domain.states import CONSENTED, ContractState

VERSION_DIGITS: Final = 32
_ONE_SECOND = timedelta(seconds=1)
_WAITING = (ContractState.CONSENTED, ContractState.AWAITING_RELEASE)


def application_view(application: Application) -> Json:
    """An application for its client."""
    steps = {ApplicationState.OFFERED: "sign", ApplicationState.REFUSED: "none"}
    return jsonable(
        {
            "application_id": application.id,
            "state": application.state,
            "product": application.product,
            "repayment": application.repayment,
            "amount": application.amount,
            "term_days": application.term_days,
            "submitted_at": application.submitted_at,
            "refusal_code": telling.refusal_code_told(application),
            "contract_id": application.contract_id,
            "next_step": steps.get(application.state, "wait_for_decision"),
            "explanation": telling.of_application(application),
        }
    )


def contract_view(contract: Contract, *, at: datetime) -> Json:
    """A contract for its client, with the text the next step needs."""
    shown = {**_facts(contract), "version": version_of(contract)}
    return jsonable({**shown, **_turn(contract, at=at)})


def version_of(contract: Contract) -> str:
    """Names what a client has seen of a contract; any change of it is another name."""
    return sha256_hex(canonical(jsonable(_facts(contract))))[:VERSION_DIGITS]


def contract_for_payout(contract: Contract) -> Json:
    """A contract for the payer: what was agreed, and what the client has confirmed."""
    return jsonable(
        {
            "contract_id": contract.id,
            "state": contract.state,
            "client_id": contract.client_id,
            "account_id": contract.paid_to,
            "amount": contract.amount,
            "term_days": contract.term_days,
            "document_sha256": contract.agreed_sha256,
            "signed_at": contract.signed_at,
            "hold_until": contract.hold_until,
            "consented": contract.state in CONSENTED,
            "confirmation_required": contract.confirmation_required,
            "released": contract.released_at is not None,
            "amending": contract.amendment_id is not None,
            "hold_from": contract.hold_from,
        }
    )


def amendment_view(
    amendment: Amendment, contract: Contract, *, at: datetime, proofs: bool = False
) -> Json:
    """An amendment for its client; with `proofs` their ids, for the staff."""
    next_step = telling.amendment_step(amendment, at=at)
    shown = {
        "amendment_id": amendment.id,
        "contract_id": amendment.contract_id,
        "number": amendment.numbered(contract.number),
        "state": amendment.state,
        "cause": amendment.cause,
        "account_id": amendment.account_id,
        "document_sha256": amendment.document_sha256,
        "previous_sha256": amendment.previous_sha256,
        "requested_at": amendment.requested_at,
        "offered_at": amendment.offered_at,
        "until": amendment.until,
        "signed_at": amendment.signed_at,
        "ended_at": amendment.ended_at,
        "end_code": amendment.end_code,
        "next_step": next_step,
        "explanation": telling.of_amendment(amendment, next_step=next_step),
    }
    if proofs:
        shown |= {
            "ceremony_id": amendment.ceremony_id,
            "protocol_id": amendment.protocol_id,
            "certificate_serial": amendment.certificate_serial,
            "signature_sha256": amendment.signature_sha256,
            "client_signed_at": amendment.client_signed_at,
        }
    return jsonable(shown)


def terms_of(contract: Contract) -> texts.Terms:
    """What the parties agreed on, as the texts name it."""
    return texts.Terms(
        number=contract.number,
        contract_on=contract.contract_on,
        amount=contract.amount,
        term_days=contract.term_days,
    )


def _facts(contract: Contract) -> dict[str, object]:
    return {
        "contract_id": contract.id,
        "application_id": contract.application_id,
        "number": contract.number,
        "contract_on": contract.contract_on,
        "state": contract.state,
        "product": contract.product,
        "repayment": contract.repayment,
        "annual_percent": contract.annual_percent,
        "amount": contract.amount,
        "term_days": contract.term_days,
        "document_sha256": contract.document_sha256,
        "signed_at": contract.signed_at,
        "consented_at": contract.consented_at,
        "hold_until": contract.hold_until,
        "confirmation_required": contract.confirmation_required,
        "released_at": contract.released_at,
        "refusal_asked_at": contract.refusal_asked_at,
        "amendment_id": contract.amendment_id,
        "amended_sha256": contract.amended_sha256,
        "hold_from": contract.hold_from,
        "end_code": contract.end_code,
    }


def _turn(contract: Contract, *, at: datetime) -> dict[str, object]:
    """Whose turn it is: the step, the time left, the text to be agreed to."""
    text: texts.StatementText | None = None
    if contract.amendment_id is not None:
        pass  # what is about to change is not agreed to
    elif contract.state is ContractState.CONCLUDED:
        text = texts.consent_text(terms_of(contract))
    elif contract.state in _WAITING and contract.confirmation_required:
        text = texts.release_text(terms_of(contract))
    next_step = machine.next_step(contract, at=at)
    return {
        "next_step": next_step,
        "explanation": telling.of_contract(contract, next_step=next_step),
        "seconds_left": _seconds_left(contract, at=at),
        "may_refuse": not contract.is_final,
        "statement": text
        and {
            "kind": text.kind,
            "version": text.version,
            "text": text.text,
            "sha256": text.sha256,
        },
    }


def _seconds_left(contract: Contract, *, at: datetime) -> int | None:
    """Whole seconds of the hold, rounded up; None when no hold runs."""
    amended = contract.amendment_id is not None
    if contract.hold_until is None or contract.is_final or amended:
        return None
    return max(0, -(-(contract.hold_until - at) // _ONE_SECOND))


def not_found() -> Refused:
    return Refused(
        "not_found",
        "There is no such contract.",
        next_step="Look at your contracts in the cabinet.",
    )
