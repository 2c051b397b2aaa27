"""From the offer to the conclusion: the client signs, then the company (clause 5.2)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.errors import Broken
from kernel.money import Money
from kernel.policy import Policy
from services.contracts.domain import rules
from services.contracts.domain.contract.contract import (
    NOTHING,
    Contract,
    become,
    block,
    known,
    out_of_turn,
)
from services.contracts.domain.contract.waiting import still_waiting
from services.contracts.domain.states import ContractState

_S = ContractState

IDENTITY_CHANGED: Final = "identity_changed"
"""How an offer ended whose client is named otherwise by now."""
CLOCKS_APART: Final = timedelta(seconds=5)
"""How far onboarding's clock may be from ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A completed identification: biometrics and ЭЦП over some document's bytes."""

    ceremony_id: UUID
    client_id: UUID
    document_sha256: str
    protocol_id: str
    certificate_serial: str
    signature_sha256: str
    completed_at: datetime


def begin_signing(contract: Contract, *, at: datetime) -> Contract:
    """A ceremony may be opened, the first one or another after a failed one.

    Refused: ``already_signed``, ``contract_annulled``, ``contract_blocked``, and
    ``silence_passed`` when the offer has ended.
    """
    handed = contract.state in (_S.OFFERED, _S.SIGNING)
    if not handed or contract.client_signed_at is not None:
        raise out_of_turn(contract, "already_signed", "The contract is signed.")
    still_waiting(contract, at)
    return become(contract, _S.SIGNING)


def hand_over(
    contract: Contract, *, ceremony_id: UUID, document_sha256: str, at: datetime
) -> Contract:
    """A ceremony has been opened over these bytes; other bytes block the contract."""
    if contract.state is not _S.SIGNING or contract.client_signed_at is not None:
        return contract
    if document_sha256 != contract.document_sha256:
        return block(contract, "document_mismatch", at=at)
    return replace(contract, ceremony_id=ceremony_id)


def take_signature(contract: Contract, proof: Proof) -> Contract:
    """What a completed identification makes of the contract (clause 5.2).

    The client has signed, if the proof is of this client and of these very bytes;
    otherwise the contract is blocked.  A proof that comes again, or after the end,
    changes nothing.
    """
    if contract.is_final:
        return contract
    code = _contradiction(contract, proof)
    if code is not None:
        return block(contract, code, at=proof.completed_at)
    if contract.state is _S.OFFERED:
        raise Broken("A contract was signed without having been handed to signing")
    if contract.state is not _S.SIGNING or contract.client_signed_at is not None:
        return contract
    return replace(
        contract,
        ceremony_id=proof.ceremony_id,
        protocol_id=proof.protocol_id,
        certificate_serial=proof.certificate_serial,
        signature_sha256=proof.signature_sha256,
        client_signed_at=proof.completed_at,
        silence_at=None,  # the client has answered the offer
    )


def is_outdated(contract: Contract, *, identity_changed_at: datetime) -> bool:
    """Whether nobody signed it while it named the client as they are (3.4, 5.1).

    ``offered_at`` lies before the client's names and document were asked for.  Who
    signed before they were others has signed as the person they were.
    """
    if contract.state not in (_S.OFFERED, _S.SIGNING):
        return False
    if contract.offered_at > identity_changed_at + CLOCKS_APART:
        return False
    signed_at = contract.client_signed_at
    return signed_at is None or signed_at > identity_changed_at


def awaits_company(contract: Contract) -> bool:
    """Whether the client has signed and the company has not."""
    return contract.state is _S.SIGNING and contract.client_signed_at is not None


def conclude(
    contract: Contract,
    *,
    stamped_at: datetime,
    earlier: Money = NOTHING,
    policy: Policy,
) -> Contract:
    """The company has signed the same bytes: the contract is concluded.

    `earlier` is the sum of the client's microcredits that count together with this one.
    `stamped_at` is the trusted time of its signature.  A stamp knows whole seconds, so
    that it may stand before the client's instant by less than one: the hold is counted
    from the later.  Anything but a contract that awaits the company is left alone.
    """
    if not awaits_company(contract):
        return contract
    signed_at = max(stamped_at, known(contract.client_signed_at))
    return become(
        contract,
        _S.CONCLUDED,
        signed_at=signed_at,
        confirmation_required=rules.confirmation_required(
            contract.amount + earlier, policy=policy, signed_at=signed_at
        ),
        silence_at=rules.silence_until(policy, signed_at),
    )


def _contradiction(contract: Contract, proof: Proof) -> str | None:
    if proof.document_sha256 != contract.document_sha256:
        return "document_mismatch"
    if proof.client_id != contract.client_id:
        return "client_mismatch"
    # An instant before the document existed would also shorten the hold.
    if proof.completed_at < contract.offered_at:
        return "proof_predates_document"
    return None
