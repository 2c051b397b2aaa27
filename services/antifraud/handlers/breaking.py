"""The breaker: a rule that stops nearly everybody is looked at, and armed by two."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.antifraud import RuleRearmed, RuleTripped
from services.antifraud.domain.breaker import Breaker, Trip
from services.antifraud.domain.versions import live_of
from services.antifraud.handlers.ruling import rule_set_by, starting_version
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports.suspensions import (
    SuspensionAlarms,
    SuspensionUnit,
    SuspensionUnits,
)

REARM: Final = "rearm_rule"
"""The operation two persons agree on."""


def watch(
    *, units: SuspensionUnits, tools: Tools, alarms: SuspensionAlarms
) -> Sequence[Trip]:
    """Trip the rules that stop too much; those that were tripped now.

    What a rule stopped before it was armed again is not held against it.
    """
    now = tools.clock.now()
    with units.begin() as unit:
        version = live_of(unit.register(), starting=starting_version(now))
        fresh = [
            trip
            for trip in _blocking(version, unit=unit, tools=tools, now=now)
            if unit.trips.trip(trip)
        ]
        for trip in fresh:
            unit.publish(
                RuleTripped(
                    trip_id=trip.trip_id,
                    version=trip.version,
                    rule=trip.rule,
                    judged=trip.judged,
                    stopped=trip.stopped,
                )
            )
        count = len(unit.trips.open())
    for trip in fresh:
        alarms.rule_tripped(rule=trip.rule, judged=trip.judged, stopped=trip.stopped)
    alarms.rules_tripped(count=count)
    return fresh


def _blocking(
    version: str, *, unit: SuspensionUnit, tools: Tools, now: datetime
) -> Sequence[Trip]:
    breaker = Breaker.at(tools.policy, now)
    rule_set = rule_set_by(version, unit)
    since = now - breaker.window
    armed = unit.trips.rearmed_at(version)
    trips = []
    for rule, judged, stopped in breaker.blocking(
        unit.trips.stops(version, since=since), rule_set
    ):
        seen = (judged, stopped)
        if armed.get(rule, since) > since:
            again = unit.trips.stops(version, since=armed[rule], rule=rule)
            found = [s for s in breaker.blocking(again, rule_set) if s[0] == rule]
            if not found:
                continue
            seen = found[0][1:]
        trips.append(
            Trip(
                trip_id=tools.ids.new(),
                version=version,
                rule=rule,
                tripped_at=now,
                judged=seen[0],
                stopped=seen[1],
            )
        )
    return trips


def listed(*, units: SuspensionUnits) -> Sequence[Trip]:
    """Which rules ask for a look only, the newest first."""
    with units.begin() as unit:
        return unit.trips.open()


def rearming(
    version: str, rule: str, *, unit: SuspensionUnit
) -> tuple[dict[str, Json], str]:
    """What is to be agreed on, with arguments and effect.

    Refused ``rule_not_tripped``.
    """
    trip = next(
        (t for t in unit.trips.open() if (t.version, t.rule) == (version, rule)), None
    )
    if trip is None:
        raise _not_tripped()
    effect = (
        f"the rule {rule} of {version} stops operations again; it was tripped when it"
        f" stopped {trip.stopped} of {trip.judged}"
    )
    return {"version": version, "rule": rule, "trip_id": str(trip.trip_id)}, effect


def rearm(
    arguments: Mapping[str, Json],
    *,
    asked_by: UUID,
    approved_by: UUID,
    unit: SuspensionUnit,
    tools: Tools,
) -> None:
    """What two agree on.  Refused ``rule_not_tripped``, also for another trip."""
    version, rule = str(arguments["version"]), str(arguments["rule"])
    trip_id = unit.trips.rearm(
        version,
        rule,
        at=tools.clock.now(),
        asked_by=asked_by,
        approved_by=approved_by,
    )
    if trip_id is None or str(trip_id) != arguments["trip_id"]:
        raise _not_tripped()
    unit.publish(
        RuleRearmed(
            trip_id=trip_id,
            version=version,
            rule=rule,
            asked_by=asked_by,
            approved_by=approved_by,
        )
    )


def _not_tripped() -> Refused:
    return Refused(
        "rule_not_tripped",
        "The rule is not tripped, or was armed meanwhile.",
        next_step="Look: `kredit antifraud rules tripped`.",
    )
