"""Antifraud's officers at work, by the commands of `kredit` and over the real bus."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.demo.borrower import Borrower
from infra.demo.photo import portrait
from infra.demo.world import World
from kernel.cli.parser import parser_of
from kernel.clock import almaty_date
from kernel.errors import Refused
from services.antifraud.cli import COMMANDS
from tests.behind import LOAN
from tests.e2e.test_from_registration_to_money import register
from tests.seeds import seed
from tests.staff import Person, Recruiter
from tests.waiting import eventually

WORDS = "Мы живём вместе, и компьютер у нас один."
REPLY = "Проверено человеком; заявку рассмотрит сотрудник."


@dataclass
class Seat:
    """One of the staff before the command line."""

    person: Person

    def ask(self, method: str, **given: Any) -> Any:  # noqa: ANN401 - as they come
        """What `Operator` is to a command."""
        return self.person.ask("antifraud", method, **given)

    def run(self, *words: object) -> Any:  # noqa: ANN401 - as it comes
        """One command, as it is typed, with what it answers."""
        parser = parser_of({}, {"antifraud": ("", COMMANDS)})
        typed = parser.parse_args(["antifraud", *map(str, words)])
        answer, _ = typed.command.run(self, typed)
        return answer


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Refused) as told:
        yield
    assert told.value.code == code


@pytest.fixture
def officers(recruiter: Recruiter) -> list[Seat]:
    """Two of them: who decides first does not decide on the appeal."""
    return [Seat(recruiter.recruit(name, "fraud-officer")) for name in ("eve", "max")]


@pytest.fixture(scope="module")
def household(world: World) -> Iterator[list[Borrower]]:
    """Three clients of one browser; the seed is printed when a test fails."""
    one = seed()
    people = [world.borrower(f"{one}-{number}") for number in range(3)]
    with ExitStack() as open_:
        for person in people:
            open_.enter_context(closing(person.cabinet))
            person.cabinet = people[0].cabinet
        for person in people:
            register(person)
        people[-1].log_in()
        yield people


def client_of(borrower: Borrower) -> str:
    return str(borrower.cabinet.call("GET", "/sessions/current")["client_id"])


@pytest.mark.clause("6.1g")
@pytest.mark.clause("6.1h")
def test_a_third_loan_from_one_browser_is_looked_at(
    household: list[Borrower], officers: list[Seat]
) -> None:
    """What was seen of the browser stands in the decision; the client appeals."""
    last, officer = household[-1], officers[0]
    applied = last.cabinet.call("POST", "/applications", LOAN)
    assert applied["next_step"] == "wait_for_decision"
    about = f"client:{client_of(last)}"

    def found() -> list[str]:
        # What merely ran out of time opens no case, and is asked about again.
        listed = officer.run("cases", "list")["cases"]
        return [one["case_id"] for one in listed if one["about"] == about]

    eventually(lambda: bool(found()))
    (case_id,) = found()
    decided = officer.run("cases", "show", case_id)["operations"][-1]
    told = officer.run("decisions", "explain", decided["decision_id"])
    assert {"device_shared", "dropper"} <= {one["code"] for one in told["fired"]}
    assert told["comes_out_again"]
    appeal(last, applied["application_id"], officer)


def appeal(client: Borrower, application_id: str, officer: Seat) -> None:
    """The client files it in the cabinet, and reads there what became of it."""
    call = client.cabinet.call
    body = {"about": "application", "about_id": application_id, "text": WORDS}
    filed = call("POST", "/appeals", body, key="one-appeal")
    assert call("POST", "/appeals", body, key="one-appeal") == filed
    assert (filed["state"], filed["about_id"]) == ("open", application_id)
    listed = officer.run("appeals", "list")["appeals"]
    (entry,) = [one for one in listed if one["number"] == filed["number"]]
    assert (entry["filed_by"], entry["answer_by"]) == ("client", filed["answer_by"])
    given = {"appeal_id": filed["appeal_id"], "outcome": "partly", "words": REPLY}
    officer.ask("answer_appeal", **given)
    own = [one["appeal_id"] for one in call("GET", "/appeals")["items"]]
    # The newest first; the staff may have entered others for this client.
    assert own[0] == filed["appeal_id"]
    read = call("GET", f"/appeals/{filed['appeal_id']}")
    assert (read["outcome"], read["text"], read["answer"]) == ("partly", WORDS, REPLY)
    client.next_message("возражени")


@pytest.mark.clause("6.1g")
@pytest.mark.clause("6.1h")
def test_a_stolen_device_from_suspension_to_the_answered_appeal(
    household: list[Borrower], officers: list[Seat], tmp_path: Path
) -> None:
    """A case with a paper, two officers, a client's letter; each command once."""
    eve, max_ = officers
    name = f"device:{uuid4()}"
    held = eve.run("names", "suspend", "device", "--key", name, "--ground", "stolen")
    assert held["held"] == name
    with refused("already_suspended"):
        max_.run("names", "suspend", "device", "--key", name, "--ground", "stolen")
    assert name in {one["held"] for one in eve.run("holds", "list")["holds"]}
    with refused("term_goes_on"):
        eve.run("holds", "keep", name, "--ground", "investigated")

    listed = eve.run("cases", "list")["cases"]
    (case_id,) = [one["case_id"] for one in listed if one["about"] == name]
    eve.run("cases", "take", case_id)
    with refused("case_taken"):
        max_.run("cases", "take", case_id)
    eve.run("cases", "assign", case_id, max_.person.staff_id)
    (words := tmp_path / "words.txt").write_text("The owner was called back.")
    max_.run("cases", "note", case_id, words)
    paper(max_, case_id, tmp_path)

    client_id = client_of(household[-1])
    came = almaty_date(eve.person.door.clock.now())
    record = ("appeals", "record", client_id, name, words, "--received", came)
    appeal_id = eve.run(*record)["appeal_id"]
    with refused("appeal_open"):
        eve.run(*record)
    assert eve.run("appeals", "show", appeal_id)["words"] == words.read_text()
    eve.run("appeals", "extend", appeal_id, "--reason", "the owner is away")
    with refused("appeal_own_decision"):
        eve.run("appeals", "answer", appeal_id, "upheld", words)
    max_.run("appeals", "answer", appeal_id, "upheld", words)
    assert name not in {one["held"] for one in eve.run("holds", "list")["holds"]}
    with refused("not_suspended"):
        max_.run("holds", "release", name, "--ground", "checked")
    max_.run("cases", "close", case_id, "not_fraud", words)
    closed = eve.run("cases", "list", "--state", "closed")["cases"]
    assert case_id in {one["case_id"] for one in closed}


