"""Internal investigations: ground, lead, steps, evidence, conclusion (6.1h v, vi).

::

    open → closed

All that is said or found is an entry that stays.  Whoever is investigated neither sees
it nor takes part; whoever leads it does not close it alone; whoever has to take a
measure does not attest that it was taken.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from kernel.clock import almaty_date
from kernel.context import jsonable
from kernel.crypto import as_object, canonical, parse_canonical
from kernel.errors import Refused
from kernel.policy import Policy
from kernel.words import refuse_unfit_words
from services.antifraud.domain.duties import Duty, Owed
from services.antifraud.domain.losses import Cause

LARGEST_EVIDENCE: Final = 4 * 1024 * 1024
"""Bytes of one file: in base64 it is one message of the bus."""
_GROUND: Final = re.compile(
    r"(case|appeal|indicator|risk|alert|incident):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)


class Kind(StrEnum):
    """What an entry is; ``DONE`` and ``TAKEN`` end a step and a measure."""

    NOTE = "note"
    LEAD = "lead"
    SUBJECT = "subject"
    STEP = "step"
    DONE = "done"
    EVIDENCE = "evidence"
    MEASURE = "measure"
    TAKEN = "taken"
    CONCLUSION = "conclusion"


ENDS: Final = {Kind.DONE: Kind.STEP, Kind.TAKEN: Kind.MEASURE}
DUTIES: Final = {Kind.STEP: Duty.STEP, Kind.MEASURE: Duty.MEASURE}


class Finding(StrEnum):
    """What an investigation came to."""

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry; its content is sealed, and ``sha256`` its digest.

    ``of`` is the entry it ends, ``who`` the lead, the subject or the owner of a
    measure, ``due_on`` the last day of a step or a measure.
    """

    entry_id: UUID
    at: datetime
    by: UUID
    kind: Kind
    size: int
    sha256: str
    of: UUID | None = None
    who: UUID | None = None
    due_on: date | None = None
    risk_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What an investigation is closed with."""

    finding: Finding
    cause: Cause
    words: str

    @property
    def written(self) -> bytes:
        """What `conclusion_of` reads back."""
        return canonical(jsonable(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Two persons closed it, with a conclusion that is an entry."""

    at: datetime
    conclusion_id: UUID
    finding: Finding
    asked_by: UUID
    approved_by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigation:
    """An investigation as it stands: its head, every entry, its end."""

    investigation_id: UUID
    number: int
    ground: str
    opened_at: datetime
    opened_by: UUID
    entries: Sequence[Entry]
    end: End | None

    @property
    def lead(self) -> UUID:
        """Who was named last."""
        return [e.who for e in self.entries if e.kind is Kind.LEAD and e.who][-1]

    @property
    def subjects(self) -> frozenset[UUID]:
        """Of the staff, who is investigated."""
        return frozenset(
            e.who for e in self.entries if e.kind is Kind.SUBJECT and e.who
        )

    @property
    def concluded(self) -> Entry | None:
        """The conclusion that was said last."""
        said = [entry for entry in self.entries if entry.kind is Kind.CONCLUSION]
        return said[-1] if said else None

    @property
    def unfinished(self) -> Sequence[Entry]:
        """Steps and measures nobody has ended."""
        ended = {entry.of for entry in self.entries if entry.of}
        return [
            entry
            for entry in self.entries
            if entry.kind in DUTIES and entry.entry_id not in ended
        ]

    def refuse_subject(self, by: UUID) -> None:
        """Refused ``investigation_not_found``: its subjects learn nothing of it."""
        if by in self.subjects:
            raise investigation_not_found()

    def refuse_closed(self) -> None:
        """Refused ``investigation_closed``."""
        if self.end is not None:
            raise Refused(
                "investigation_closed",
                "The investigation is closed and stays as it is.",
                next_step="What comes up anew opens another, of the same ground.",
            )

    def refuse_unfinished(self, finding: Finding, *, by: UUID) -> None:
        """By its lead, with every step done; what was confirmed has a measure.

        Refused ``investigation_not_yours``, ``investigation_unfinished``,
        ``investigation_without_measures``.
        """
        if by != self.lead:
            raise Refused(
                "investigation_not_yours",
                "An investigation is concluded by whoever leads it.",
                next_step="Have it assigned: `kredit antifraud investigations assign`.",
            )
        kinds = [entry.kind for entry in self.entries]
        left = [entry for entry in self.unfinished if entry.kind is Kind.STEP]
        if left or Kind.STEP not in kinds:
            raise Refused(
                "investigation_unfinished",
                "It has no plan, or steps of its plan are not done.",
                next_step="Do them: `kredit antifraud investigations done ID STEP`.",
                steps=len(left),
            )
        if finding is Finding.CONFIRMED and Kind.MEASURE not in kinds:
            raise Refused(
                "investigation_without_measures",
                "What was confirmed is followed by a measure.",
                next_step="Order one: `kredit antifraud investigations measure ID`.",
            )

    def refuse_own_approval(self, by: UUID) -> None:
        """Refused ``investigation_is_yours``: the lead does not close it alone."""
        self.refuse_subject(by)
        if by == self.lead:
            raise Refused(
                "investigation_is_yours",
                "Whoever leads an investigation does not close it alone.",
                next_step="Let another person who may decide read it.",
            )

    def found(self, entry_id: UUID, kind: Kind) -> Entry:
        """An entry of a kind.  Refused ``investigation_entry_not_found``."""
        for entry in self.entries:
            if (entry.entry_id, entry.kind) == (entry_id, kind):
                return entry
        raise Refused(
            "investigation_entry_not_found",
            "The investigation has no such entry.",
            next_step="Show it: `kredit antifraud investigations show ID`.",
        )

    def overdue(self, today: date) -> Sequence[Owed]:
        """Steps of an open one, and measures always, whose day has passed."""
        return [
            Owed(f"{entry.kind}:{entry.entry_id}", DUTIES[entry.kind], entry.due_on)
            for entry in self.unfinished
            if entry.due_on is not None and entry.due_on < today
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvestigationRules:
    """What the dated settings say of investigations at an instant."""

    today: date
    most_files: int
    most_characters: int

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        return cls(
            today=almaty_date(now),
            most_files=policy.integer("antifraud.investigation_files", now),
            most_characters=policy.integer("antifraud.case_note_characters", now),
        )

    def refuse_unfit(self, words: str, *, due_on: date | None = None) -> None:
        """Refused as `refuse_unfit_words`, and ``due_day_unfit`` of a day past."""
        refuse_unfit_words(words, most=self.most_characters)
        if due_on is not None and due_on < self.today:
            raise Refused(
                "due_day_unfit",
                "That day has passed.",
                next_step="Choose today or a later one.",
            )

    def refuse_unfit_file(self, content: bytes, one: Investigation) -> None:
        """Refused ``evidence_unfit``, ``evidence_many``."""
        if not 0 < len(content) <= LARGEST_EVIDENCE:
            raise Refused(
                "evidence_unfit",
                "Evidence is a file of one byte to 4 MiB.",
                next_step="Pack it, or keep it in parts.",
            )
        if sum(e.kind is Kind.EVIDENCE for e in one.entries) >= self.most_files:
            raise Refused(
                "evidence_many",
                "The investigation has as much evidence as it may have.",
                next_step="Put what belongs together into one file.",
                most=self.most_files,
            )


def number_of(number: int) -> str:
    """As persons name it: ``I-7``."""
    return f"I-{number}"


def conclusion_of(content: bytes) -> Conclusion:
    """What `Conclusion.written` wrote."""
    said = as_object(parse_canonical(content))
    return Conclusion(
        finding=Finding(str(said["finding"])),
        cause=Cause(str(said["cause"])),
        words=str(said["words"]),
    )


def ground_of(text: str) -> tuple[str, UUID]:
    """Kind and id of a ground.  Refused ``ground_unfit``."""
    if _GROUND.fullmatch(text) is None:
        raise ground_unfit()
    kind, _, named = text.partition(":")
    return kind, UUID(named)


def ground_unfit() -> Refused:
    return Refused(
        "ground_unfit",
        "An investigation is of a case, an appeal, a risk, or the like, that is there.",
        next_step="Name it: case:ID, appeal:ID, indicator:ID, risk:ID, alert:ID,"
        " incident:ID.",
    )


def investigation_not_found() -> Refused:
    return Refused(
        "investigation_not_found",
        "There is no such investigation.",
        next_step="List them: `kredit antifraud investigations list`.",
    )


def already_ended() -> Refused:
    return Refused(
        "investigation_entry_ended",
        "That step or measure has been ended.",
        next_step="Show it: `kredit antifraud investigations show ID`.",
    )


def measure_is_yours() -> Refused:
    return Refused(
        "measure_is_yours",
        "Whoever has to take a measure does not attest that it was taken.",
        next_step="Let another person look and say so.",
    )


def conclusion_replaced() -> Refused:
    return Refused(
        "conclusion_replaced",
        "The lead has concluded anew since this was asked.",
        next_step="Decide the newer request, and let this one run out.",
    )


def lead_is_subject() -> Refused:
    return Refused(
        "lead_is_subject",
        "Whoever is investigated does not lead.",
        next_step="Name another person.",
    )
