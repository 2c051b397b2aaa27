"""The calendar of reviews, what may become a version, and the regulator's page."""

import argparse
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from kernel.cli import Operator
from kernel.errors import Refused
from services.audit.adapters import release
from services.audit.cli.matrix import MATRIX, page
from services.audit.domain.matrix import serves
from services.audit.domain.procedure import (
    Cause,
    Proposal,
    Review,
    Version,
    current_at,
    months_later,
    refuse_unfit,
)

NOON = datetime(2026, 11, 22, 7, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def version(number: int, effective_on: date) -> Version:
    return Version(
        version_id=UUID(int=number),
        sha256=bytes([number]) * 32,
        minutes=str(number),
        approved_on=date(2026, 3, 31),
        effective_on=effective_on,
    )


def proposal(**changed: Any) -> Proposal:  # noqa: ANN401 - of any field
    told: dict[str, Any] = {
        "sha256": b"\7" * 32,
        "minutes": "7",
        "approved_on": TODAY,
        "effective_on": TODAY,
    }
    return Proposal(**{**told, **changed})


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 3, 31), 12, date(2027, 3, 31)),
        (date(2026, 3, 31), 6, date(2026, 9, 30)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)
def test_a_term_in_months_ends_on_the_same_day_or_the_last(
    day: date, months: int, later: date
) -> None:
    assert months_later(day, months) == later


def test_a_review_is_overdue_from_the_day_after_it_was_due() -> None:
    review = Review(
        review_id=UUID(int=1),
        cause=Cause.LAW,
        subject="Закон",
        opened_on=TODAY,
        due_on=date(2026, 12, 1),
    )
    assert review.state(date(2026, 12, 1)) == "open"
    assert review.state(date(2026, 12, 2)) == "overdue"


def test_the_newest_version_that_has_begun_is_in_force() -> None:
    known = [
        version(1, date(2026, 3, 31)),
        version(2, TODAY),
        version(3, date(2027, 1, 1)),
    ]
    assert current_at(known, NOON) == known[1]
    assert current_at(known[2:], NOON) is None


@pytest.mark.parametrize(
    ("changed", "text", "code"),
    [
        ({"minutes": " 7"}, b"text", "minutes_missing"),
        ({"minutes": "№7"}, b"text", "minutes_missing"),
        ({}, b"\xff", "procedure_unreadable"),
        ({"approved_on": date(2026, 11, 23)}, b"text", "procedure_dates_unfit"),
        ({"effective_on": date(2026, 11, 21)}, b"text", "procedure_dates_unfit"),
        ({"minutes": "1"}, b"text", "procedure_known"),
        ({"sha256": b"\1" * 32}, b"text", "procedure_known"),
    ],
)
def test_what_cannot_be_a_version_is_refused(
    changed: dict[str, Any], text: bytes, code: str
) -> None:
    known = [version(1, TODAY)]
    with pytest.raises(Refused) as refused:
        refuse_unfit(proposal(**changed), known=known, text=text, at=NOON)
    assert refused.value.code == code


def test_what_two_agree_on_is_what_was_proposed() -> None:
    assert Proposal.of(proposal().arguments()) == proposal()


def test_what_serves_a_list_serves_its_items_and_nothing_else() -> None:
    assert serves("4.1", "4.1e")
    assert serves("4.1e", "4.1e")
    assert not serves("4.1", "4.10")
    assert not serves("", "4.7")


def test_the_release_ships_every_clause_the_text_and_the_results() -> None:
    assert len(release.clauses()) == len(release.tested()) == 58
    assert release.founding_text().decode().count("Порядок") > 1


ROW = {
    "clause": "4.7",
    "title": "Three passwords",
    "text": ["не более 3 попыток"],
    "control": "<b>Вход закрыт</b>",
    "settings": [
        {"key": "auth.lock_minutes", "value": 15, "since": "2026-03-31T00:00:00Z",
         "source": "Procedure & minutes"}
    ],
    "tests": [
        {"test": "tests/a.py::test_a", "result": "passed", "commit": "abc",
         "at": "2026-12-01T00:00:00Z"},
        {"test": "tests/a.py::test_b"},
    ],
    "evidence": [{"kind": "auth.access_locked.v1", "leaves": 2, "last_at": None}],
}  # fmt: skip


class Asked:
    """The service, as the command line asks it."""

    def ask(self, _method: str) -> dict[str, object]:
        return {"at": "2026-12-01T00:00:00Z", "uncounted": 0, "clauses": [ROW]}


def test_the_page_says_all_of_a_row_and_escapes_it() -> None:
    told = page(cast("Any", Asked().ask("matrix")))
    assert "не более 3 попыток" in told
    assert "&lt;b&gt;Вход закрыт&lt;/b&gt;" in told
    assert "Procedure &amp; minutes" in told
    assert "auth.lock_minutes = 15" in told
    assert "test_a: пройден" in told
    assert "test_b: не запускался" in told
    assert "auth.access_locked.v1: 2" in told


def test_the_page_goes_to_a_new_file(tmp_path: Path) -> None:
    asked = argparse.Namespace(html=tmp_path / "matrix.html")
    MATRIX.run(cast("Operator", Asked()), asked)
    assert "Матрица соответствия" in asked.html.read_text()
    with pytest.raises(Refused):
        MATRIX.run(cast("Operator", Asked()), asked)
