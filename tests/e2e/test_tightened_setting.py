"""A stricter value agreed on by two is in force on the platform as it runs (6.3)."""

from typing import Any
from uuid import UUID

import pytest

from infra.demo.cabinet import ProblemError
from infra.demo.world import World
from kernel.errors import Refused
from tests.e2e.test_from_registration_to_money import register
from tests.seeds import seed
from tests.staff import Person, Recruiter
from tests.waiting import eventually

LENGTH = "inquiries.most_characters"
ORDER = "Приказ №12"


def proposed(person: Person, value: int) -> UUID:
    """Whoever may propose asks; refused if the value is weaker than its floor."""
    asked = person.ask(
        "audit", "propose_setting", key=LENGTH, value=[str(value)], source=ORDER
    )
    return UUID(str(asked["approval_id"]))


@pytest.mark.clause("6.3")
@pytest.mark.seeded("settings_unheard_by_a_service")
def test_a_service_takes_a_stricter_value_without_a_restart(
    world: World, recruiter: Recruiter
) -> None:
    """Proposed, agreed to by another, told by an event, kept by contracts."""
    borrower = world.borrower(seed())
    register(borrower)
    borrower.log_in()
    longest = {"text": "а" * 4_000}
    borrower.cabinet.call("POST", "/inquiries", longest)

    liaison = recruiter.recruit("liaison", "regulator-liaison")
    with pytest.raises(Refused) as refused:
        proposed(liaison, 10_001)
    assert refused.value.code == "setting_too_weak"
    asked = proposed(liaison, 3_999)
    recruiter.second.ask("audit", "approve", approval_id=str(asked))

    codes: list[str] = []

    def is_refused() -> bool:
        try:
            borrower.cabinet.call("POST", "/inquiries", longest)
        except ProblemError as problem:
            codes.append(problem.code)
        return "letter_unfit" in codes

    eventually(is_refused, told=lambda: codes)
    borrower.cabinet.close()
    auditor = recruiter.recruit("auditor", "auditor")
    eventually(lambda: value_in_the_matrix(auditor) == 3_999)


def value_in_the_matrix(auditor: Person) -> object:
    """What the row of appeals shows as in force."""
    told: Any = auditor.ask("audit", "matrix")
    (row,) = (row for row in told["clauses"] if row["clause"] == "6.1h")
    return {one["key"]: one["value"] for one in row["settings"]}[LENGTH]
