"""Registrations and changes wait for antifraud on the real database (clause 6.1g)."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.events.antifraud import OperationReleased
from services.onboarding.domain.change import ChangeKind
from tests.integration.onboarding.conftest import Applicant, Cabinet
from tests.integration.onboarding.test_changes import Changing
from tests.integration.onboarding.test_reviews import decide, waiting

LONG = timedelta(minutes=10)
"""Longer than any pause between two rounds."""


def later(cabinet: Cabinet, by: timedelta = LONG) -> None:
    """The pauses of all questions are over."""
    with cabinet.owner.begin() as connection:
        connection.execute(
            text("UPDATE questions SET next_ask_at = next_ask_at - :by"), {"by": by}
        )


def beat(cabinet: Cabinet) -> int:
    completing = cabinet.use_cases.completing
    return completing.activate_identified() + completing.apply_proved()


def call_a_person(cabinet: Cabinet) -> None:
    for _ in range(5):
        later(cabinet)
        assert beat(cabinet) == 0
    assert len(waiting(cabinet)) == 1


def release(cabinet: Cabinet, operation: str, client_id: UUID) -> None:
    event = OperationReleased(
        decision_id=client_id, operation=operation, client_id=client_id
    )
    with cabinet.platform.database.begin(cabinet.context()) as tx:
        cabinet.use_cases.completing.when_operation_released(tx, event)


@pytest.fixture
def held(cabinet: Cabinet) -> Applicant:
    """Somebody identified whom antifraud does not let become active."""
    cabinet.antifraud.outcome = "review"
    applicant = cabinet.applicant("held")
    applicant.up_to_ceremony()
    applicant.pass_biometrics()
    applicant.sign()
    return applicant


@pytest.mark.clause("6.1g")
@pytest.mark.parametrize("outcome", ["review", "suspend", None])
def test_a_registration_waits_and_becomes_active_by_itself(
    cabinet: Cabinet, outcome: str | None
) -> None:
    cabinet.antifraud.outcome = outcome
    applicant = cabinet.applicant("waits")
    applicant.up_to_ceremony()
    applicant.pass_biometrics()
    applicant.sign()
    standing = applicant.standing
    assert (standing["state"], standing["next_step"]) == ("identified", "wait")
    cabinet.antifraud.outcome = "allow"
    assert beat(cabinet) == 0
    assert cabinet.antifraud.asked == [f"activation:{applicant.registration_id}"]
    later(cabinet)
    assert beat(cabinet) == 1
    assert applicant.standing["state"] == "active"
    assert len(cabinet.said("client_activated")) == 1


@pytest.mark.clause("6.1g")
def test_a_registration_is_refused_by_antifraud_alone(cabinet: Cabinet) -> None:
    cabinet.antifraud.outcome = "refuse"
    applicant = cabinet.applicant("refused")
    applicant.up_to_ceremony()
    applicant.pass_biometrics()
    applicant.sign()
    standing = applicant.standing
    assert (standing["state"], standing["refused_code"]) == (
        "refused",
        "registration_refused",
    )
    (said,) = cabinet.said("registration_refused")
    assert said["reason"] == "antifraud"
    assert cabinet.rows("SELECT 1 FROM clients") == []


@pytest.mark.seeded("onboarding_forgets_origins_early")
def test_from_where_it_was_asked_for_is_forgotten_once_it_has_ended(
    cabinet: Cabinet, held: Applicant
) -> None:
    """Not while it waits for an answer, and of what never ends after its limit."""
    came_from(cabinet, f"activation:{held.registration_id}")
    came_from(cabinet, f"account_change:{UUID(int=1)}", before=timedelta(days=31))
    completing = cabinet.use_cases.completing
    assert completing.forget_origins() == 1
    assert completing.forget_origins() == 0
    cabinet.antifraud.outcome = "allow"
    later(cabinet)
    assert beat(cabinet) == 1
    assert completing.forget_origins() == 1
    assert cabinet.rows("SELECT FROM origins") == []


def came_from(
    cabinet: Cabinet, operation: str, *, before: timedelta = timedelta()
) -> None:
    noted = {"operation": operation, "at": cabinet.platform.clock.now() - before}
    with cabinet.owner.begin() as connection:
        connection.execute(
            text("INSERT INTO origins VALUES (:operation, 'd', 'n', :at)"), noted
        )


@pytest.mark.clause("6.1g")
def test_a_person_lets_a_registration_go_on(cabinet: Cabinet, held: Applicant) -> None:
    """Kept in the queue like any doubt; antifraud is asked once more, at once."""
    call_a_person(cabinet)
    (line,) = waiting(cabinet)
    assert line["kind"] == "antifraud"
    decide(cabinet, approves=True)
    assert beat(cabinet) == 1
    assert held.standing["state"] == "active"


@pytest.mark.clause("6.1g")
@pytest.mark.parametrize("of_client", [False, True])
def test_what_is_let_go_is_asked_about_at_once(
    cabinet: Cabinet,
    held: Applicant,
    of_client: bool,  # noqa: FBT001 - a case
) -> None:
    call_a_person(cabinet)
    cabinet.antifraud.outcome = "allow"
    assert beat(cabinet) == 0
    client_id = held.client_id
    subject = f"client:{client_id}" if of_client else None
    release(cabinet, subject or f"activation:{held.registration_id}", client_id)
    assert beat(cabinet) == 1
    assert waiting(cabinet) == []


@pytest.mark.clause("4.10")
@pytest.mark.parametrize("kind", [ChangeKind.PHONE, ChangeKind.ACCOUNT])
@pytest.mark.parametrize("outcome", ["review", "suspend", None])
def test_a_proved_change_waits_and_applies_by_itself(
    cabinet: Cabinet, kind: ChangeKind, outcome: str | None
) -> None:
    """The database lets the value move in that later transaction as well."""
    changing = begun(cabinet, kind, outcome)
    assert changing.state == "proved"
    assert cabinet.said(_TOLD[kind]) == []
    cabinet.antifraud.outcome = "allow"
    later(cabinet)
    assert beat(cabinet) == 1
    assert changing.state == "applied"
    assert len(cabinet.said(_TOLD[kind])) == 1
    assert cabinet.antifraud.asked[-1] == f"{kind.value}_change:{changing.change_id}"


@pytest.mark.clause("4.10")
@pytest.mark.parametrize("kind", [ChangeKind.PHONE, ChangeKind.ACCOUNT])
def test_a_change_is_refused_by_antifraud_alone(
    cabinet: Cabinet, kind: ChangeKind
) -> None:
    changing = begun(cabinet, kind, "refuse")
    assert changing.state == "refused"
    assert cabinet.said(_TOLD[kind]) == []
    assert beat(cabinet) == 0


@pytest.mark.clause("4.10")
def test_a_person_lets_a_change_go_on_or_not(cabinet: Cabinet) -> None:
    changing = begun(cabinet, ChangeKind.ACCOUNT, "review")
    call_a_person(cabinet)
    decide(cabinet, approves=True)
    assert beat(cabinet) == 1
    assert changing.state == "applied"


def begun(cabinet: Cabinet, kind: ChangeKind, outcome: str | None) -> Changing:
    """Both proofs are there; antifraud has said something."""
    changing = Changing(cabinet, cabinet.client("changes"), kind)
    changing.start()
    changing.open()
    changing.client.pass_biometrics()
    cabinet.antifraud.outcome = outcome
    changing.sign()
    return changing


_TOLD = {ChangeKind.PHONE: "phone_changed", ChangeKind.ACCOUNT: "bank_account_changed"}
