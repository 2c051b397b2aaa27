"""The matrix over a real log: what each clause rests on, and what shows it."""

from typing import Any, cast

import pytest

from kernel.crypto import Json, as_object
from services.audit.handlers import governing
from services.audit.wiring import build
from tests.integration.audit.conftest import LogStand
from tests.integration.audit.test_log import filled, write

SIGNED = "contracts.contract_signed.v1"


def rows(stand: LogStand) -> dict[str, dict[str, Json]]:
    """By clause, as an auditor gets them; nothing is left uncounted."""
    platform = stand.platform("audit")
    answer = as_object(build(platform).governance.matrix(platform.context()))
    assert answer["uncounted"] == 0
    told = cast("list[dict[str, Json]]", answer["clauses"])
    return {str(row["clause"]): row for row in told}


def leaves(row: dict[str, Json], kind: str) -> Any:  # noqa: ANN401 - a number
    """How many the row has seen of a kind of evidence."""
    evidence = cast("list[dict[str, Json]]", row["evidence"])
    return {each["kind"]: each["leaves"] for each in evidence}[kind]


@pytest.mark.clause("1.1")
@pytest.mark.seeded("audit_matrix_forgets_what_serves_a_list")
def test_every_clause_has_its_words_its_control_and_dated_settings(
    stand: LogStand,
) -> None:
    found = rows(stand)
    assert len(found) == 58
    assert all(
        row["text"] and row["control"] and row["owners"] for row in found.values()
    )
    settings = [
        one
        for row in found.values()
        for one in cast("list[dict[str, Json]]", row["settings"])
    ]
    assert all(one["source"] and one["since"] for one in settings)
    # The Procedure's own numbers stand by the clause that sets them.
    attempts = cast("list[dict[str, Json]]", found["4.7"]["settings"])
    values = {one["key"]: one["value"] for one in attempts}
    assert (values["auth.password_attempts"], values["auth.lock_minutes"]) == (3, 15)
    # What serves a list serves each item of it.
    assert {
        one["key"] for one in cast("list[dict[str, Json]]", found["4.1e"]["settings"])
    } >= {"onboarding.photo_limits"}


@pytest.mark.clause("6.1e")
@pytest.mark.seeded("audit_evidence_counted_twice")
def test_evidence_is_every_signed_leaf_once(
    stand: LogStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts, over a log that goes on growing."""
    producer = filled(stand, 30)
    platform = stand.platform("audit")
    monkeypatch.setattr(governing, "MOST_COUNTED", 7)
    for _ in range(5):
        build(platform).governance.count_evidence()
    write(
        stand,
        [producer.event(event_type=SIGNED) for _ in range(3)],
        producer=producer,
    )
    assert leaves(rows(stand)["5.2b"], SIGNED) == 3
    assert leaves(rows(stand)["6.1e"], "opened") == 1
    counted = stand.rows("SELECT sum(leaves) AS leaves FROM audit_evidence")
    assert [row.leaves for row in counted] == [33]
