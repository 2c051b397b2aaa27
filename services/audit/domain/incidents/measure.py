"""First measures: what is done about an incident at once, and how it ends (7.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

from kernel.errors import Refused
from services.audit.domain.scope import SUBJECT

Measure = Literal[
    "end_sessions",
    "suspend_client",
    "suspend_staff",
    "halt_sending",
    "block_login",
    "cut_off",
]
MEASURES: Final[tuple[Measure, ...]] = get_args(Measure)
"""What services do by themselves when they are told to."""
LIFTABLE: Final = frozenset[Measure]({"block_login", "suspend_staff", "cut_off"})
"""Undone here by two persons; the rest where it was done, by what undoes it there."""
NEVER_CUT: Final = frozenset({"audit", "audit-worker", "operator"})
"""Whoever orders measures, keeps the record of them, or undoes them."""
PROCESS: Final = "process"
_FITS: Final[Mapping[Measure, frozenset[str]]] = {
    "end_sessions": frozenset({"client", "login"}),
    "block_login": frozenset({"client", "login"}),
    "suspend_client": frozenset({"client"}),
    "suspend_staff": frozenset({"staff"}),
    "cut_off": frozenset({PROCESS}),
    "halt_sending": frozenset(),
}
_ABOUT: Final = re.compile(rf"{SUBJECT}|^{PROCESS}:[a-z][a-z-]{{1,39}}$")
ABOUT: Final = _ABOUT.pattern
"""Whom or what a measure concerns, as an event says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A measure on record; ``taken_at`` and ``undone_at`` are known of `cut_off` alone.

    Of the others the service they belong to tells by its own events.
    """

    measure_id: UUID
    incident_id: UUID
    measure: Measure
    about: str | None
    ordered_at: datetime
    taken_at: datetime | None = None
    lifted_at: datetime | None = None
    undone_at: datetime | None = None

    @property
    def principal(self) -> str:
        """Of `cut_off`: whose broker user it is."""
        return (self.about or "").removeprefix(f"{PROCESS}:")


def about_group(measure: Measure, group: str) -> str | None:
    """What a rule's measure concerns, by the group that it counted."""
    if measure == "cut_off":
        return f"{PROCESS}:{group}"
    return group if re.fullmatch(SUBJECT, group) else None


def fits(measure: Measure, about: str | None) -> bool:
    """Whether a measure can be taken of this."""
    wanted = _FITS[measure]
    if about is None or not wanted:
        return about is None and not wanted
    kind, _, name = about.partition(":")
    return bool(_ABOUT.fullmatch(about)) and kind in wanted and name not in NEVER_CUT


def measure_unfit() -> Refused:
    return Refused(
        "measure_unfit",
        "This measure cannot be taken of that.",
        next_step="A client or login, a member of the staff, a process: see --help.",
    )


def measure_not_found() -> Refused:
    return Refused(
        "measure_not_found",
        "There is no such measure, or it was undone.",
        next_step="See them: `kredit audit incidents show ID`.",
    )


def measure_undone_elsewhere(measure: str) -> Refused:
    return Refused(
        "measure_undone_elsewhere",
        "This measure is undone where it was taken.",
        next_step="Suspended clients: `kredit antifraud holds release`; sending:"
        " `kredit disbursement sending resume`; ended sessions: a login.",
        measure=measure,
    )
