"""The staff's command line explains itself and keeps its exit codes."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest

from kernel.cli import FINDING, OPERATIONS, main, show, verdict
from kernel.crypto import Json


def said(*words: str) -> tuple[int, str]:
    """How a command line of `contracts` ended, and what it said; nothing is called."""
    output = io.StringIO()
    with (
        redirect_stdout(output),
        redirect_stderr(output),
        pytest.raises(SystemExit) as end,
    ):
        main("contracts", arguments=words)
    return int(end.value.code or 0), output.getvalue()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    code, text = said(*name.split(), "--help")
    assert code == 0
    assert f"example: python -m services.contracts.cli {name}" in " ".join(text.split())


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("parked",),
        ("parked", "show"),
        ("parked", "show", "not-an-id"),
        ("parked", "drop", "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"),
        ("replay",),
        ("replay", "--from", "one"),
    ],
)
def test_a_wrong_command_line_is_usage(words: tuple[str, ...]) -> None:
    assert said(*words)[0] == 2


def test_a_report_is_a_finding_when_one_part_is_not_well() -> None:
    well: dict[str, Json] = {"part": "database", "well": True}
    assert verdict({"parts": [well]}) == 0
    assert verdict({"parts": [well, {**well, "well": False}]}) == FINDING


def test_an_answer_is_one_line_of_json_or_lines_for_people(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer: Json = {"service": "contracts", "parts": [{"part": "clock", "well": True}]}
    show(answer, as_json=True)
    assert json.loads(capsys.readouterr().out) == answer
    show(answer, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "service  contracts",
        "parts    1",
        "  part=clock  well=True",
    ]
