"""Every command explains itself, and its words do not change unseen."""

import pytest

from kernel.cli.__main__ import doors, main
from kernel.cli.operations import OPERATIONS
from kernel.cli.person import PERSON
from tests.help import COLUMNS, FOLDER, leaves, pages
from tests.unit.kernel.cli.conftest import Desk

LEAVES = sorted(leaves())


def test_every_help_is_as_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it is not: ``make commands``, and say so in the changelog."""
    monkeypatch.setenv("COLUMNS", COLUMNS)
    recorded = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert recorded == pages()


def test_no_help_is_wider_than_its_page() -> None:
    wide = [
        line
        for path in FOLDER.iterdir()
        for line in path.read_text().splitlines()
        if len(line) > int(COLUMNS) - 2 and "--help" not in line
    ]
    assert wide == []


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_command_has_help_with_an_example(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([*words[1:], "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0
    assert f"{' '.join(words)}" in told.partition("example:")[2]


@pytest.mark.parametrize("service", sorted(doors()))
def test_every_service_has_every_operation(service: str) -> None:
    assert OPERATIONS.keys() <= doors({service})[service][1].keys()


def test_only_the_service_that_was_named_is_opened() -> None:
    opened = {name for name, (_, commands) in doors({"audit"}).items() if commands}
    assert opened == {"audit"}


CHANGES = frozenset(
    {
        "acknowledge", "add", "affect", "amend", "answer", "approve", "ask",
        "assign", "close", "contain", "correct", "downgrade", "drop", "end",
        "export", "extend", "extract", "grant", "halt", "hold", "import",
        "invite", "keep", "lift", "open", "order", "propose", "record",
        "recover", "refuse", "reject", "release", "remove", "repeat", "replay",
        "request", "resend", "resolve", "resume", "revise", "revoke",
        "rollback", "settle", "stop", "suppress", "suspend", "undo",
    }
)  # fmt: skip
"""Verbs after which something is not as it was."""


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_what_changes_something_shows_its_effect_first(words: tuple[str, ...]) -> None:
    """By its verb; the words of logging in are the person's own."""
    if len(words) > 1 and words[1] == "completion":
        return
    tables = {"": PERSON} | {name: table for name, (_, table) in doors().items()}
    own, *rest = words[1:]
    table = tables.get(own, PERSON)
    command = table[" ".join(rest if own in tables else words[1:])]
    assert (command.effect is not None) == (words[-1] in CHANGES)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nonsense",),
        ("contracts",),
        ("contracts", "parked"),
        ("contracts", "parked", "show"),
        ("contracts", "parked", "show", "not-an-id"),
        ("contracts", "parked", "drop", "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"),
        ("contracts", "replay"),
        ("contracts", "replay", "--from", "one"),
        ("contracts", "status", "--yes"),
        ("contracts", "status", "--json", "-q"),
        ("completion", "fish"),
        ("login", "--password", "x"),
    ],
)
def test_a_wrong_command_line_is_usage(words: tuple[str, ...], desk: Desk) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert desk.bus.asked == []
