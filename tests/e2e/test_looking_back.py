"""A client writes, one of the staff finds the contract and answers: all is seen."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.demo.borrower import Borrower
from infra.demo.world import World
from tests.e2e.test_from_registration_to_money import AMOUNT, register
from tests.seeds import seed
from tests.staff import Recruiter
from tests.waiting import eventually

WORDS = "Когда придут деньги?"
REPLY = "Завтра до полудня."


@pytest.fixture
def borrower(world: World) -> Iterator[Borrower]:
    """Somebody new; the seed is printed when a test fails."""
    person = world.borrower(seed())
    yield person
    person.cabinet.close()


def test_a_client_is_found_answered_and_sees_who_looked(
    borrower: Borrower, recruiter: Recruiter
) -> None:
    """By ИИН over the wire; the way of the contract stands with its events."""
    register(borrower)
    borrower.log_in()
    application = borrower.apply(AMOUNT)
    clerk = recruiter.recruit("clerk", "client-care")
    opened = borrower.cabinet.call(
        "POST", "/inquiries", {"text": WORDS, "contract_id": borrower.contract_id}
    )
    found: Any = clerk.ask("contracts", "search_contracts", iin=borrower.person.iin)
    assert [one["contract_id"] for one in found["contracts"]] == [borrower.contract_id]
    told: Any = clerk.ask(
        "contracts", "contract_timeline", contract_id=borrower.contract_id
    )
    assert "contract_offered" in {line["what"] for line in told["timeline"]}
    inquiry_id = opened["inquiry_id"]
    read: Any = clerk.ask(
        "contracts", "read_inquiry", inquiry_id=inquiry_id, purpose="client_request"
    )
    assert [letter["text"] for letter in read["letters"]] == [WORDS]
    clerk.ask("contracts", "answer_inquiry", inquiry_id=inquiry_id, text=REPLY)
    shown = borrower.cabinet.call("GET", f"/inquiries/{inquiry_id}")
    assert (shown["state"], shown["letters"][-1]["text"]) == ("answered", REPLY)
    progress = borrower.cabinet.call(
        "GET", f"/applications/{application['application_id']}/progress"
    )
    assert (progress["actor"], progress["next_step"]) == ("client", "sign")

    def seen() -> bool:
        history = borrower.cabinet.call("GET", "/personal-data/access-history")
        looks = {(one["who"], one["why"]) for one in history["items"]}
        return {("staff", "search"), ("staff", "client_request")} <= looks

    eventually(seen)
