"""A rule set over decisions that were made: what it would have done (clause 6.1g v).

Judged by the inputs as they were stored, so point in time is right by itself: nothing
that was told later is known.  Precision and recall are over decisions that a person has
labelled; shares are in thousandths, for a report holds whole numbers alone.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kernel.crypto import Json
from services.antifraud.domain.decision import Inputs
from services.antifraud.domain.engine import Engine
from services.antifraud.domain.rules import Outcome


@dataclass(frozen=True, slots=True)
class Past:
    """A decision that was made by rules, and whether it was fraud, if anybody knows."""

    inputs: Inputs
    outcome: Outcome
    fraud: bool | None


def tested(engine: Engine, history: Iterable[Past]) -> dict[str, Json]:
    """The report of a test on history."""
    count, spoke, by_outcome = Counter[str](), Counter[str](), Counter[str]()
    for past in history:
        # What was tripped then was so of another version.
        inputs = replace(past.inputs, tripped=frozenset())
        verdict = engine.judge(inputs).verdict
        stops = verdict.outcome is not Outcome.ALLOW
        stopped = past.outcome is not Outcome.ALLOW
        count["decisions"] += 1
        count["alerts"] += stops
        count["alerts_before"] += stopped
        count["newly_stopped"] += stops and not stopped
        count["no_longer_stopped"] += stopped and not stops
        if past.fraud is not None:
            count["labelled"] += 1
            count["fraud"] += past.fraud
            count["alerts_labelled"] += stops
            count["caught"] += past.fraud and stops
        spoke.update(verdict.codes)
        by_outcome[verdict.outcome.value] += 1
    return {
        **{name: count[name] for name in _COUNTED},
        "precision_permille": _permille(count["caught"], count["alerts_labelled"]),
        "recall_permille": _permille(count["caught"], count["fraud"]),
        "outcomes": dict(by_outcome),
        "rules": dict(spoke),
    }


_COUNTED = (
    "decisions",
    "alerts",
    "alerts_before",
    "newly_stopped",
    "no_longer_stopped",
    "labelled",
    "fraud",
    "caught",
)


def _permille(part: int, whole: int) -> int | None:
    return part * 1_000 // whole if whole else None
