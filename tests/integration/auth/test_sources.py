"""One place cannot lock many numbers, nor try many pairs (cases A05, A06)."""

import pytest

from kernel.errors import Refused
from kernel.starting_policy import STARTING_POLICY
from kernel.values import Phone
from services.auth.domain.codes import Challenge
from services.auth.domain.rules import Allowance
from services.auth.domain.sources import Source
from tests.integration.auth.stand import HOME, NOON, PASSWORD, PHONE, Stand, in_threads

STOLEN = "stolen words"
FLOOD = Source.of("198.51.100.7")
ALLOWED = Allowance.at(STARTING_POLICY, NOON)


def try_pairs(stand: Stand, count: int, *, source: Source = FLOOD) -> list[object]:
    """A wrong password for one number after another, over two gateways at once."""
    gateways = (stand.gateway, stand.another_gateway())

    def attempt(place: int) -> str:
        phone = Phone(f"+7702{place:07}")
        with pytest.raises(Refused) as caught:
            gateways[place % 2].log_in(
                stand.context(), phone=phone, password=STOLEN, source=source
            )
        return caught.value.code

    return in_threads(count, attempt)


@pytest.mark.clause("4.7")
@pytest.mark.catalogue("A05")
@pytest.mark.catalogue("A06")
@pytest.mark.seeded("auth_sources_are_not_counted")
def test_a_flood_from_one_address_reaches_few_counts(stand: Stand) -> None:
    """The rest is refused before a count is touched; one alarm; others come in."""
    stand.client()
    stand.passwords.asked.clear()
    answers = try_pairs(stand, 2 * ALLOWED.burst)

    assert answers.count("login_refused") == ALLOWED.burst
    assert answers.count("login_too_often") == ALLOWED.burst
    assert len(stand.passwords.asked) == ALLOWED.burst
    counted = stand.rows("SELECT count(*) FROM password_attempts WHERE number > 0")
    assert counted[0][0] == ALLOWED.burst
    (alarm,) = stand.events("source_throttled")
    assert alarm["reach"] == "address"
    assert FLOOD.address.partition("/")[0] not in str(alarm)
    assert isinstance(stand.first_factor(), Challenge)


@pytest.mark.catalogue("A05")
def test_a_held_back_source_does_not_lock_its_victim_and_comes_back(
    stand: Stand,
) -> None:
    """Its refusals count against nobody; time gives it one attempt after another."""
    stand.client()
    try_pairs(stand, ALLOWED.burst)
    for _ in range(5):
        with pytest.raises(Refused, match="login_too_often") as caught:
            stand.gateway.log_in(
                stand.context(), phone=PHONE, password=STOLEN, source=FLOOD
            )
        assert caught.value.details == {"seconds_left": 10}

    assert isinstance(stand.first_factor(), Challenge)
    stand.clock.at += ALLOWED.refill
    waiting, _ = stand.gateway.log_in(
        stand.context(), phone=PHONE, password=PASSWORD, source=FLOOD
    )
    assert isinstance(waiting, Challenge)


def test_a_clock_set_back_holds_nobody_back_for_its_hour(stand: Stand) -> None:
    """The bucket keeps its last token, and refills at its usual pace."""
    stand.client()
    try_pairs(stand, ALLOWED.burst)
    stand.clock.move(hours=-1)

    assert sorted(map(str, try_pairs(stand, 2))) == ["login_refused", "login_too_often"]
    stand.clock.at += ALLOWED.refill
    assert try_pairs(stand, 1) == ["login_refused"]


@pytest.mark.seeded("auth_right_passwords_use_up_the_source")
def test_right_passwords_use_nothing_up(stand: Stand) -> None:
    """Many clients behind one address of an operator."""
    stand.client()
    stand.first_factor()
    (row,) = stand.rows("SELECT max(full_at) AS full_at FROM login_sources")

    assert row.full_at == stand.clock.now()
    assert HOME.address not in str(stand.rows("SELECT source_token FROM login_sources"))


def test_full_buckets_are_forgotten(stand: Stand) -> None:
    try_pairs(stand, 3)
    stand.clock.move(hours=2)
    stand.auth.forget()

    assert stand.rows("SELECT 1 FROM login_sources") == []
