"""What chance does to a signature's bytes is never accepted, and never a crash."""

from collections import Counter
from collections.abc import Iterator
from unittest import mock

import pytest

from services.onboarding.adapters.eds import examiner
from tests.eds.crosscheck import forget
from tests.eds.mutation import KINDS, samples, verdict

EXPECTED = {"ValueError", "KeyError", "IndexError", "TypeError", "UnicodeDecodeError"}


@pytest.fixture
def log() -> Iterator[mock.Mock]:
    forget()
    with mock.patch.object(examiner, "log") as log:
        yield log


@pytest.mark.seeded("onboarding_signature_not_calculated")
def test_no_change_of_a_signed_byte_is_accepted(log: mock.Mock) -> None:
    found: Counter[str] = Counter()
    for sample in samples("unit", 400, KINDS):
        said = verdict(sample)
        found[said] += 1
        assert not (said == "ok" and sample.in_signed_bytes)
        if sample.how == "right":
            assert said == "ok"
    kinds = {call.kwargs["kind"] for call in log.warning.mock_calls}
    assert kinds <= EXPECTED
    assert found["bad_signature"] > 20
