"""Answers as people, programs and other commands read them."""

import json

import pytest

from kernel.cli import Listing, show
from kernel.cli.command import FINDING, verdict
from kernel.cli.output import Row, printable, table
from kernel.crypto import Json

ID = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
OTHER = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d22"
LISTING = Listing(member="parked", id_of="message_id", none="Nothing is parked.")
ANSWER: Json = {
    "service": "contracts",
    "parked": [
        {"message_id": ID, "age_s": 5, "at": "2026-11-29T00:30:00.000000Z"},
        {"message_id": OTHER, "age_s": 17, "at": None},
    ],
}

Out = pytest.CaptureFixture[str]


def test_a_list_is_a_table_for_people(capsys: Out) -> None:
    """With times of Almaty, a day later there than in UTC late in the evening."""
    show(ANSWER, as_json=False, listing=LISTING)
    assert capsys.readouterr().out.splitlines() == [
        "service  contracts",
        "message id                            age s  at",
        f"{ID}  5      2026-11-29 05:30:00+05",
        f"{OTHER}  17     –",
    ]


def test_json_is_the_answer_itself_on_one_line(capsys: Out) -> None:
    """With RFC 3339 in UTC, whole."""
    show(ANSWER, as_json=True, listing=LISTING)
    out = capsys.readouterr().out
    assert (json.loads(out), out.count("\n")) == (ANSWER, 1)


def test_quiet_is_the_ids_alone(capsys: Out) -> None:
    show(ANSWER, as_json=False, quiet=True, listing=LISTING)
    show({"approval_id": ID, "x": 1}, as_json=False, quiet=True, id_of="approval_id")
    show({"x": 1}, as_json=False, quiet=True)
    assert capsys.readouterr().out.splitlines() == [ID, OTHER, ID]


def test_an_empty_list_says_so(capsys: Out) -> None:
    """To people; a program reads the empty list, a pipe nothing."""
    empty: Json = {"parked": []}
    show(empty, as_json=False, listing=LISTING)
    show(empty, as_json=True, listing=LISTING)
    show(empty, as_json=False, quiet=True, listing=LISTING)
    assert capsys.readouterr().out == 'Nothing is parked.\n{"parked":[]}\n'


def test_values_in_values_are_told_in_words(capsys: Out) -> None:
    answer: Json = {
        "inbox": {"waiting": 0, "parked": 2},
        "well": True,
        "parts": [{"part": "clock", "well": False}],
        "roles": ["auditor", "treasurer"],
        "people": {"roles": [{"by": "y", "role": "auditor"}, {"role": "x"}]},
        "text": "one\ntwo",
        "none": [],
    }
    show(answer, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "inbox   waiting=0, parked=2",
        "well    yes",
        "parts",
        "  part   well",
        "  clock  no",
        "roles   auditor, treasurer",
        "people  roles=auditor, x",
        "text",
        "  one",
        "  two",
        "none    –",
    ]


def test_a_wide_table_is_cut_to_the_terminal_and_ids_are_not() -> None:
    rows: list[Row] = [
        {"subject": f"contract:{ID}", "type": "contracts.contract_annulled.v1", "n": 7}
    ]
    lines = table(rows, ["subject", "type", "n"], 60)
    assert lines == [
        "subject                                        type        n",
        f"contract:{ID}  contracts…  7",
    ]
    assert max(map(len, lines)) <= 60
    narrow = table(rows, ["subject", "type", "n"], 10)
    assert narrow[1] == f"contract:{ID}  contr…  7"


def test_every_column_is_cut_before_one_is_cut_away() -> None:
    rows: list[Row] = [{"a": "x" * 50, "b": "y" * 30, "c": "z"}]
    assert table(rows, ["a", "b", "c"], 24)[1] == f"{'x' * 8}…  {'y' * 9}…  z"


@pytest.mark.seeded("cli_shows_what_steers_a_terminal")
@pytest.mark.parametrize(
    "evil",
    [
        "\x1b]0;owned\x07",
        "\x1b[2J",
        "a\rb",
        "a\nb",
        "a\x9bb",
        "a\u202eb",
        "a\u2066b",
        "a\x00",
    ],
)
def test_nothing_that_others_wrote_steers_the_terminal(evil: str, capsys: Out) -> None:
    """In a value, a name, a row; JSON writes it as an escape of its own."""
    show({"reason": evil, evil: 1, "in": {evil: evil}}, as_json=False)
    show({"parked": [{"reason": evil, evil: 1}]}, as_json=False, listing=LISTING)
    show({evil: [{evil: evil}]}, as_json=False)
    shown = capsys.readouterr().out.split("\n")
    assert [line for line in shown if not line.isprintable()] == []
    assert "".join(shown).strip()
    assert printable(evil).isprintable()


def test_letters_of_three_languages_stay() -> None:
    for text in ("Қазақша әңгіме ұ ө", "Русский №", "1\u00a0000 ₸"):
        assert printable(text).replace(" ", "") == text.replace("\u00a0", "").replace(
            " ", ""
        )


def test_a_report_is_a_finding_when_one_part_is_not_well() -> None:
    well: dict[str, Json] = {"part": "database", "well": True}
    assert verdict({"parts": [well]}) == 0
    assert verdict({"parts": [well, {**well, "well": False}]}) == FINDING
