"""What leads an amendment to its end without its client: news, beats, the company.

Nothing is asked while a transaction is open; what was loaded is looked at again in the
commit, under the contract's lock.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from kernel.clock import Clock, almaty_date
from kernel.errors import Broken, Transient
from kernel.events.contracts import AmendmentOffered, ContractAmended
from kernel.ids import Ids
from kernel.policy import Policy
from services.contracts.domain import amendment as amending
from services.contracts.domain import contract as machine
from services.contracts.domain.amendment import Amendment, Cause, Course, Needed
from services.contracts.domain.amendment_paper import Change, amendment_paper
from services.contracts.domain.contract import Contract, Proof
from services.contracts.domain.rules import amendment_until
from services.contracts.domain.signing import EVIDENCE, Concluded, evidence_paper
from services.contracts.domain.states import AMENDABLE, AmendmentState
from services.contracts.handlers.amendments import (
    both,
    end_and_resume,
    enter,
    supersede,
)
from services.contracts.handlers.documents import printed
from services.contracts.handlers.saving import (
    earlier_sum,
    save,
    save_amendment,
    save_and_say,
)
from services.contracts.handlers.signing import PURPOSE, REST, SigningDesk
from services.contracts.ports import Disbursement, NamedAccount, Onboarding, Unit

BATCH: Final = 20
_DRAWING_UP: Final = "amendment_document"
Part = TypeVar("Part")
_PLAIN: Final = "шарт бойынша / по договору"
"""The old account where a contract of before printing names it in its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendingDesk:
    """Everything an amendment takes beside what a signature of the company does."""

    signing: SigningDesk
    onboarding: Onboarding
    disbursement: Disbursement


def when_account_moved(
    client_id: UUID,
    account_id: UUID,
    *,
    token: str | None,
    unit: Unit,
    policy: Policy,
    clock: Clock,
    ids: Ids,
) -> None:
    """An account became another (`token`), or is the client's no more (None).

    A contract both have signed that is paid there needs an amendment: only that may
    name another account (clauses 5.3, 3.4).  Transient while the company signs, for
    until then there is nothing to amend.
    """
    contract = unit.contracts.unfinished_of(client_id)
    if contract is None:
        return
    if machine.awaits_company(contract) and account_id == contract.account_id:
        raise Transient("The company is signing the contract")
    if contract.state not in AMENDABLE or contract.refusal_asked_at is not None:
        return
    under_way = contract.amendment_id and unit.amendments.get(contract.amendment_id)
    if under_way and not under_way.is_open:
        return  # it has lapsed, and the contract is about to end
    course = amending.after_move(
        contract, under_way or None, account_id=account_id, token=token
    )
    match course:
        case Needed():
            supersede(unit, contract, clock=clock)
            amendment_id = ids.new()
            enter(unit, contract, course, amendment_id=amendment_id, clock=clock)
            save(unit, machine.begin_amending(contract, amendment_id), was=contract)
        case Course.NOTHING:
            pass
        case _ if under_way:
            end_and_resume(
                unit, contract, under_way, course.value, policy=policy, clock=clock
            )


def take_signature(amendment_id: UUID, proof: Proof, *, unit: Unit) -> None:
    """Compare digests: the company may sign the amendment, or the contract is blocked.

    Clauses 3.4, 5.2.
    """
    found = both(unit, amendment_id)
    if found is None:
        return  # superseded, or ended with its contract
    contract, amendment = found
    code = amending.contradiction(amendment, proof)
    if code is not None:
        blocked = machine.block(contract, code, at=proof.completed_at)
        save_and_say(unit, blocked, was=contract)
        return
    signed = amending.take_signature(amendment, proof)
    if signed != amendment:
        save_amendment(unit, signed, was=amendment)


def postpone(contract: Contract, *, since: datetime, at: datetime, unit: Unit) -> None:
    """The time of a suspension is not counted against who has to sign."""
    found = contract.amendment_id and unit.amendments.get(contract.amendment_id)
    if found:
        later = amending.postpone(found, since=since, at=at)
        if later != found:
            save_amendment(unit, later, was=found)


