"""The life of a rule set: draft → test → shadow → live → back (clause 6.1g v).

Nothing is edited: each step is one more entry of a register, and what is in force
follows from it.  Live a set becomes by two persons; back goes one, at once, and only to
what two have agreed on before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kernel.crypto import Json
from kernel.errors import Refused
from services.antifraud.domain.rules import (
    MAX_RULES,
    MAX_TYPOLOGIES,
    MAX_WORDS,
    Operation,
    Outcome,
    Rule,
    RuleSet,
    Typology,
    rule_set_to_wire,
)

MAX_VERSION: Final = 40
_VERSION_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-")


class Stage(StrEnum):
    """What has been done with a version."""

    DRAFTED = "drafted"
    TESTED = "tested"
    """On history; its report is kept."""
    SHADOW = "shadow"
    """Judges beside the live one; nobody is held by it."""
    LIVE = "live"
    WITHDRAWN = "withdrawn"
    """Out of shadow, without having become live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the register."""

    entry_id: UUID
    version: str
    stage: Stage
    at: datetime
    by: UUID
    approved_by: UUID | None = None
    report: Mapping[str, Json] | None = None
    note: str = ""


class _WireRule(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    code: str
    on: list[str]
    when: str
    outcome: str = Outcome.ALLOW.value
    score: int = 0
    reason: str
    source: str


class _WireTypology(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    code: str
    rules: dict[str, int]
    review_at: int
    suspend_at: int | None = None
    reason: str
    source: str


class _WireSet(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    rules: list[_WireRule] = Field(max_length=MAX_RULES)
    typologies: list[_WireTypology] = Field(default=[], max_length=MAX_TYPOLOGIES)


def rule_set_from_wire(version: str, wire: object) -> RuleSet:
    """Read what `rules.rule_set_to_wire` wrote, or a person did.

    Whether it may be saved is the engine's to say.  Refused ``version_unfit``,
    ``rules_malformed`` with the place.
    """
    if not 0 < len(version) <= MAX_VERSION or set(version) - _VERSION_CHARACTERS:
        raise Refused(
            "version_unfit",
            "A version is named by small letters, digits, dots and dashes.",
            next_step="Name it by the day, like 2026-12-15.",
        )
    try:
        read = _WireSet.model_validate(wire)
        return RuleSet(
            version=version,
            rules=tuple(_rule(one) for one in read.rules),
            typologies=tuple(_typology(one) for one in read.typologies),
        )
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise _malformed(where) from None
    except ValueError:
        raise _malformed("an operation or an outcome") from None


def _rule(wire: _WireRule) -> Rule:
    return Rule(
        code=wire.code,
        on=frozenset(Operation(one) for one in wire.on),
        when=wire.when,
        outcome=Outcome(wire.outcome),
        score=wire.score,
        reason=wire.reason,
        source=wire.source,
    )


def _typology(wire: _WireTypology) -> Typology:
    return Typology(
        code=wire.code,
        rules=wire.rules,
        review_at=wire.review_at,
        suspend_at=wire.suspend_at,
        reason=wire.reason,
        source=wire.source,
    )


def _malformed(where: str) -> Refused:
    return Refused(
        "rules_malformed",
        "The rules are not in the form of a rule set.",
        next_step="Compare them with `kredit antifraud rules show`.",
        where=where[:MAX_WORDS],
    )


def live_of(entries: Sequence[Entry], *, starting: str) -> str:
    """The version in force by a register, the oldest entry first."""
    lived = [each.version for each in entries if each.stage is Stage.LIVE]
    return lived[-1] if lived else starting


def shadow_of(entries: Sequence[Entry]) -> str | None:
    """The version that judges beside it, if one does."""
    moving = {Stage.SHADOW, Stage.LIVE, Stage.WITHDRAWN}
    moved = [each for each in entries if each.stage in moving]
    return moved[-1].version if moved and moved[-1].stage is Stage.SHADOW else None


def before(entries: Sequence[Entry], *, starting: str) -> str:
    """What was live before what is: where a rollback goes.

    Refused ``nothing_before``.
    """
    lived = [starting, *(each.version for each in entries if each.stage is Stage.LIVE)]
    earlier = [version for version in lived if version != lived[-1]]
    if not earlier:
        raise Refused(
            "nothing_before",
            "No other rules were ever live.",
            next_step="Draft a version and take it through its test.",
        )
    return earlier[-1]


def refuse_untested(entries: Iterable[Entry], version: str) -> None:
    """Into shadow goes what was tested on history.  Refused ``not_tested``."""
    if Stage.TESTED not in _stages(entries, version):
        raise Refused(
            "not_tested",
            "The version was not tested on history.",
            next_step=f"kredit antifraud rules test {version}",
        )


def refuse_unproved(
    entries: Sequence[Entry], version: str, *, now: datetime, shadow_hours: int
) -> None:
    """Live becomes what has judged in the shadow long enough, and still does.

    Refused ``not_in_shadow``, ``shadow_too_short`` with the hours that are left.
    """
    if shadow_of(entries) != version:
        raise Refused(
            "not_in_shadow",
            "The version does not judge in the shadow.",
            next_step=f"kredit antifraud rules shadow {version}",
        )
    began = [e.at for e in entries if (e.version, e.stage) == (version, Stage.SHADOW)]
    passed = int((now - began[-1]).total_seconds()) // 3600
    if passed < shadow_hours:
        raise Refused(
            "shadow_too_short",
            "The version has not judged in the shadow long enough.",
            next_step="Wait, and look at what it would have done.",
            hours_left=shadow_hours - passed,
        )


def _stages(entries: Iterable[Entry], version: str) -> set[Stage]:
    return {each.stage for each in entries if each.version == version}


def difference(old: RuleSet, new: RuleSet) -> dict[str, Json]:
    """What a version changes of another: codes, and both readings of each change."""
    was, will = _by_code(old), _by_code(new)
    return {
        "added": [will[code] for code in will if code not in was],
        "removed": [was[code] for code in was if code not in will],
        "changed": [
            {"was": was[code], "will_be": will[code]}
            for code in will
            if code in was and was[code] != will[code]
        ],
    }


def _by_code(rule_set: RuleSet) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for part in rule_set_to_wire(rule_set).values():
        for one in part if isinstance(part, list) else ():
            if isinstance(one, Mapping):
                found[str(one["code"])] = one
    return found
