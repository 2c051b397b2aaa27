"""First measures on real PostgreSQL: ordered, taken, and undone by two (7.2)."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from kernel import approvals
from kernel.approvals import Operation
from kernel.crypto import as_object
from kernel.errors import Refused, Transient
from kernel.events.platform import MessageQuarantined
from services.audit.domain.incidents.measure import Measure
from services.audit.ports.measures import Standing
from services.audit.wiring.measures import UNDO, MeasureCases
from tests.integration.audit.conftest import LogStand
from tests.integration.audit.desk import ANNA, BORIS, CLIENT, Desk
from tests.integration.audit.test_log import write
from tests.integration.audit.test_monitoring import said
from tests.unit.audit.builders import Producer

WHY = "It was a drill of ours."


@dataclass
class Guards:
    """The broker's guard; it may be away, and may have given rights back."""

    cut: frozenset[str] = frozenset()
    losses: list[tuple[int, str]] = field(default_factory=list)
    away: bool = False

    def cut_off(self, principals: Collection[str], *, since: int) -> Standing:
        if self.away:
            raise Transient("the guard is away")
        self.cut = frozenset(principals)
        return Standing(self.cut, [loss for loss in self.losses if loss[0] >= since])


@dataclass
class Bench:
    """Who orders measures, and the guard."""

    desk: Desk
    guard: Guards

    @property
    def cases(self) -> MeasureCases:
        return replace(self.desk.cases.measures, guard=self.guard)

    def beat(self) -> None:
        self.cases.keep_cut_off()

    def take(
        self, measure: Measure, about: str | None, incident_id: UUID | None = None
    ) -> UUID:
        made = self.cases.take(
            self.desk.call(),
            incident_id=incident_id or self.desk.opened(),
            measure=measure,
            about=about,
        )
        return UUID(str(as_object(made)["measure_id"]))

    def undo(self, measure_id: UUID) -> None:
        """Anna asks, Boris agrees."""
        cases = self.cases
        asked = as_object(
            cases.ask_undo(self.desk.call(), measure_id=measure_id, reason=WHY)
        )
        run = Operation(
            "incidents.decide", lambda tx, what, who: cases.undo(tx, what, who.id)
        )
        with cases.platform.database.begin(cases.platform.context()) as tx:
            approvals.approve(
                tx,
                UUID(str(asked["approval_id"])),
                seen=None,
                by=BORIS,
                operations={UNDO: run},
            )


@pytest.fixture
def bench(stand: LogStand) -> Bench:
    """Watching, from a log that has its first leaf."""
    desk = Desk.over(stand)
    write(stand, [], producer=Producer("contracts"))
    desk.cases.monitoring.look()
    return Bench(desk, Guards())


def code_of(refusal: "pytest.ExceptionInfo[Refused]") -> str:
    return refusal.value.code


@pytest.mark.clause("3.3c", "7.2b")
@pytest.mark.seeded("measure_cuts_nobody_off")
def test_whoever_forges_is_cut_off_at_once_and_admitted_by_two(bench: Bench) -> None:
    producer = Producer("contracts")
    forged = MessageQuarantined(
        quarantine_id=UUID(int=1),
        code="bad_signature",
        sender="antifraud",
        body_sha256="0" * 64,
    )
    write(bench.desk.stand, [said(producer, forged)], producer=producer)
    bench.desk.cases.monitoring.look()
    bench.guard.away = True
    bench.beat()
    assert "process_cut_off" not in bench.desk.told()
    bench.guard.away = False
    for _ in range(2):
        bench.beat()
    assert bench.guard.cut == {"antifraud"}
    assert bench.desk.told().count("process_cut_off") == 1
    [row] = bench.desk.stand.rows("SELECT measure_id FROM first_measure")
    bench.undo(row.measure_id)
    for _ in range(2):
        bench.beat()
    assert bench.guard.cut == frozenset()
    assert bench.desk.told().count("process_admitted") == 1
    [lifted] = bench.desk.stand.rows(
        "SELECT convert_from(data, 'UTF8')::json AS data FROM outbox"
        " WHERE type = 'audit.measure_lifted.v1'"
    )
    assert lifted.data["about"] == "process:antifraud"
    assert (lifted.data["asked_by"], lifted.data["approved_by"]) == (
        str(ANNA.id),
        str(BORIS.id),
    )


@pytest.mark.clause("7.2b")
def test_who_is_cut_off_by_two_incidents_needs_both_undone(bench: Bench) -> None:
    first, second = (bench.take("cut_off", "process:gateway") for _ in range(2))
    bench.beat()
    bench.undo(first)
    bench.beat()
    assert bench.guard.cut == {"gateway"}
    assert "process_admitted" not in bench.desk.told()
    bench.undo(second)
    bench.beat()
    assert bench.guard.cut == frozenset()
    assert bench.desk.told().count("process_admitted") == 1


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("broker_loss_told_twice")
def test_rights_given_back_are_told_once_each(bench: Bench) -> None:
    bench.guard.losses = [(1, "auth"), (2, "contracts")]
    bench.beat()
    bench.beat()
    bench.guard.losses.append((3, "auth"))
    bench.beat()
    assert bench.desk.told().count("broker_rights_lost") == 3


@pytest.mark.parametrize(
    ("measure", "about"),
    [
        ("cut_off", "process:audit"),
        ("cut_off", "process:audit-worker"),
        ("cut_off", "process:operator"),
        ("cut_off", f"client:{CLIENT}"),
        ("cut_off", None),
        ("block_login", f"staff:{CLIENT}"),
        ("suspend_staff", f"client:{CLIENT}"),
        ("halt_sending", f"client:{CLIENT}"),
    ],
)
@pytest.mark.clause("7.2b")
@pytest.mark.seeded("measure_taken_of_anybody")
def test_a_measure_is_taken_of_whom_it_fits(
    bench: Bench, measure: Measure, about: str | None
) -> None:
    """Nobody who orders, records or undoes is ever cut off."""
    with pytest.raises(Refused) as refusal:
        bench.take(measure, about)
    assert code_of(refusal) == "measure_unfit"
    assert bench.desk.stand.rows("SELECT 1 FROM first_measure") == []


@pytest.mark.clause("7.2a")
def test_a_measure_is_undone_once_and_where_it_was_taken(bench: Bench) -> None:
    incident_id = bench.desk.opened()
    blocked = bench.take("block_login", f"client:{CLIENT}", incident_id)
    ended = bench.take("end_sessions", f"client:{CLIENT}", incident_id)
    shown = bench.desk.shown(incident_id)["measures"]
    assert [each["measure"] for each in shown] == ["block_login", "end_sessions"]
    with pytest.raises(Refused) as refusal:
        bench.undo(ended)
    assert code_of(refusal) == "measure_undone_elsewhere"
    bench.undo(blocked)
    with pytest.raises(Refused) as refusal:
        bench.undo(blocked)
    assert code_of(refusal) == "measure_not_found"
    with pytest.raises(Refused) as refusal:
        bench.undo(UUID(int=404))
    assert code_of(refusal) == "measure_not_found"
    assert bench.desk.told().count("measure_lifted") == 1
