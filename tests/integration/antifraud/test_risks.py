"""The register of risks on real tables: only added to, accepted by two, told of."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import ProgrammingError

from kernel.errors import Refused
from services.antifraud.domain.assessing import Level, Treatment
from services.antifraud.domain.duties import Duty, Owed
from services.antifraud.domain.risks import Acceptance, Risk, State, Step
from services.antifraud.handlers import risks
from services.antifraud.storage import SqlRiskUnits
from tests.integration.antifraud.conftest import Desk
from tests.unit.antifraud.test_risks import OWNER, SAID, TODAY

ANNA, BORIS = UUID(int=911), UUID(int=912)
DAY_S = timedelta(days=1).total_seconds()
REWRITING = (
    "UPDATE risk_revision SET at = now()",
    "DELETE FROM risk_revision",
    "UPDATE risk_acceptance SET until_on = now()",
    "DELETE FROM risk_acceptance",
    "DELETE FROM risk",
    "DELETE FROM risk_reminder",
)
WORDS = "The faces of last month were compared; nothing new."


@dataclass
class Bell:
    """Implements `ports.duties.DutyAlarms`."""

    rung: list[Duty] = field(default_factory=list)
    counts: dict[Duty, int] = field(default_factory=dict)

    def duty_overdue(self, owed: Owed) -> None:
        self.rung.append(owed.duty)

    def duties_overdue(self, counts: Mapping[Duty, int]) -> None:
        self.counts = dict(counts)


@dataclass
class Register:
    """The use cases, as the staff have them."""

    desk: Desk

    @property
    def units(self) -> SqlRiskUnits:
        platform = self.desk.platform
        return SqlRiskUnits(platform.database, platform.context())

    def open(self) -> Risk:
        return risks.open_risk(SAID, by=ANNA, units=self.units, tools=self.desk.tools)

    def state(self) -> State:
        ((_, state),) = risks.listed(
            state=None, units=self.units, tools=self.desk.tools
        )
        return state

    def ask(self, risk: Risk, *, days: int = 30) -> dict[str, object]:
        with self.units.begin() as unit:
            arguments, effect = risks.acceptance(
                risk.risk_id,
                until_on=TODAY + timedelta(days=days),
                reason="It is small.",
                unit=unit,
                tools=self.desk.tools,
            )
        assert "R-1" in effect
        return dict(arguments)

    def accept(self, arguments: dict[str, object], by: UUID = BORIS) -> None:
        with self.units.begin() as unit:
            risks.accept(
                arguments,  # type: ignore[arg-type]
                asked_by=ANNA,
                approved_by=by,
                unit=unit,
                tools=self.desk.tools,
            )

    def revise(self, risk: Risk) -> None:
        said = replace(SAID, inherent=Level(likelihood=5, impact=5))
        risks.revise(
            risk.risk_id, said, by=ANNA, units=self.units, tools=self.desk.tools
        )

    def watch(self) -> Bell:
        bell = Bell()
        risks.watch(units=self.units, tools=self.desk.tools, alarms=bell)
        return bell

    def told(self, event: str) -> int:
        (row,) = self.desk.rows(
            "SELECT count(*) AS n FROM outbox WHERE type = :type",
            type=f"antifraud.{event}.v1",
        )
        return int(row.n)


@pytest.fixture
def register(desk: Desk) -> Register:
    return Register(desk)


def refused(code: str) -> "pytest.RaisesExc[Refused]":
    return pytest.RaisesExc(Refused, check=lambda error: error.code == code)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_risk_history_rewritten")
def test_a_risk_is_a_chain_of_revisions_that_stay(register: Register) -> None:
    risk = register.open()
    register.revise(risk)
    given = {"by": BORIS, "units": register.units, "tools": register.desk.tools}
    review_on = TODAY + timedelta(days=100)
    risks.review(risk.risk_id, review_on=review_on, words=WORDS, **given)  # type: ignore[arg-type]
    risks.close(risk.risk_id, words="Nobody can apply like this any more.", **given)  # type: ignore[arg-type]
    found = risks.show(risk.risk_id, units=register.units)
    assert [one.step for one in found.revisions] == list(Step)
    assert [one.assessed for one in found.revisions] == [1, 2, 2, 2]
    assert [one.says.inherent.score for one in found.revisions] == [20, 25, 25, 25]
    assert found.revisions[2].words == WORDS
    assert register.told("risk_assessed") == 4
    with refused("risk_closed"):
        register.revise(risk)
    for act in REWRITING:
        with (
            register.desk.platform.database.engine.begin() as connection,
            pytest.raises(ProgrammingError, match="permission denied"),
        ):
            connection.exec_driver_sql(act)


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_acceptance_without_end")
def test_an_acceptance_ends_with_its_day_and_somebody_is_told_once(
    register: Register,
) -> None:
    risk = register.open()
    register.accept(register.ask(risk))
    assert register.state() is State.ACCEPTED
    assert register.watch().rung == []
    register.desk.clock.move(31 * DAY_S)
    assert register.state() is State.OPEN
    bell = register.watch()
    assert set(bell.rung) == {Duty.ACCEPTANCE, Duty.TREATMENT}
    assert bell.counts == {Duty.REVIEW: 0, Duty.TREATMENT: 1, Duty.ACCEPTANCE: 1}
    again = register.watch()
    assert (again.rung, again.counts) == ([], bell.counts)
    assert register.told("risk_duty_overdue") == 2


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_acceptance_of_another_assessment")
def test_what_is_accepted_is_what_was_assessed(register: Register) -> None:
    risk = register.open()
    asked = register.ask(risk)
    register.accept(asked)
    register.revise(risk)
    assert register.state() is State.OPEN
    with refused("risk_changed"):
        register.accept(asked)
    assert register.told("risk_accepted") == 1


@pytest.mark.clause("6.1h")
@pytest.mark.seeded("antifraud_risk_accepted_by_its_owner")
def test_whoever_answers_for_a_risk_does_not_agree_to_bear_it(
    register: Register,
) -> None:
    risk = register.open()
    with refused("risk_is_yours"):
        register.accept(register.ask(risk), by=OWNER)


def test_one_person_is_not_two_in_the_database_either(register: Register) -> None:
    risk = register.open()
    with (
        pytest.raises(Exception, match="risk_accepted_by_two"),
        register.units.begin() as unit,
    ):
        unit.risks.accept(
            risk.risk_id,
            Acceptance(
                revision=1,
                accepted_at=risk.opened_at,
                asked_by=ANNA,
                approved_by=ANNA,
                reason="mine",
                until_on=TODAY,
            ),
            acceptance_id=UUID(int=1),
        )


def test_nothing_is_accepted_for_ever_or_for_yesterday(register: Register) -> None:
    risk = register.open()
    for days in (0, 367):
        with refused("acceptance_day_unfit"):
            register.ask(risk, days=days)


def test_numbers_have_no_gaps_however_many_open_at_once(register: Register) -> None:
    with ThreadPoolExecutor(6) as pool:
        opened = [pool.submit(register.open) for _ in range(12)]
    assert sorted(one.result().number for one in opened) == list(range(1, 13))


def test_a_risk_nobody_knows_is_not_found(register: Register) -> None:
    with refused("risk_not_found"):
        risks.show(UUID(int=5), units=register.units)
    with refused("risk_not_found"):
        register.revise(replace(register.open(), risk_id=UUID(int=5)))


def test_what_is_left_the_most_stands_first(register: Register) -> None:
    for likelihood in (3, 5, 4):
        said = replace(
            SAID,
            inherent=Level(likelihood=likelihood, impact=5),
            controls=(),
            treatment=Treatment.AVOID,
        )
        risks.open_risk(said, by=ANNA, units=register.units, tools=register.desk.tools)
    found = risks.listed(
        state=State.OPEN, units=register.units, tools=register.desk.tools
    )
    assert [risk.number for risk, _ in found] == [2, 3, 1]
    assert not risks.listed(
        state=State.CLOSED, units=register.units, tools=register.desk.tools
    )
