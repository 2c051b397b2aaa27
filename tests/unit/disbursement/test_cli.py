"""The staff's commands of disbursement: what they ask for, and what is a finding."""

import argparse
from typing import Any
from uuid import UUID

import pytest

from kernel.cli import FINDING
from services.disbursement.cli import COMMANDS

ID = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"


class Asked:
    """Notes what a command asks its service."""

    def __init__(self, answer: dict[str, object]) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._answer = answer

    def ask(self, method: str, **arguments: object) -> dict[str, object]:
        self.calls.append((method, arguments))
        return self._answer


def run(command: str, *words: str, **answer: object) -> tuple[Asked, int]:
    parser, operator = argparse.ArgumentParser(), Asked(answer)
    COMMANDS[command].arguments(parser)
    arguments = parser.parse_args(words)
    _, code = COMMANDS[command].run(operator, arguments)  # type: ignore[arg-type]  # a twin
    return operator, code


def test_a_case_is_resolved_with_a_reason() -> None:
    """And never without one."""
    asked, _ = run("cases resolve", ID, "--reason", "fee of the bank")
    assert asked.calls == [
        ("resolve_case", {"case_id": UUID(ID), "reason": "fee of the bank"})
    ]
    with pytest.raises(SystemExit):
        run("cases resolve", ID)


@pytest.mark.parametrize("command", ["sending halt", "sending resume", "cases resolve"])
def test_what_changes_something_says_so_first(command: str) -> None:
    assert COMMANDS[command].effect is not None


@pytest.mark.parametrize(
    ("balanced", "differing", "code"),
    [(True, [], 0), (True, ["2026-11-21"], FINDING), (False, [], FINDING)],
)
def test_a_day_that_differs_from_its_proof_is_a_finding(
    balanced: object, differing: list[str], code: int
) -> None:
    _, told = run("ledger proof", balanced=balanced, differing=differing)
    assert told == code
