"""When a biometric protocol proves the client, to the last hundredth."""

from datetime import timedelta
from decimal import Decimal

import pytest

from services.onboarding.domain.protocol import ProtocolCode, judge_protocol
from tests.unit.onboarding.builders import (
    MICROSECOND,
    NOW,
    OTHER_IIN,
    OTHER_TEXT,
    asked,
    protocol,
)


def test_right_protocol_proves_the_client() -> None:
    assert judge_protocol(protocol(), asked(), at=NOW) is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"session_id": "session-2"}, ProtocolCode.OTHER_SESSION),
        ({"reference": "another"}, ProtocolCode.OTHER_REFERENCE),
        ({"nonce": "another"}, ProtocolCode.OTHER_NONCE),
        ({"iin": OTHER_IIN}, ProtocolCode.OTHER_PERSON),
        ({"document_sha256": OTHER_TEXT}, ProtocolCode.OTHER_DOCUMENT),
        ({"attempt_no": 4}, ProtocolCode.ATTEMPTS),
        ({"liveness_passed": False}, ProtocolCode.LIVENESS),
        ({"liveness_commands": 2}, ProtocolCode.LIVENESS),
        ({"score": Decimal("94.99")}, ProtocolCode.SCORE),
    ],
)
def test_each_fault_has_its_code(
    changed: dict[str, object], code: ProtocolCode
) -> None:
    assert code == judge_protocol(protocol(**changed), asked(), at=NOW)


def test_the_percentage_in_force_is_enough() -> None:
    assert judge_protocol(protocol(score=Decimal(95)), asked(), at=NOW) is None


def test_attempts_made_before_count() -> None:
    second = protocol(attempt_no=2)
    assert judge_protocol(second, asked(attempts_left=2), at=NOW) is None
    found = judge_protocol(second, asked(attempts_left=1), at=NOW)
    assert found == ProtocolCode.ATTEMPTS


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(minutes=10), True),
        (timedelta(minutes=10) + MICROSECOND, False),
        (-timedelta(minutes=1), True),
        (-timedelta(minutes=1) - MICROSECOND, False),
    ],
)
def test_old_and_future_protocols_are_refused(age: timedelta, *, fresh: bool) -> None:
    found = judge_protocol(protocol(), asked(), at=NOW + age)
    assert (None if fresh else ProtocolCode.TOO_OLD) == found
