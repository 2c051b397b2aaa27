"""First measures: ordered at once, by a rule or by a person; undone by two (7.2).

A measure on record is never taken away, only lifted.  The guard of the broker is told
of all that are cut off again and again, so that whatever it or we forgot is put right.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from kernel.errors import Transient
from kernel.events.audit import (
    BrokerRightsLost,
    MeasureLifted,
    MeasureOrdered,
    ProcessAdmitted,
    ProcessCutOff,
)
from services.audit.domain.incidents.incident import Incident
from services.audit.domain.incidents.measure import (
    LIFTABLE,
    Measure,
    Ordered,
    fits,
    measure_not_found,
    measure_undone_elsewhere,
    measure_unfit,
)
from services.audit.handlers import incidents
from services.audit.handlers.tools import Tools
from services.audit.ports.measures import (
    BrokerGuard,
    MeasureAlarms,
    MeasureUnit,
    MeasureUnits,
    Standing,
)

READER: Final = "broker-guard"
IN_TIME: Final = timedelta(seconds=5)
"""A first measure is in place by then; from then on its want is an alarm."""


def order(
    incident: Incident,
    measure: Measure,
    about: str | None,
    *,
    words: str,
    by: UUID | None,
    unit: MeasureUnit,
    tools: Tools,
) -> Ordered | None:
    """Order a measure in the work at hand; None when it can be taken of nobody."""
    if not fits(measure, about):
        return None
    now = tools.clock.now()
    incidents.write(unit, incident, "measure", words, at=now, by=by, tools=tools)
    ordered = Ordered(
        measure_id=tools.ids.new(),
        incident_id=incident.incident_id,
        measure=measure,
        about=about,
        ordered_at=now,
    )
    unit.measures.add(ordered)
    unit.publish(
        MeasureOrdered(
            measure_id=ordered.measure_id,
            incident_id=ordered.incident_id,
            measure=measure,
            about=about,
        )
    )
    return ordered


def take(
    incident_id: UUID,
    measure: Measure,
    about: str | None,
    *,
    by: UUID,
    units: MeasureUnits,
    tools: Tools,
) -> Ordered:
    """Order a measure as a person who leads the incident.

    Refused ``measure_unfit``, ``incident_not_found``, ``incident_closed``.
    """
    words = f"Ordered by a person: {measure}."
    with units.begin() as unit:
        incident = incidents.open_one(incident_id, unit)
        made = order(
            incident, measure, about, words=words, by=by, unit=unit, tools=tools
        )
    if made is None:
        raise measure_unfit()
    return made


def refuse_unliftable(measure_id: UUID, *, units: MeasureUnits) -> Ordered:
    """The measure two persons may undo.

    Refused ``measure_not_found``, ``measure_undone_elsewhere``.
    """
    with units.begin() as unit:
        return _standing(measure_id, unit)


def lift(
    measure_id: UUID,
    reason: str,
    *,
    asked_by: UUID,
    approved_by: UUID,
    unit: MeasureUnit,
    tools: Tools,
) -> None:
    """Two persons undo a measure, also of an incident that is closed.

    Refused as `refuse_unliftable`.
    """
    ordered, now = _standing(measure_id, unit), tools.clock.now()
    unit.measures.lift(measure_id, at=now)
    incident = unit.incidents.find(ordered.incident_id)
    if incident is not None and incident.closed_at is None:
        words = f"Undone: {ordered.measure}. {reason}"
        write = incidents.write
        write(unit, incident, "measure", words, at=now, by=asked_by, tools=tools)
    known: dict[str, Any] = {"measure": ordered.measure}
    unit.publish(
        MeasureLifted(
            measure_id=measure_id,
            incident_id=ordered.incident_id,
            about=ordered.about,
            asked_by=asked_by,
            approved_by=approved_by,
            **known,
        )
    )


def keep_cut_off(
    *,
    guard: BrokerGuard | None,
    units: MeasureUnits,
    tools: Tools,
    alarms: MeasureAlarms,
) -> None:
    """Tell the guard of the broker who is cut off, and keep what it says.

    1. Read what is ordered; no transaction is open while the guard is asked.
    2. Ask.  Who is not answered in time is an alarm, and is asked again.
    3. Keep what came about, once.
    """
    with units.begin() as unit:  # step 1
        cuts = unit.measures.cuts()
        since = unit.cursor(READER) or 0
    wanted = {each.principal for each in cuts if each.lifted_at is None}
    standing = _asked(guard, wanted, since=since)  # step 2
    if standing is not None and (cuts or standing.given_back):
        with units.begin() as unit:  # step 3
            _keep(standing, cuts, unit=unit, tools=tools)
    alarms.untaken(count=_late(standing, cuts, tools=tools))


def _asked(
    guard: BrokerGuard | None, wanted: set[str], *, since: int
) -> Standing | None:
    if guard is None:
        return None
    try:
        return guard.cut_off(sorted(wanted), since=since)
    except Transient:
        return None


def _keep(
    standing: Standing, cuts: Iterable[Ordered], *, unit: MeasureUnit, tools: Tools
) -> None:
    now = tools.clock.now()
    for each in cuts:
        known: dict[str, Any] = {
            "measure_id": each.measure_id,
            "incident_id": each.incident_id,
            "principal": each.principal,
        }
        is_cut = each.principal in standing.cut
        if each.lifted_at is None:
            if is_cut and unit.measures.taken(each.measure_id, at=now):
                unit.publish(ProcessCutOff(**known))
        elif unit.measures.undone(each.measure_id, at=now) and not is_cut:
            unit.publish(ProcessAdmitted(**known))
    since = unit.cursor(READER) or 0
    for number, principal in standing.given_back:
        if number >= since:
            loss_id = tools.ids.new()
            unit.publish(BrokerRightsLost(loss_id=loss_id, principal=principal))
            unit.set_cursor(READER, number + 1)


def _late(standing: Standing | None, cuts: Iterable[Ordered], *, tools: Tools) -> int:
    now = tools.clock.now()
    cut = frozenset[str]() if standing is None else standing.cut
    return sum(
        each.lifted_at is None
        and each.principal not in cut
        and now - each.ordered_at > IN_TIME
        for each in cuts
    )


def _standing(measure_id: UUID, unit: MeasureUnit) -> Ordered:
    ordered = unit.measures.lock(measure_id)
    if ordered is None or ordered.lifted_at is not None:
        raise measure_not_found()
    if ordered.measure not in LIFTABLE:
        raise measure_undone_elsewhere(ordered.measure)
    return ordered
