"""The end of an investigation: its lead asks, another person agrees (6.1h v)."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from kernel.crypto import Json
from kernel.events.antifraud import InvestigationClosed
from services.antifraud.domain.investigations import (
    Conclusion,
    End,
    InvestigationRules,
    Kind,
    conclusion_of,
    conclusion_replaced,
    number_of,
)
from services.antifraud.handlers.investigations import enter, open_one
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports.investigations import InvestigationUnit

CONCLUDE: Final = "conclude_investigation"
"""The operation two persons agree on."""


def conclusion(
    investigation_id: UUID,
    said: Conclusion,
    *,
    by: UUID,
    unit: InvestigationUnit,
    tools: Tools,
) -> tuple[dict[str, Json], str]:
    """Keep what it came to; what is to be agreed on, with arguments and effect.

    Refused as `refuse_unfit_words`, `Investigation.refuse_unfinished`, and
    ``investigation_not_found``, ``investigation_closed``.
    """
    rules = InvestigationRules.at(tools.policy, tools.clock.now())
    rules.refuse_unfit(said.words)
    one = open_one(investigation_id, by=by, unit=unit)
    one.refuse_unfinished(said.finding, by=by)
    entry = enter(one, Kind.CONCLUSION, said.written, by=by, unit=unit, tools=tools)
    arguments: dict[str, Json] = {
        "investigation_id": str(investigation_id),
        "conclusion_id": str(entry.entry_id),
        "sha256": entry.sha256,
    }
    effect = (
        f"the investigation {number_of(one.number)} is closed as it was concluded in"
        f" the entry {entry.entry_id}; read it first"
    )
    return arguments, effect


def conclude(
    arguments: Mapping[str, Json],
    *,
    asked_by: UUID,
    approved_by: UUID,
    unit: InvestigationUnit,
    tools: Tools,
) -> None:
    """What two agree on: it is closed for good.

    Refused ``investigation_is_yours``, ``conclusion_replaced``, and as
    `Investigation.refuse_unfinished`,
    ``investigation_not_found``, ``investigation_closed``.
    """
    investigation_id = UUID(str(arguments["investigation_id"]))
    one = open_one(investigation_id, by=approved_by, unit=unit)
    one.refuse_own_approval(approved_by)
    entry = one.found(UUID(str(arguments["conclusion_id"])), Kind.CONCLUSION)
    if entry != one.concluded:
        raise conclusion_replaced()
    content = unit.investigations.content(investigation_id, entry.entry_id)
    said = conclusion_of(content or b"")
    one.refuse_unfinished(said.finding, by=asked_by)
    end = End(
        at=tools.clock.now(),
        conclusion_id=entry.entry_id,
        finding=said.finding,
        asked_by=asked_by,
        approved_by=approved_by,
    )
    unit.investigations.close(investigation_id, end)
    unit.publish(
        InvestigationClosed(
            investigation_id=investigation_id,
            finding=said.finding.value,
            cause=said.cause.value,
            sha256=entry.sha256,
            concluded_by=asked_by,
            approved_by=approved_by,
        )
    )
