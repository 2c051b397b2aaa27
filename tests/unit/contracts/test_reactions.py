"""What others' facts do to a contract."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from kernel.errors import Broken
from kernel.events.contracts import (
    ContractActivated,
    ContractAnnulled,
    ScheduleIssued,
)
from kernel.events.disbursement import (
    PayoutDue,
    PayoutRejected,
    PayoutScheduled,
    PayoutSettled,
)
from kernel.events.onboarding import (
    AccountOwnershipLost,
    AccountOwnershipProved,
    ClientActivated,
    IdentificationCompleted,
    IdentityChanged,
)
from services.contracts.domain.contract import CLOCKS_APART, Contract
from services.contracts.domain.states import ContractState
from services.contracts.handlers import reactions
from tests.unit.contracts.builders import (
    ACCOUNT,
    AMOUNT,
    CEREMONY,
    CLIENT,
    CONTRACT,
    HOLD_UNTIL,
    MICROSECOND,
    OFFERED_AT,
    PAYOUT,
    POLICY,
    SIGNED_AT,
    STRANGER,
    annulled,
    client_signed,
    concluded,
    consented,
    offered,
    proof,
    released,
    schedule,
    scheduled,
    signing,
)
from tests.unit.contracts.fakes import Bench

S = ContractState


def identified(**changes: object) -> IdentificationCompleted:
    made = proof()
    fields = {
        "ceremony_id": CEREMONY,
        "client_id": CLIENT,
        "operation": f"contract:{CONTRACT}",
        "document_sha256": made.document_sha256,
        "protocol_id": made.protocol_id,
        "certificate_serial": made.certificate_serial,
        "signature_sha256": made.signature_sha256,
        "completed_at": SIGNED_AT,
    }
    return IdentificationCompleted.model_validate({**fields, **changes})


def payout_scheduled(**changes: object) -> PayoutScheduled:
    fields = {
        "payout_id": PAYOUT,
        "contract_id": CONTRACT,
        "client_id": CLIENT,
        "amount": AMOUNT,
        "hold_until": HOLD_UNTIL,
    }
    return PayoutScheduled.model_validate({**fields, **changes})


def payout_settled(**changes: object) -> PayoutSettled:
    fields = {
        "payout_id": PAYOUT,
        "contract_id": CONTRACT,
        "client_id": CLIENT,
        "amount": AMOUNT,
        "order_id": "O-1",
        "settled_at": HOLD_UNTIL,
    }
    return PayoutSettled.model_validate({**fields, **changes})


def hear_identified(bench: Bench, event: IdentificationCompleted) -> None:
    with bench.work.begin() as unit:
        reactions.when_identification_completed(event, unit=unit)


def hear_scheduled(bench: Bench, event: PayoutScheduled) -> None:
    with bench.work.begin() as unit:
        reactions.when_payout_scheduled(event, unit=unit, clock=bench.clock)


def hear_settled(bench: Bench, event: PayoutSettled) -> None:
    with bench.work.begin() as unit:
        reactions.when_payout_settled(event, unit=unit, policy=POLICY)


def hear_identity(bench: Bench, at: datetime) -> None:
    event = IdentityChanged(
        client_id=CLIENT,
        change_id=UUID(int=1),
        ceremony_id=UUID(int=2),
        renamed=True,
    )
    with bench.work.begin() as unit:
        reactions.when_identity_changed(
            event, at=at, unit=unit, clock=bench.clock, ids=bench.ids
        )


def state_of(bench: Bench) -> ContractState:
    return bench.work.contracts.rows[CONTRACT].state


def test_a_matching_identification_is_the_clients_signature(bench: Bench) -> None:
    """At the instant it was completed (clause 5.2); the company's is still to come."""
    bench.work.contracts.put(signing())
    hear_identified(bench, identified())
    contract = bench.work.contracts.rows[CONTRACT]
    assert (contract.state, contract.client_signed_at) == (S.SIGNING, SIGNED_AT)
    assert bench.work.said == []
    hear_identified(bench, identified())
    assert contract == bench.work.contracts.rows[CONTRACT]


def test_an_identification_over_other_bytes_blocks_the_contract(bench: Bench) -> None:
    """Clause 3.4: it is said, nothing is signed, and a later good proof is nothing."""
    bench.work.contracts.put(signing())
    hear_identified(bench, identified(document_sha256="0" * 64))
    hear_identified(bench, identified())
    assert S.BLOCKED is state_of(bench)
    (event,) = bench.work.said
    assert isinstance(event, ContractAnnulled)
    assert event.reason == "document_mismatch"


