"""Amendments where contracts and disbursement stand on their real databases."""

import random
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError, ProgrammingError

from kernel.errors import Transient
from kernel.events.contracts import ContractAmended
from kernel.events.onboarding import BankAccountChanged, IdentificationCompleted
from services.contracts.domain import texts
from services.contracts.domain.amendment import Amendment
from services.contracts.domain.contract import Contract
from services.contracts.domain.states import AmendmentState, ContractState
from services.contracts.handlers import amendments, contracts, reactions
from services.contracts.handlers.amending import (
    AmendingDesk,
    offer_amendments,
    sign_amendments,
)
from services.contracts.handlers.signing import SigningDesk
from services.contracts.handlers.views import terms_of
from services.contracts.storage.history import HistoryRows
from tests.integration.contracts.conftest import PRINTER, Desk
from tests.integration.contracts.racing import (
    WINDOW_MS,
    Arbiter,
    RunningClock,
    arbiter,
    at_once,
    held,
)
from tests.unit.contracts.builders import (
    ACCOUNT,
    CEREMONY,
    HOLD_UNTIL,
    wish,
)
from tests.unit.disbursement import builders as payouts

__all__ = ["arbiter"]

NEW = "k1.new"
HOURS = timedelta(hours=24)


def desk_of(desk: Desk, arbiter: Arbiter) -> AmendingDesk:
    desk.onboarding.tokens = {ACCOUNT: NEW}
    return AmendingDesk(
        signing=SigningDesk(
            work=desk.work(),
            antifraud=desk.antifraud,
            signer=desk.signer,
            witness=desk.witness,
            printer=PRINTER,
            policy=desk.platform.policy,
            clock=desk.clock,
        ),
        onboarding=desk.onboarding,
        disbursement=arbiter,
    )


def change_account(desk: Desk, contract: Contract) -> None:
    """Onboarding says that the account is another."""
    event = BankAccountChanged(
        client_id=contract.client_id,
        change_id=UUID(int=1),
        ceremony_id=UUID(int=2),
        account_id=contract.account_id,
        old_account_token=payouts.TOKEN,
        account_token=NEW,
    )
    with desk.unit() as unit:
        reactions.when_bank_account_changed(
            event,
            unit=unit,
            policy=desk.platform.policy,
            clock=desk.clock,
            ids=desk.platform.ids,
        )


def newest(desk: Desk, contract: Contract) -> Amendment:
    with desk.unit() as unit:
        return unit.amendments.of_contract(contract.id)[-1]


def now_of(desk: Desk, contract: Contract) -> Contract:
    with desk.unit() as unit:
        found = unit.contracts.get(contract.id)
    assert found is not None
    return found


def sign(desk: Desk, contract: Contract, with_: AmendingDesk) -> Amendment:
    """Both sign what was offered."""
    amendment = newest(desk, contract)
    amendments.open_signing(
        client_id=contract.client_id,
        contract_id=contract.id,
        amendment_id=amendment.id,
        work=desk.work(client_id=contract.client_id),
        onboarding=desk.onboarding,
        clock=desk.clock,
        ids=desk.platform.ids,
    )
    event = IdentificationCompleted(
        ceremony_id=CEREMONY,
        client_id=contract.client_id,
        operation=f"amendment:{amendment.id}",
        document_sha256=amendment.document_sha256 or "",
        protocol_id="P-2",
        certificate_serial="0A1B",
        signature_sha256="5" * 64,
        completed_at=desk.clock.now(),
    )
    with desk.unit() as unit:
        reactions.when_identification_completed(event, unit=unit)
    desk.witness.stamped_at = desk.clock.now()
    assert sign_amendments(with_) == 1
    return newest(desk, contract)


def told(amendment: Amendment) -> ContractAmended:
    assert amendment.account_id is not None
    assert amendment.signed_at is not None
    return ContractAmended(
        contract_id=amendment.contract_id,
        client_id=amendment.client_id,
        amendment_id=amendment.id,
        document_sha256=amendment.document_sha256 or "",
        previous_sha256=amendment.previous_sha256,
        account_id=amendment.account_id,
        account_token=amendment.account_token or "",
        ceremony_id=CEREMONY,
        signed_at=amendment.signed_at,
    )


@pytest.mark.clause("5.3")
@pytest.mark.clause("5.5")
@pytest.mark.seeded("disbursement_amended_keeps_the_old_hold")
def test_a_changed_account_is_paid_only_after_an_amendment_and_a_hold_of_its_own(
    desk: Desk, arbiter: Arbiter
) -> None:
    """Not at the end of the hold that was, not to the account that was; then once."""
    contract = held(desk, amount_above=False, account_token=payouts.TOKEN)
    arbiter.enter(contract)
    desk.clock.at = HOLD_UNTIL - timedelta(hours=1)
    change_account(desk, contract)
    amending = desk_of(desk, arbiter)
    assert offer_amendments(amending) == 1
    arbiter.office.begin_at(HOLD_UNTIL + timedelta(minutes=1))
    arbiter.tick()
    assert arbiter.transfers(contract) == 0
    desk.clock.at = HOLD_UNTIL + timedelta(minutes=2)
    amendment = sign(desk, contract, amending)
    arbiter.office.peers.account = payouts.account(account_token=NEW)
    arbiter.office.begin_at(desk.clock.now())
    arbiter.hear_amended(told(amendment))
    until = desk.clock.now() + HOURS
    assert now_of(desk, contract).hold_until == until
    assert arbiter.office.payout(contract.id).hold_until == until
    arbiter.office.clock.instant = until - timedelta(seconds=1)
    for _ in range(3):
        arbiter.tick()
    assert arbiter.transfers(contract) == 0
    arbiter.office.clock.instant = until + timedelta(minutes=1)
    for _ in range(4):
        arbiter.tick()
    assert arbiter.transfers(contract) == 1


