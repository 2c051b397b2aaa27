"""What a client does about amendments of their contract, and what is seen of them.

The contract's row is locked first, whoever acts: amendment, refusal and payout are put
in one order by it.  Somebody else's are not found.
"""

from uuid import UUID

from kernel.clock import Clock
from kernel.crypto import Json
from kernel.errors import Broken, Refused
from kernel.ids import Ids
from kernel.policy import Policy
from services.contracts.domain import amendment as amending
from services.contracts.domain import contract as machine
from services.contracts.domain.amendment import Amendment, Cause, Needed
from services.contracts.domain.contract import Contract
from services.contracts.handlers.documents import any_contract
from services.contracts.handlers.saving import (
    earlier_sum,
    own,
    save,
    save_amendment,
    save_and_say,
)
from services.contracts.handlers.views import amendment_view
from services.contracts.ports import Onboarding, Unit, Work


def request_amendment(
    *,
    client_id: UUID,
    contract_id: UUID,
    account_id: UUID,
    work: Work,
    onboarding: Onboarding,
    clock: Clock,
    ids: Ids,
) -> Json:
    """The client wishes to be paid to another account of theirs (clause 5.3).

    The document is made by the beat, once the payout stands still.  Refused:
    ``not_found``, ``account_unknown``, ``amendment_changes_nothing``,
    ``amendment_pending`` and what `machine.begin_amending` refuses.
    """
    if onboarding.account_of(client_id, account_id=account_id) != account_id:
        raise Refused(
            "account_unknown",
            "There is no such account.",
            next_step="Look at your accounts in the cabinet.",
        )
    amendment_id = ids.new()

    def act() -> Json:
        contract = own(unit, contract_id=contract_id, client_id=client_id)
        held = machine.begin_amending(contract, amendment_id)
        machine.not_amending(contract)
        if account_id == contract.paid_to:
            raise Refused(
                "amendment_changes_nothing",
                "The loan is paid to this account already.",
                next_step="Name another account.",
            )
        wished = enter(
            unit,
            contract,
            Needed(cause=Cause.CLIENT_ASKED, account_id=account_id),
            amendment_id=amendment_id,
            clock=clock,
        )
        save(unit, held, was=contract)
        return amendment_view(wished, contract, at=clock.now())

    with work.begin() as unit:
        return unit.once(act)


def enter(
    unit: Unit,
    contract: Contract,
    needed: Needed,
    *,
    amendment_id: UUID,
    clock: Clock,
) -> Amendment:
    """One amendment more, chained to the last document both have signed."""
    amendment = Amendment(
        id=amendment_id,
        contract_id=contract.id,
        client_id=contract.client_id,
        ordinal=len(unit.amendments.of_contract(contract.id)) + 1,
        cause=needed.cause,
        previous_sha256=contract.agreed_sha256,
        requested_at=clock.now(),
        account_id=needed.account_id,
    )
    unit.amendments.add(amendment)
    return amendment


def list_amendments(
    *, client_id: UUID, contract_id: UUID, work: Work, clock: Clock
) -> Json:
    """The amendments of the client's own contract, the oldest first."""
    with work.begin() as unit:
        contract = own(unit, contract_id=contract_id, client_id=client_id)
        found = unit.amendments.of_contract(contract_id)
    at = clock.now()
    return {"items": [amendment_view(one, contract, at=at) for one in found]}


def list_for_staff(*, contract_id: UUID, work: Work, clock: Clock) -> Json:
    """The amendments of any contract; nothing personal.  Refused ``not_found``."""
    with work.begin() as unit:
        contract = any_contract(unit, contract_id)
        found = unit.amendments.of_contract(contract_id)
    at = clock.now()
    return {"amendments": [amendment_view(one, contract, at=at) for one in found]}


def show_for_staff(*, amendment_id: UUID, work: Work, clock: Clock) -> Json:
    """One amendment with its proofs, by their ids; Refused ``amendment_not_found``."""
    with work.begin() as unit:
        found = unit.amendments.get(amendment_id)
        contract = None if found is None else unit.contracts.get(found.contract_id)
    if found is None or contract is None:
        raise not_known()
    return amendment_view(found, contract, at=clock.now(), proofs=True)


def open_signing(
    *,
    client_id: UUID,
    contract_id: UUID,
    amendment_id: UUID,
    work: Work,
    onboarding: Onboarding,
    clock: Clock,
    ids: Ids,
) -> Json:
    """Open the identification ceremony over the amendment's bytes (4.10, 5.2).

    What names the client as before is drawn up anew: Refused ``amendment_not_ready``.

    1. `signing` is committed before the ceremony exists, so that a proof never meets an
       amendment that does not expect it.
    2. Onboarding opens the ceremony, if the document names the account as it is.
    3. The ceremony is remembered; another digest blocks the contract (clause 3.4).
    """
    with work.begin() as unit:
        contract, amendment = _own(unit, client_id, contract_id, amendment_id)
        under_way = contract.amendment_id == amendment.id
        renewed = under_way and renew_outdated(
            contract, unit=unit, clock=clock, ids=ids
        )
    if renewed:
        raise amending.not_ready()
    with work.begin() as unit:  # step 1
        contract, amendment = _own(unit, client_id, contract_id, amendment_id)
        machine.not_refused(contract)
        counted = machine.counted_at(contract, clock.now())
        signing = amending.begin_signing(amendment, at=counted)
        document = unit.documents.get(signing.document_sha256 or "")
        save_amendment(unit, signing, was=amendment)
    if document is None:
        raise Broken("An amendment that was offered has no document")
    ceremony = onboarding.open_ceremony(  # step 2
        client_id=client_id,
        operation=f"amendment:{amendment_id}",
        document=document.data,
        account_id=signing.account_id,
    )
    with work.begin() as unit:  # step 3
        contract, amendment = _own(unit, client_id, contract_id, amendment_id)
        other = amending.is_of_other_bytes(amendment, ceremony.document_sha256)
        if other:
            blocked = machine.block(contract, "document_mismatch", at=clock.now())
            save_and_say(unit, blocked, was=contract)
        else:
            handed = amending.hand_over(amendment, ceremony_id=ceremony.ceremony_id)
            save_amendment(unit, handed, was=amendment)
    if other:
        raise Broken("The ceremony was opened over other bytes than the amendment's")
    return ceremony.reply


