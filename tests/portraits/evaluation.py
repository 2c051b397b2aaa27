"""``make photo-eval``: what becomes of a labelled set, counted.

Counts per label and per measure. A rate is printed only where it rests on at least two
hundred pictures; of rendered heads none says anything about people. Another set is a
folder of pictures with a ``labels.json``: file name → ``good`` or the fault's code.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kernel.errors import Refused
from kernel.starting_policy import STARTING_POLICY
from services.onboarding.domain.portrait import (
    Fault,
    Judgement,
    Limit,
    Measures,
    PhotoLimits,
    Verdict,
    judge,
)
from tests.portraits.booth import drawn, running_judge

LEAST_FOR_A_RATE: Final = 200
GOOD: Final = "good"
TELL_EVERY: Final = 50
AT: Final = datetime(2026, 12, 1, tzinfo=UTC)
_KEY: Final = "onboarding.photo_limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one picture."""

    label: str
    judgement: Judgement
    measures: Measures


def limits() -> PhotoLimits:
    """The limits the platform starts with."""
    since = STARTING_POLICY.setting_at(_KEY, AT).effective_at
    return PhotoLimits.parse(STARTING_POLICY.texts(_KEY, AT), since=since)


def outcomes(folder: Path, rules: PhotoLimits) -> Iterator[Outcome]:
    """Have every picture of a labelled folder judged."""
    labels: Mapping[str, str] = json.loads((folder / "labels.json").read_text())
    with tempfile.TemporaryDirectory() as place, running_judge(Path(place)) as running:
        door = running.door
        for number, (name, label) in enumerate(labels.items(), start=1):
            if number % TELL_EVERY == 0:
                sys.stderr.write(f"judged: {number} of {len(labels)} pictures\n")
            try:
                measures = door.look((folder / name).read_bytes()).measures
                yield Outcome(
                    label=label, judgement=judge(measures, rules), measures=measures
                )
            except Refused:
                refused = Judgement(verdict=Verdict.REFUSED)
                yield Outcome(label=label, judgement=refused, measures={})


def report(found: Sequence[Outcome], rules: PhotoLimits) -> Iterator[str]:
    """The tables, line by line."""
    yield f"{len(found)} pictures, limits of {rules.since:%Y-%m-%d}"
    yield ""
    yield "label                  pictures  accepted  to a person  refused  fault told"
    yield from _by_label(found)
    yield ""
    yield "measure and limit               within: good  others   beyond: good  others"
    yield from (_by_limit(limit, found) for limit in rules.limits)
    yield ""
    yield _rate(found)


def _by_label(found: Sequence[Outcome]) -> Iterator[str]:
    for label in (GOOD, *(fault.value for fault in Fault)):
        here = [outcome for outcome in found if outcome.label == label]
        if not here:
            continue
        verdicts = Counter(outcome.judgement.verdict for outcome in here)
        told = sum(label in outcome.judgement.faults for outcome in here)
        yield (
            f"{label:22} {len(here):8}  {verdicts[Verdict.ACCEPTED]:8}"
            f"  {verdicts[Verdict.REVIEW]:11}  {verdicts[Verdict.REFUSED]:7}"
            f"  {'–' if label == GOOD else told:>10}"
        )


def _by_limit(limit: Limit, found: Iterable[Outcome]) -> str:
    """`good`: pictures nothing is wrong with; `others`: with this limit's own fault."""
    counts: Counter[tuple[bool, bool]] = Counter()
    for outcome in found:
        value = outcome.measures.get(limit.measure)
        if value is not None and outcome.label in (GOOD, limit.fault):
            within = limit.is_within(value, but=limit.good)
            counts[within, outcome.label == GOOD] += 1
    clear = "" if limit.clear is None else f"/{limit.clear}"
    name = f"{limit.measure} {'<=' if limit.upper else '>='} {limit.good}{clear}"
    return (
        f"{name:34} {counts[True, True]:10} {counts[True, False]:7}"
        f" {counts[False, True]:14} {counts[False, False]:7}"
    )


def _rate(found: Sequence[Outcome]) -> str:
    good = [outcome for outcome in found if outcome.label == GOOD]
    refused = sum(o.judgement.verdict is Verdict.REFUSED for o in good)
    said = f"refused of good pictures: {refused} of {len(good)}"
    if len(good) < LEAST_FOR_A_RATE:
        return f"{said}; no rate below {LEAST_FOR_A_RATE} pictures"
    return f"{said}, {refused / len(good):.1%}"


def main() -> None:
    rules = limits()
    folder = Path(sys.argv[1]) if sys.argv[1:] else drawn()
    for line in report(tuple(outcomes(folder, rules)), rules):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
