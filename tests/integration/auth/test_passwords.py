"""Stored hashes grow stronger by themselves, and stay one password (clause 4.5)."""

from dataclasses import replace

import pytest
from argon2 import extract_parameters

from kernel.errors import Refused
from services.auth.domain.codes import Challenge
from services.auth.domain.passwords import Login
from services.auth.wiring.desk import Desk
from services.auth.wiring.first import PASSWORDS_REHASHED
from tests.integration.auth.stand import (
    CHEAP,
    OTHER_PHONE,
    PHONE,
    Stand,
    in_threads,
)

STRONGER = replace(CHEAP, memory_kib=128)


def stored(stand: Stand) -> Login:
    desk = Desk.of(stand.gateway_platform)
    with desk.begin(stand.context()) as (_, stores):
        login = stores.logins.by_phone(desk.phone_token(PHONE))
    assert login is not None
    return login


def memory_of(login: Login) -> int:
    assert login.password_hash is not None
    return extract_parameters(login.password_hash).memory_cost


@pytest.mark.clause("4.5")
@pytest.mark.seeded("auth_old_hashes_stay_weak")
def test_a_login_exchanges_a_hash_that_has_become_too_cheap(stand: Stand) -> None:
    """Once, by a right password only, and the password stays what it was."""
    stand.client()
    counted = PASSWORDS_REHASHED._value.get()
    stand.passwords.cost = STRONGER
    with pytest.raises(Refused):
        stand.first_factor(password="not the password")  # noqa: S106 - wrong
    assert memory_of(stored(stand)) == CHEAP.memory_kib

    for _ in range(2):
        assert isinstance(stand.first_factor(), Challenge)
    assert memory_of(stored(stand)) == STRONGER.memory_kib
    assert PASSWORDS_REHASHED._value.get() == counted + 1
    assert len(stand.events("password_changed")) == 1


def test_logins_that_race_exchange_the_hash_once(stand: Stand) -> None:
    stand.client()
    counted = PASSWORDS_REHASHED._value.get()
    stand.passwords.cost = STRONGER

    answers = in_threads(3, lambda _: stand.first_factor())

    assert [type(answer) for answer in answers].count(Challenge) >= 1
    assert PASSWORDS_REHASHED._value.get() == counted + 1
    assert memory_of(stored(stand)) == STRONGER.memory_kib


def test_a_hash_is_not_exchanged_for_one_of_an_older_password(stand: Stand) -> None:
    """A slow login must not undo what was set while it was being verified."""
    stand.client()
    seen = stored(stand)
    newer, stale = (stand.passwords.hash(words) for words in ("newer", "older"))
    with Desk.of(stand.gateway_platform).begin(stand.context()) as (_, stores):
        assert stores.logins.replace_hash(seen, newer)
        assert not stores.logins.replace_hash(seen, stale)

    assert stored(stand).password_hash == newer


@pytest.mark.catalogue("A04")
@pytest.mark.seeded("auth_strangers_cost_what_is_new")
def test_a_stranger_costs_what_a_neighbour_s_old_hash_costs(stand: Stand) -> None:
    """While old hashes are being replaced, time must not tell clients from others."""
    stand.client()
    stand.passwords.cost = STRONGER
    liked: list[str | None] = []
    matches = stand.passwords.matches

    def noted(password: str, known: str | None, *, like: str | None = None) -> bool:
        liked.append(like)
        return matches(password, known, like=like)

    stand.passwords.matches = noted  # type: ignore[method-assign,assignment]
    desk = Desk.of(stand.gateway_platform)
    tokens = [desk.phone_token(phone) for phone in (PHONE, OTHER_PHONE)]
    for phone in (PHONE, OTHER_PHONE):
        with pytest.raises(Refused):
            stand.first_factor(phone, "not the password")

    old = stored(stand).password_hash
    assert liked == [old, old if tokens[1] < tokens[0] else None]
