"""The company's own signature: after the client's, over the same bytes.

A power cut between signing and the commit leaves a signature nobody uses; the contract
still awaits the company, and the next beat signs anew.  Nothing is asked while a
transaction is open.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import Clock
from kernel.errors import Broken
from kernel.events.contracts import ContractSigned
from kernel.judged import Antifraud
from kernel.policy import Policy
from services.contracts.domain import contract as machine
from services.contracts.domain.contract import Contract
from services.contracts.domain.rules import summed_since
from services.contracts.domain.signing import EVIDENCE, Concluded, evidence_paper
from services.contracts.handlers.documents import printed
from services.contracts.handlers.letting_go import is_let_go
from services.contracts.handlers.saving import save
from services.contracts.ports import CompanySigner, Printer, Unit, Witness, Work

BATCH: Final = 20
PURPOSE: Final = "contract_evidence"
REST: Final = timedelta(minutes=10)
"""So long a contract rests that a defect kept from being signed: somebody is called
once in that time, and it does not stand before those that can be signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningDesk:
    """Everything a signature of the company takes."""

    work: Work
    antifraud: Antifraud
    signer: CompanySigner
    witness: Witness
    printer: Printer
    policy: Policy
    clock: Clock
    resting: dict[UUID, datetime] = field(default_factory=dict)
    """Until when a contract rests; forgotten with the process, which tries anew."""


def sign_for_company(desk: SigningDesk) -> int:
    """Sign what clients have signed (clause 5.2); how many contracts were concluded.

    Transient when the signer, the time stamp or the verifier is away: the contracts
    wait.  A defect of one does not hold up the others; it is raised after them.
    """
    at = desk.clock.now()
    resting = {one for one, until in desk.resting.items() if until > at}
    with desk.work.begin() as unit:
        waiting = unit.contracts.awaiting_company(
            but_for=resting | unit.applications.unsigned(at=at), limit=BATCH
        )
    concluded = 0
    defect: Broken | None = None
    for contract_id in waiting:
        try:
            concluded += _sign(contract_id, desk)
        except Broken as error:
            desk.resting[contract_id] = at + REST
            defect = error
    if defect is not None:
        raise defect
    return concluded


def _sign(contract_id: UUID, desk: SigningDesk) -> bool:
    """Whether the contract was concluded.

    1. What the client has signed, if it still awaits us and antifraud lets it go on.
    2. The client's proofs; our signature, verified and stamped like anybody's.
    3. The page of evidence.
    4. Conclude and say so, unless the client has refused meanwhile.
    """
    with desk.work.begin() as unit:  # step 1
        contract = unit.contracts.get(contract_id)
        if contract is None or not machine.awaits_company(contract):
            return False
        document = unit.contracts.document(contract)
    if not _is_let_go(contract, desk):
        return False
    client = desk.witness.of_client(_ceremony(contract), purpose=PURPOSE)  # step 2
    cms = desk.signer.sign(document, at=desk.clock.now())
    company = desk.witness.of_company(document, cms)

    def conclude(found: Contract, unit: Unit) -> Contract:
        since = summed_since(desk.policy, company.stamped_at)
        return machine.conclude(
            found,
            stamped_at=company.stamped_at,
            earlier=unit.contracts.earlier_sum(found, since=since),
            policy=desk.policy,
        )

    with desk.work.begin() as unit:
        foreseen = conclude(contract, unit)
    paper = evidence_paper(
        Concluded(
            number=foreseen.number,
            contract_on=foreseen.contract_on,
            document_sha256=foreseen.document_sha256,
            signed_at=foreseen.signed_at,
        ),
        client=client,
        company=company,
    )
    evidence = printed(  # step 3
        paper,
        contract_id=contract_id,
        kind="evidence",
        template=EVIDENCE,
        printer=desk.printer,
    )
    with desk.work.begin() as unit:  # step 4
        found = unit.contracts.get(contract_id)
        if found is None or not machine.awaits_company(found):
            return False
        concluded = conclude(found, unit)
        save(unit, concluded, was=found)
        unit.signatures.add(contract_id, contract.document_sha256, company)
        unit.documents.add(evidence, at=desk.clock.now())
        _say(unit, concluded)
    return True


def _is_let_go(contract: Contract, desk: SigningDesk) -> bool:
    return is_let_go(
        contract,
        work=desk.work,
        antifraud=desk.antifraud,
        policy=desk.policy,
        clock=desk.clock,
    )


def _say(unit: Unit, contract: Contract) -> None:
    if contract.signed_at is None:
        raise Broken("A concluded contract has the instant of its conclusion")
    unit.publish(
        ContractSigned(
            contract_id=contract.id,
            client_id=contract.client_id,
            account_id=contract.account_id,
            amount=contract.amount,
            document_sha256=contract.document_sha256,
            ceremony_id=_ceremony(contract),
            signed_at=contract.signed_at,
            account_token=contract.account_token,
        )
    )


def _ceremony(contract: Contract) -> UUID:
    if contract.ceremony_id is None:
        raise Broken("A contract the client has signed has its ceremony")
    return contract.ceremony_id
