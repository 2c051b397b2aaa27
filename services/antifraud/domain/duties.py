"""What somebody owes about risks of fraud by a day, and of which all are told once."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Duty(StrEnum):
    """What is owed."""

    REVIEW = "review"
    TREATMENT = "treatment"
    ACCEPTANCE = "acceptance"
    """An acceptance has run out: the risk is open again."""
    LOSS = "loss"
    """What a fraud has cost is to be on record."""
    ANSWER = "answer"
    """What turned red is to be answered."""
    STEP = "step"
    MEASURE = "measure"
    """Both of an investigation."""
    REPORT = "report"
    """Of a quarter."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A duty whose day has passed; ``about`` is as in `RiskDutyOverdue`."""

    about: str
    duty: Duty
    due_on: date
