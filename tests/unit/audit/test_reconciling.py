"""What outboxes counted beside what the log holds: each difference is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.crypto import Json
from kernel.errors import Transient
from kernel.events.audit import IntegrityMismatchFound
from services.audit.domain.index import Tile
from services.audit.domain.leaf import MAX_LEAF_BYTES
from services.audit.domain.reconciling import COUNTED
from services.audit.domain.sequences import Tally
from services.audit.handlers.reconciling import REST, Reconciliation, reconcile
from services.audit.ports import Message
from tests.unit.audit.builders import GRACE, Producer, Writer, written
from tests.unit.audit.fakes import FakeUnit, FakeUnits
from tests.unit.audit.test_searching import indexed

SILENCE = timedelta(hours=24)
AN_HOUR_S = REST.total_seconds()


def count_of(producer: Producer, *, events: int | None = None) -> Message:
    """What its outbox counts now, told under the next number."""
    last = producer.sequence
    data: dict[str, Json] = {
        "count_id": "00000000-0000-0000-0000-000000000001",
        "first": 1 if last else 0,
        "last": last,
        "events": last if events is None else events,
        "waiting": 0,
    }
    return producer.event(event_type=COUNTED, data=data)


def counting(leaves: int = 600) -> Writer:
    """A log of some tiles, indexed, in which its producer has counted."""
    writer = written(leaves)
    writer.write(count_of(writer.producer))
    return indexed(writer)


def differences(writer: Writer) -> Sequence[tuple[str, str]]:
    unit = FakeUnit(writer.log)
    return reconcile(unit, now=writer.clock.now(), silence=SILENCE).differences


def told(writer: Writer) -> list[tuple[str | None, str]]:
    return [
        (e.producer, e.code)
        for e in writer.log.events
        if isinstance(e, IntegrityMismatchFound)
    ]


def test_an_honest_log_comes_to_what_was_counted_while_it_grows() -> None:
    writer, reconciliation = counting(), Reconciliation()
    for size in range(700, 1400, 100):
        writer.write(count_of(writer.producer))
        writer.grow(size)
        reconciled(reconciliation, writer)
        writer.clock.move(AN_HOUR_S)
        indexed(writer)
    assert told(writer) == []


def reconciled(reconciliation: Reconciliation, writer: Writer) -> None:
    reconciliation.beat(
        silence=SILENCE,
        units=FakeUnits(writer.log),
        clock=writer.clock,
        ids=writer.ids,
    )


@pytest.mark.clause("7.2b")
def test_the_loss_of_a_producers_last_events_shows_with_its_next_count() -> None:
    """Attacks 19 and 30: until then no number is above the lost ones."""
    writer = counting()
    for _ in range(3):
        writer.producer.event()  # sent, and lost on the way
    writer.write()
    assert writer.kinds[-1] == "event"
    writer.write(count_of(writer.producer))
    writer.clock.move(GRACE.total_seconds())
    writer.write()
    assert writer.kinds[-1] == "gap"
    assert differences(writer) == []  # a gap is told by itself
    [account] = reconcile(
        FakeUnit(writer.log), now=writer.clock.now(), silence=SILENCE
    ).accounts
    assert account.missing == 3


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("audit_counts_unreconciled")
def test_leaves_that_the_numbers_know_and_the_log_has_not_are_told() -> None:
    """Somebody closed a hole in the record of numbers by hand."""
    writer, reconciliation = counting(), Reconciliation()
    lost = writer.producer.sequence + 1
    writer.write(writer.producer.event(sequence=lost + 1))
    tally = Tally("contracts", lost + 1)
    writer.log.counted["contracts"] = tally
    for _ in range(2):
        reconciled(reconciliation, writer)
        writer.clock.move(AN_HOUR_S)
    assert told(writer) == [("contracts", "count_differs")]


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("audit_outboxes_believed")
def test_rows_taken_from_an_outbox_are_told() -> None:
    writer = counting()
    writer.write(count_of(writer.producer, events=writer.producer.sequence - 2))
    assert differences(writer) == [("contracts", "outbox_differs")]
    writer.write(count_of(writer.producer))
    assert differences(writer) == []


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("audit_silence_unnoticed")
def test_a_producer_that_stops_counting_is_told() -> None:
    """One that never has is of an earlier release."""
    writer, reconciliation = counting(), Reconciliation()
    writer.clock.move(SILENCE.total_seconds() + 1)
    reconciled(reconciliation, writer)
    assert told(writer) == [("contracts", "producer_silent")]
    writer.write(count_of(writer.producer))
    assert differences(writer) == []
    assert differences(indexed(written(600))) == []


def test_events_too_long_for_a_leaf_are_missed_by_nobody() -> None:
    writer = written(100)
    envelope = len(writer.producer.event(data={"note": ""}).body)
    room = {"note": "x" * (MAX_LEAF_BYTES - envelope - 20)}
    again = writer.producer.sequence
    writer.write(writer.producer.event(data={**room}, sequence=again))
    writer.write(count_of(writer.producer))
    assert writer.kinds[100] == "event_ref"
    assert differences(writer) == []
    indexed(writer.grow(300))
    assert writer.log.tiles[0].events == {"contracts": 254, "": 1}
    assert differences(writer) == []


def test_an_index_far_behind_makes_it_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.audit.handlers.reconciling.MOST_OPEN", 1)
    with pytest.raises(Transient, match="behind"):
        differences(written(600))


def test_a_tile_miscounted_is_a_difference_until_it_is_set_right() -> None:
    writer = counting()
    honest = writer.log.tiles[0]
    writer.log.tiles[0] = Tile(0, honest.terms, {"contracts": 200})
    assert differences(writer) == [("contracts", "count_differs")]
    writer.log.tiles[0] = replace(honest)
    assert differences(writer) == []
