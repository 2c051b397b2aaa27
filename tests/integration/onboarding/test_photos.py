"""Photos on a real database: judged by the real judge, compared over real TLS."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from infra.demo.photo import portrait
from kernel.crypto import Json
from kernel.errors import Refused, Transient
from kernel.pages import Page
from services.onboarding.domain.review import Decision
from services.onboarding.handlers import reviews
from tests.integration.onboarding.conftest import Applicant, Cabinet
from tests.portraits.booth import drawn

STAFF = UUID("01890000-0000-7000-8000-0000000000e1")
TURNED, GAPING, FAR = "00-turned", "02-gaping", "00-far"


def _picture(name: str) -> bytes:
    return (drawn(TURNED, GAPING, FAR) / f"{name}.jpg").read_bytes()


def _ready(cabinet: Cabinet, seed: str, *, photo_differs: bool = False) -> Applicant:
    applicant = cabinet.applicant(seed, photo_differs=photo_differs)
    applicant.confirm_phone()
    applicant.give_data()
    return applicant


def _rows(cabinet: Cabinet) -> list[Mapping[str, Json]]:
    found = cabinet.rows(
        "SELECT verdict, faults, settled_as, photo_sealed IS NOT NULL AS kept,"
        " measures FROM photo_judgements ORDER BY photo_id"
    )
    return [row._mapping for row in found]


def _decide(cabinet: Cabinet, *, accepts: bool) -> None:
    begin = cabinet.use_cases._begin(cabinet.context())
    with begin() as unit:
        (waiting,) = unit.reviews.waiting(Page())
    shown = reviews.show_waiting(
        begin=begin,
        clock=cabinet.platform.clock,
        review_id=waiting.review_id,
        reader=STAFF,
    )
    assert shown["jpeg_b64"]
    reviews.decide(
        begin=begin,
        clock=cabinet.platform.clock,
        ids=cabinet.platform.ids,
        review_id=waiting.review_id,
        decision=Decision(approves=accepts, reason="seen", by=STAFF),
    )


@pytest.mark.clause("4.1e")
@pytest.mark.seeded("photo_keeps_the_upload")
def test_an_accepted_photo_is_kept_as_a_picture_of_our_making(cabinet: Cabinet) -> None:
    applicant = _ready(cabinet, "photo-good")
    assert applicant.give_photo()["next_step"] == "identify"
    (row,) = _rows(cabinet)
    assert (row["verdict"], row["faults"], row["kept"]) == ("accepted", "", False)
    assert "yaw" in str(row["measures"])
    (kept,) = cabinet.rows(
        "SELECT p.photo_sha256 AS ours, j.photo_sha256, j.upload_sha256"
        " FROM photos p JOIN photo_judgements j USING (photo_id)"
    )
    assert kept.ours == kept.photo_sha256 != kept.upload_sha256
    (compared,) = cabinet.rows("SELECT code FROM photo_comparisons")
    assert compared.code is None
    # Whose answer was lost sends the same again, and is told the same.
    assert applicant.give_photo()["next_step"] == "identify"
    assert len(_rows(cabinet)) == 1


@pytest.mark.clause("4.1e")
@pytest.mark.seeded("onboarding_photo_breach_waits")
def test_a_breach_is_refused_with_its_condition_named(cabinet: Cabinet) -> None:
    applicant = _ready(cabinet, "photo-gaping")
    with pytest.raises(Refused) as refused:
        applicant.give_photo(_picture(GAPING))
    assert refused.value.code == "photo_mouth_open"
    (row,) = _rows(cabinet)
    assert (row["verdict"], row["kept"]) == ("refused", False)
    (event,) = cabinet.said("photo_judged")
    assert (event["verdict"], event["faults"]) == ("refused", ["photo_mouth_open"])
    assert cabinet.rows("SELECT 1 FROM photos") == []


@pytest.mark.clause("4.1e")
@pytest.mark.seeded("onboarding_photo_doubt_passes")
def test_a_photo_in_doubt_waits_until_a_person_accepts_it(cabinet: Cabinet) -> None:
    applicant = _ready(cabinet, "photo-far")
    assert applicant.give_photo(_picture(FAR))["state"] == "photo_in_review"
    with pytest.raises(Refused):
        applicant.open_ceremony()
    _decide(cabinet, accepts=True)
    assert applicant.standing["state"] == "photo_accepted"
    (row,) = _rows(cabinet)
    assert (row["settled_as"], row["kept"]) == ("accepted", False)
    assert cabinet.said("personal_data_read")[0]["reader"] == f"staff:{STAFF}"
    applicant.open_ceremony()


def test_a_better_photo_takes_the_place_of_one_in_doubt(cabinet: Cabinet) -> None:
    applicant = _ready(cabinet, "photo-again")
    applicant.give_photo(_picture(FAR))
    applicant.give_photo(_picture(FAR))
    assert applicant.give_photo(portrait())["state"] == "photo_accepted"
    assert [(row["settled_as"], row["kept"]) for row in _rows(cabinet)] == [
        ("superseded", False),
        ("superseded", False),
        (None, False),
    ]


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_photo_of_anybody")
def test_a_photo_of_somebody_else_holds_the_registration(cabinet: Cabinet) -> None:
    applicant = _ready(cabinet, "photo-of-another", photo_differs=True)
    assert applicant.give_photo()["state"] == "photo_held"
    with pytest.raises(Refused):
        applicant.open_ceremony()
    (compared,) = cabinet.rows("SELECT code FROM photo_comparisons")
    assert compared.code == "comparison_score_too_low"
    _decide(cabinet, accepts=False)
    standing = applicant.standing
    assert (standing["state"], standing["refused_code"]) == (
        "refused",
        "photo_other_person",
    )


@pytest.mark.clause("3.4")
@pytest.mark.seeded("onboarding_photo_compared_with_any_answer")
@pytest.mark.parametrize("field", ["nonce", "photo_sha256"])
def test_an_answer_that_is_not_to_the_question_holds(
    cabinet: Cabinet, field: str
) -> None:
    applicant = _ready(cabinet, f"photo-lie-{field}")
    cabinet.stand.control.arm_world("/coid/v1/comparisons", "wrong", fields=[field])
    assert applicant.give_photo()["state"] == "photo_held"


def test_with_coid_away_nothing_is_judged_and_nothing_counted(cabinet: Cabinet) -> None:
    applicant = _ready(cabinet, "photo-away")
    cabinet.stand.control.arm_world("/coid/v1/comparisons", "down", times=1)
    with pytest.raises(Transient):
        applicant.give_photo()
    assert (applicant.standing["state"], _rows(cabinet)) == ("data_complete", [])
    assert applicant.give_photo()["state"] == "photo_accepted"
    (row,) = cabinet.rows("SELECT photo_tries FROM registrations")
    assert row.photo_tries == 1
