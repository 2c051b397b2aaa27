"""Erasure: what puts it off, and that it then comes by itself."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.crypto import Json
from kernel.erasure import seal_by_own_keys, years_after
from kernel.errors import Refused
from kernel.events.onboarding import (
    ErasureRequested,
    ErasureWithdrawn,
    PersonalDataErased,
)
from services.onboarding.handlers import erasures
from services.onboarding.ports import Client
from tests.unit.onboarding.builders import CLIENT, NOW, PHONE, STRANGER
from tests.unit.onboarding.erasure_twins import TERMS, kept
from tests.unit.onboarding.fakes import Bench

TOKEN = "token"  # noqa: S105 - a twin of one
CONTRACT = UUID("01890000-0000-7000-8000-0000000000d1")
FIVE_YEARS_ON = NOW.replace(year=NOW.year + 5)
YEARS_AGO = NOW.replace(year=NOW.year - 6)


@pytest.fixture
def client(bench: Bench) -> Bench:
    """A bench with one client at it."""
    bench.unit.clients.rows[CLIENT] = Client(
        client_id=CLIENT,
        registration_id=STRANGER,
        iin_token=TOKEN,
        phone=PHONE,
        phone_token=TOKEN,
    )
    return bench


def ask(bench: Bench) -> Mapping[str, Json]:
    return erasures.ask_erasure(
        begin=bench.unit.begin,
        clock=bench.clock,
        ids=bench.ids,
        rules=bench.rules,
        client_id=CLIENT,
    )


def withdraw(bench: Bench) -> Mapping[str, Json]:
    return erasures.withdraw_erasure(
        begin=bench.unit.begin,
        clock=bench.clock,
        rules=bench.rules,
        client_id=CLIENT,
    )


def beat(bench: Bench) -> int:
    return erasures.erase_due(
        begin=bench.unit.begin, clock=bench.clock, rules=bench.rules
    )


@pytest.mark.seeded("onboarding_erased_before_the_documents_term")
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, FIVE_YEARS_ON),
        ({"biometrics_at": NOW - timedelta(days=9)}, FIVE_YEARS_ON),
        ({"documents_at": None, "biometrics_at": YEARS_AGO}, NOW + timedelta(days=31)),
        ({"documents_at": NOW, "biometrics_at": None}, FIVE_YEARS_ON),
        ({"obliged": True}, None),
    ],
)
def test_the_longest_term_decides(
    changed: Mapping[str, Any], expected: datetime | None
) -> None:
    assert kept(**changed).possible_from(TERMS) == expected


def test_a_term_of_years_is_never_a_day_short() -> None:
    leap = datetime(2028, 2, 29, 9, tzinfo=UTC)
    assert years_after(leap, 5) == datetime(2033, 3, 1, 9, tzinfo=UTC)
    assert years_after(leap, 4) == datetime(2032, 2, 29, 9, tzinfo=UTC)


def test_a_wish_stands_until_its_term_is_over_and_is_then_carried_out(
    client: Bench,
) -> None:
    answer = ask(client)
    assert answer["waits_for"] == "retention"
    assert answer["possible_from"] == "2031-11-25T09:00:00.000000Z"

    client.clock.at = FIVE_YEARS_ON - timedelta(seconds=1)
    assert (beat(client), client.unit.erasures.erased_at) == (0, None)
    client.clock.at = FIVE_YEARS_ON
    assert beat(client) == 1
    assert client.unit.said(PersonalDataErased) == [
        PersonalDataErased(client_id=CLIENT)
    ]
    assert beat(client) == 0


@pytest.mark.seeded("onboarding_erased_while_obliged")
def test_nobody_is_erased_while_a_contract_obliges(client: Bench) -> None:
    client.unit.erasures.holds = kept(
        registered_until=YEARS_AGO, biometrics_at=YEARS_AGO, documents_at=YEARS_AGO
    )
    client.unit.obligations.open(CONTRACT, CLIENT, at=NOW)

    answer = ask(client)
    assert (answer["waits_for"], answer["possible_from"]) == ("obligations", None)
    client.clock.move(days=2)
    assert beat(client) == 0
    assert client.unit.erasures.look_at == client.clock.at + timedelta(days=1)

    client.unit.obligations.close(CONTRACT, CLIENT, at=client.clock.at)
    client.clock.move(days=1)
    assert beat(client) == 1


@pytest.mark.seeded("onboarding_erased_at_once")
def test_a_term_that_began_anew_meanwhile_puts_the_erasure_off(client: Bench) -> None:
    ask(client)
    client.clock.at = FIVE_YEARS_ON
    client.unit.erasures.holds = kept(biometrics_at=FIVE_YEARS_ON)

    assert beat(client) == 0
    later = FIVE_YEARS_ON.replace(year=FIVE_YEARS_ON.year + 5)
    assert client.unit.erasures.look_at == later


@pytest.mark.seeded("onboarding_clients_erased_unasked")
def test_a_client_who_did_not_ask_or_changed_their_mind_stays(client: Bench) -> None:
    ask(client)
    assert withdraw(client)["asked_at"] is None
    assert client.unit.said(ErasureWithdrawn) == [ErasureWithdrawn(client_id=CLIENT)]
    client.clock.at = client.unit.erasures.look_at = FIVE_YEARS_ON

    assert beat(client) == 0
    assert client.unit.erasures.look_at is None


def test_who_never_became_a_client_goes_unasked(bench: Bench) -> None:
    bench.unit.erasures.holds = kept(
        is_client=False, biometrics_at=None, documents_at=None
    )
    bench.unit.erasures.look_at = NOW
    assert beat(bench) == 0
    bench.clock.move(days=31)
    assert beat(bench) == 1


def test_asking_again_changes_nothing(client: Bench) -> None:
    first = ask(client)
    client.clock.move(days=3)
    assert ask(client)["asked_at"] == first["asked_at"]
    (said,) = client.unit.said(ErasureRequested)
    assert said == ErasureRequested(client_id=CLIENT, possible_from=FIVE_YEARS_ON)


def test_what_was_not_asked_for_is_not_taken_back(client: Bench) -> None:
    with pytest.raises(Refused) as refused:
        withdraw(client)
    assert refused.value.code == "erasure_not_asked"


def test_a_stranger_to_us_asks_in_vain(bench: Bench) -> None:
    with pytest.raises(Refused) as refused:
        ask(bench)
    assert refused.value.code == "client_unknown"


def test_a_person_somebody_else_looks_at_is_passed_over(client: Bench) -> None:
    client.unit.erasures.look_at = NOW
    client.unit.erasures.taken_by_another = True
    assert (beat(client), client.unit.erasures.look_at) == (0, NOW)


@pytest.mark.seeded("onboarding_broken_field_stops_resealing")
def test_a_broken_field_stops_nobody_else(bench: Bench) -> None:
    bench.unit.keys.waiting = [CLIENT, STRANGER]
    bench.unit.keys.broken = {CLIENT}
    broken = seal_by_own_keys(bench.unit.begin, at=bench.clock.now())
    assert (broken, bench.unit.keys.taken) == ((CLIENT,), [STRANGER])
