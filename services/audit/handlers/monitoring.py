"""The log is watched leaf by leaf: alerts, incidents and first measures (6.1d, 7.2).

It stands beside the writer, never in its transaction: a cursor says which leaf is next,
and leaves with whatever was found, so that a stop at any point misses and repeats
nothing.  Tests on history run the same rules over the same leaves and change nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.calendar import WorkingCalendar
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.audit import (
    AlertRaised,
    AlertsSuppressed,
    IntegrityMismatchFound,
)
from kernel.words import refuse_unfit_words
from services.audit.domain.incidents.incident import State
from services.audit.domain.incidents.measure import about_group
from services.audit.domain.leaf import Kind, stamp
from services.audit.domain.monitoring.rules import Match, Rule, Rules
from services.audit.domain.scope import Entry
from services.audit.handlers import incidents, measures
from services.audit.handlers.tools import Tools
from services.audit.ports import Block, LogReader
from services.audit.ports.monitoring import (
    Alert,
    Hits,
    MonitoringUnit,
    MonitoringUnits,
    Suppression,
)

READER: Final = "monitoring"
LEAVES_AT_ONCE: Final = 2_000
LISTED: Final = 200
LONGEST_TEST: Final = 500_000
"""Leaves of one test on history."""
REASON_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """A rule has seen enough of one group."""

    rule: Rule
    match: Match
    leaf: int


def look(*, rules: Rules, units: MonitoringUnits, tools: Tools) -> int:
    """Judge the next leaves; how many are left.  First only what is to come.

    A finding that stops the log cannot become a leaf of it: it is judged beside.
    """
    with units.begin() as unit:
        _look_at_blocks(rules, unit=unit, tools=tools)
        size = _size(unit)
        start = unit.cursor(READER)
        if start is None:
            unit.set_cursor(READER, size)
            return 0
        if start >= size:
            return 0
        stop = min(size, start + LEAVES_AT_ONCE)
        hits, calendar = unit.monitoring, tools.calendar
        for fired in judged(
            unit, start=start, stop=stop, rules=rules, hits=hits, calendar=calendar
        ):
            _alarm(fired, unit=unit, tools=tools)
        unit.set_cursor(READER, stop)
    return size - stop


def judged(
    log: LogReader,
    *,
    start: int,
    stop: int,
    rules: Rules,
    hits: Hits,
    calendar: WorkingCalendar,
) -> Iterator[Fired]:
    """Rules that fire at these leaves, in the order of the log."""
    for seq, leaf in enumerate(log.leaves(start=start, stop=stop), start=start):
        if not rules.may_concern(leaf):
            continue
        entry = Entry.of(seq, leaf)
        for rule in rules.of(entry):
            match = rule.match(entry, calendar=calendar)
            if match is not None and _enough(rule, match, leaf=seq, hits=hits):
                yield Fired(rule=rule, match=match, leaf=seq)


def test(
    rules: Rules,
    *,
    since: datetime,
    until: datetime,
    units: MonitoringUnits,
    tools: Tools,
) -> Sequence[tuple[str, str, int]]:
    """How often rules would have fired in that time: rule, group, times.

    Nothing is raised, opened or ordered.  Refused ``test_too_long``.
    """
    with units.begin() as unit:
        start, stop = unit.numbers(since, until)
        if stop - start > LONGEST_TEST:
            raise _test_too_long()
        hits, found = Remembered(), Counter[tuple[str, str]]()
        for page in range(start, stop, LEAVES_AT_ONCE):
            for fired in judged(
                unit,
                start=page,
                stop=min(page + LEAVES_AT_ONCE, stop),
                rules=rules,
                hits=hits,
                calendar=tools.calendar,
            ):
                found[fired.rule.code, fired.match.group] += 1
    return [(rule, group, times) for (rule, group), times in found.most_common()]


def alerts(*, units: MonitoringUnits) -> Sequence[Alert]:
    """What was seen, the newest first."""
    with units.begin() as unit:
        return unit.monitoring.alerts(limit=LISTED)


def suppressions(*, units: MonitoringUnits, tools: Tools) -> Sequence[Suppression]:
    """What calls nobody now."""
    with units.begin() as unit:
        return unit.monitoring.suppressions(at=tools.clock.now())


def suppress(
    rule: str,
    group: str | None,
    *,
    hours: int,
    reason: str,
    by: UUID,
    rules: Rules,
    units: MonitoringUnits,
    tools: Tools,
) -> Suppression:
    """Let a rule count and call nobody, for some hours.

    What opens an incident is suppressed for one group alone: nobody makes the whole
    company blind to what clause 7.2 names.  Refused ``rule_unknown``,
    ``suppression_unfit``, and as `refuse_unfit_words`.
    """
    now = tools.clock.now()
    refuse_unfit_words(reason, most=REASON_CHARACTERS)
    found = next((each for each in rules.at(now) if each.code == rule), None)
    if found is None:
        raise _rule_unknown()
    most = tools.policy.integer("monitoring.suppress_hours", now)
    if not 1 <= hours <= most or (found.incident is not None and group is None):
        raise _suppression_unfit(most)
    suppression = Suppression(
        suppression_id=tools.ids.new(),
        rule=rule,
        group=group,
        until=now + timedelta(hours=hours),
        reason=reason,
        by=by,
        at=now,
    )
    with units.begin() as unit:
        unit.monitoring.suppress(suppression)
        unit.publish(
            AlertsSuppressed(
                suppression_id=suppression.suppression_id,
                rule=rule,
                group=group,
                until=suppression.until,
                suppressed_by=by,
            )
        )
    return suppression


@dataclass(slots=True)
class Remembered:
    """Hits in memory, for tests on history.  Implements Hits."""

    seen: dict[tuple[str, str], list[Match]] = field(default_factory=dict)

    def hit(self, rule: str, match: Match, *, leaf: int, since: datetime) -> int:  # noqa: ARG002 - rows need it
        kept = [m for m in self.seen.get((rule, match.group), []) if m.at > since]
        self.seen[rule, match.group] = [*kept, match]
        return len({each.item for each in self.seen[rule, match.group]})

    def forget(self, rule: str, group: str) -> None:
        self.seen.pop((rule, group), None)


def _look_at_blocks(rules: Rules, *, unit: MonitoringUnit, tools: Tools) -> None:
    """Fire, once, what fires at the leaf that a stopped log has no place for."""
    for block in unit.blocks():
        entry = _finding(block)
        for rule in rules.of(entry):
            match = rule.match(entry, calendar=tools.calendar)
            if match is not None and not _is_told(rule, match, unit):
                _alarm(
                    Fired(rule=rule, match=match, leaf=block.seq),
                    unit=unit,
                    tools=tools,
                )


def _finding(block: Block) -> Entry:
    """What the leaf of a finding would say."""
    found = IntegrityMismatchFound(
        finding_id=block.block_id, seq=block.seq, code=block.code
    )
    event: Json = {
        "type": found.TYPE,
        "subject": found.subject,
        "data": found.to_data(),
    }
    said: dict[str, Json] = {
        "received_at": stamp(block.found_at),
        "kind": Kind.EVENT.wire,
        "event": event,
    }
    return Entry(block.seq, b"", said)


def _is_told(rule: Rule, match: Match, unit: MonitoringUnit) -> bool:
    known = [
        unit.monitoring.alert_of(
            rule.code, match.group, since=match.at, suppressed=suppressed
        )
        for suppressed in (False, True)
    ]
    return any(each is not None and each.last_at >= match.at for each in known)


def _enough(rule: Rule, match: Match, *, leaf: int, hits: Hits) -> bool:
    if rule.count == 1:
        return True
    since = match.at - rule.within
    if hits.hit(rule.code, match, leaf=leaf, since=since) < rule.count:
        return False
    hits.forget(rule.code, match.group)
    return True


def _alarm(fired: Fired, *, unit: MonitoringUnit, tools: Tools) -> None:
    """Raise an alert, or count it to the one that is raised.

    1. The same of the same group within `monitoring.group_minutes` is one alert; so is
       whatever belongs to an incident that is open.
    2. What is suppressed is kept, and calls nobody.
    3. A kind of clause 7.2 opens an incident, detected when the log received the leaf,
       and orders the rule's measures.
    """
    rule, match = fired.rule, fired.match
    now, rows = tools.clock.now(), unit.monitoring
    minutes = tools.policy.integer("monitoring.group_minutes", now)
    suppression = rows.suppression(rule.code, match.group, at=now)
    known = rows.alert_of(
        rule.code,
        match.group,
        since=match.at - timedelta(minutes=minutes),
        suppressed=suppression is not None,
    )
    if known is not None and _goes_on(known, unit):  # step 1
        rows.again(known.alert_id, at=match.at, leaf=fired.leaf)
        return
    incident_id = None  # step 2
    if suppression is None:  # step 3
        incident_id = _incident(fired, unit=unit, tools=tools)
    alert = Alert(
        alert_id=tools.ids.new(),
        rule=rule.code,
        group=match.group,
        severity=rule.severity,
        first_at=match.at,
        last_at=match.at,
        count=1,
        first_leaf=fired.leaf,
        last_leaf=fired.leaf,
        incident_id=incident_id,
        suppression_id=None if suppression is None else suppression.suppression_id,
    )
    rows.add_alert(alert)
    if suppression is None:
        unit.publish(
            AlertRaised(
                alert_id=alert.alert_id,
                rule=rule.code,
                group=match.group,
                severity=rule.severity.value,
                leaf=fired.leaf,
                incident_id=incident_id,
            )
        )


def _goes_on(known: Alert, unit: MonitoringUnit) -> bool:
    """An alert whose incident was closed meanwhile is over."""
    if known.incident_id is None:
        return True
    incident = unit.incidents.find(known.incident_id)
    return incident is not None and incident.state is not State.CLOSED


def _incident(fired: Fired, *, unit: MonitoringUnit, tools: Tools) -> UUID | None:
    rule, match, now = fired.rule, fired.match, tools.clock.now()
    if rule.incident is None:
        return None
    incident = incidents.opened(
        unit,
        kind=rule.incident,
        severity=rule.severity,
        about=match.about,
        detected_at=min(match.at, now),
        words=f"{rule.words} Rule {rule.code}, leaf {fired.leaf} of the log.",
        by=None,
        tools=tools,
    )
    for measure in rule.measures:
        measures.order(
            incident,
            measure,
            about_group(measure, match.group),
            words=f"Ordered at once, by rule {rule.code}: {measure}.",
            by=None,
            unit=unit,
            tools=tools,
        )
    return incident.incident_id


def _size(log: LogReader) -> int:
    """Leaves that a checkpoint signs."""
    checkpoint = log.last_checkpoint()
    return checkpoint.size if checkpoint else 0


def _rule_unknown() -> Refused:
    return Refused(
        "rule_unknown",
        "No rule of this code is in force.",
        next_step="See `kredit audit monitoring rules`.",
    )


def _suppression_unfit(most: int) -> Refused:
    return Refused(
        "suppression_unfit",
        "A rule is suppressed for some hours; one that opens incidents for one group.",
        next_step=f"Name the group, and at most {most} hours.",
        most=most,
    )


def _test_too_long() -> Refused:
    return Refused(
        "test_too_long",
        f"A test reads at most {LONGEST_TEST} leaves.",
        next_step="Narrow the time.",
        most=LONGEST_TEST,
    )
