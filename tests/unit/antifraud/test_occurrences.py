"""What each event leaves behind, read from the example of its golden."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from kernel.events import Envelope, Event
from kernel.events.__main__ import listeners
from kernel.events.onboarding import AccountOwnershipLost, PersonalDataRead
from services.antifraud.domain.catalogue import KINDS, Entity
from services.antifraud.domain.occurrences import (
    FED,
    Happening,
    account_named_by,
    happening,
)
from tests.golden.examples import example

AT = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
CLIENT = UUID(int=77)


def left_by(event: Event, *, account: str | None = None) -> Happening:
    envelope = Envelope(
        id=UUID(int=9),
        source="",
        type=event.TYPE,
        time=AT,
        subject=event.subject,
        subjectversion=1,
        sequence=1,
        traceparent="",
        correlation_id=UUID(int=1),
        causation_id=None,
        keyid="",
        data={},
    )
    return happening(event, envelope, account=account)


@pytest.mark.parametrize("kind", FED, ids=lambda kind: kind.TYPE)
def test_an_event_leaves_its_kind_under_every_name_it_has(kind: type[Event]) -> None:
    """Amounts and other sides too, wherever the catalogue promises them."""
    fed, catalogued = FED[kind], KINDS[FED[kind].kind]
    event = example(kind)
    for field in (name for names in fed.names.values() for name in names):
        assert field in kind.model_fields
    left = left_by(event, account="k1.a" if account_named_by(event) else None)
    assert {each.kind for each in left.occurrences} <= {fed.kind}
    for each in left.occurrences:
        entity = Entity(each.key.partition(":")[0])
        assert (each.at, each.event_id) == (AT, UUID(int=9))
        assert (each.amount is not None) == catalogued.amount
        assert (each.other is not None) == (entity in catalogued.paired)


def test_every_kind_of_the_catalogue_is_fed_under_its_names() -> None:
    fed: dict[str, set[Entity]] = {}
    for kind in FED.values():
        names = set(kind.names) | ({Entity.ACCOUNT} if kind.account else set())
        fed.setdefault(kind.kind, set()).update(names)
    asked = {kind for kind in KINDS if kind.startswith("asked_")}
    assert fed.keys() == KINDS.keys() - asked
    for name, names in fed.items():
        assert KINDS[name].entities <= names


def test_an_account_told_by_its_id_alone_is_kept_under_its_name() -> None:
    lost = AccountOwnershipLost(account_id=UUID(int=3), client_id=CLIENT, code="x")
    assert account_named_by(lost) == str(UUID(int=3))
    keys = [each.key for each in left_by(lost, account="k1.a").occurrences]
    assert keys == [f"client:{CLIENT}", "account:k1.a"]
    assert [each.key for each in left_by(lost).occurrences] == keys[:1]


def test_a_service_that_reads_is_nobody_to_suspect() -> None:
    def keys(reader: str) -> list[str]:
        read = PersonalDataRead(client_id=CLIENT, reader=reader, purpose="care")
        return [each.key for each in left_by(read).occurrences]

    person = str(UUID(int=5))
    assert keys("contracts") == [f"client:{CLIENT}"]
    assert keys(person) == [f"client:{CLIENT}", f"staff:{person}"]


def test_the_door_hears_every_event_that_feeds_us() -> None:
    heard = {name for name, by in listeners().items() if "antifraud" in by}
    # What other rooms of antifraud act on, beside what is counted.
    orders = {"MeasureOrdered", "SettingChanged"}
    assert heard == {event.__name__ for event in FED} | orders
