"""What the judge sees on pictures whose truth is known, and what the rules say."""

import pytest

from infra.demo.photo import portrait
from services.onboarding.domain.portrait import Fault, Verdict, judge
from tests.integration.photo.conftest import Booth
from tests.portraits.evaluation import limits
from tests.unit.onboarding.photo_twins import measured


@pytest.mark.clause("4.1e")
@pytest.mark.parametrize(
    "name", ["00-good", "06-good", "07-good-grey", "09-good-white"]
)
def test_a_portrait_as_the_clause_wants_it_is_accepted(booth: Booth, name: str) -> None:
    assert booth.judge(name).faults == ()


@pytest.mark.clause("4.1e")
@pytest.mark.seeded("photo_mouth_measured_at_its_corners")
@pytest.mark.seeded("photo_yaw_measured_across_the_picture")
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("00-turned", Fault.FRONT),
        ("00-tilted", Fault.FRONT),
        ("01-smile", Fault.EXPRESSION),
        ("02-gaping", Fault.MOUTH),
        ("03-dark", Fault.BACKGROUND),
        ("04-coloured", Fault.BACKGROUND),
        ("00-gradient", Fault.BACKGROUND),
        ("00-two", Fault.FACES),
        ("00-nobody", Fault.FACES),
    ],
)
def test_each_condition_refuses_what_breaks_it(
    booth: Booth, name: str, fault: Fault
) -> None:
    judgement = booth.judge(name)
    assert (judgement.verdict, judgement.faults[0]) == (Verdict.REFUSED, fault)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("00-far", Fault.PLACE),
        ("00-eyes-closed", Fault.EYES),
        ("00-blurred", Fault.BLUR),
        ("00-compressed", Fault.BLUR),
        ("00-side-light", Fault.EXPOSURE),
    ],
)
def test_what_only_advises_sends_to_a_person(
    booth: Booth, name: str, fault: Fault
) -> None:
    judgement = booth.judge(name)
    assert judgement.verdict is Verdict.REVIEW
    assert fault in judgement.faults


def test_a_dim_picture_is_told_to_be_dim(booth: Booth) -> None:
    """Its background is dark as well, which refuses."""
    assert Fault.EXPOSURE in booth.judge("00-dim").faults


def test_the_portrait_of_the_demonstration_passes(booth: Booth) -> None:
    assert judge(booth.door.look(portrait()).measures, limits()).faults == ()


@pytest.mark.seeded("photo_tells_the_points")
def test_nothing_but_the_measures_leaves_the_judge(booth: Booth) -> None:
    """No point of the face, no vector: both would be biometric data."""
    told = booth.door.look(booth.picture("00-good"))
    assert measured().keys() == told.measures.keys()


def test_the_same_picture_is_measured_the_same(booth: Booth) -> None:
    first, second = (booth.door.look(booth.picture("00-good")) for _ in range(2))
    assert first == second
