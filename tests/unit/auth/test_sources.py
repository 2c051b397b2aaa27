"""Who fails again and again is held back before anybody's count is touched."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused
from kernel.policy import Policy, Setting
from kernel.starting_policy import STARTING_POLICY
from services.auth.domain.rules import Allowance, HashCost, PasswordRules
from services.auth.domain.sources import ALARM_EVERY, Source, source_id
from services.auth.handlers.sources import Bucket, admit, readmit
from tests.unit.auth.fakes import NOON, FakeSources, Published

FEW = Allowance(burst=3, refill=timedelta(seconds=10))
BUCKETS = (Bucket("address", "a", FEW), Bucket("network", "n", FEW.of_network()))


class Edge:
    def __init__(self) -> None:
        self.sources = FakeSources()
        self.published = Published()
        self.now = NOON

    def admit(self, *buckets: Bucket) -> Refused | None:
        return admit(
            buckets or BUCKETS,
            now=self.now,
            sources=self.sources,
            publish=self.published,
        )


@pytest.mark.parametrize(
    ("address", "one", "many"),
    [
        ("192.0.2.77", "192.0.2.77/32", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.77/32", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1:2::/64", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("", "unknown", "unknown"),
        (None, "unknown", "unknown"),
        ("not an address", "unknown", "unknown"),
    ],
)
def test_a_source_is_an_address_or_a_household(
    address: str | None, one: str, many: str
) -> None:
    """IPv6 by /64: a household has 2^64 addresses of its own (case A05)."""
    assert Source.of(address) == Source(one, many)


@given(st.text(max_size=60))
def test_any_text_is_some_source(address: str) -> None:
    assert Source.of(address).address


def test_a_source_that_keeps_failing_waits_until_a_token_is_back() -> None:
    edge = Edge()
    answers = [edge.admit() for _ in range(4)]
    refused = answers[3]

    assert answers[:3] == [None] * 3
    assert isinstance(refused, Refused)
    assert (refused.code, refused.details) == ("login_too_often", {"seconds_left": 10})
    edge.now += timedelta(seconds=10)
    assert edge.admit() is None
    assert edge.admit() is not None


def test_a_right_password_gives_its_token_back() -> None:
    """However many clients an operator puts behind one address."""
    edge = Edge()
    for _ in range(20):
        assert edge.admit() is None
        readmit(BUCKETS, sources=edge.sources)


def test_a_network_may_do_less_than_all_its_addresses() -> None:
    """Changing the last byte of the address buys four times, not 256 times."""
    edge = Edge()
    passed = sum(
        edge.admit(Bucket("address", f"a{n}", FEW), BUCKETS[1]) is None
        for n in range(256)
    )

    assert passed == 12
    assert edge.sources.full_at["a255"] == NOON  # what was taken went back


def test_a_flood_is_reported_once_a_minute() -> None:
    edge = Edge()
    for _ in range(50):
        edge.admit()
    assert edge.published.types == ["SourceThrottled"]
    assert getattr(edge.published.events[0], "source_id", None) == source_id("a")
    edge.now += ALARM_EVERY
    for _ in range(50):
        edge.admit()

    assert edge.published.types == ["SourceThrottled"] * 2


@pytest.mark.clause("4.6")
@pytest.mark.parametrize(
    ("key", "weak"),
    [
        ("auth.hash_memory_kib", 19 * 1024 - 1),
        ("auth.hash_passes", 1),
        ("auth.password_min_chars", 7),
        ("auth.password_max_chars", 63),
        ("auth.source_attempts", 101),
        ("auth.source_refill_s", 4),
    ],
)
def test_nobody_may_weaken_these_settings_below_their_floor(
    key: str, weak: int
) -> None:
    with pytest.raises(Refused, match="setting_too_weak"):
        STARTING_POLICY.with_setting(Setting(key, NOON, weak, "a test"))


@pytest.mark.clause("4.6")
def test_a_stricter_record_is_in_force_from_its_instant() -> None:
    stricter: Policy = STARTING_POLICY
    for key, value in (
        ("auth.hash_memory_kib", 65_536),
        ("auth.password_min_chars", 12),
        ("auth.source_attempts", 10),
    ):
        stricter = stricter.with_setting(Setting(key, NOON, value, "a test"))
    before = NOON - timedelta(microseconds=1)

    for at, memory, shortest, burst in (
        (before, 32_768, 8, 60),
        (NOON, 65_536, 12, 10),
    ):
        assert HashCost.at(stricter, at).memory_kib == memory
        assert PasswordRules.at(stricter, at).shortest == shortest
        assert Allowance.at(stricter, at).burst == burst
