"""The queue on the real database; what takes two persons takes them there as well."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel import approvals
from kernel.approvals import Operation
from kernel.context import Call, StaffMember
from kernel.crypto import Json, as_object, sha256
from kernel.errors import Refused
from kernel.pages import Page
from kernel.values import Phone
from services.onboarding.handlers.reviews import OVERRIDE
from tests.integration.onboarding.conftest import Applicant, Cabinet
from tests.staff import ANNA, BORIS, member

DESK = frozenset({"reviews.look", "reviews.decide", "reviews.override"})
FIRST, SECOND = member(ANNA, DESK), member(BORIS, DESK)
NUMBER_OF_NOBODY = Phone("+77479990011")
APPROVE = "UPDATE reviews SET settled_as = 'approved', agreed_by = {second}"


def call_of(cabinet: Cabinet, by: StaffMember) -> Call:
    return Call(
        id=cabinet.platform.ids.new(),
        caller="operator",
        method="decide_review",
        deadline=cabinet.platform.clock.now() + timedelta(seconds=5),
        context=cabinet.context(),
        client_id=None,
        idempotency_key=None,
        arguments_digest=sha256(b"review"),
        staff=by,
    )


def waiting(cabinet: Cabinet) -> list[Mapping[str, Json]]:
    listed = cabinet.use_cases.reviews.listed(call_of(cabinet, FIRST), Page())
    found = listed["reviews"]
    assert isinstance(found, tuple)
    return [as_object(line) for line in found]


def decide(cabinet: Cabinet, *, approves: bool) -> Mapping[str, Json]:
    (line,) = waiting(cabinet)
    return cabinet.use_cases.reviews.decide(
        call_of(cabinet, FIRST),
        review_id=UUID(str(line["review_id"])),
        approves=approves,
        reason="seen by eye",
    )


def agree(cabinet: Cabinet, answer: Mapping[str, Json], by: StaffMember) -> None:
    override = cabinet.use_cases.reviews.override
    with cabinet.platform.database.begin(cabinet.context()) as tx:
        approvals.approve(
            tx,
            UUID(str(answer["approval_id"])),
            seen=None,
            by=by,
            operations={OVERRIDE: Operation("reviews.override", override)},
        )


def of_nobody_s_number(cabinet: Cabinet, seed: str) -> Applicant:
    """Somebody the state knows, at a number no operator knows."""
    applicant = cabinet.applicant(seed)
    answer = cabinet.use_cases.start_registration(
        cabinet.context(), phone=NUMBER_OF_NOBODY
    )
    applicant.registration_id = UUID(str(answer["registration_id"]))
    applicant.token = str(answer["token"])
    applicant.confirm_phone()
    applicant.give_data()
    return applicant


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("onboarding_one_person_overrides")
def test_a_held_photo_is_let_through_by_two(cabinet: Cabinet) -> None:
    applicant = cabinet.applicant("held photo", photo_differs=True)
    applicant.confirm_phone()
    applicant.give_data()
    assert applicant.give_photo()["state"] == "photo_held"
    answer = decide(cabinet, approves=True)
    assert "photo_held" in str(answer["effect"])
    assert applicant.standing["state"] == "photo_held"
    with pytest.raises(Refused, match="own_request"):
        agree(cabinet, answer, FIRST)

    agree(cabinet, answer, SECOND)
    assert applicant.standing["state"] == "photo_accepted"
    (said,) = cabinet.said("review_settled")
    assert (said["decided_by"], said["agreed_by"]) == (str(FIRST.id), str(SECOND.id))
    assert waiting(cabinet) == []
    applicant.open_ceremony()


@pytest.mark.clause("4.1d")
def test_a_number_of_nobody_known_waits_longer_than_a_registration_lives(
    cabinet: Cabinet,
) -> None:
    applicant = of_nobody_s_number(cabinet, "number of nobody")
    assert applicant.standing["next_step"] == "wait"
    cabinet.stand.clock_file.write_text(str(48 * 3600))
    assert cabinet.use_cases.reviews.end_overdue() == 0
    assert decide(cabinet, approves=True)["approved"]
    assert applicant.standing["state"] == "data_complete"
    (row,) = cabinet.rows(
        "SELECT expires_at - moved_at AS left FROM registrations"
        " WHERE registration_id = :id",
        id=applicant.registration_id,
    )
    assert timedelta(hours=23) < row.left <= timedelta(hours=24)


def test_nobody_waits_for_ever(cabinet: Cabinet) -> None:
    applicant = of_nobody_s_number(cabinet, "waits for ever")
    cabinet.stand.clock_file.write_text(str(73 * 3600))
    assert cabinet.use_cases.reviews.end_overdue() == 1
    assert cabinet.use_cases.reviews.end_overdue() == 0
    assert applicant.standing["refused_code"] == "review_ran_out"
    (said,) = cabinet.said("review_settled")
    assert (said["settled_as"], said["decided_by"]) == ("run_out", None)


@pytest.mark.clause("5.4")
def test_two_persons_know_whose_account_it_is(cabinet: Cabinet) -> None:
    """The database takes their word as it takes the bank's: with its evidence."""
    person = cabinet.stand.person("account of nobody")
    cabinet.stand.control.create_person(person)
    person.enrol(cabinet.stand.public_url, cabinet.stand.pki.ca, "individual_sign")
    client = Applicant(cabinet, person)
    client.up_to_ceremony()
    client.pass_biometrics()
    client.sign()
    assert client.standing["state"] == "active"
    (line,) = waiting(cabinet)
    assert line["kind"] == "account_owner"

    agree(cabinet, decide(cabinet, approves=True), SECOND)
    (account,) = cabinet.rows("SELECT state FROM accounts")
    assert account.state == "proved"
    (told,) = cabinet.said("account_ownership_proved")
    assert told["evidence_id"] == f"review:{line['review_id']}"


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("onboarding_database_lets_one_override")
def test_the_database_wants_two_persons_as_well(cabinet: Cabinet) -> None:
    applicant = cabinet.applicant("one person", photo_differs=True)
    applicant.confirm_phone()
    applicant.give_data()
    applicant.give_photo()
    with cabinet.owner.begin() as connection:
        connection.execute(text("UPDATE reviews SET settled_by = review_id"))
    for second in ("NULL", "settled_by"):
        with (
            pytest.raises(DBAPIError, match="reviews_four_eyes"),
            cabinet.owner.begin() as connection,
        ):
            connection.execute(text(APPROVE.format(second=second)))


def test_a_look_shows_what_it_takes_and_is_on_record(cabinet: Cabinet) -> None:
    applicant = of_nobody_s_number(cabinet, "looked at")
    (line,) = waiting(cabinet)
    shown = cabinet.use_cases.reviews.show(
        call_of(cabinet, FIRST), review_id=UUID(str(line["review_id"]))
    )
    identity = applicant.person.identity
    assert (shown["iin"], shown["phone"]) == (
        identity.iin,
        NUMBER_OF_NOBODY.reveal(),
    )
    (said,) = cabinet.said("personal_data_read")
    assert (said["purpose"], said["reader"]) == ("phone_review", f"staff:{FIRST.id}")
