"""What contracts does when others say that something has happened.

Each runs inside the inbox's transaction, once, and asks nobody: what it needs stands
in the event or in our own rows.
"""

from datetime import datetime
from uuid import UUID

from kernel.clock import Clock
from kernel.errors import Broken
from kernel.events.antifraud import OperationReleased, OperationSuspended
from kernel.events.contracts import ContractActivated, ReleaseAwaited
from kernel.events.disbursement import (
    PayoutDue,
    PayoutRejected,
    PayoutRepeated,
    PayoutScheduled,
    PayoutSettled,
)
from kernel.events.onboarding import (
    AccountOwnershipLost,
    AccountOwnershipProved,
    BankAccountChanged,
    BankAccountRemoved,
    ClientActivated,
    IdentificationCompleted,
    IdentityChanged,
)
from kernel.ids import Ids
from kernel.policy import Policy
from services.contracts.domain import application as applications
from services.contracts.domain import contract as machine
from services.contracts.domain.contract import Contract, Payout, Proof
from services.contracts.domain.states import ContractState
from services.contracts.handlers import amending, schedules
from services.contracts.handlers.amendments import renew_outdated
from services.contracts.handlers.saving import save, save_and_say
from services.contracts.ports import Unit

_OPERATION = "contract:"
_AMENDMENT = "amendment:"
_OF_APPLICATION = "application:"
_OF_SIGNING = "signing:"
_OF_CLIENT = "client:"


def when_client_activated(event: ClientActivated, *, unit: Unit, clock: Clock) -> None:
    """The client may apply from now on."""
    unit.clients.activate(event.client_id, iin_token=event.iin_token, at=clock.now())


def when_account_ownership_proved(
    event: AccountOwnershipProved, *, unit: Unit, clock: Clock
) -> None:
    """The account is the client's."""
    unit.clients.put_account(
        event.account_id, event.client_id, owned=True, at=clock.now()
    )


def when_account_ownership_lost(
    event: AccountOwnershipLost, *, unit: Unit, clock: Clock
) -> None:
    """No contract is offered or signed over this account any more (clause 5.4)."""
    unit.clients.put_account(
        event.account_id, event.client_id, owned=False, at=clock.now()
    )


def when_bank_account_changed(
    event: BankAccountChanged, *, unit: Unit, policy: Policy, clock: Clock, ids: Ids
) -> None:
    """A contract that is paid there needs an amendment (clauses 4.10, 5.3)."""
    amending.when_account_moved(
        event.client_id,
        event.account_id,
        token=event.account_token,
        unit=unit,
        policy=policy,
        clock=clock,
        ids=ids,
    )


def when_bank_account_removed(
    event: BankAccountRemoved, *, unit: Unit, policy: Policy, clock: Clock, ids: Ids
) -> None:
    """The account is the client's no more: as one whose ownership was lost.

    A contract that is paid there needs an amendment.
    """
    unit.clients.put_account(
        event.account_id, event.client_id, owned=False, at=clock.now()
    )
    amending.when_account_moved(
        event.client_id,
        event.account_id,
        token=None,
        unit=unit,
        policy=policy,
        clock=clock,
        ids=ids,
    )


def when_identity_changed(
    event: IdentityChanged, *, at: datetime, unit: Unit, clock: Clock, ids: Ids
) -> None:
    """What names the client as before, and was not signed then, is signed no more.

    An offer ends; an amendment is drawn up anew (clauses 3.4, 4.1c, 5.1).  `at`: when
    the names or the document became others.
    """
    unit.clients.note_identity(event.client_id, changed_at=at)
    contract = unit.contracts.unfinished_of(event.client_id)
    if contract is None:
        return
    if machine.is_outdated(contract, identity_changed_at=at):
        ended = machine.annul(contract, machine.IDENTITY_CHANGED, at=clock.now())
        save_and_say(unit, ended, was=contract)
    else:
        renew_outdated(contract, unit=unit, clock=clock, ids=ids)


def when_operation_suspended(
    event: OperationSuspended, *, at: datetime, unit: Unit
) -> None:
    """While a client is suspended, silence is not counted (facts of clause 5.5).

    Single operations are of no matter here: a suspended application waits to be let
    go, and a suspended payout is past every answer of the client's.
    """
    if not event.operation.startswith(_OF_CLIENT):
        return
    since = unit.clients.note_suspension(event.client_id, suspended_at=at)
    contract = unit.contracts.unfinished_of(event.client_id)
    if since is not None and contract is not None:
        save(unit, machine.stand_still(contract, since=since), was=contract)


def when_operation_released(
    event: OperationReleased, *, at: datetime, unit: Unit
) -> None:
    """The count goes on where it stopped; what was held is asked about at once."""
    if event.operation.startswith(_OF_APPLICATION):
        _let_go(_id_in(event.operation, _OF_APPLICATION), at=at, unit=unit)
    if event.operation.startswith(_OF_SIGNING):
        held = _known(unit, _id_in(event.operation, _OF_SIGNING))
        if machine.awaits_company(held):
            _ask_at_once(held.application_id, at=at, unit=unit)
    if not event.operation.startswith(_OF_CLIENT):
        return
    since = unit.clients.note_suspension(event.client_id, released_at=at)
    contract = unit.contracts.unfinished_of(event.client_id)
    if contract is not None and machine.awaits_company(contract):
        _ask_at_once(contract.application_id, at=at, unit=unit)
    if since is None and contract is not None:
        stood_since = contract.suspended_since
        save(unit, machine.go_on(contract, at=at), was=contract)
        if stood_since is not None:
            amending.postpone(contract, since=stood_since, at=at, unit=unit)


