"""What outer systems say is read strictly, or not at all."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from kernel.crypto import canonical
from kernel.errors import Broken
from kernel.starting_policy import STARTING_POLICY
from services.onboarding.adapters.biometrics import CanonicalProtocols
from services.onboarding.domain.ceremony import CeremonyRules
from services.onboarding.domain.visits import VisitRules
from services.onboarding.wiring.rules import DatedRules
from tests.unit.onboarding.builders import IIN, NOW, TEXT, TODAY, protocol

SAID: dict[str, str | int | bool] = {
    "protocol_id": "protocol-1",
    "session_id": "session-1",
    "reference": "reference",
    "nonce": "nonce",
    "iin": IIN.reveal(),
    "document_sha256": TEXT,
    "attempt_no": 1,
    "score": "97.31",
    "liveness_passed": True,
    "liveness_commands": 3,
    "reference_source": "state_image_base",
    "completed_at": "2026-11-25T09:00:00Z",
}


def test_protocol_is_read_from_canonical_bytes() -> None:
    assert protocol() == CanonicalProtocols().read(canonical(SAID))


@pytest.mark.parametrize(
    "changed",
    [
        {"score": "100.01"},
        {"score": "-1"},
        {"score": "NaN"},
        {"score": "9e9"},
        {"attempt_no": 0},
        {"attempt_no": "1"},
        {"attempt_no": True},
        {"liveness_passed": 1},
        {"liveness_commands": "3"},
        {"iin": "123456789011"},
        {"completed_at": "yesterday"},
        {"protocol_id": ""},
    ],
)
def test_protocol_with_an_odd_field_is_none(
    changed: dict[str, str | int | bool],
) -> None:
    assert CanonicalProtocols().read(canonical({**SAID, **changed})) is None


@pytest.mark.parametrize("field", sorted(SAID))
def test_protocol_without_a_field_is_none(field: str) -> None:
    rest = {name: value for name, value in SAID.items() if name != field}
    assert CanonicalProtocols().read(canonical(rest)) is None


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b" {}", b"\xff", b"null"])
def test_bytes_that_are_no_protocol_are_none(raw: bytes) -> None:
    assert CanonicalProtocols().read(raw) is None


def test_fields_in_another_order_are_another_document() -> None:
    spaced = canonical(SAID).replace(b",", b", ")
    assert CanonicalProtocols().read(spaced) is None


def test_rules_come_from_the_dated_settings() -> None:
    rules = DatedRules(STARTING_POLICY)
    expected = CeremonyRules(
        minutes=30,
        visits=VisitRules(max_attempts=3, cooldown=timedelta(hours=1)),
        min_match_percent=Decimal(95),
        valid_document_for=frozenset(
            {
                *("registration", "contract", "amendment"),
                *("phone_change", "account_change"),
            }
        ),
    )
    assert expected == rules.ceremony(NOW)
    assert rules.min_age(TODAY) == 18
    fresh = rules.freshness(NOW)
    assert (fresh.ocsp, fresh.crl) == (timedelta(minutes=30), timedelta(minutes=10))


def test_no_percentage_is_invented_for_the_time_before_the_rules() -> None:
    rules = DatedRules(STARTING_POLICY)
    with pytest.raises(Broken):
        rules.ceremony(datetime(2026, 7, 11, 18, 59, tzinfo=UTC))
