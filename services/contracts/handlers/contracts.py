"""From the document to the release: sign, consent, confirm, refuse, or fall silent.

A client sees and moves only their own contracts; somebody else's are not found.
"""

from typing import Final
from uuid import UUID

from kernel.clock import Clock
from kernel.context import jsonable
from kernel.crypto import Json
from kernel.errors import Broken, Refused
from kernel.events.contracts import (
    AdditionalConsentGiven,
    ReleaseConfirmed,
    SigningBegun,
)
from kernel.pages import Page
from kernel.policy import Policy
from services.contracts.domain import contract as machine
from services.contracts.domain import texts
from services.contracts.domain.contract import Contract, Statement
from services.contracts.domain.states import ContractState
from services.contracts.handlers import decisions
from services.contracts.handlers.beats import each
from services.contracts.handlers.saving import (
    ENDED_UNPAID,
    earlier_sum,
    own,
    save,
    save_and_say,
)
from services.contracts.handlers.views import (
    contract_for_payout,
    contract_view,
    not_found,
    terms_of,
    version_of,
)
from services.contracts.ports import Bureau, Disbursement, Onboarding, Work

BATCH: Final = 100


def get_contract(
    *, client_id: UUID, contract_id: UUID, work: Work, clock: Clock
) -> Json:
    """The client's own contract.  Refused ``not_found``."""
    with work.begin() as unit:
        contract = own(unit, contract_id=contract_id, client_id=client_id)
    return contract_view(contract, at=clock.now())


def list_contracts(*, client_id: UUID, page: Page, work: Work, clock: Clock) -> Json:
    """A page of the client's own contracts, the newest first."""
    with work.begin() as unit:
        found = unit.contracts.list_own(client_id, page)
    shown, next_before = page.cut(found, id_of=lambda contract: contract.id)
    at = clock.now()
    return {
        "items": [contract_view(contract, at=at) for contract in shown],
        "next_before": jsonable(next_before),
    }


def read_contract(*, contract_id: UUID, work: Work) -> Json:
    """Any contract, for the payer's look before sending.  Refused ``not_found``."""
    with work.begin() as unit:
        contract = unit.contracts.get(contract_id)
    if contract is None:
        raise not_found()
    return contract_for_payout(contract)


def ask_stop_credit(
    *,
    contract_id: UUID,
    work: Work,
    onboarding: Onboarding,
    bureau: Bureau,
    clock: Clock,
) -> Json:
    """«Стоп-кредит» of a contract's client now, for the payer's look before sending.

    ``evidence_id`` is the report's.  Refused ``not_found``, ``consent_missing``;
    Transient while the bureau is away.
    """
    with work.begin() as unit:
        contract = unit.contracts.get(contract_id)
    if contract is None:
        raise not_found()
    check = decisions.ask_stop_credit_again(
        contract,
        decisions.AT_PAYOUT,
        work=work,
        onboarding=onboarding,
        bureau=bureau,
        clock=clock,
    )
    return {
        "stop_credit": not check.passed,
        "evidence_id": str(check.found["report_id"]),
    }


