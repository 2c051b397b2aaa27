"""The staff's commands of contracts: what they ask for, and what they send."""

import argparse
import io
from pathlib import Path
from typing import Any

import pytest

from kernel.cli import Namespace
from kernel.errors import Refused
from services.contracts.cli import COMMANDS

IIN = "931002451325"


class Asked:
    """Notes what a command asks its service."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def ask(self, method: str, **arguments: object) -> dict[str, object]:
        self.calls.append((method, arguments))
        return {}


def run(command: str, *words: str) -> tuple[str, dict[str, Any]]:
    parser, operator = argparse.ArgumentParser(), Asked()
    COMMANDS[command].arguments(parser)
    arguments: Namespace = parser.parse_args(words)
    COMMANDS[command].run(operator, arguments)  # type: ignore[arg-type]  # a twin
    return operator.calls[-1]


def test_a_person_is_asked_for_and_stands_in_no_argument(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line of standard input; as an argument it is no word the command knows."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{IIN}\n"))
    method, given = run("search", "--iin", "--state", "active")
    assert (method, given["iin"]) == ("search_contracts", IIN)
    assert given["state"] == "active"
    with pytest.raises(SystemExit):
        run("search", "--iin", IIN)
    assert IIN not in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("+7 701 123 45 67\n"))
    assert run("search", "--phone")[1]["phone"] == "+7 701 123 45 67"


def test_an_answer_comes_from_a_file_of_text(tmp_path: Path) -> None:
    """Or not at all."""
    file, id_ = tmp_path / "answer.txt", "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
    file.write_text("Платёж пришёл.")
    assert run("inquiries answer", id_, str(file))[1]["text"] == "Платёж пришёл."
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match="file_unreadable"):
        run("inquiries answer", id_, str(file))