def offer_amendments(desk: AmendingDesk) -> int:
    """Draw up what is needed or wished for; how many were offered.

    Transient when a neighbour is away: they wait.  A defect of one does not hold up
    the others; it is raised after them.
    """
    return _each(desk, _requested, _offer)


def sign_amendments(desk: AmendingDesk) -> int:
    """Sign what clients have signed (clause 5.2); how many were concluded."""
    return _each(desk, _client_signed, _sign)


def end_amendments(desk: AmendingDesk) -> int:
    """End what nobody has signed in time; how many ended."""
    return _each(desk, _lapsed, _end)


Pick = Callable[[Unit, Collection[UUID], datetime], list[UUID]]


def _requested(unit: Unit, resting: Collection[UUID], _at: datetime) -> list[UUID]:
    return unit.amendments.requested(but_for=resting, limit=BATCH)


def _client_signed(unit: Unit, resting: Collection[UUID], _at: datetime) -> list[UUID]:
    return unit.amendments.awaiting_company(but_for=resting, limit=BATCH)


def _lapsed(unit: Unit, resting: Collection[UUID], at: datetime) -> list[UUID]:
    found = unit.amendments.unsigned(ending_by=at, limit=BATCH)
    found += unit.amendments.lapsed_under_way(limit=BATCH)
    return [one for one in found if one not in resting]


def _each(
    desk: AmendingDesk, pick: Pick, act: Callable[[UUID, AmendingDesk], bool]
) -> int:
    at, resting = desk.signing.clock.now(), desk.signing.resting
    with desk.signing.work.begin() as unit:
        waiting = pick(unit, {one for one, until in resting.items() if until > at}, at)
    done = 0
    defect: Broken | None = None
    for amendment_id in waiting:
        try:
            done += act(amendment_id, desk)
        except Broken as error:
            resting[amendment_id] = at + REST
            defect = error
    if defect is not None:
        raise defect
    return done


def _offer(amendment_id: UUID, desk: AmendingDesk) -> bool:
    """Whether the amendment was offered.

    1. What it amends, if it is still wanted.
    2. Disbursement lets the payout stand still; what has left is never touched.
    3. The account in full and the client, from onboarding, on record.
    4. The document, and the offer.
    """
    work, clock = desk.signing.work, desk.signing.clock
    with work.begin() as unit:  # step 1
        found = both(unit, amendment_id)
        if found is None or found[1].state is not AmendmentState.REQUESTED:
            return False
        contract, amendment = found
        agreed = _agreed(contract, unit)
        template = unit.templates.in_force("amendment")
    answer = desk.disbursement.hold_for_amendment(  # step 2
        contract_id=contract.id, client_id=contract.client_id
    )
    if answer != "held":
        _let_be(amendment_id, answer, desk)
        return False
    account_id = amendment.account_id or desk.onboarding.account_of(contract.client_id)
    named = None if account_id is None else _named(contract, account_id, desk)
    if account_id is None or named is None or named.token is None:
        return False  # gone meanwhile: its own news will tell
    if (account_id, named.token) == (contract.paid_to, contract.paid_to_token):
        _return(amendment_id, desk)
        return False
    at = clock.now()  # before the names are asked for: see `amending.is_outdated`
    borrower = desk.onboarding.borrower(contract.client_id, purpose=_DRAWING_UP)
    document = printed(  # step 4
        amendment_paper(
            template,
            Change(
                number=amendment.numbered(contract.number),
                amended_on=almaty_date(at),
                contract_number=contract.number,
                contract_on=contract.contract_on,
                contract_sha256=contract.document_sha256,
                previous_sha256=amendment.previous_sha256,
                old_account=desk.signing.printer.account_in(agreed) or _PLAIN,
                new_account=named.text,
            ),
            borrower,
        ),
        contract_id=contract.id,
        kind="amendment",
        template=template.name,
        printer=desk.signing.printer,
    )
    offered = amending.offer(
        amendment,
        account_id=account_id,
        account_token=named.token,
        document_sha256=document.sha256,
        at=at,
        until=amendment_until(desk.signing.policy, at),
    )
    with work.begin() as unit:
        if both(unit, amendment_id) != found:
            return False  # another came in its place, or the contract ended
        unit.documents.add(document, at=at)
        save_amendment(unit, offered, was=amendment)
        unit.publish(_offered(offered))
    return True


