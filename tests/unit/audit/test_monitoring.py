"""Rules of the monitoring: what they take, what they match, when they fire."""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.crypto import canonical
from kernel.errors import Refused
from kernel.events import Event
from services.audit.adapters.rules import starting_rules
from services.audit.domain.leaf import Kind as LeafKind
from services.audit.domain.leaf import stamp
from services.audit.domain.monitoring.rules import Rule, Rules
from services.audit.domain.scope import Entry
from services.audit.handlers.monitoring import Remembered
from tests.marks import ROOT

CALENDAR = WorkingCalendar(overrides_of(()))
NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
"""A Wednesday, noon in Almaty."""
STAFF = UUID(int=0xA)
READS: dict[str, Any] = {
    "code": "reads",
    "from": "2026-01-01",
    "kinds": ["onboarding.personal_data_read.v1"],
    "by": "reader",
    "distinct": "client_id",
    "count": 3,
    "within_s": 60,
    "severity": "high",
    "incident": "unauthorised_access",
    "clause": "6.1c",
    "words": "Many reads.",
}


def leaf(
    kind: str, data: dict[str, Any] | None = None, *, seq: int = 1, at: datetime = NOON
) -> Entry:
    said: dict[str, Any] = {"seq": seq, "received_at": stamp(at), "kind": kind, "v": 1}
    if "." in kind:
        event = {"type": kind, "subject": "client:x", "data": data or {}}
        said = {**said, "kind": "event", "event": event}
    else:
        said |= data or {}
    return Entry.of(seq, canonical(said))


def read(client: int, *, seconds: int = 0, reader: str = f"staff:{STAFF}") -> Entry:
    data = {"client_id": str(UUID(int=client)), "reader": reader, "purpose": "x"}
    at = NOON + timedelta(seconds=seconds)
    return leaf("onboarding.personal_data_read.v1", data, seq=client + 1, at=at)


def fires(rule: Rule, *entries: Entry) -> list[int]:
    """At which leaves the rule has enough, as the monitoring counts."""
    hits, found = Remembered(), []
    for entry in entries:
        match = rule.match(entry, calendar=CALENDAR)
        if match is None:
            continue
        since = match.at - rule.within
        if hits.hit(rule.code, match, leaf=entry.seq, since=since) >= rule.count:
            hits.forget(rule.code, match.group)
            found.append(entry.seq)
    return found


@pytest.mark.clause("6.1d")
@pytest.mark.seeded("monitoring_counts_the_same_twice")
def test_different_things_are_counted_within_the_time() -> None:
    rule = Rule.parse(READS)
    assert fires(rule, read(1), read(2), read(3)) == [4]
    assert fires(rule, read(1), read(1), read(1), read(2)) == []
    assert fires(rule, read(1), read(2), read(3, seconds=60)) == []
    assert fires(rule, read(1), read(2, reader="contracts"), read(3)) == []
    assert fires(rule, *map(read, range(1, 7))) == [4, 7]


def test_a_group_is_the_subject_of_an_incident_if_it_is_one() -> None:
    rule = Rule.parse(READS)
    match = rule.match(read(1), calendar=CALENDAR)
    assert match is not None
    assert match.about == f"staff:{STAFF}"
    other = rule.match(read(1, reader="contracts"), calendar=CALENDAR)
    assert other is not None
    assert other.about is None
    by_id = Rule.parse({**READS, "by": "client_id"})
    named = by_id.match(read(7), calendar=CALENDAR)
    assert named is not None
    assert named.about == f"client:{UUID(int=7)}"


@pytest.mark.parametrize(
    ("at", "odd"),
    [
        (NOON, False),
        (NOON.replace(hour=2, minute=59), True),
        (NOON.replace(hour=3), False),
        (NOON.replace(hour=15), True),
        (datetime(2026, 11, 28, 7, tzinfo=UTC), True),
        (datetime(2026, 12, 16, 7, tzinfo=UTC), True),
    ],
)
@pytest.mark.clause("6.1d")
def test_odd_hours_are_nights_and_days_off_in_almaty(
    at: datetime, *, odd: bool
) -> None:
    rule = Rule.parse({**READS, "odd_hours": True, "kinds": ["gap"], "by": "producer"})
    entry = leaf("gap", {"producer": "auth", "client_id": "1"}, at=at)
    assert (rule.match(entry, calendar=CALENDAR) is not None) == odd


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "No"},
        {"kinds": []},
        {"kinds": "gap"},
        {"count": 0},
        {"count": "3"},
        {"within_s": 0},
        {"within_s": 86_401},
        {"severity": "awful"},
        {"incident": "theft"},
        {"measures": ["fire"]},
        {"words": ""},
        {"from": "tomorrow"},
        {"threshold": 3},
    ],
    ids=str,
)
def test_what_is_no_rule_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        Rule.parse({**READS, **wrong})
    assert refusal.value.code == "rule_unfit"


def test_a_measure_needs_an_incident() -> None:
    without = {word: said for word, said in READS.items() if word != "incident"}
    with pytest.raises(Refused):
        Rule.parse({**without, "measures": ["halt_sending"]})


def test_a_later_record_takes_the_place_of_the_earlier_on_its_day() -> None:
    later = {**READS, "from": "2026-11-26", "count": 9}
    ended = {**READS, "from": "2026-12-01", "off": True}
    rules = Rules.parse([READS, later, ended])
    # The day is Almaty's: it begins at 19:00 UTC.
    assert [rule.count for rule in rules.at(NOON.replace(hour=18, minute=59))] == [3]
    assert [rule.count for rule in rules.at(NOON.replace(hour=19))] == [9]
    assert rules.at(datetime(2026, 12, 1, tzinfo=UTC)) == []
    with pytest.raises(Refused):
        Rules.parse([READS, READS])


def test_every_rule_speaks_of_kinds_and_fields_that_are_published() -> None:
    """A word that nobody publishes would make a rule blind without a sound."""
    leaves = {kind.wire for kind in LeafKind}
    for rule in starting_rules().records:
        assert rule.kinds <= leaves | set(Event.known), rule.code
        for kind in rule.kinds & set(Event.known):
            known = set(Event.known[kind].model_fields)
            wanted = {*rule.where, rule.by, rule.distinct} - {None, "subject"}
            assert wanted <= known, (rule.code, kind)


def test_whatever_is_quarantined_is_an_incident_of_one_rule() -> None:
    """A code that the kernel learns belongs to one of the two, or nobody hears it."""
    code = re.compile(r'(?:EnvelopeError|CallRejectedError)\("([a-z_]+)"\)')
    texts = [path.read_text() for path in (ROOT / "kernel").rglob("*.py")]
    known = {found for text in texts for found in code.findall(text)}
    heard = [
        each
        for rule in starting_rules().records
        if "platform.message_quarantined.v1" in rule.kinds
        for each in rule.where["code"]
    ]
    assert len(heard) == len(set(heard))
    assert set(heard) == known | {"schema", "conflict"}


def test_clause_and_words_stand_with_every_rule() -> None:
    text = (files("services.audit.domain.monitoring") / "rules.toml").read_text("utf-8")
    for record in tomllib.loads(text)["rule"]:
        assert record["clause"]
        assert record["words"].endswith(".")