@pytest.mark.seeded("contracts_signed_in_a_former_name")
@pytest.mark.parametrize("begin", [offered, signing])
def test_what_names_the_client_as_before_is_signed_no_more(
    bench: Bench, begin: Callable[[], Contract]
) -> None:
    """Clauses 3.4, 4.1c: it ends, is said, and a proof that comes later is nothing."""
    bench.work.contracts.put(begin())
    hear_identity(bench, OFFERED_AT + MICROSECOND)
    contract = bench.work.contracts.rows[CONTRACT]
    assert (contract.state, contract.end_code) == (S.ANNULLED, "identity_changed")
    hear_identified(bench, identified())
    assert contract == bench.work.contracts.rows[CONTRACT]
    (event,) = bench.work.said
    assert isinstance(event, ContractAnnulled)
    assert event.reason == "identity_changed"


def test_an_offer_in_the_names_of_today_stands(bench: Bench) -> None:
    """News that come late are of no matter to it, nor to a client without one."""
    hear_identity(bench, OFFERED_AT)
    bench.work.contracts.put(offered())
    hear_identity(bench, OFFERED_AT - CLOCKS_APART - MICROSECOND)
    assert (state_of(bench), bench.work.said) == (S.OFFERED, [])


@pytest.mark.parametrize("begin", [client_signed, concluded, scheduled, released])
def test_who_has_signed_has_signed_as_the_person_they_were(
    bench: Bench, begin: Callable[[], Contract]
) -> None:
    bench.work.contracts.put(begin())
    hear_identity(bench, SIGNED_AT + MICROSECOND)
    assert bench.work.contracts.rows[CONTRACT] == begin()


def test_what_was_signed_in_former_names_afterwards_is_not_concluded(
    bench: Bench,
) -> None:
    """The two news may be heard in any order."""
    bench.work.contracts.put(client_signed())
    hear_identity(bench, SIGNED_AT - MICROSECOND)
    assert state_of(bench) is S.ANNULLED


def test_somebody_elses_ceremony_is_none_of_ours(bench: Bench) -> None:
    """Registrations are identified too."""
    bench.work.contracts.put(signing())
    hear_identified(bench, identified(operation=f"registration:{CLIENT}"))
    assert (state_of(bench), bench.work.said) == (S.SIGNING, [])


@pytest.mark.parametrize("operation", [f"contract:{UUID(int=7)}", "contract:seven"])
def test_a_ceremony_for_no_contract_is_an_alarm(bench: Bench, operation: str) -> None:
    """It is parked and looked at."""
    with pytest.raises(Broken):
        hear_identified(bench, identified(operation=operation))


def test_a_signature_after_the_refusal_changes_nothing(bench: Bench) -> None:
    """The refusal was final."""
    bench.work.contracts.put(annulled())
    hear_identified(bench, identified())
    assert (state_of(bench), bench.work.said) == (S.ANNULLED, [])


def test_a_schedule_that_agrees_is_remembered(bench: Bench) -> None:
    """The contract knows its payout from now on."""
    bench.work.contracts.put(consented())
    hear_scheduled(bench, payout_scheduled())
    contract = bench.work.contracts.rows[CONTRACT]
    assert (contract.state, contract.payout_id) == (S.CONSENTED, PAYOUT)
    assert bench.work.said == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hold_until": HOLD_UNTIL - MICROSECOND}, "hold_mismatch"),
        ({"client_id": STRANGER}, "client_mismatch"),
    ],
)
def test_a_schedule_that_differs_blocks_the_contract(
    bench: Bench, changes: dict[str, object], reason: str
) -> None:
    """Clause 3.4: disbursement hears that the contract ended, and pays nothing."""
    bench.work.contracts.put(consented())
    hear_scheduled(bench, payout_scheduled(**changes))
    assert S.BLOCKED is state_of(bench)
    (event,) = bench.work.said
    assert isinstance(event, ContractAnnulled)
    assert reason == event.reason


def test_a_due_payout_opens_the_confirmation(bench: Bench) -> None:
    """The state says so to the cabinet, once, and an event to everybody."""
    bench.work.contracts.put(scheduled())
    due = PayoutDue(
        payout_id=PAYOUT,
        contract_id=CONTRACT,
        client_id=CLIENT,
        confirmation_required=True,
    )
    for _ in range(2):
        with bench.work.begin() as unit:
            reactions.when_payout_due(due, unit=unit, clock=bench.clock)
    assert state_of(bench) is S.AWAITING_RELEASE
    assert bench.work.said_types() == ["release_awaited"]