@pytest.mark.clause("5.5")
def test_a_statement_is_kept_once_more_after_the_hold_begins_anew(
    desk: Desk, arbiter: Arbiter
) -> None:
    """Nothing of the first is lost: both stand, each with its text and instant."""
    contract = held(desk, amount_above=True, account_token=payouts.TOKEN)
    arbiter.enter(contract)

    def confirm() -> None:
        found = now_of(desk, contract)
        assert found.hold_until is not None
        contracts.confirm_release(
            client_id=contract.client_id,
            contract_id=contract.id,
            work=desk.work(client_id=contract.client_id),
            policy=desk.platform.policy,
            wish=wish(texts.release_text(terms_of(found)), at=found.hold_until),
        )

    confirm()
    desk.clock.at = HOLD_UNTIL + timedelta(seconds=1)
    change_account(desk, contract)
    amending = desk_of(desk, arbiter)
    assert offer_amendments(amending) == 1
    amendment = sign(desk, contract, amending)
    assert now_of(desk, contract).released_at is None
    confirm()
    assert now_of(desk, contract).state is ContractState.RELEASED
    ((first,),) = desk.rows(
        "SELECT given_at FROM statements WHERE contract_id = :id AND kind = 'release'",
        id=contract.id,
    )
    ((second, since),) = desk.rows(
        "SELECT given_at, amendment_id FROM statements_anew WHERE contract_id = :id",
        id=contract.id,
    )
    with desk.as_service() as connection:
        shown = HistoryRows(connection).statements(contract.id)
    assert [one.given_at for one in shown] == [first, second]
    assert first == HOLD_UNTIL
    assert (second, since) == (desk.clock.now() + HOURS, amendment.id)


@pytest.mark.clause("5.3")
@pytest.mark.catalogue("F08")
@pytest.mark.seeded("disbursement_amending_forgets_the_sending")
def test_an_account_changed_in_the_moment_of_payment_is_paid_or_amended(
    desk: Desk, arbiter: Arbiter
) -> None:
    """Around `hold_until`: what was sent is never amended, what is held never sent."""
    dice = random.Random(20261129)
    outcomes = Counter(_race_once(desk, arbiter, dice) for _ in range(40))
    assert set(outcomes) <= {"amended", "paid"}
    assert outcomes["amended"] > 0


def _race_once(desk: Desk, arbiter: Arbiter, dice: random.Random) -> str:
    contract = held(desk, amount_above=False, account_token=payouts.TOKEN)
    arbiter.enter(contract)
    offset = timedelta(milliseconds=dice.uniform(-WINDOW_MS, WINDOW_MS))
    clock = RunningClock(HOLD_UNTIL + offset)
    desk.clock.at = HOLD_UNTIL
    change_account(desk, contract)
    late = dice.random() < 1 / 4

    def pay() -> None:
        arbiter.office.clock.instant = clock.now()
        for _ in range(3):
            arbiter.tick()

    def amend() -> None:
        if late:
            pay()
        try:
            offer_amendments(desk_of(desk, arbiter))
        except Transient:
            offer_amendments(desk_of(desk, arbiter))

    at_once([pay, amend], dice)
    arbiter.office.clock.instant = HOLD_UNTIL + timedelta(hours=1)
    for _ in range(4):
        arbiter.tick()
    amendment, paid = newest(desk, contract), arbiter.transfers(contract)
    if amendment.state is AmendmentState.OFFERED:
        assert paid == 0, "what was held for an amendment was paid"
        return "amended"
    assert (amendment.end_code, paid) == ("payout_too_late", 1)
    return "paid"


@pytest.mark.clause("5.2a")
@pytest.mark.clause("5.2b")
@pytest.mark.parametrize(
    "change",
    [
        "state = 'concluded'",
        "state = 'concluded', signed_at = now()",
        "state = 'offered', document_sha256 = NULL",
    ],
)
def test_the_database_itself_wants_both_proofs(
    desk: Desk, arbiter: Arbiter, change: str
) -> None:
    """Whatever code asks for it."""
    contract = held(desk, amount_above=False, account_token=payouts.TOKEN)
    arbiter.enter(contract)
    change_account(desk, contract)
    with pytest.raises(IntegrityError):
        desk.rows(f"UPDATE amendments SET {change} RETURNING id")  # noqa: S608 - fixed


def test_the_role_rewrites_neither_chain_nor_statements(
    desk: Desk, arbiter: Arbiter
) -> None:
    contract = held(desk, amount_above=False, account_token=payouts.TOKEN)
    arbiter.enter(contract)
    change_account(desk, contract)
    for statement in (
        "UPDATE amendments SET previous_sha256 = 'x'",
        "UPDATE contracts SET account_token = 'x'",
        "DELETE FROM amendments",
        "DELETE FROM statements_anew",
    ):
        with pytest.raises(ProgrammingError), desk.as_service() as connection:
            connection.exec_driver_sql(statement)
