"""Versions of the Procedure, its page, and the reviews that are due (section 8)."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from kernel import approvals
from kernel.approvals import Operation
from kernel.clock import ALMATY, almaty_date
from kernel.context import Call, StaffMember
from kernel.crypto import Json, as_object, sha256
from kernel.errors import Refused
from services.audit.adapters.release import founding_text
from services.audit.domain.procedure import Cause, Outcome
from services.audit.handlers.procedure import PROCEDURE
from services.audit.wiring import build
from services.audit.wiring.governing import Governance, keep_published
from tests.integration.audit.conftest import LogStand
from tests.staff import ANNA, BORIS, member

LIAISON = member(ANNA, {"governance.propose"})
OFFICER = member(BORIS, {"governance.decide", "governance.propose"})
TEXT = "Порядок, новая редакция\n".encode()


class Office:
    """The Procedure's keeping on the stand's clock, and the site's page."""

    def __init__(self, stand: LogStand) -> None:
        self.stand = stand
        self.platform = replace(stand.platform("audit"), clock=stand.clock)
        self.use_cases: Governance = build(self.platform).governance
        self.board = build(self.platform).board
        self.show()

    def show(self) -> None:
        """A round of the worker."""
        keep_published(self.platform, self.board)

    def today(self) -> date:
        return almaty_date(self.stand.clock.now())

    def on(self, day: date) -> None:
        """It is noon in Almaty on that day; what is due is told."""
        self.stand.clock.at = datetime.combine(day, time(12), tzinfo=ALMATY)
        self.use_cases.watch()

    def call(self, by: StaffMember = LIAISON) -> Call:
        return Call(
            id=self.platform.ids.new(),
            caller="operator",
            method="",
            deadline=self.stand.clock.now() + timedelta(minutes=1),
            context=self.platform.context(),
            client_id=None,
            idempotency_key=None,
            arguments_digest=b"",
            staff=by,
        )

    def propose(self, text: bytes = TEXT, **changed: Any) -> UUID:  # noqa: ANN401 - days and words
        told: dict[str, Any] = {"minutes": "15-11-2026", "approved_on": self.today()}
        told |= {"effective_on": self.today(), **changed}
        asked = as_object(self.use_cases.propose(self.call(), text=text, **told))
        return UUID(str(asked["approval_id"]))

    def approve(self, approval_id: UUID, by: StaffMember = OFFICER) -> None:
        operation = Operation("governance.decide", self.use_cases.approve)
        with self.platform.database.begin(self.platform.context()) as tx:
            approvals.approve(
                tx, approval_id, seen=None, by=by, operations={PROCEDURE: operation}
            )

    def versions(self) -> list[dict[str, Json]]:
        told = as_object(self.use_cases.versions(self.platform.context()))
        return cast("list[dict[str, Json]]", told["versions"])

    def reviews(self, cause: Cause) -> list[dict[str, Json]]:
        told = as_object(self.use_cases.reviews(self.platform.context()))
        found = cast("list[dict[str, Json]]", told["reviews"])
        return [each for each in found if each["cause"] == cause.value]

    def events(self, name: str) -> int:
        found = self.stand.rows(
            "SELECT count(*) AS count FROM outbox WHERE type = :type",
            type=f"audit.{name}.v1",
        )
        return int(found[0].count)


@pytest.fixture
def office(stand: LogStand) -> Office:
    return Office(stand)


def refusal(act: Any) -> str:  # noqa: ANN401 - something to call
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


@pytest.mark.clause("8.3")
@pytest.mark.clause("7.2b")
@pytest.mark.seeded("audit_procedure_page_unwatched")
def test_a_page_that_was_changed_is_told_and_put_right(office: Office) -> None:
    assert office.board.procedure() == founding_text()
    assert office.events("procedure_published") == 1
    office.show()
    assert office.events("procedure_published") == 1

    office.board.publish_procedure(founding_text().replace(b"24", b"12"))
    office.show()
    assert office.board.procedure() == founding_text()
    assert office.events("procedure_mismatch_found") == 1
    assert office.events("procedure_published") == 1