def _agreed(contract: Contract, unit: Unit) -> bytes:
    """The last document both have signed."""
    if contract.amended_sha256 is None:
        return unit.contracts.document(contract)
    document = unit.documents.get(contract.amended_sha256)
    if document is None:
        raise Broken("An amendment that counts has no document")
    return document.data


def _named(
    contract: Contract, account_id: UUID, desk: AmendingDesk
) -> NamedAccount | None:
    return desk.onboarding.account_in_full(
        contract.client_id, account_id, purpose=_DRAWING_UP
    )


def _let_be(amendment_id: UUID, answer: str, desk: AmendingDesk) -> None:
    """Nothing stood still: the money is on its way, or there is none to come."""
    with desk.signing.work.begin() as unit:
        found = both(unit, amendment_id)
        if found is None:
            return
        contract, amendment = found
        code = f"payout_{answer}"
        ended = amending.withdraw(amendment, code, at=desk.signing.clock.now())
        save_amendment(unit, ended, was=amendment)
        save(unit, machine.let_be(contract, policy=desk.signing.policy), was=contract)


def _return(amendment_id: UUID, desk: AmendingDesk) -> None:
    """The account is as agreed again, before anything was drawn up."""
    with desk.signing.work.begin() as unit:
        found = both(unit, amendment_id)
        if found is not None:
            end_and_resume(
                unit,
                *found,
                Course.ACCOUNT_RETURNED.value,
                policy=desk.signing.policy,
                clock=desk.signing.clock,
            )


def _sign(amendment_id: UUID, desk: AmendingDesk) -> bool:
    """Whether the amendment was concluded.

    1. What the client has signed, if it still awaits us.
    2. The client's proofs; our signature, verified and stamped like anybody's.
    3. The page of evidence.
    4. Conclude and say so, unless the client has refused, or moved the account again.
    """
    signing = desk.signing
    with signing.work.begin() as unit:  # step 1
        found = both(unit, amendment_id)
        if found is None or not found[1].awaits_company:
            return False
        contract, amendment = found
        document = unit.documents.get(_known(amendment.document_sha256))
    if document is None or amendment.ceremony_id is None:
        raise Broken("An amendment the client has signed lacks its parts")
    client = signing.witness.of_client(amendment.ceremony_id, purpose=PURPOSE)  # step 2
    cms = signing.signer.sign(document.data, at=signing.clock.now())
    company = signing.witness.of_company(document.data, cms)
    concluded = amending.conclude(amendment, stamped_at=company.stamped_at)
    evidence = printed(  # step 3
        evidence_paper(
            Concluded(
                number=concluded.numbered(contract.number),
                contract_on=contract.contract_on,
                document_sha256=document.sha256,
                signed_at=concluded.signed_at,
            ),
            client=client,
            company=company,
        ),
        contract_id=contract.id,
        kind="evidence",
        template=EVIDENCE,
        printer=signing.printer,
    )
    with signing.work.begin() as unit:  # step 4
        again = both(unit, amendment_id)
        if again is None or again[1] != amendment:
            return False
        _conclude(again[0], concluded, unit=unit, desk=desk, was=amendment)
        unit.signatures.add(contract.id, document.sha256, company)
        unit.documents.add(evidence, at=signing.clock.now())
    return True


