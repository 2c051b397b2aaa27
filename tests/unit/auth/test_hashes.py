"""The slow hash: exactly the password, at the cost in force (clause 4.5)."""

from dataclasses import replace

import pytest
from argon2 import extract_parameters

from kernel.errors import Broken
from services.auth.adapters import Argon2Passwords, _of_nobody
from services.auth.domain.rules import HashCost

CHEAP = HashCost(memory_kib=64, passes=1, lanes=1)
LONG = "конь в малиновом пальто и ещё сто двадцать восемь букв подряд " * 2


def passwords(cost: HashCost = CHEAP) -> Argon2Passwords:
    return Argon2Passwords(lambda: cost)


@pytest.mark.clause("4.5")
@pytest.mark.seeded("auth_passwords_are_trimmed")
@pytest.mark.parametrize(
    ("typed", "same"),
    [
        (LONG, True),
        (LONG[:-1] + "_", False),  # nothing is cut off
        (LONG.rstrip(), False),
        (f" {LONG}", False),
        (LONG.upper(), False),
        (LONG.replace("ё", "е\u0308"), True),  # another keyboard's way to write it
        (LONG.replace("ё", "е"), False),
    ],
)
def test_a_password_is_compared_as_it_was_typed(typed: str, *, same: bool) -> None:
    """Every character counts, beyond the 64th too, and none is added or dropped."""
    assert passwords().matches(typed, passwords().hash(LONG)) is same


def test_nobody_s_hash_is_matched_by_nothing_and_costs_what_it_is_like() -> None:
    dear = replace(CHEAP, memory_kib=128, passes=2)
    like = passwords(dear).hash("a neighbour's")

    assert not passwords().matches("a neighbour's", None, like=like)
    assert not passwords().matches("a neighbour's", None)
    found = extract_parameters(_of_nobody(dear))
    assert (found.memory_cost, found.time_cost) == (128, 2)
    assert (found.salt_len, found.hash_len) == (16, 32)


@pytest.mark.parametrize(
    ("asked", "outdated"),
    [
        (CHEAP, False),
        (replace(CHEAP, memory_kib=65), True),
        (replace(CHEAP, passes=2), True),
        (replace(CHEAP, memory_kib=32), False),
    ],
)
def test_only_a_cheaper_hash_is_outdated(asked: HashCost, *, outdated: bool) -> None:
    assert passwords(asked).is_outdated(passwords().hash("x")) is outdated


def test_what_is_no_hash_is_broken() -> None:
    with pytest.raises(Broken):
        passwords().matches("x", "not a hash")
    with pytest.raises(Broken):
        passwords().is_outdated("not a hash")
