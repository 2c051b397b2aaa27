"""Documents that end: told before, told after, each once."""

from datetime import date, timedelta

import pytest

from kernel.events.onboarding import DocumentExpiryNoted
from services.onboarding.domain.person import EndingDocument
from services.onboarding.handlers.documents import watch_documents
from tests.unit.onboarding.builders import CLIENT, TODAY
from tests.unit.onboarding.fakes import Bench


def watch(bench: Bench, valid_until: date) -> list[str]:
    """Look once; what was told in all."""
    bench.unit.documents.rows[CLIENT] = EndingDocument(
        client_id=CLIENT, valid_until=valid_until
    )
    watch_documents(begin=bench.unit.begin, clock=bench.clock, rules=bench.rules)
    return [
        event.standing
        for event in bench.unit.said(DocumentExpiryNoted)
        if isinstance(event, DocumentExpiryNoted)
    ]


@pytest.mark.parametrize(
    ("days", "told"),
    [(31, []), (30, ["expiring"]), (0, ["expiring"]), (-1, ["expired"])],
)
def test_a_client_is_told_within_the_warning_time_and_after_the_last_day(
    bench: Bench, days: int, told: list[str]
) -> None:
    assert watch(bench, TODAY + timedelta(days=days)) == told


@pytest.mark.seeded("onboarding_document_told_again")
def test_each_standing_of_a_document_is_told_once(bench: Bench) -> None:
    last_day = TODAY + timedelta(days=10)
    assert [watch(bench, last_day) for _ in range(3)][-1] == ["expiring"]
    bench.clock.move(days=11)
    told = [watch(bench, last_day) for _ in range(3)][-1]
    assert told == ["expiring", "expired"]


def test_a_new_document_is_told_of_anew(bench: Bench) -> None:
    assert watch(bench, TODAY) == ["expiring"]
    assert watch(bench, TODAY + timedelta(days=5)) == ["expiring", "expiring"]
