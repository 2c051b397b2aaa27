"""Antifraud is asked before the company signs, and the contract waits for it (6.1g)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.context import Origin, StaffMember
from kernel.errors import Refused, Transient
from kernel.events.antifraud import OperationReleased
from kernel.origins import kept_since
from services.contracts.domain.rules import HoldRules
from services.contracts.domain.states import ContractState
from services.contracts.handlers import reactions, underwriting
from tests.integration.contracts.conftest import Desk
from tests.unit.contracts.builders import CLIENT, POLICY
from tests.unit.origins import FACTS, HOME

S = ContractState
ANNA = StaffMember(UUID(int=0x51), frozenset({"applications.decide"}))
ROUND = timedelta(hours=1)
"""Longer than any pause between two rounds."""


@pytest.fixture
def signed(desk: Desk) -> UUID:
    """A contract the client has signed and the company has not."""
    contract_id = desk.offered()
    desk.open_signing(contract_id)
    desk.clock.move(timedelta(minutes=10))
    desk.identify(contract_id)
    desk.antifraud.asked.clear()
    return contract_id


def state_of(desk: Desk, contract_id: UUID) -> ContractState:
    return desk.contract(contract_id).state


def call_a_person(desk: Desk) -> None:
    """All rounds, until the answer is not waited for any more."""
    for _ in range(HoldRules.at(POLICY, desk.clock.now()).tries):
        desk.clock.move(ROUND)
        assert desk.sign_for_company() == 0
    assert len(held(desk)) == 1


def held(desk: Desk) -> list[dict[str, Any]]:
    listed: Any = underwriting.list_held(work=desk.work())
    return list(listed["applications"])


def trace(desk: Desk) -> list[tuple[str, str]]:
    """Check and verdict of every asking at the signing, the oldest first."""
    (row,) = desk.rows("SELECT id FROM applications")
    shown: Any = underwriting.show(row.id, work=desk.work())
    return [
        (line["check"], line["verdict"])
        for line in shown["checks"]
        if line["check"].startswith("antifraud_at_signing")
    ]


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("contracts_signs_unasked")
def test_antifraud_is_asked_about_this_very_signing(desk: Desk, signed: UUID) -> None:
    assert desk.sign_for_company() == 1
    assert desk.antifraud.asked == [f"signing:{signed}"]
    assert state_of(desk, signed) is S.CONCLUDED
    assert trace(desk) == [("antifraud_at_signing_1", "passed")]


@pytest.mark.clause("6.1g")
def test_antifraud_is_told_from_where_it_was_signed(desk: Desk) -> None:
    """By the last request of the client's, though a beat asks; who looks counts not."""
    contract_id = desk.offered()
    for origin in (Origin(device="k1.other", network="k1.other"), HOME, None):
        desk.origin = origin
        desk.open_signing(contract_id)
    desk.clock.move(timedelta(minutes=10))
    desk.identify(contract_id)
    assert desk.sign_for_company() == 1
    assert FACTS.items() <= desk.antifraud.facts[-1].items()


@pytest.mark.seeded("contracts_forgets_origins_early")
def test_from_where_it_was_asked_for_is_forgotten_once_it_has_ended(desk: Desk) -> None:
    """Offered, an application is asked about no more; its signing is not signed yet."""
    desk.origin = HOME
    contract_id = desk.offered()
    desk.open_signing(contract_id)
    assert len(desk.rows("SELECT FROM origins")) == 2
    assert forget_origins(desk) == 1
    (left,) = desk.rows("SELECT operation FROM origins")
    assert left.operation == f"signing:{contract_id}"
    desk.clock.move(timedelta(minutes=10))
    desk.identify(contract_id)
    assert forget_origins(desk) == 0
    assert desk.sign_for_company() == 1
    assert forget_origins(desk) == 1


def test_of_what_was_given_up_it_is_forgotten_in_the_end(desk: Desk) -> None:
    desk.origin = HOME
    desk.open_signing(desk.offered())
    assert forget_origins(desk) == 1
    (left,) = desk.rows("SELECT noted_at FROM origins")
    days = timedelta(days=POLICY.integer("antifraud.origin_days", left.noted_at))
    assert forget_origins(desk, at=left.noted_at + days) == 0
    later = left.noted_at + days + timedelta(seconds=1)
    assert forget_origins(desk, at=later) == 1


def forget_origins(desk: Desk, *, at: datetime | None = None) -> int:
    before = kept_since(POLICY, at or desk.clock.now())
    with desk.work().begin() as unit:
        return unit.origins.forget_ended(before=before)


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("contracts_signs_in_doubt")
@pytest.mark.parametrize("outcome", ["review", "suspend", "away"])
def test_what_antifraud_does_not_allow_waits_and_goes_on_later(
    desk: Desk, signed: UUID, outcome: str
) -> None:
    """Nothing the client has done is lost; nobody is asked before the round's turn."""
    desk.antifraud.outcome = outcome
    desk.antifraud.away = outcome == "away"
    assert desk.sign_for_company() == 0
    assert desk.view(signed)["next_step"] == "wait_for_signature"
    assert desk.sign_for_company() == 0
    assert len(desk.antifraud.asked) == 1
    desk.antifraud.outcome, desk.antifraud.away = "allow", False
    desk.clock.move(ROUND)
    assert desk.sign_for_company() == 1
    assert desk.said()[-1] == "contract_signed"
    assert trace(desk) == [
        ("antifraud_at_signing_1", "unknown"),
        ("antifraud_at_signing_1", "passed"),
    ]