def _conclude(
    contract: Contract,
    concluded: Amendment,
    *,
    unit: Unit,
    desk: AmendingDesk,
    was: Amendment,
) -> None:
    """A refusal that disbursement has not answered yet wins over the signature."""
    if contract.refusal_asked_at is not None:
        raise Transient("The client has refused meanwhile")
    account_id, token = concluded.account_id, concluded.account_token
    if account_id is None or token is None or concluded.signed_at is None:
        raise Broken("An amendment both have signed names an account")
    amended = machine.amend(
        contract,
        account_id=account_id,
        account_token=token,
        document_sha256=_known(concluded.document_sha256),
        signed_at=concluded.signed_at,
        earlier=earlier_sum(contract, unit=unit, policy=desk.signing.policy),
        policy=desk.signing.policy,
    )
    save_amendment(unit, concluded, was=was)
    save(unit, amended, was=contract)
    unit.publish(
        ContractAmended(
            contract_id=contract.id,
            client_id=contract.client_id,
            amendment_id=concluded.id,
            document_sha256=_known(concluded.document_sha256),
            previous_sha256=concluded.previous_sha256,
            account_id=account_id,
            account_token=token,
            ceremony_id=_known(concluded.ceremony_id),
            signed_at=concluded.signed_at,
        )
    )


def _end(amendment_id: UUID, desk: AmendingDesk) -> bool:
    """Whether an amendment nobody has signed in time came to its end.

    The account the contract names may still be the client's: then it goes on as it was,
    held anew.  Otherwise it can be paid to no account:

    1. The amendment lapses; from its commit on nobody can sign it.
    2. Disbursement stops the payout.
    3. The contract ends, without money.
    """
    with desk.signing.work.begin() as unit:  # step 1
        found = both(unit, amendment_id)
        if found is None:
            return False
        contract, amendment = found
        counted = machine.counted_at(contract, desk.signing.clock.now())
        if amending.has_lapsed(amendment, at=counted):
            if _is_kept(contract, amendment, unit):
                _lapse_and_resume(unit, contract, amendment, desk)
                return True
            lapsed = amending.lapse(amendment, at=desk.signing.clock.now())
            save_amendment(unit, lapsed, was=amendment)
        elif amendment.is_open:
            return False  # signed at the last moment
    answer = desk.disbursement.stop_payout(  # step 2
        contract_id=contract.id, client_id=contract.client_id
    )
    if answer != "stopped":
        raise Broken("A payout that stood still could not be stopped")
    with desk.signing.work.begin() as unit:  # step 3
        again = both(unit, amendment_id)
        if again is None:
            return False  # the client has refused meanwhile
        freed = machine.let_be(again[0], policy=desk.signing.policy)
        annulled = machine.annul(
            freed, "amendment_expired", at=desk.signing.clock.now()
        )
        return save_and_say(unit, annulled, was=again[0])


def _is_kept(contract: Contract, amendment: Amendment, unit: Unit) -> bool:
    """Whether the account the contract names is still the client's (clause 5.4)."""
    wished = amendment.cause is Cause.CLIENT_ASKED
    return wished and not unit.clients.account_lost(contract.paid_to)


def _lapse_and_resume(
    unit: Unit, contract: Contract, amendment: Amendment, desk: AmendingDesk
) -> None:
    now, policy = desk.signing.clock.now(), desk.signing.policy
    resumed = machine.resume(
        contract,
        at=now,
        earlier=earlier_sum(contract, unit=unit, policy=policy),
        policy=policy,
    )
    save_amendment(
        unit, amending.lapse(amendment, at=now), was=amendment, resumed_at=now
    )
    save(unit, resumed, was=contract)


def _offered(amendment: Amendment) -> AmendmentOffered:
    return AmendmentOffered(
        contract_id=amendment.contract_id,
        client_id=amendment.client_id,
        amendment_id=amendment.id,
        document_sha256=_known(amendment.document_sha256),
        previous_sha256=amendment.previous_sha256,
        until=_known(amendment.until),
    )


def _known(part: Part | None) -> Part:
    if part is None:
        raise Broken("An amendment in this state has that part")
    return part