def open_signing(
    *,
    client_id: UUID,
    contract_id: UUID,
    work: Work,
    onboarding: Onboarding,
    bureau: Bureau,
    clock: Clock,
) -> Json:
    """Open the identification ceremony over the contract's bytes (clause 5.2).

    «Стоп-кредит» is asked about before, and annuls the contract; so does what names
    the client as before: Refused ``identity_changed``.

    1. `signing` is committed before the ceremony exists, so that a proof never
       meets a contract that does not expect it.
    2. Onboarding opens the ceremony and says over which digest.
    3. The ceremony is remembered; another digest blocks the contract (clause 3.4).
    """
    with work.begin() as unit:
        contract = own(unit, contract_id=contract_id, client_id=client_id)
        machine.begin_signing(contract, at=clock.now())
    _refuse_outdated(contract, work=work, clock=clock)
    _refuse_stopped(
        contract, work=work, onboarding=onboarding, bureau=bureau, clock=clock
    )
    with work.begin() as unit:  # step 1
        contract = own(unit, contract_id=contract_id, client_id=client_id)
        signing = machine.begin_signing(contract, at=clock.now())
        if unit.clients.account_lost(contract.account_id):
            raise Refused(
                "account_not_proved",
                "The account can no longer be shown to be yours.",
                next_step="Name another account, then apply again.",
            )
        document = unit.contracts.document(contract)
        save(unit, signing, was=contract)
        unit.origins.note(contract.signing)
        if contract.state is ContractState.OFFERED:
            unit.publish(
                SigningBegun(
                    contract_id=contract.id,
                    client_id=contract.client_id,
                    document_sha256=contract.document_sha256,
                )
            )
    ceremony = onboarding.open_ceremony(  # step 2
        client_id=client_id,
        operation=f"contract:{contract_id}",
        document=document,
        account_id=contract.account_id if texts.names_account(document) else None,
    )
    with work.begin() as unit:  # step 3
        contract = own(unit, contract_id=contract_id, client_id=client_id)
        handed = machine.hand_over(
            contract,
            ceremony_id=ceremony.ceremony_id,
            document_sha256=ceremony.document_sha256,
            at=clock.now(),
        )
        save_and_say(unit, handed, was=contract)
    if handed.state is ContractState.BLOCKED:
        raise Broken("The ceremony was opened over other bytes than the contract's")
    return ceremony.reply


def _refuse_outdated(contract: Contract, *, work: Work, clock: Clock) -> None:
    """An offer made while the news of other names or another document was on its way.

    The news annuls what it finds (`reactions.when_identity_changed`).
    """
    with work.begin() as unit:
        found = own(unit, contract_id=contract.id, client_id=contract.client_id)
        changed_at = unit.clients.identity_changed_at(found.client_id)
        if changed_at is None or not machine.is_outdated(
            found, identity_changed_at=changed_at
        ):
            return
        ended = machine.annul(found, machine.IDENTITY_CHANGED, at=clock.now())
        save_and_say(unit, ended, was=found)
    raise Refused(
        "identity_changed",
        "Your names or your document have changed since the offer.",
        next_step="Apply again: the contract will name you as you are.",
    )


def _refuse_stopped(
    contract: Contract,
    *,
    work: Work,
    onboarding: Onboarding,
    bureau: Bureau,
    clock: Clock,
) -> None:
    """A «стоп-кредит» that has come since the offer annuls the contract.

    Refused ``stop_credit``, ``consent_missing``; Transient while the bureau is away.
    """
    check = decisions.ask_stop_credit_again(
        contract,
        decisions.AT_SIGNING,
        work=work,
        onboarding=onboarding,
        bureau=bureau,
        clock=clock,
    )
    if check.passed:
        return
    with work.begin() as unit:
        found = own(unit, contract_id=contract.id, client_id=contract.client_id)
        if not machine.needs_stop(found) and not found.is_final:
            annulled = machine.annul(found, "stop_credit", at=clock.now())
            save_and_say(unit, annulled, was=found)
    raise Refused(
        "stop_credit",
        "You have refused microcredits of your own will.",
        next_step="Lift the ban on eGov, then apply again.",
    )


def give_consent(
    *,
    client_id: UUID,
    contract_id: UUID,
    seen: str | None = None,
    work: Work,
    policy: Policy,
    wish: Statement,
) -> Json:
    """Take the additional consent; it starts the hold (clause 5.5).

    `seen` is the version of the contract the client decided upon.
    """

    def act() -> Json:
        contract = own(unit, contract_id=contract_id, client_id=client_id)
        _refuse_stale(contract, seen)
        text = texts.consent_text(terms_of(contract))
        consented = machine.consent(
            contract,
            wish,
            text=text,
            earlier=earlier_sum(contract, unit=unit, policy=policy),
            policy=policy,
        )
        save(unit, consented, was=contract)
        unit.contracts.add_statement(
            contract_id, wish, text=text, since=contract.hold_from_id
        )
        unit.publish(
            AdditionalConsentGiven(
                contract_id=contract_id,
                client_id=client_id,
                channel=wish.channel,
                text_sha256=wish.text_sha256,
                given_at=wish.given_at,
            )
        )
        return contract_view(consented, at=wish.given_at)

    with work.begin() as unit:
        return unit.once(act)