def _let_go(application_id: UUID, *, at: datetime, unit: Unit) -> None:
    application = unit.applications.get(application_id)
    if application is None:
        raise Broken("An event names an application that does not exist")
    if application.is_open:
        let_go = applications.let_go(application, at=at)
        unit.applications.save(let_go, was=application.state)


def _ask_at_once(application_id: UUID, *, at: datetime, unit: Unit) -> None:
    """The rounds of the question before the company signs begin anew."""
    application = unit.applications.get(application_id)
    if application is None:
        raise Broken("A contract to be signed has no application")
    let_go = applications.let_go(application, at=at)
    unit.applications.save(let_go, was=application.state)


def when_identification_completed(
    event: IdentificationCompleted, *, unit: Unit
) -> None:
    """Compare digests: the company may sign, or it is blocked (clauses 3.4, 5.2)."""
    if event.operation.startswith(_AMENDMENT):
        amending.take_signature(
            _id_in(event.operation, _AMENDMENT), _proof(event), unit=unit
        )
        return
    if not event.operation.startswith(_OPERATION):
        return  # somebody else's ceremony: a registration, a change of data
    contract = _known(unit, _id_in(event.operation, _OPERATION))
    signed = machine.take_signature(contract, _proof(event))
    save_and_say(unit, signed, was=contract)


def when_payout_scheduled(event: PayoutScheduled, *, unit: Unit, clock: Clock) -> None:
    """Disbursement must agree on the hold, the person and the amount (clause 3.4)."""
    contract = _known(unit, event.contract_id)
    payout = Payout(
        payout_id=event.payout_id, client_id=event.client_id, amount=event.amount
    )
    scheduled = machine.schedule(
        contract,
        payout,
        until=event.hold_until,
        hold_from=event.hold_from,
        at=clock.now(),
    )
    save_and_say(unit, scheduled, was=contract)


def when_payout_due(event: PayoutDue, *, unit: Unit, clock: Clock) -> None:
    """The hold has passed; the client may confirm if that is needed."""
    contract = _known(unit, event.contract_id)
    due = machine.fall_due(
        contract,
        payout_id=event.payout_id,
        confirmation_required=event.confirmation_required,
        hold_from=event.hold_from,
        at=clock.now(),
    )
    save_and_say(unit, due, was=contract)
    awaits = due.state is ContractState.AWAITING_RELEASE
    if awaits and due.state is not contract.state:
        unit.publish(
            ReleaseAwaited(
                contract_id=due.id, client_id=due.client_id, payout_id=event.payout_id
            )
        )


def when_payout_rejected(event: PayoutRejected, *, unit: Unit, clock: Clock) -> None:
    """A refusal that came while the transfer was under way takes effect."""
    contract = _known(unit, event.contract_id)
    rejected = machine.reject(contract, payout_id=event.payout_id, at=clock.now())
    save_and_say(unit, rejected, was=contract)


def when_payout_repeated(event: PayoutRepeated, *, unit: Unit, clock: Clock) -> None:
    """Another payout of the contract stands in the place of a refused one."""
    contract = _known(unit, event.contract_id)
    repeated = machine.repeat(
        contract,
        payout_id=event.payout_id,
        predecessor_id=event.predecessor_id,
        at=clock.now(),
    )
    save_and_say(unit, repeated, was=contract)


def when_payout_settled(event: PayoutSettled, *, unit: Unit, policy: Policy) -> None:
    """The money arrived: the contract is in force, and interest begins to accrue."""
    contract = _known(unit, event.contract_id)
    payout = Payout(
        payout_id=event.payout_id, client_id=event.client_id, amount=event.amount
    )
    active = machine.activate(contract, payout, settled_at=event.settled_at)
    if save_and_say(unit, active, was=contract):
        schedules.issue(active, settled_at=event.settled_at, unit=unit, policy=policy)
        unit.publish(
            ContractActivated(
                contract_id=contract.id,
                client_id=contract.client_id,
                payout_id=event.payout_id,
                activated_at=event.settled_at,
            )
        )


def _known(unit: Unit, contract_id: UUID) -> Contract:
    contract = unit.contracts.get(contract_id)
    if contract is None:
        raise Broken("An event names a contract that does not exist")
    return contract


def _id_in(operation: str, kind: str) -> UUID:
    try:
        return UUID(operation.removeprefix(kind))
    except ValueError as error:
        raise Broken("An operation names no contract") from error


def _proof(event: IdentificationCompleted) -> Proof:
    return Proof(
        ceremony_id=event.ceremony_id,
        client_id=event.client_id,
        document_sha256=event.document_sha256,
        protocol_id=event.protocol_id,
        certificate_serial=event.certificate_serial,
        signature_sha256=event.signature_sha256,
        completed_at=event.completed_at,
    )