def withdraw_amendment(
    *,
    client_id: UUID,
    contract_id: UUID,
    amendment_id: UUID,
    work: Work,
    policy: Policy,
    clock: Clock,
) -> Json:
    """The client keeps the account the contract names; its hold begins anew (5.5).

    Only of an amendment the client has asked for: where the account is another already
    there is none to keep.  Refused: ``not_found``, ``amendment_needed``,
    ``already_signed``, ``amendment_ended``.
    """

    def act() -> Json:
        contract, amendment = _own(unit, client_id, contract_id, amendment_id)
        _refuse_needed(amendment)
        now = clock.now()
        given_up = end_and_resume(
            unit, contract, amendment, "client_withdrew", policy=policy, clock=clock
        )
        return amendment_view(given_up, contract, at=now)

    with work.begin() as unit:
        return unit.once(act)


def end_and_resume(
    unit: Unit,
    contract: Contract,
    amendment: Amendment,
    code: str,
    *,
    policy: Policy,
    clock: Clock,
) -> Amendment:
    """The amendment ends, the contract goes on as it was, held anew from now."""
    now = clock.now()
    ended = amending.withdraw(amendment, code, at=now)
    resumed = machine.resume(
        contract,
        at=now,
        earlier=earlier_sum(contract, unit=unit, policy=policy),
        policy=policy,
    )
    save_amendment(unit, ended, was=amendment, resumed_at=now)
    save(unit, resumed, was=contract)
    return ended


def supersede(unit: Unit, contract: Contract, *, clock: Clock) -> None:
    """The amendment under way, if there is one, makes room for another."""
    if contract.amendment_id is None:
        return
    found = unit.amendments.get(contract.amendment_id)
    if found is None:
        raise Broken("A contract is being amended by nothing")
    ended = amending.withdraw(found, "superseded", at=clock.now())
    save_amendment(unit, ended, was=found)


def renew_outdated(contract: Contract, *, unit: Unit, clock: Clock, ids: Ids) -> bool:
    """Whether another comes in the place of what names the client as before."""
    under_way = contract.amendment_id and unit.amendments.get(contract.amendment_id)
    changed_at = unit.clients.identity_changed_at(contract.client_id)
    if not under_way or changed_at is None or contract.refusal_asked_at is not None:
        return False
    if not amending.is_outdated(under_way, identity_changed_at=changed_at):
        return False
    supersede(unit, contract, clock=clock)
    amendment_id = ids.new()
    anew = Needed(cause=under_way.cause, account_id=under_way.account_id)
    enter(unit, contract, anew, amendment_id=amendment_id, clock=clock)
    save(unit, machine.begin_amending(contract, amendment_id), was=contract)
    return True


def both(unit: Unit, amendment_id: UUID) -> tuple[Contract, Amendment] | None:
    """An amendment under way with its contract, locked; None if it is not any more."""
    found = unit.amendments.get(amendment_id)
    contract = None if found is None else unit.contracts.get(found.contract_id)
    # Read again: only the contract's lock keeps it as it is.
    amendment = unit.amendments.get(amendment_id)
    if contract is None or amendment is None or contract.amendment_id != amendment_id:
        return None
    return contract, amendment


def _own(
    unit: Unit, client_id: UUID, contract_id: UUID, amendment_id: UUID
) -> tuple[Contract, Amendment]:
    contract = own(unit, contract_id=contract_id, client_id=client_id)
    amendment = unit.amendments.get(amendment_id)
    if amendment is None or amendment.contract_id != contract.id:
        raise not_known()
    return contract, amendment


def _refuse_needed(amendment: Amendment) -> None:
    if not amendment.is_open:
        raise amending.ended()
    if amendment.cause is not Cause.CLIENT_ASKED:
        raise Refused(
            "amendment_needed",
            "The account the contract names is yours no more, or another by now.",
            next_step="Sign the amendment, or refuse the loan.",
        )
    if amendment.awaits_company:
        raise Refused(
            "already_signed",
            "You have signed the amendment.",
            next_step="Wait for the company's signature, or refuse the loan.",
        )


def not_known() -> Refused:
    """No such amendment, or not of this contract."""
    return Refused(
        "amendment_not_found",
        "There is no such amendment.",
        next_step="Look at the contract's amendments.",
    )