def paper(officer: Seat, case_id: str, folder: Path) -> None:
    """A picture goes in, and comes out made anew; nothing else goes in."""
    (sent := folder / "sent.jpg").write_bytes(portrait() + b"<script>a tail</script>")
    kept = officer.run("cases", "attach", case_id, sent)
    officer.run("cases", "fetch", case_id, kept["file_id"], got := folder / "got.jpg")
    assert got.read_bytes().startswith(b"\xff\xd8\xff")
    assert b"tail" not in got.read_bytes()
    for unfit in (b"%PDF-1.7", b"\xff\xd8\xff\xe0 no picture"):
        sent.write_bytes(unfit)
        with refused("case_file_unfit"):
            officer.run("cases", "attach", case_id, sent)


@pytest.mark.clause("6.1g")
def test_what_the_centre_was_told_is_looked_at(officers: list[Seat]) -> None:
    """And what needs nobody is not repeated, closed or armed."""
    officer, _ = officers
    assert {"reports", "items"} <= officer.run("centre", "status").keys()
    assert isinstance(officer.run("centre", "messages")["messages"], list)
    assert isinstance(officer.run("centre", "completeness")["days"], list)
    nobody = uuid4()
    with refused("not_parked"):
        officer.run("centre", "replay", nobody)
    with refused("not_parked"):
        officer.run("centre", "close", nobody, "--ground", "withdrawn")
    tripped = officer.run("rules", "tripped")["rules"]
    assert tripped == []
    with refused("rule_not_tripped"):
        officer.run("rules", "rearm", "2026-11-30", "applications_burst")
