"""What an incident is, how it goes on, and when it may be closed (clauses 7.2, 7.3).

It is open until the measures taken stop it, contained until it is understood, and then
closed for good with cause, consequences, measures and lesson.  When it was detected
never changes: the terms of notices run from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from kernel.errors import Refused
from kernel.words import refuse_unfit_words

LARGEST_EVIDENCE: Final = 4 * 1024 * 1024
"""Bytes of one file: in base64 it is one message of the bus."""


class Kind(StrEnum):
    """What has happened: the three of clause 7.2, and an outage."""

    UNAUTHORISED_ACCESS = "unauthorised_access"
    UNAUTHORISED_CHANGE = "unauthorised_change"
    FRAUD = "fraud"
    OUTAGE = "outage"


OF_THE_PROCEDURE: Final = frozenset(Kind) - {Kind.OUTAGE}
"""Clause 7.2: these are reported whatever a setting says."""
OF_PERSONAL_DATA: Final = frozenset(
    {Kind.UNAUTHORISED_ACCESS, Kind.UNAUTHORISED_CHANGE}
)
"""They may have reached personal data until it is shown that they did not."""


class Severity(StrEnum):
    """How bad it is, as far as it is known."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class State(StrEnum):
    """How far it has come."""

    OPEN = "open"
    CONTAINED = "contained"
    CLOSED = "closed"


Said = Literal["alert", "note", "measure", "fact"]
"""What an entry of the timeline is; a fact is news, of which is told anew (7.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident, as it stands."""

    incident_id: UUID
    kind: Kind
    severity: Severity
    about: str | None
    detected_at: datetime
    opened_at: datetime
    opened_by: UUID | None
    owner: UUID | None
    reportable: bool
    contained_at: datetime | None
    closed_at: datetime | None
    closed_by: UUID | None

    @property
    def state(self) -> State:
        if self.closed_at is not None:
            return State.CLOSED
        return State.OPEN if self.contained_at is None else State.CONTAINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the timeline; it stays as it is.

    ``at`` is when it came about, ``noted_at`` when it was written down.
    """

    entry_id: UUID
    at: datetime
    noted_at: datetime
    by: UUID | None
    kind: Said
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """Who had a piece of evidence in their hands, and when."""

    at: datetime
    by: UUID
    act: Literal["taken", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A piece of evidence without its bytes; ``leaf`` is the leaf's number."""

    evidence_id: UUID
    leaf: int | None
    size: int
    sha256: str
    custody: Sequence[Custody]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What an incident is closed with: all four, or it stays open (clause 7.2)."""

    cause: str
    consequences: str
    measures: str
    lesson: str

    def refuse_incomplete(self, *, most: int) -> None:
        """Refused ``conclusion_incomplete``, and as `refuse_unfit_words`."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        missing = sorted(name for name, text in said.items() if not text.strip())
        if missing:
            raise Refused(
                "conclusion_incomplete",
                "An incident is closed with cause, consequences, measures and lesson.",
                next_step=f"Say also: {', '.join(missing)}.",
                missing=", ".join(missing),
            )
        for text in said.values():
            refuse_unfit_words(text, most=most)


def refuse_unfinished(incident: Incident, *, by: UUID, unsent: int) -> None:
    """By its owner, contained, with every notice sent: then it may be closed.

    Refused ``incident_not_yours``, ``incident_not_contained``,
    ``incident_notices_unsent``.
    """
    if incident.owner != by:
        raise Refused(
            "incident_not_yours",
            "An incident is closed by whoever leads it.",
            next_step="Have it assigned: `kredit audit incidents assign ID STAFF`.",
        )
    if incident.state is not State.CONTAINED:
        raise Refused(
            "incident_not_contained",
            "Nothing on record stops it from going on.",
            next_step="Record the measures: `kredit audit incidents contain ID`.",
        )
    if unsent:
        raise Refused(
            "incident_notices_unsent",
            "Somebody who must be told of it has not been told.",
            next_step="See `kredit audit notices list`.",
            unsent=unsent,
        )


def refuse_future(at: datetime, *, now: datetime) -> None:
    """A timeline has no future.  Refused ``time_in_future``."""
    if at > now:
        raise Refused(
            "time_in_future",
            "This has not come about yet.",
            next_step="Look at date and time zone.",
        )


def incident_not_found() -> Refused:
    return Refused(
        "incident_not_found",
        "There is no such incident.",
        next_step="List them: `kredit audit incidents list`.",
    )


def incident_closed() -> Refused:
    return Refused(
        "incident_closed",
        "The incident is closed and stays as it is.",
        next_step="What comes up anew opens another, which may name this one.",
    )


def incident_not_reportable() -> Refused:
    return Refused(
        "incident_not_reportable",
        "This incident is not reported already.",
        next_step="Nothing is left to do.",
    )


def evidence_unfit() -> Refused:
    return Refused(
        "evidence_unfit",
        "Evidence is a file of one byte to 4 MiB.",
        next_step="Pack it, or keep it in parts.",
    )


def evidence_many(most: int) -> Refused:
    return Refused(
        "evidence_many",
        "The incident has as much evidence as it may have.",
        next_step="Put what belongs together into one file.",
        most=most,
    )


def evidence_not_found() -> Refused:
    return Refused(
        "evidence_not_found",
        "The incident has no such evidence.",
        next_step="Show the incident.",
    )