def test_a_rejected_transfer_annuls(bench: Bench) -> None:
    """The client may apply again."""
    bench.work.contracts.put(released())
    with bench.work.begin() as unit:
        reactions.when_payout_rejected(
            PayoutRejected(payout_id=PAYOUT, contract_id=CONTRACT, code="closed"),
            unit=unit,
            clock=bench.clock,
        )
    assert S.ANNULLED is state_of(bench)
    assert bench.work.said_types() == ["contract_annulled"]


def test_a_settled_payout_activates_once(bench: Bench) -> None:
    """With the bank's own instant."""
    bench.work.contracts.put(released())
    hear_settled(bench, payout_settled())
    hear_settled(bench, payout_settled())
    assert S.ACTIVE is state_of(bench)
    issued, event = bench.work.said
    assert isinstance(issued, ScheduleIssued)
    assert isinstance(event, ContractActivated)
    assert (event.payout_id, event.activated_at) == (PAYOUT, HOLD_UNTIL)


@pytest.mark.seeded("contracts_interest_before_the_money")
def test_interest_accrues_from_the_day_the_money_arrived(bench: Bench) -> None:
    """In Almaty, where HOLD_UNTIL is the same day; the schedule offered stays."""
    contract = released()
    bench.work.contracts.put(contract)
    with bench.work.begin() as unit:
        unit.schedules.add(contract.id, schedule(), final=False)
    hear_settled(bench, payout_settled(settled_at=HOLD_UNTIL + timedelta(days=5)))
    kept = bench.work.schedules.latest(contract.id)
    assert kept is not None
    assert (kept.final, kept.schedule.issued_on) == (True, date(2026, 11, 8))
    issued = bench.work.said[0]
    assert isinstance(issued, ScheduleIssued)
    assert (issued.issued_on, issued.total, issued.gesv_percent) == (
        "2026-11-08",
        kept.schedule.total,
        str(kept.schedule.gesv),
    )


@pytest.mark.seeded("contracts_cap_not_asked_again")
def test_a_schedule_never_passes_the_cap(bench: Bench) -> None:
    """Where days off would lift ГЭСВ above it, the price goes down."""
    bench.work.contracts.put(released(annual_percent=Decimal("38.60")))
    hear_settled(bench, payout_settled())
    kept = bench.work.schedules.latest(CONTRACT)
    assert kept is not None
    assert kept.schedule.gesv == Decimal("46.00")
    assert Decimal(38) < kept.schedule.annual_percent < Decimal("38.60")


def test_money_for_an_annulled_contract_is_an_alarm(bench: Bench) -> None:
    """The contract stays annulled; the message is parked."""
    bench.work.contracts.put(annulled())
    with pytest.raises(Broken):
        hear_settled(bench, payout_settled())
    assert (state_of(bench), bench.work.said) == (S.ANNULLED, [])


def test_an_event_for_a_contract_we_do_not_have_is_an_alarm(bench: Bench) -> None:
    """Every payout belongs to a contract."""
    hear: tuple[Callable[[], None], ...] = (
        lambda: hear_scheduled(bench, payout_scheduled()),
        lambda: hear_settled(bench, payout_settled()),
    )
    for act in hear:
        with pytest.raises(Broken):
            act()


def test_client_facts_are_copied(bench: Bench) -> None:
    """Activation, ownership proved, lost, and proved again."""
    newcomer = UUID(int=0xC9)
    whose = {"account_id": ACCOUNT, "client_id": newcomer}
    proved = AccountOwnershipProved.model_validate(
        {**whose, "account_token": "k1.t", "evidence_id": "E"}
    )
    lost = AccountOwnershipLost.model_validate({**whose, "code": "mismatch"})
    activated = ClientActivated.model_validate(
        {
            "client_id": newcomer,
            "registration_id": newcomer,
            "iin_token": "k1.i",
            "phone_token": "k1.p",
        }
    )
    bench.clock.move(timedelta(seconds=1))
    with bench.work.begin() as unit:
        reactions.when_client_activated(activated, unit=unit, clock=bench.clock)
        assert unit.clients.is_active(newcomer)
        reactions.when_account_ownership_proved(proved, unit=unit, clock=bench.clock)
        assert not unit.clients.account_lost(ACCOUNT)
        reactions.when_account_ownership_lost(lost, unit=unit, clock=bench.clock)
        assert unit.clients.account_lost(ACCOUNT)
        reactions.when_account_ownership_proved(proved, unit=unit, clock=bench.clock)
        assert not unit.clients.account_lost(ACCOUNT)