@pytest.mark.clause("8.4")
@pytest.mark.seeded("audit_procedure_without_minutes")
def test_a_version_comes_by_minutes_and_two_persons_and_stays(office: Office) -> None:
    (first,) = office.versions()
    assert (first["minutes"], first["in_force"]) == ("31-03-2026", True)
    assert refusal(lambda: office.propose(minutes="")) == "minutes_missing"
    assert refusal(lambda: office.propose(b"")) == "procedure_unreadable"
    assert refusal(lambda: office.propose(founding_text())) == "procedure_known"
    tomorrow = office.today() + timedelta(days=1)
    dates: dict[str, Any] = {"approved_on": tomorrow, "effective_on": tomorrow}
    assert refusal(lambda: office.propose(**dates)) == "procedure_dates_unfit"

    asked = office.propose(effective_on=tomorrow)
    own = member(ANNA, {"governance.decide"})
    assert refusal(lambda: office.approve(asked, by=own)) == "own_request"
    office.approve(asked)
    office.show()
    assert office.board.procedure() == founding_text()
    office.on(tomorrow)
    office.show()
    assert office.board.procedure() == TEXT
    in_force = [each["sha256"] for each in office.versions() if each["in_force"]]
    assert in_force == [sha256(TEXT).hex()]
    for change in (
        "UPDATE audit_procedure SET minutes = '1'",
        "DELETE FROM audit_procedure_text",
    ):
        with pytest.raises(DBAPIError, match="only ever added"):
            office.stand.as_owner(change)


@pytest.mark.clause("8.2")
@pytest.mark.seeded("audit_review_never_overdue")
def test_the_yearly_review_is_warned_of_and_overdue_is_told_each_day(
    office: Office,
) -> None:
    (yearly,) = office.reviews(Cause.YEARLY)
    assert yearly["due_on"] == "2027-03-31"
    office.on(date(2027, 2, 13))
    assert office.events("review_due") == 0
    office.on(date(2027, 2, 14))
    office.on(date(2027, 3, 31))
    assert office.events("review_due") == 1
    late = office.events("review_overdue")
    for day in (date(2027, 4, 1), date(2027, 4, 1), date(2027, 4, 2)):
        office.on(day)
    assert office.reviews(Cause.YEARLY)[0]["state"] == "overdue"
    measures = 2  # nobody has looked at them since September
    assert office.events("review_overdue") == late + measures + 2

    held = UUID(str(yearly["review_id"]))
    office.use_cases.hold_review(
        office.call(), review_id=held, outcome=Outcome.KEPT, result="Прочитан целиком."
    )
    following, before = office.reviews(Cause.YEARLY)
    assert (following["due_on"], following["state"]) == ("2028-04-02", "open")
    assert (before["state"], before["result"]) == ("held", "Прочитан целиком.")
    code = refusal(
        lambda: office.use_cases.hold_review(
            office.call(), review_id=held, outcome=Outcome.KEPT, result="Ещё раз."
        )
    )
    assert code == "review_held"


@pytest.mark.clause("8.1")
@pytest.mark.seeded("audit_review_does_not_return")
def test_measures_are_reviewed_again_and_again_and_on_a_change(office: Office) -> None:
    (measures,) = office.reviews(Cause.MEASURES)
    assert measures["due_on"] == "2026-09-30"
    assert measures["state"] == "overdue"
    office.use_cases.hold_review(
        office.call(),
        review_id=UUID(str(measures["review_id"])),
        outcome=Outcome.CHANGED,
        result="Срок блокировки увеличен.",
    )
    following = office.reviews(Cause.MEASURES)[0]
    assert following["state"] == "open"
    assert following["due_on"] == "2027-05-22"

    opened = as_object(
        office.use_cases.open_review(
            office.call(), cause=Cause.LAW, subject="Закон №205-VIII"
        )
    )
    assert opened["due_on"] == (office.today() + timedelta(days=30)).isoformat()
    code = refusal(
        lambda: office.use_cases.open_review(
            office.call(), cause=Cause.YEARLY, subject="Раньше"
        )
    )
    assert code == "review_returns_by_itself"


def test_a_version_begins_the_year_anew(office: Office) -> None:
    """The whole text has just been weighed by those who approve it."""
    office.approve(office.propose())
    following, before = office.reviews(Cause.YEARLY)
    assert (following["due_on"], before["outcome"]) == ("2027-11-22", "changed")
