"""The photo of a registration: judged, compared, and decided on by a person."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from kernel.crypto import Json
from kernel.errors import Refused, Transient
from kernel.events.onboarding import (
    PersonalDataRead,
    PhotoJudged,
    RegistrationRefused,
)
from kernel.pages import Page
from services.onboarding.domain.review import Decision
from services.onboarding.domain.signature import Code, Unreadable
from services.onboarding.handlers import reviews
from services.onboarding.ports.photos import Settled
from tests.unit.onboarding.builders import OTHER_IIN, organisation_facts
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.journey import Applicant
from tests.unit.onboarding.outside_twins import PHOTO_TRIES
from tests.unit.onboarding.photo_twins import refusal_of, seen
from tests.unit.onboarding.pictures import png

STAFF = UUID("01890000-0000-7000-8000-0000000000e1")
OTHER = UUID("01890000-0000-7000-8000-0000000000e2")


@pytest.fixture
def applicant(bench: Bench) -> Applicant:
    """Somebody whose next step is the photo."""
    someone = Applicant(bench)
    someone.confirm()
    someone.give_data()
    return someone


def _told(bench: Bench) -> list[tuple[str, tuple[str, ...]]]:
    events = (e for e in bench.unit.said(PhotoJudged) if isinstance(e, PhotoJudged))
    return [(event.verdict, event.faults) for event in events]


def _refused(applicant: Applicant, raw: bytes | None = None) -> tuple[str, list[str]]:
    with pytest.raises(Refused) as refused:
        applicant.give_photo(raw)
    return refusal_of(refused.value)


def _decide(bench: Bench, *, accepts: bool, held: bool = False) -> Mapping[str, Json]:
    (waiting,) = bench.unit.reviews.open
    return reviews.decide(
        begin=bench.unit.begin,
        clock=bench.clock,
        ids=bench.ids,
        review_id=waiting.review_id,
        decision=Decision(
            approves=accepts, reason="seen", by=STAFF, agreed_by=OTHER if held else None
        ),
    )


@pytest.mark.clause("4.1e")
def test_a_good_photo_goes_on(bench: Bench, applicant: Applicant) -> None:
    answer = applicant.give_photo()
    assert (answer["next_step"], answer["faults"]) == ("identify", ())
    assert _told(bench) == [("accepted", ())]
    (kept,) = bench.unit.photos.judged
    assert kept.seen.sha256 == bench.unit.registrations.photo_sha256(
        applicant.registration_id
    )


@pytest.mark.clause("4.1e")
def test_a_refused_photo_is_published_and_not_kept(
    bench: Bench, applicant: Applicant
) -> None:
    bench.judge.measures(mouth_gap="0.3", yaw="12")
    expected = ("photo_mouth_open", ["photo_mouth_open", "photo_not_front"])
    assert expected == _refused(applicant)
    assert _told(bench) == [("refused", tuple(expected[1]))]
    assert (applicant.state, bench.unit.photos.pictures) == ("data_complete", {})
    assert bench.coid.compared == []


def test_an_upload_that_is_no_picture_reaches_no_judge(
    bench: Bench, applicant: Applicant
) -> None:
    assert _refused(applicant, b"<svg/>")[0] == "photo_not_an_image"
    assert (bench.judge.asked, applicant.state) == (0, "data_complete")
    assert _told(bench) == [("refused", ("photo_not_an_image",))]


@pytest.mark.parametrize("code", ["photo_not_an_image", "photo_not_readable"])
def test_what_the_judge_cannot_read_is_refused(
    bench: Bench, applicant: Applicant, code: str
) -> None:
    bench.judge.sees = code
    assert _refused(applicant)[0] == code
    assert _told(bench) == [("refused", (code,))]


def test_a_judge_that_is_away_costs_no_try(bench: Bench, applicant: Applicant) -> None:
    bench.judge.sees = None
    for _ in range(PHOTO_TRIES + 1):
        with pytest.raises(Transient):
            applicant.give_photo()
    bench.judge.sees = seen()
    assert applicant.give_photo()["state"] == "photo_accepted"


def test_coid_that_is_away_costs_no_try(bench: Bench, applicant: Applicant) -> None:
    bench.coid.away = True
    for _ in range(PHOTO_TRIES + 1):
        with pytest.raises(Transient):
            applicant.give_photo()
    assert applicant.state == "data_complete"
    assert bench.unit.photos.judged == []


@pytest.mark.seeded("onboarding_photo_tries_not_counted")
def test_photos_are_not_judged_without_end(bench: Bench, applicant: Applicant) -> None:
    bench.judge.measures(mouth_gap="0.3")
    for _ in range(PHOTO_TRIES):
        _refused(applicant)
    bench.judge.sees = seen()
    assert _refused(applicant)[0] == "photo_tries_exhausted"


def test_an_upload_whose_answer_was_lost_is_told_the_same_again(
    bench: Bench, applicant: Applicant
) -> None:
    """Whoever asks again after a 503 is not told that the step was wrong."""
    first = applicant.give_photo()
    assert applicant.give_photo() == first
    assert _told(bench) == [("accepted", ())]
    assert _refused(applicant, png() + b"another")[0] == "registration_step_wrong"


@pytest.mark.clause("4.1e")
def test_a_photo_in_doubt_waits_and_a_better_one_takes_its_place(
    bench: Bench, applicant: Applicant
) -> None:
    bench.judge.measures(yaw="12")
    answer = applicant.give_photo()
    assert (answer["state"], answer["next_step"]) == (
        "photo_in_review",
        "wait_or_put_photo",
    )
    assert answer["faults"] == ("photo_not_front",)
    with pytest.raises(Refused):
        applicant.open_ceremony()
    bench.judge.sees = seen()
    assert applicant.give_photo()["state"] == "photo_accepted"
    assert bench.unit.photos.pictures == {}
    assert [how for how, _ in bench.unit.photos.settled.values()] == [
        Settled.SUPERSEDED
    ]


@pytest.mark.clause("4.1e", "4.2")
@pytest.mark.seeded("onboarding_photo_of_anybody")
def test_a_photo_of_somebody_else_is_held_and_no_other_taken(
    bench: Bench, applicant: Applicant
) -> None:
    bench.coid.changed = {"score": 40}
    answer = applicant.give_photo()
    assert (answer["state"], answer["faults"]) == (
        "photo_held",
        ("photo_other_person",),
    )
    assert _told(bench) == [("held", ("photo_other_person",))]
    bench.coid.changed = {}
    assert _refused(applicant, png() + b"another")[0] == "registration_step_wrong"


@pytest.mark.clause("3.4")
@pytest.mark.seeded("onboarding_photo_compared_with_any_answer")
@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "another"},
        {"iin": OTHER_IIN},
        {"photo_sha256": "0" * 64},
    ],
)
def test_an_answer_to_another_question_holds(
    bench: Bench, applicant: Applicant, changed: dict[str, object]
) -> None:
    bench.coid.changed = changed
    assert applicant.give_photo()["state"] == "photo_held"
    (proof,) = bench.unit.photos.comparisons
    assert proof.code is not None


def test_an_old_answer_holds(bench: Bench, applicant: Applicant) -> None:
    bench.clock.move(minutes=11)
    assert applicant.give_photo()["state"] == "photo_held"


@pytest.mark.parametrize(
    "found", [Unreadable(Code.MALFORMED), organisation_facts("123456789012")]
)
@pytest.mark.seeded("onboarding_photo_comparison_unsigned")
def test_an_answer_not_signed_by_coid_holds(
    bench: Bench, applicant: Applicant, found: object
) -> None:
    bench.signatures.of_coid = found  # type: ignore[assignment] # one of both
    assert applicant.give_photo()["state"] == "photo_held"


def test_the_list_shows_no_picture_and_a_look_is_recorded(
    bench: Bench, applicant: Applicant
) -> None:
    bench.judge.measures(smile="0.07")
    applicant.give_photo()
    listed = reviews.list_waiting(begin=bench.unit.begin, page=Page())
    (waiting,) = bench.unit.reviews.open
    assert "jpeg_b64" not in str(listed)
    assert str(waiting.review_id) in str(listed)
    shown = reviews.show_waiting(
        begin=bench.unit.begin,
        clock=bench.clock,
        review_id=waiting.review_id,
        reader=STAFF,
    )
    assert (shown["faults"], "jpeg_b64" in shown) == (("photo_expression",), True)
    (event,) = bench.unit.said(PersonalDataRead)
    assert isinstance(event, PersonalDataRead)
    assert (event.reader, event.client_id) == (f"staff:{STAFF}", applicant.client_id)
    (kept,) = bench.unit.readings.of_client(applicant.client_id, Page())
    assert (kept.reader, kept.purpose) == (event.reader, "photo_review")


@pytest.mark.seeded("onboarding_photo_of_anybody")
@pytest.mark.parametrize(("held", "accepts"), [(False, True), (True, True)])
def test_a_person_accepts(
    bench: Bench, applicant: Applicant, *, held: bool, accepts: bool
) -> None:
    if held:
        bench.coid.changed = {"score": 40}
    else:
        bench.judge.measures(yaw="12")
    applicant.give_photo()
    _decide(bench, accepts=accepts, held=held)
    assert applicant.state == "photo_accepted"
    assert _told(bench)[-1][0] == "accepted"
    assert bench.unit.registrations.photo_sha256(applicant.registration_id)


def test_a_person_refuses_a_photo_in_review_and_another_may_come(
    bench: Bench, applicant: Applicant
) -> None:
    bench.judge.measures(yaw="12")
    applicant.give_photo()
    _decide(bench, accepts=False)
    assert (applicant.state, bench.unit.photos.pictures) == ("data_complete", {})
    bench.judge.sees = seen()
    assert applicant.give_photo()["state"] == "photo_accepted"


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_photo_held_may_try_again")
def test_a_person_who_finds_somebody_else_ends_the_registration(
    bench: Bench, applicant: Applicant
) -> None:
    bench.coid.changed = {"score": 40}
    applicant.give_photo()
    _decide(bench, accepts=False)
    assert applicant.state == "refused"
    assert _refused(applicant)[0] == "photo_other_person"
    (told,) = bench.unit.said(RegistrationRefused)
    assert isinstance(told, RegistrationRefused)
    assert (told.reason, told.outcome) == ("photo_of_another", "final")


def test_a_photo_is_decided_once(bench: Bench, applicant: Applicant) -> None:
    bench.judge.measures(yaw="12")
    applicant.give_photo()
    (waiting,) = bench.unit.reviews.open
    _decide(bench, accepts=True)
    with pytest.raises(Refused) as refused:
        reviews.decide(
            begin=bench.unit.begin,
            clock=bench.clock,
            ids=bench.ids,
            review_id=waiting.review_id,
            decision=Decision(approves=False, reason="seen", by=STAFF),
        )
    assert refused.value.code == "review_unknown"
