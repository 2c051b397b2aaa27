"""The report of a quarter on the risks of fraud, in Russian and in Kazakh (6.1h).

What was true of the register when it was made; what came about within the quarter.  No
client and no member of the staff stands on it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from kernel.clock import almaty_date
from kernel.money import MINOR_PER_MAJOR, Money
from kernel.papers import Bars, Grid, Line
from services.antifraud.domain.assessing import HIGHEST
from services.antifraud.domain.indicators import Colour, Indicator, Reading
from services.antifraud.domain.losses import Loss, Sums, by_cause, sums_of
from services.antifraud.domain.quarterly_words import WORDS, Words
from services.antifraud.domain.quarters import Quarter
from services.antifraud.domain.risks import Risk, State, number_of

Language = Literal["ru", "kk"]
Form = Literal["pdf", "html"]
LANGUAGES: Final[tuple[Language, ...]] = ("ru", "kk")
FORMS: Final[tuple[Form, ...]] = ("pdf", "html")
MOST_RISKS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What antifraud counted within the quarter."""

    cases_opened: int
    frauds: int
    not_frauds: int
    appeals_received: int
    appeals_answered: int
    appeals_upheld: int
    investigations_opened: int
    investigations_closed: int
    measures_open: int
    duties_told: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the report is made of; ``losses``: of this quarter and the three before."""

    quarter: Quarter
    made_at: datetime
    risks: Sequence[Risk]
    losses: Mapping[Quarter, Sequence[Loss]]
    indicators: Sequence[tuple[Indicator, Sequence[Reading]]]
    happened: Happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What stands on the pages, in one language."""

    language: Language
    title: str
    parts: tuple[Line | Grid | Bars, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A report in one language and form."""

    language: Language
    form: Form
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A report on record, by the digests of its files."""

    report_id: UUID
    quarter: str
    made_at: datetime
    made_by: UUID
    sha256: Mapping[str, str]
    """By ``ru.pdf`` and the like."""


def report(facts: Facts, *, language: Language) -> Report:
    """The pages, with a matrix and plots."""
    words = WORDS[language]
    title = words.title.format(quarter=facts.quarter.number, year=facts.quarter.year)
    made_on = f"{almaty_date(facts.made_at):%d.%m.%Y}"
    return Report(
        language=language,
        title=title,
        parts=(
            Line("title", title),
            Line("small", words.made.format(day=made_on)),
            *_register(facts, words),
            *_losses(facts, words),
            *_indicators(facts, words, language),
            *_happened(facts.happened, words),
        ),
    )


def _register(facts: Facts, words: Words) -> Sequence[Line | Grid | Bars]:
    today = almaty_date(facts.made_at)
    live = [risk for risk in facts.risks if not risk.is_closed]
    live.sort(key=lambda risk: (-risk.revision.says.residual.score, risk.number))
    rows = [
        (
            number_of(risk.number),
            risk.revision.says.title,
            words.categories[risk.revision.says.category],
            str(risk.revision.says.inherent.score),
            str(risk.revision.says.residual.score),
            words.treatments[risk.revision.says.treatment],
            words.states[risk.state(today)],
            words.late if risk.overdue(today) else "",
        )
        for risk in live[:MOST_RISKS]
    ]
    states = Counter(risk.state(today) for risk in facts.risks)
    counts = tuple((words.states[state], states[state]) for state in State)
    return [
        Line("heading", words.register),
        *_bars(words.by_state, counts),
        Line("heading", words.matrix),
        Grid((3, 1, 1, 1, 1, 1), _matrix(live, words)),
        Line("heading", words.risks),
        Grid((2, 8, 4, 3, 3, 4, 4, 4), (words.risk_columns, *rows)),
    ]


def _matrix(live: Sequence[Risk], words: Words) -> tuple[tuple[str, ...], ...]:
    """How many risks have so much left, the likeliest first."""
    cells = Counter(
        (risk.revision.says.residual.likelihood, risk.revision.says.residual.impact)
        for risk in live
    )
    sides = range(1, HIGHEST + 1)
    return (
        (words.corner, *map(str, sides)),
        *(
            (
                str(likelihood),
                *(str(cells[likelihood, impact] or "") for impact in sides),
            )
            for likelihood in reversed(sides)
        ),
    )


def _losses(facts: Facts, words: Words) -> Sequence[Line | Grid | Bars]:
    of_quarter = facts.losses[facts.quarter]
    rows = [
        (words.causes[cause], *_sums(sums))
        for cause, sums in by_cause(of_quarter).items()
    ]
    trend = tuple(
        (quarter.name, sums_of(losses).net.amount_minor // MINOR_PER_MAJOR)
        for quarter, losses in sorted(facts.losses.items())
    )
    return [
        Line("heading", words.losses),
        Grid(
            (6, 2, 4, 4, 4),
            (words.loss_columns, *rows, (words.whole, *_sums(sums_of(of_quarter)))),
        ),
        *_bars(words.trend, trend),
    ]


def _sums(sums: Sums) -> tuple[str, ...]:
    amounts = (sums.gross, sums.recovered, sums.net)
    return (str(sums.count), *map(_amount, amounts))


def _amount(money: Money) -> str:
    """Without the sign of the tenge, which the typeface has not: the head says it."""
    return str(money).removesuffix("₸").rstrip()


def _indicators(
    facts: Facts, words: Words, language: Language
) -> Sequence[Line | Grid | Bars]:
    rows, red = [], []
    for one, readings in facts.indicators:
        name = one.ru if language == "ru" else one.kk
        if not readings:
            rows.append((name, "", "", "", "", ""))
            continue
        last = readings[-1]
        hot = sum(reading.colour is Colour.RED for reading in readings)
        rows.append(
            (
                name,
                f"{last.limits.amber} / {last.limits.red}",
                str(last.value),
                str(max(reading.value for reading in readings)),
                words.colours[last.colour.word],
                str(hot),
            )
        )
        red.append((name, hot))
    return [
        Line("heading", words.indicators),
        Grid((8, 3, 3, 3, 3, 3), (words.indicator_columns, *rows)),
        *_bars(words.red, tuple(red)),
    ]


def _happened(happened: Happened, words: Words) -> Sequence[Line | Grid | Bars]:
    counts = (
        *(happened.cases_opened, happened.frauds, happened.not_frauds),
        *(happened.appeals_received, happened.appeals_answered),
        *(happened.appeals_upheld, happened.investigations_opened),
        *(happened.investigations_closed, happened.measures_open),
        happened.duties_told,
    )
    rows = zip(words.happened_rows, map(str, counts), strict=True)
    return [Line("heading", words.happened), Grid((9, 2), (words.count, *rows))]


def _bars(title: str, counts: tuple[tuple[str, int], ...]) -> Sequence[Bars]:
    """A plot, if there is anything to be plotted."""
    return [Bars(title, counts)] if any(count > 0 for _, count in counts) else []
