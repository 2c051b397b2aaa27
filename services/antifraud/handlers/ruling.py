"""Changing the rules: draft, test, shadow, live, back; and the calendar of analysis."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.crypto import Json, as_object
from kernel.errors import Broken, Refused
from kernel.events.antifraud import RulesChanged
from services.antifraud.domain.engine import Engine
from services.antifraud.domain.history import tested
from services.antifraud.domain.rules import RuleSet, in_force_on, rule_set_to_wire
from services.antifraud.domain.starting_rules import STARTING, starting_of
from services.antifraud.domain.versions import (
    Entry,
    Stage,
    before,
    difference,
    live_of,
    refuse_unproved,
    refuse_untested,
    rule_set_from_wire,
    shadow_of,
)
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports import Alarms, Unit, Units

PROMOTE: Final = "promote_rules"
"""The operation two persons agree on."""
MAX_TESTED: Final = 20_000
MAX_NOTE: Final = 300


def starting_version(at: datetime) -> str:
    """What is in force while nobody has made anything else live."""
    return in_force_on(almaty_date(at), STARTING).version


def rule_set_by(version: str, unit: Unit) -> RuleSet:
    """A version, drafted or started with.  Refused ``version_unknown``."""
    starting = starting_of(version)
    if starting is not None:
        return starting
    stored = unit.rule_set(version)
    if stored is None:
        raise Refused(
            "version_unknown",
            "There are no rules of that version.",
            next_step="List the versions.",
        )
    return rule_set_from_wire(version, stored)


def draft(
    version: str, wire: object, *, note: str, by: UUID, units: Units, tools: Tools
) -> str:
    """Save a version that may be saved; its digest.

    Refused as `rule_set_from_wire` and `rules.checked`, and ``note_unfit``,
    ``version_exists``.
    """
    if not 0 < len(note.strip()) <= MAX_NOTE:
        raise Refused(
            "note_unfit", "Say in a sentence what for.", next_step="Give a note."
        )
    rule_set = Engine(rule_set_from_wire(version, wire)).rule_set
    with units.begin() as unit:
        exists = starting_of(version) is not None or not unit.add_rule_set(
            version, rule_set_to_wire(rule_set)
        )
        if exists:
            raise Refused(
                "version_exists",
                "There are rules of that version; versions are never edited.",
                next_step="Name the draft otherwise.",
            )
        unit.add_entry(_entry(version, Stage.DRAFTED, by=by, tools=tools, note=note))
    return rule_set.sha256


def test(
    version: str, *, days: int, by: UUID, units: Units, tools: Tools
) -> Mapping[str, Json]:
    """Judge the decisions of the last days anew, and keep the report.

    Refused ``version_unknown``.
    """
    now = tools.clock.now()
    with units.begin() as unit:
        engine = tools.engines.of(rule_set_by(version, unit))
        since = now - timedelta(days=days)
        history = unit.history(since=since, limit=MAX_TESTED)
        report = {"days": days, **tested(engine, history)}
        unit.add_entry(_entry(version, Stage.TESTED, by=by, tools=tools, report=report))
    return report


def compare(old: str, new: str, *, units: Units) -> Mapping[str, Json]:
    """What one version changes of another.  Refused ``version_unknown``."""
    with units.begin() as unit:
        return difference(rule_set_by(old, unit), rule_set_by(new, unit))


def show(version: str, *, units: Units) -> Mapping[str, Json]:
    """A version as it can be drafted from.  Refused ``version_unknown``."""
    with units.begin() as unit:
        rule_set = rule_set_by(version, unit)
        entries = [e for e in unit.register() if e.version == version]
    return {
        "version": version,
        "sha256": rule_set.sha256,
        **rule_set_to_wire(rule_set),
        "register": [_told(each) for each in entries],
    }


def versions(*, units: Units, tools: Tools) -> Mapping[str, Json]:
    """Every version with its last stage, and what judges now."""
    with units.begin() as unit:
        entries = unit.register()
    starting = starting_version(tools.clock.now())
    last = {starting: Stage.LIVE.value} | {e.version: e.stage.value for e in entries}
    return {
        "live": live_of(entries, starting=starting),
        "shadow": shadow_of(entries),
        "versions": [
            {"version": version, "last": stage} for version, stage in last.items()
        ],
    }


def to_shadow(version: str, *, by: UUID, units: Units, tools: Tools) -> None:
    """Let a tested version judge beside the live one.

    Refused ``version_unknown``, ``not_tested``.
    """
    with units.begin() as unit:
        rule_set_by(version, unit)
        refuse_untested(unit.register(), version)
        unit.add_entry(_entry(version, Stage.SHADOW, by=by, tools=tools))


def promotion(version: str, *, unit: Unit, tools: Tools) -> tuple[dict[str, Json], str]:
    """What is to be agreed on, with arguments and effect.

    Refused ``version_unknown``, ``not_in_shadow``, ``shadow_too_short``.
    """
    rule_set = _promotable(version, unit=unit, tools=tools)
    live = live_of(unit.register(), starting=starting_version(tools.clock.now()))
    effect = (
        f"operations are judged by the rules {version} ({rule_set.sha256[:16]}…)"
        f" instead of {live} from then on"
    )
    return {"version": version, "sha256": rule_set.sha256}, effect


def promote(
    arguments: Mapping[str, Json],
    *,
    asked_by: UUID,
    approved_by: UUID,
    unit: Unit,
    tools: Tools,
) -> None:
    """What two agree on.  Refused as `promotion`; Broken for other rules than shown."""
    version = str(arguments["version"])
    rule_set = _promotable(version, unit=unit, tools=tools)
    if rule_set.sha256 != arguments["sha256"]:
        raise Broken("the rules of a version are not those that were asked for")
    _go_live(version, by=asked_by, approved_by=approved_by, unit=unit, tools=tools)


def rollback(*, reason: str, by: UUID, units: Units, tools: Tools) -> str:
    """Back to what was live before, at once; the version that judges now.

    Refused ``nothing_before``, ``note_unfit``.
    """
    if not 0 < len(reason.strip()) <= MAX_NOTE:
        raise Refused(
            "note_unfit", "Say in a sentence why.", next_step="Give a reason."
        )
    with units.begin() as unit:
        version = before(unit.register(), starting=starting_version(tools.clock.now()))
        _go_live(version, by=by, approved_by=None, unit=unit, tools=tools, note=reason)
    return version


def label(
    decision_id: UUID, *, fraud: bool, by: UUID, units: Units, tools: Tools
) -> None:
    """Say whether what was decided on was fraud; tests count by it.

    Refused ``decision_unknown``.
    """
    with units.begin() as unit:
        if unit.decision(decision_id) is None:
            raise Refused(
                "decision_unknown", "No such decision.", next_step="Check its number."
            )
        unit.add_label(decision_id, fraud=fraud, by=by, at=tools.clock.now())


def calendar(*, units: Units, tools: Tools) -> Mapping[str, Json]:
    """When the live rules were tested last, and until when they have to be again."""
    now = tools.clock.now()
    with units.begin() as unit:
        entries = unit.register()
        due = _due(unit, now=now, tools=tools)
    return {
        "live": live_of(entries, starting=starting_version(now)),
        "due_on": almaty_date(due).isoformat(),
        "overdue": now > due,
        "reports": [_told(each) for each in entries if each.stage is Stage.TESTED][
            -20:
        ],
    }


def watch_calendar(*, units: Units, tools: Tools, alarms: Alarms) -> None:
    """Raise an alarm while the regular analysis is overdue (clause 6.1g v)."""
    now = tools.clock.now()
    with units.begin() as unit:
        due = _due(unit, now=now, tools=tools)
    alarms.analysis_overdue(days=max(0, -((due - now) // timedelta(days=1))))


def _due(unit: Unit, *, now: datetime, tools: Tools) -> datetime:
    """So long after the last test of what is live, or after our first decision."""
    entries = unit.register()
    live = live_of(entries, starting=starting_version(now))
    tests = [e.at for e in entries if (e.version, e.stage) == (live, Stage.TESTED)]
    last = tests[-1] if tests else unit.first_decided_at() or now
    return last + timedelta(days=tools.policy.integer("antifraud.analysis_days", now))


def _promotable(version: str, *, unit: Unit, tools: Tools) -> RuleSet:
    rule_set = rule_set_by(version, unit)
    now = tools.clock.now()
    refuse_unproved(
        unit.register(),
        version,
        now=now,
        shadow_hours=tools.policy.integer("antifraud.shadow_hours", now),
    )
    return rule_set


def _go_live(
    version: str,
    *,
    by: UUID,
    approved_by: UUID | None,
    unit: Unit,
    tools: Tools,
    note: str = "",
) -> None:
    was = live_of(unit.register(), starting=starting_version(tools.clock.now()))
    entry = _entry(
        version, Stage.LIVE, by=by, tools=tools, approved_by=approved_by, note=note
    )
    unit.add_entry(entry)
    unit.publish(
        RulesChanged(
            change_id=entry.entry_id,
            version=version,
            instead_of=was,
            sha256=rule_set_by(version, unit).sha256,
            asked_by=by,
            approved_by=approved_by,
        )
    )


def _entry(
    version: str,
    stage: Stage,
    *,
    by: UUID,
    tools: Tools,
    approved_by: UUID | None = None,
    report: Mapping[str, Json] | None = None,
    note: str = "",
) -> Entry:
    return Entry(
        entry_id=tools.ids.new(),
        version=version,
        stage=stage,
        at=tools.clock.now(),
        by=by,
        approved_by=approved_by,
        report=report,
        note=note,
    )


def _told(entry: Entry) -> Json:
    return as_object(
        {
            "version": entry.version,
            "stage": entry.stage.value,
            "at": entry.at.isoformat(),
            "by": str(entry.by),
            "approved_by": None
            if entry.approved_by is None
            else str(entry.approved_by),
            "note": entry.note,
            "report": entry.report,
        }
    )
