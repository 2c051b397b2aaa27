"""From the measures of a photo to a verdict (clause 4.1e).

Each limit has a value up to which a measure is good, and perhaps one beyond which the
breach is clear. A clear breach refuses; what lies between, or cannot be measured, goes
to a person; every fault found is told, not the first alone. Which measures can refuse
is what the dated limits say: those of the four conditions (front, light background,
neutral expression, closed mouth) and of the one face have a second value, the others
(place, eyes, sharpness, exposure) have none: they advise.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from kernel.errors import Broken, Refused

Measures = Mapping[str, Decimal]
"""By name, as the photo judge counts them (`photo/measures.py`)."""


class Fault(StrEnum):
    """What is wrong with a photo. Stable: they stand in events and answers."""

    FACES = "photo_not_one_face"
    FRONT = "photo_not_front"
    EXPRESSION = "photo_expression"
    MOUTH = "photo_mouth_open"
    BACKGROUND = "photo_background"
    PLACE = "photo_place"
    EYES = "photo_eyes"
    BLUR = "photo_blurred"
    EXPOSURE = "photo_exposure"
    PERSON = "photo_other_person"
    """ЦОИД does not find the person of the ИИН on it."""


class Verdict(StrEnum):
    """What becomes of a photo."""

    ACCEPTED = "accepted"
    REVIEW = "review"
    """A person looks at it; the client may send a better one meanwhile."""
    HELD = "held"
    """A person looks at it, and nothing goes on before."""
    REFUSED = "refused"


_FAULT_OF: Final[Mapping[str, Fault]] = {
    **dict.fromkeys(("detected", "meshed"), Fault.FACES),
    **dict.fromkeys(("yaw", "pitch", "roll"), Fault.FRONT),
    "smile": Fault.EXPRESSION,
    "mouth_gap": Fault.MOUTH,
    **dict.fromkeys(
        (
            "background_light",
            "background_dark",
            "background_spread",
            "background_edges",
            "background_chroma",
        ),
        Fault.BACKGROUND,
    ),
    **dict.fromkeys(("face_height", "face_width", "off_centre"), Fault.PLACE),
    "eyes": Fault.EYES,
    **dict.fromkeys(("sharpness", "bytes_per_pixel"), Fault.BLUR),
    **dict.fromkeys(("brightness", "clipped", "side_light"), Fault.EXPOSURE),
}
_NUMBER: Final = r"-?[0-9]{1,6}(?:\.[0-9]{1,6})?"
_LIMIT: Final = re.compile(
    rf"(?P<measure>[a-z_]+)(?P<sense><=|>=)(?P<good>{_NUMBER})(?:/(?P<clear>{_NUMBER}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Good up to `good`; a clear breach beyond `clear`, if there is such a thing."""

    measure: str
    upper: bool
    good: Decimal
    clear: Decimal | None

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read ``yaw<=10/20`` or ``eyes>=0.15``; Broken when it is neither."""
        found = _LIMIT.fullmatch(text)
        if found is None or found["measure"] not in _FAULT_OF:
            raise Broken(f"A limit of photos cannot be read: {text}")
        clear = None if found["clear"] is None else Decimal(found["clear"])
        limit = cls(
            measure=found["measure"],
            upper=found["sense"] == "<=",
            good=Decimal(found["good"]),
            clear=clear,
        )
        if clear is not None and not limit.is_within(limit.good, but=clear):
            raise Broken(f"A limit of photos refuses what it calls good: {text}")
        return limit

    @property
    def fault(self) -> Fault:
        return _FAULT_OF[self.measure]

    def is_breached(self, value: Decimal) -> bool:
        """Whether a value is a clear breach."""
        return self.clear is not None and not self.is_within(value, but=self.clear)

    def is_within(self, value: Decimal, *, but: Decimal) -> bool:
        """Whether a value does not pass `but` in this limit's sense."""
        return value <= but if self.upper else value >= but


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoLimits:
    """All limits of one record of the settings; `since` names the record."""

    limits: tuple[Limit, ...]
    since: datetime

    @classmethod
    def parse(cls, texts: Iterable[str], *, since: datetime) -> "PhotoLimits":
        """Broken unless every measure has a limit: none goes unlooked at."""
        limits = tuple(Limit.parse(text) for text in texts)
        if missing := _FAULT_OF.keys() - {limit.measure for limit in limits}:
            raise Broken(f"Measures of photos lack limits: {sorted(missing)}")
        return cls(limits=limits, since=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with all faults, the gravest kind first."""

    verdict: Verdict
    faults: tuple[Fault, ...] = ()

    def held_for(self, fault: Fault) -> "Judgement":
        """This judgement with a fault that stops everything until a person looks."""
        return Judgement(verdict=Verdict.HELD, faults=(fault, *self.faults))


def judge(measures: Measures, limits: PhotoLimits) -> Judgement:
    """1. Each measure against its limits: good, in doubt, clear breach, or missing.
    2. Where not one face was found to measure, nothing else is told.
    3. A clear breach refuses, anything short of good goes to a person.
    """  # noqa: D205 - the steps are the summary
    doubts: set[Fault] = set()
    breaches: set[Fault] = set()
    for limit in limits.limits:  # step 1
        value = measures.get(limit.measure)
        if value is not None and limit.is_within(value, but=limit.good):
            continue
        doubts.add(limit.fault)
        if value is not None and limit.is_breached(value):
            breaches.add(limit.fault)
    if measures.get("meshed") != 1:  # step 2
        doubts, breaches = {Fault.FACES}, breaches & {Fault.FACES}
    if breaches:  # step 3
        verdict = Verdict.REFUSED
    else:
        verdict = Verdict.REVIEW if doubts else Verdict.ACCEPTED
    in_order = (f for part in (breaches, doubts - breaches) for f in Fault if f in part)
    return Judgement(verdict=verdict, faults=tuple(in_order))


_SENTENCES: Final[Mapping[Fault, tuple[str, str]]] = {
    Fault.FACES: (
        "There is not exactly one face on the photo.",
        "Be alone on the photo, with the whole face in it.",
    ),
    Fault.FRONT: (
        "The face is turned, tilted or nodding.",
        "Look straight into the camera, held at eye level.",
    ),
    Fault.EXPRESSION: (
        "The expression is not neutral.",
        "Do not smile.",
    ),
    Fault.MOUTH: ("The mouth is open.", "Close your mouth."),
    Fault.BACKGROUND: (
        "The background is not light and plain.",
        "Stand before a plain light wall.",
    ),
}


def refused(judgement: Judgement) -> Refused:
    """The refusal: the gravest condition by its own code, all faults in ``faults``."""
    first = judgement.faults[0]
    sentence, next_step = _SENTENCES.get(
        first, ("The photo does not fit.", "Take another photo.")
    )
    return Refused(
        first.value, sentence, next_step=next_step, faults=" ".join(judgement.faults)
    )