def confirm_release(
    *,
    client_id: UUID,
    contract_id: UUID,
    seen: str | None = None,
    work: Work,
    policy: Policy,
    wish: Statement,
) -> Json:
    """Take the release confirmation, which counts from ``hold_until`` on (5.5).

    `seen` as with `give_consent`.
    """

    def act() -> Json:
        contract = own(unit, contract_id=contract_id, client_id=client_id)
        _refuse_stale(contract, seen)
        text = texts.release_text(terms_of(contract))
        released = machine.confirm_release(contract, wish, text=text, policy=policy)
        save(unit, released, was=contract)
        unit.contracts.add_statement(
            contract_id, wish, text=text, since=contract.hold_from_id
        )
        unit.publish(
            ReleaseConfirmed(
                contract_id=contract_id,
                client_id=client_id,
                channel=wish.channel,
                text_sha256=wish.text_sha256,
                confirmed_at=wish.given_at,
            )
        )
        return contract_view(released, at=wish.given_at)

    with work.begin() as unit:
        return unit.once(act)


def refuse_contract(
    *,
    client_id: UUID,
    contract_id: UUID,
    work: Work,
    disbursement: Disbursement,
    clock: Clock,
) -> Json:
    """Refuse the loan; final only when disbursement says the payout is stopped.

    Disbursement is asked before the transaction, and what was loaded is looked at
    again inside it.  ``refusal`` in the reply is ``final`` or, while the stop is under
    way, ``pending``; then `finish_refusals` goes on.  Refused: ``refusal_too_late``,
    ``contract_active``, ``contract_blocked``, ``not_found``.
    """
    with work.begin() as unit:
        contract = own(unit, contract_id=contract_id, client_id=client_id)
    answer = _stop(contract, disbursement) if machine.needs_stop(contract) else None

    def act() -> Json:
        now = clock.now()
        contract = own(unit, contract_id=contract_id, client_id=client_id)
        refused = machine.refuse(contract, answer, at=now)
        save_and_say(unit, refused, was=contract)
        final = refused.state in ENDED_UNPAID
        return {
            "refusal": "final" if final else "pending",
            "contract": contract_view(refused, at=now),
        }

    with work.begin() as unit:
        return unit.once(act)


def finish_refusals(*, work: Work, disbursement: Disbursement, clock: Clock) -> int:
    """Ask again about refusals that disbursement had only recorded; how many ended."""

    def finish(contract: Contract) -> bool:
        answer = _stop(contract, disbursement)
        with work.begin() as unit:
            found = unit.contracts.get(contract.id)
            if found is None or answer != "stopped" or found.is_final:
                return False
            refused = machine.refuse(found, answer, at=clock.now())
            return save_and_say(unit, refused, was=found)

    with work.begin() as unit:
        pending = unit.contracts.refused(limit=BATCH)
    return each(pending, finish)


def _stop(contract: Contract, disbursement: Disbursement) -> str:
    return disbursement.stop_payout(
        contract_id=contract.id, client_id=contract.client_id
    )


def annul_silent(*, work: Work, clock: Clock) -> int:
    """End offers and contracts whose client has been silent too long; how many.

    No stop is needed: without the consent there is no payout, and without the
    confirmation, which can no longer come, it does not move.
    """
    now = clock.now()

    def annul(contract_id: UUID) -> bool:
        with work.begin() as unit:
            contract = unit.contracts.get(contract_id)
            if contract is None:
                return False
            ended = machine.fall_silent(contract, at=now)
            return save_and_say(unit, ended, was=contract)

    with work.begin() as unit:
        silent = unit.contracts.silent(at=now, limit=BATCH)
    return each(silent, annul)


def _refuse_stale(contract: Contract, seen: str | None) -> None:
    """An act upon another version than the client has seen is refused, not done.

    None says that the client names none.  Refused: ``version_stale``.
    """
    if seen is not None and seen != version_of(contract):
        raise Refused(
            "version_stale",
            "The contract has changed since it was shown.",
            next_step="Look at the contract again, then decide.",
        )
