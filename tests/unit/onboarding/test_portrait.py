"""From measures to a verdict: good, a clear breach, or something between."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Broken
from services.onboarding.domain.portrait import (
    Fault,
    Limit,
    PhotoLimits,
    Verdict,
    judge,
    refused,
)
from tests.unit.onboarding.photo_twins import LIMITS, measured

CLEAR = {
    "yaw": ("10.0001", "20.0001"),
    "roll": ("-8.5", "-15.5"),
    "pitch": ("-11", "-21"),
    "smile": ("0.07", "0.1"),
    "mouth_gap": ("0.06", "0.2"),
    "background_light": ("70", "50"),
    "background_spread": ("10", "21"),
    "background_chroma": ("16", "47"),
}
"""A value in doubt, and one that is a clear breach."""
ADVICE = {
    "face_height": ("0.1", Fault.PLACE),
    "face_width": ("92", Fault.PLACE),
    "off_centre": ("-0.3", Fault.PLACE),
    "eyes": ("0.05", Fault.EYES),
    "sharpness": ("2", Fault.BLUR),
    "bytes_per_pixel": ("0.01", Fault.BLUR),
    "brightness": ("20", Fault.EXPOSURE),
    "clipped": ("0.9", Fault.EXPOSURE),
    "side_light": ("1.2", Fault.EXPOSURE),
}
FAULT_OF = {
    "yaw": Fault.FRONT,
    "roll": Fault.FRONT,
    "pitch": Fault.FRONT,
    "smile": Fault.EXPRESSION,
    "mouth_gap": Fault.MOUTH,
    "background_light": Fault.BACKGROUND,
    "background_spread": Fault.BACKGROUND,
    "background_chroma": Fault.BACKGROUND,
}


def _verdict(**changed: str | None) -> tuple[Verdict, tuple[Fault, ...]]:
    judgement = judge(measured(**changed), LIMITS)
    return judgement.verdict, judgement.faults


def test_a_good_photo_is_accepted() -> None:
    assert _verdict() == (Verdict.ACCEPTED, ())


@pytest.mark.clause("4.1e")
@pytest.mark.seeded("onboarding_photo_breach_waits")
@pytest.mark.parametrize("measure", CLEAR)
def test_a_clear_breach_of_a_condition_refuses_and_names_it(measure: str) -> None:
    _, breach = CLEAR[measure]
    assert _verdict(**{measure: breach}) == (Verdict.REFUSED, (FAULT_OF[measure],))


@pytest.mark.clause("4.1e")
@pytest.mark.seeded("onboarding_photo_doubt_passes")
@pytest.mark.parametrize("measure", CLEAR)
def test_a_condition_in_doubt_goes_to_a_person(measure: str) -> None:
    doubt, _ = CLEAR[measure]
    assert _verdict(**{measure: doubt}) == (Verdict.REVIEW, (FAULT_OF[measure],))


@pytest.mark.parametrize("measure", ADVICE)
def test_other_measures_never_refuse(measure: str) -> None:
    value, fault = ADVICE[measure]
    assert _verdict(**{measure: value}) == (Verdict.REVIEW, (fault,))


@pytest.mark.parametrize(
    ("measure", "value"), [("yaw", "10"), ("yaw", "-10"), ("mouth_gap", "0.05")]
)
def test_the_limit_itself_is_good(measure: str, value: str) -> None:
    assert _verdict(**{measure: value}) == (Verdict.ACCEPTED, ())


def test_the_bound_of_a_breach_is_still_in_doubt() -> None:
    assert _verdict(yaw="20") == (Verdict.REVIEW, (Fault.FRONT,))


@pytest.mark.clause("4.1e")
@pytest.mark.seeded("onboarding_photo_first_fault_only")
def test_every_fault_is_told_breaches_first() -> None:
    assert _verdict(yaw="12", mouth_gap="0.3", sharpness="1", smile="0.2") == (
        Verdict.REFUSED,
        (Fault.EXPRESSION, Fault.MOUTH, Fault.FRONT, Fault.BLUR),
    )


@pytest.mark.parametrize(
    ("detected", "meshed"), [("0", "0"), ("2", "2"), ("1", "0"), ("5", "0"), ("1", "2")]
)
def test_any_number_of_faces_but_one_refuses_and_says_nothing_else(
    detected: str, meshed: str
) -> None:
    nothing_else = dict.fromkeys(measured().keys() - {"detected", "meshed"})
    told = _verdict(detected=detected, meshed=meshed, **nothing_else)
    assert told == (Verdict.REFUSED, (Fault.FACES,))


def test_a_second_face_of_which_no_more_is_known_refuses() -> None:
    assert _verdict(detected="2") == (Verdict.REFUSED, (Fault.FACES,))


def test_a_face_too_much_turned_to_be_detected_is_called_turned() -> None:
    told = (Verdict.REFUSED, (Fault.FRONT, Fault.FACES))
    assert told == _verdict(detected="0", yaw="32")


@pytest.mark.seeded("onboarding_photo_unmeasured_passes")
@pytest.mark.parametrize("measure", sorted(measured()))
def test_what_could_not_be_measured_goes_to_a_person(measure: str) -> None:
    assert _verdict(**{measure: None})[0] is Verdict.REVIEW


@given(
    st.dictionaries(
        st.sampled_from(sorted(measured())),
        st.decimals(min_value=-1000, max_value=1000, places=4),
    )
)
def test_any_measures_give_a_verdict(found: dict[str, Decimal]) -> None:
    judgement = judge(found, LIMITS)
    assert (judgement.verdict is Verdict.ACCEPTED) == (not judgement.faults)


@given(st.sampled_from(sorted(measured())), st.decimals(-1000, 1000, places=4))
def test_a_worse_value_is_never_judged_better(measure: str, value: Decimal) -> None:
    order = [Verdict.ACCEPTED, Verdict.REVIEW, Verdict.REFUSED]
    good = measured()[measure]
    nearer = judge(measured() | {measure: (good + value) / 2}, LIMITS).verdict
    farther = judge(measured() | {measure: value}, LIMITS).verdict
    assert order.index(nearer) <= order.index(farther)


@pytest.mark.parametrize(
    "text", ["yaw", "yaw<=", "nose<=1", "yaw<=10/5", "eyes>=0.1/0.2", "yaw<=1e3", ""]
)
def test_a_limit_that_makes_no_sense_is_a_defect(text: str) -> None:
    with pytest.raises(Broken):
        Limit.parse(text)


def test_limits_that_forget_a_measure_are_a_defect() -> None:
    with pytest.raises(Broken, match="mouth_gap"):
        PhotoLimits.parse(["yaw<=10/20"], since=LIMITS.since)


def test_a_refusal_has_the_code_of_the_gravest_fault_and_lists_all() -> None:
    refusal = refused(judge(measured(mouth_gap="0.3", eyes="0"), LIMITS))
    assert refusal.code == Fault.MOUTH
    assert refusal.details == {"faults": "photo_mouth_open photo_eyes"}
