"""Products and drafts as a client sees them before anything is signed."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kernel.crypto import Json, as_object
from kernel.errors import Refused
from kernel.money import Money
from services.contracts.handlers import schedules
from tests.unit.contracts.builders import (
    AMOUNT,
    CLIENT,
    CONTRACT,
    OFFERED_AT,
    POLICY,
    STRANGER,
    TIYN,
    offered,
    policy_with,
    schedule,
)
from tests.unit.contracts.fakes import Bench


def items_of(answer: Json) -> list[dict[str, Json]]:
    items = as_object(answer)["items"]
    assert isinstance(items, list)
    return [dict(as_object(item)) for item in items]


def drafts(
    bench: Bench,
    *,
    product: str = "standard",
    amount: Money = AMOUNT,
    term_days: int = 90,
) -> list[dict[str, Json]]:
    answer = schedules.draft_schedules(
        product=product,
        amount=amount,
        term_days=term_days,
        policy=POLICY,
        clock=bench.clock,
    )
    return items_of(answer)


def test_every_product_tells_its_limits_and_price(bench: Bench) -> None:
    standard, short = items_of(
        schedules.list_products(policy=POLICY, clock=bench.clock)
    )
    assert standard["product"] == "standard"
    assert short == {
        "product": "short",
        "version": "2026-01-05",
        "annual_percent": "105.85",
        "least": "4325.00",
        "most": "194625.00",
        "shortest_days": 30,
        "longest_days": 45,
        "methods": ["annuity", "differentiated"],
    }


def test_a_change_of_a_product_is_its_next_version(bench: Bench) -> None:
    """In force from its instant on, not before."""
    since = OFFERED_AT + timedelta(days=30)
    key = "lending.product.standard.annual_percent"
    later = policy_with(key, Decimal(30), since=since)
    told = []
    for at in (since - timedelta(seconds=1), since):
        bench.clock.at = at
        standard, _ = items_of(schedules.list_products(policy=later, clock=bench.clock))
        told.append((standard["version"], standard["annual_percent"]))
    assert told == [("2026-01-05", "36.00"), ("2026-12-02", "30.00")]


def test_both_methods_are_shown_with_the_full_price(bench: Bench) -> None:
    """From the day the money is expected: a day later, for the hold."""
    annuity, parts = drafts(bench)
    assert [annuity["repayment"], parts["repayment"]] == ["annuity", "differentiated"]
    assert (annuity["issued_on"], annuity["final"]) == ("2026-11-03", False)
    total = Money.from_wire(str(annuity["total"]))
    assert total == AMOUNT + Money.from_wire(str(annuity["interest"]))
    assert Money.from_wire(str(parts["total"])) < total


@pytest.mark.parametrize(
    ("product", "amount", "term_days", "code"),
    [
        ("gold", AMOUNT, 90, "product_unknown"),
        ("standard", TIYN, 90, "terms_outside_product"),
        ("standard", AMOUNT, 29, "terms_outside_product"),
        ("short", AMOUNT, 30, "terms_outside_product"),
    ],
)
def test_what_is_not_on_offer_is_refused(
    bench: Bench, product: str, amount: Money, term_days: int, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        drafts(bench, product=product, amount=amount, term_days=term_days)
    assert refused.value.code == code


def test_the_schedule_in_force_is_the_clients_alone(bench: Bench) -> None:
    bench.work.contracts.put(offered())
    with bench.work.begin() as unit:
        unit.schedules.add(CONTRACT, schedule(), final=False)
    shown = as_object(
        schedules.get_schedule(client_id=CLIENT, contract_id=CONTRACT, work=bench.work)
    )
    assert (shown["final"], shown["gesv_percent"]) == (False, str(schedule().gesv))
    with pytest.raises(Refused, match="not_found"):
        schedules.get_schedule(
            client_id=STRANGER, contract_id=CONTRACT, work=bench.work
        )