@pytest.mark.clause("6.1g")
def test_only_a_refusal_ends_the_contract(desk: Desk, signed: UUID) -> None:
    """The client reads that the company has not signed, and whom to write to."""
    desk.antifraud.outcome = "refuse"
    assert desk.sign_for_company() == 0
    contract = desk.contract(signed)
    assert (contract.state, contract.end_code) == (S.ANNULLED, "antifraud")
    assert desk.said()[-1] == "contract_annulled"
    assert desk.rows("SELECT 1 FROM company_signatures") == []
    desk.clock.move(ROUND)
    assert desk.sign_for_company() == 0
    assert len(desk.antifraud.asked) == 1


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("contracts_let_go_signing_forgotten")
@pytest.mark.parametrize("what", ["signing", "client"])
def test_a_signing_that_antifraud_lets_go_is_asked_about_at_once(
    desk: Desk, signed: UUID, what: str
) -> None:
    """Also one for which a person was called meanwhile."""
    desk.antifraud.outcome = "suspend"
    call_a_person(desk)
    desk.antifraud.outcome = "allow"
    desk.clock.move(timedelta(days=1))
    assert desk.sign_for_company() == 0
    event = OperationReleased(
        decision_id=UUID(int=0xD),
        operation=f"{what}:{signed if what == 'signing' else CLIENT}",
        client_id=CLIENT,
    )
    with desk.unit() as unit:
        reactions.when_operation_released(event, at=desk.clock.now(), unit=unit)
    assert desk.sign_for_company() == 1
    assert held(desk) == []


@pytest.mark.clause("6.1g")
def test_a_person_has_it_asked_again_or_ends_it(desk: Desk, signed: UUID) -> None:
    """Nobody signs in the place of antifraud's yes."""
    desk.antifraud.outcome = "review"
    call_a_person(desk)
    (line,) = held(desk)
    assert line["unanswered"] == ["antifraud_at_signing_1"]
    application_id = UUID(str(line["application_id"]))
    underwriting.ask_again(application_id, work=desk.work(), clock=desk.clock)
    call_a_person(desk)
    underwriting.refuse(
        application_id,
        reason="the client does not answer our calls",
        by=ANNA,
        work=desk.work(),
        clock=desk.clock,
    )
    contract = desk.contract(signed)
    assert (contract.state, contract.end_code) == (S.ANNULLED, "not_established")
    assert held(desk) == []
    with pytest.raises(Refused, match="not wait for a person"):
        underwriting.ask_again(application_id, work=desk.work(), clock=desk.clock)


def test_what_nobody_finds_out_in_time_ends(desk: Desk, signed: UUID) -> None:
    desk.antifraud.outcome = "review"
    call_a_person(desk)
    desk.clock.move(timedelta(days=14))
    assert (end_held(desk), end_held(desk)) == (1, 0)
    assert desk.contract(signed).end_code == "not_established"


def end_held(desk: Desk) -> int:
    return underwriting.end_unestablished(
        work=desk.work(), policy=POLICY, clock=desk.clock
    )


def test_who_refuses_while_it_is_held_waits_for_nobody(
    desk: Desk, signed: UUID
) -> None:
    desk.antifraud.outcome = "suspend"
    call_a_person(desk)
    desk.refuse(signed)
    assert held(desk) == []
    assert end_held(desk) == 0
    assert desk.contract(signed).end_code == "client_refused"


def test_a_yes_counts_while_the_signer_is_away_but_not_for_long(
    desk: Desk, signed: UUID
) -> None:
    """Nor after the client was suspended: then it is asked about once more."""
    desk.signer.away = True
    for after, asked in ((0, 1), (9, 1), (2, 2)):
        desk.clock.move(timedelta(minutes=after))
        with pytest.raises(Transient):
            desk.sign_for_company()
        assert len(desk.antifraud.asked) == asked
    desk.rows(
        "UPDATE contracts SET suspended_since = :at RETURNING 1", at=desk.clock.now()
    )
    desk.antifraud.outcome = "suspend"
    assert desk.sign_for_company() == 0
    assert len(desk.antifraud.asked) == 3
    assert state_of(desk, signed) is S.SIGNING


def test_who_refuses_while_antifraud_is_asked_has_refused(
    desk: Desk, signed: UUID
) -> None:
    desk.antifraud.meanwhile = lambda: (desk.refuse(signed), None)[1]
    assert desk.sign_for_company() == 0
    assert desk.contract(signed).end_code == "client_refused"
    assert trace(desk) == []
