"""The compliance matrix: clause → control → settings in force → tests → evidence.

Four sources meet in a row. What the clause says and what holds it ship with the release
(`clauses.toml`), and so do the tests that prove it (`tested.json`); the settings are
those in force; the evidence is counted in the log, by the clause each kind of event is
told to serve (`sentences.toml`). Nothing in it is an opinion on whether it suffices.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.clock import rfc3339
from kernel.crypto import Json
from kernel.policy import Policy, Value, value_to_wire
from services.audit.domain.telling import Telling

Tested = Mapping[str, Sequence[Mapping[str, Json]]]
"""By clause: each counting test, its seeded bugs, how it last ended, when, on what."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of the Procedure (Порядок): its own words, and what holds it."""

    id: str
    title: str
    owners: tuple[str, ...]
    text: tuple[str, ...]
    """Sentences of the Procedure, unchanged; a list's lead-in before its item."""
    control: str
    """In Russian: whoever supervises the company reads it."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many signed leaves of a kind there are, and when the last was received."""

    kind: str
    leaves: int
    last_at: datetime


def serves(told: str, clause: str) -> bool:
    """Whether what names ``told`` serves the clause: ``4.1`` serves all its items."""
    return told == clause or (told == clause.rstrip("abcdefgh") and told != "")


def rows_of(
    clauses: Iterable[Clause],
    *,
    tested: Tested,
    policy: Policy,
    tellings: Mapping[str, Telling],
    counts: Iterable[Count],
    at: datetime,
) -> list[Json]:
    """A row for each clause, in the Procedure's order."""
    counted = {count.kind: count for count in counts}
    return [
        _row(
            clause,
            tests=tested.get(clause.id, ()),
            settings=_settings(clause.id, policy=policy, at=at),
            evidence=[
                _evidence(kind, counted.get(kind))
                for kind, telling in sorted(tellings.items())
                if serves(telling.clause, clause.id)
            ],
        )
        for clause in clauses
    ]


def _row(
    clause: Clause,
    *,
    tests: Sequence[Mapping[str, Json]],
    settings: Sequence[Json],
    evidence: Sequence[dict[str, Json]],
) -> Json:
    passed = sum(test.get("result") == "passed" for test in tests)
    return {
        "clause": clause.id,
        "title": clause.title,
        "owners": list(clause.owners),
        "text": list(clause.text),
        "control": clause.control,
        "settings": list(settings),
        "tests": [dict(test) for test in tests],
        "passed": f"{passed} of {len(tests)}",
        "evidence": list(evidence),
        "leaves": sum(int(str(each["leaves"])) for each in evidence),
    }


def _settings(clause: str, *, policy: Policy, at: datetime) -> list[Json]:
    keys = {one.key for one in policy if serves(one.clause, clause)}
    in_force = [policy.setting_at(key, at) for key in sorted(keys)]
    return [
        {
            "key": one.key,
            "value": _wire(one.value),
            "since": rfc3339(one.effective_at),
            "source": one.source,
        }
        for one in in_force
    ]


def _wire(value: Value) -> Json:
    told = value_to_wire(value)
    return [*told] if isinstance(told, list) else told


def _evidence(kind: str, count: Count | None) -> dict[str, Json]:
    return {
        "kind": kind,
        "leaves": count.leaves if count else 0,
        "last_at": rfc3339(count.last_at) if count else None,
    }
