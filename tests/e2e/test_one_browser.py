"""Several persons in one browser: antifraud sees it, and one appeals (6.1g, 6.1h)."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from infra.demo.borrower import Borrower
from infra.demo.world import World
from tests.behind import LOAN
from tests.e2e.test_from_registration_to_money import register
from tests.seeds import seed
from tests.staff import Person, Recruiter

WORDS = "Мы живём вместе, и компьютер у нас один."
REPLY = "Проверено человеком; заявку рассмотрит сотрудник."


@pytest.fixture
def household(world: World) -> Iterator[list[Borrower]]:
    """Three persons and one browser; the seed is printed when a test fails."""
    one = seed()
    people = [world.borrower(f"{one}-{number}") for number in range(3)]
    with ExitStack() as open_:
        for person in people:
            open_.enter_context(closing(person.cabinet))
            person.cabinet = people[0].cabinet
        yield people


@pytest.mark.clause("6.1g")
@pytest.mark.clause("6.1h")
def test_a_third_loan_from_one_browser_is_looked_at(
    household: list[Borrower], recruiter: Recruiter
) -> None:
    """What was seen of the browser stands in the decision, without naming it."""
    for person in household:
        register(person)
    last = household[-1]
    last.log_in()
    applied = last.cabinet.call("POST", "/applications", LOAN)
    assert applied["next_step"] == "wait_for_decision"
    client_id = last.cabinet.call("GET", "/sessions/current")["client_id"]

    officer = recruiter.recruit("officer", "fraud-officer")
    listed: Any = officer.ask("antifraud", "cases_list")
    (case,) = [one for one in listed["cases"] if client_id in one["about"]]
    shown: Any = officer.ask("antifraud", "cases_show", case_id=case["case_id"])
    decided = shown["operations"][-1]
    told: Any = officer.ask("antifraud", "explain", decision_id=decided["decision_id"])
    assert {"device_shared", "dropper"} <= {one["code"] for one in told["fired"]}
    assert told["comes_out_again"]
    appeal(last, applied["application_id"], officer)


def appeal(client: Borrower, application_id: str, officer: Person) -> None:
    """The client files it in the cabinet, and reads there what became of it."""
    body = {"about": "application", "about_id": application_id, "text": WORDS}
    filed = client.cabinet.call("POST", "/appeals", body, key="one-appeal")
    assert client.cabinet.call("POST", "/appeals", body, key="one-appeal") == filed
    assert (filed["state"], filed["about_id"]) == ("open", application_id)
    listed: Any = officer.ask("antifraud", "appeals_list")
    (entry,) = [one for one in listed["appeals"] if one["number"] == filed["number"]]
    assert (entry["filed_by"], entry["answer_by"]) == ("client", filed["answer_by"])
    officer.ask(
        "antifraud",
        "answer_appeal",
        appeal_id=filed["appeal_id"],
        outcome="partly",
        words=REPLY,
    )
    (own,) = client.cabinet.call("GET", "/appeals")["items"]
    read = client.cabinet.call("GET", f"/appeals/{own['appeal_id']}")
    assert (read["outcome"], read["text"], read["answer"]) == ("partly", WORDS, REPLY)
    client.next_message("возражени")
