"""What an incident may be closed with, and what its timeline may say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kernel.errors import Refused
from services.audit.domain.incidents.incident import (
    OF_THE_PROCEDURE,
    Conclusion,
    Kind,
    refuse_future,
)

WHOLE = Conclusion(
    cause="A password was reused.",
    consequences="One record was seen.",
    measures="The account was suspended.",
    lesson="A second factor for every account.",
)
NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize("part", ["cause", "consequences", "measures", "lesson"])
@pytest.mark.clause("7.2a", "7.2b", "7.2c")
@pytest.mark.seeded("incident_closed_without_a_lesson")
def test_an_incident_is_closed_with_all_four(part: str) -> None:
    WHOLE.refuse_incomplete(most=500)
    with pytest.raises(Refused) as refusal:
        replace(WHOLE, **{part: " "}).refuse_incomplete(most=500)
    assert refusal.value.code == "conclusion_incomplete"
    assert refusal.value.details["missing"] == part


def test_no_number_of_a_person_stands_in_a_conclusion() -> None:
    with pytest.raises(Refused) as refusal:
        replace(WHOLE, cause="of 990101300123").refuse_incomplete(most=500)
    assert refusal.value.code == "words_hold_a_number"


def test_a_timeline_has_no_future() -> None:
    refuse_future(NOW, now=NOW)
    with pytest.raises(Refused):
        refuse_future(NOW + timedelta(microseconds=1), now=NOW)


def test_the_procedure_names_three_kinds() -> None:
    assert set(Kind) - OF_THE_PROCEDURE == {Kind.OUTAGE}
