"""Accounts counted by day: exact, in any order of news, as an oracle counts them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kernel.errors import Broken
from kernel.money import Money
from services.contracts.domain.account import account_of
from services.contracts.domain.repayment import (
    Account,
    Credit,
    EarlyOrder,
    Effect,
    Loan,
    PostingKind,
    RepaymentRules,
    Share,
    Stop,
    stops_of,
)
from services.contracts.domain.schedule import RepaymentMethod
from tests.unit.contracts.builders import OFFERED_AT, POLICY, policy_with, schedule

ISSUED = date(2026, 1, 12)
BY_LAW = (
    *(Share.PRINCIPAL_OVERDUE, Share.INTEREST_OVERDUE, Share.PENALTY),
    *(Share.PRINCIPAL_CURRENT, Share.INTEREST_CURRENT),
)
LATE = (*BY_LAW[:2], *BY_LAW[3:], Share.PENALTY)
K = PostingKind


def rules(**changes: object) -> RepaymentRules:
    return replace(
        RepaymentRules(
            order=BY_LAW,
            late_order=LATE,
            late_after_days=40,
            accrual_days=90,
            penalty_daily_percent=Decimal("0.5"),
            penalty_yearly_percent=10,
            price_cap=None,
        ),
        **changes,  # type: ignore[arg-type]  # fields by name
    )


def loan(*, counted_by: RepaymentRules | None = None, **terms: object) -> Loan:
    usual = {
        "amount": Money(40_000_000),
        "annual_percent": Decimal(36),
        "issued_on": ISSUED,
        "term_days": 90,
        "repayment": RepaymentMethod.ANNUITY,
    }
    return Loan(schedule=schedule(**usual | terms), rules=counted_by or rules())


def credit(on: date, amount: int | Money, reference: str = "R-1") -> Credit:
    money = amount if isinstance(amount, Money) else Money(amount)
    return Credit(value_on=on, reference=reference, amount=money)


def order(on: date, amount: int, effect: Effect) -> EarlyOrder:
    return EarlyOrder(on=on, order_id=UUID(int=1), amount=Money(amount), effect=effect)


def on_time(made: Loan) -> list[Credit]:
    return [
        credit(one.due_on, one.total, f"R-{one.number}")
        for one in made.schedule.instalments
    ]


def posted(account: Account, kind: PostingKind) -> int:
    return sum(one.amount for one in account.postings if one.kind is kind)


def days(count: int) -> timedelta:
    return timedelta(days=count)


loans = st.builds(
    lambda counted, **terms: loan(counted_by=counted, **terms),
    counted=st.builds(
        rules,
        accrual_days=st.sampled_from([0, 10, 90]),
        penalty_daily_percent=st.sampled_from([Decimal(0), Decimal("0.5")]),
        penalty_yearly_percent=st.integers(0, 10),
        late_after_days=st.integers(0, 60),
        price_cap=st.none() | st.integers(0, 3_000_000).map(Money),
    ),
    amount=st.integers(1, 10**8).map(Money),
    annual_percent=st.integers(0, 15_000).map(lambda n: Decimal(n) / 100),
    repayment=st.sampled_from(RepaymentMethod),
    term_days=st.integers(1, 150),
)
histories = st.lists(
    st.tuples(st.integers(-3, 260), st.integers(1, 60_000_000)), max_size=6
)
stops = st.lists(
    st.tuples(st.integers(0, 200), st.none() | st.integers(1, 80)), max_size=2
)


def credits_of(history: Sequence[tuple[int, int]]) -> list[Credit]:
    return [
        credit(ISSUED + days(after), amount, f"R-{number}")
        for number, (after, amount) in enumerate(history)
    ]


def stops_from(drawn: Sequence[tuple[int, int | None]]) -> list[Stop]:
    return [
        Stop(
            since=ISSUED + days(since),
            until=None if lasts is None else ISSUED + days(since + lasts),
        )
        for since, lasts in drawn
    ]


@dataclass
class Owed:
    """A payment of the oracle's."""

    due_on: date
    parts: dict[str, int]


def rounded(exact: Fraction) -> int:
    return int(exact + Fraction(1, 2))


def oracle(
    made: Loan, paid: Sequence[Credit], stopped: Sequence[Stop], on: date
) -> tuple[int, int, int, date | None]:
    """Debt, penalty, money left over and the end, by the rules' words alone.

    Each day's interest and penalty is a fraction in a list; everything is summed anew
    whenever it is asked for.
    """
    by = made.rules
    lent, per = made.schedule.amount.amount_minor, made.schedule.annual_percent
    interest: list[tuple[date, Fraction]] = []
    since = made.schedule.issued_on
    charged = penalties = penalty_left = purse = 0
    fines: dict[int, list[Fraction]] = {}
    owed: list[Owed] = []
    debt, ended, day = lent, None, since
    plan = {one.due_on: one.principal.amount_minor for one in made.schedule.instalments}

    def accrued() -> int:
        return rounded(sum((part for at, part in interest if at >= since), Fraction()))

    def room() -> int | None:
        if by.price_cap is None:
            return None
        return by.price_cap.amount_minor - charged - accrued() - penalties

    def late_on(at: date) -> list[Owed]:
        return [one for one in owed if one.due_on < at and any(one.parts.values())]

    while True:
        purse += sum(
            one.amount.amount_minor
            for one in paid
            if one.value_on == day or (day == ISSUED and one.value_on < day)
        )
        if ended is None:
            if day in plan:
                owed.append(
                    Owed(day, {"principal": plan.pop(day), "interest": accrued()})
                )
                charged, since = charged + accrued(), day
            interest_due = sum(one.parts["interest"] for one in owed)
            everything = debt + interest_due + accrued() + penalty_left
            if purse >= everything:
                purse, debt, penalty_left, ended = purse - everything, 0, 0, day
            late = late_on(day)
            after = (day - late[0].due_on).days if late else 0
            for share in by.late_order if after > by.late_after_days else by.order:
                if ended is not None:
                    break
                if share is Share.PENALTY:
                    part = min(purse, penalty_left)
                    purse, penalty_left = purse - part, penalty_left - part
                    continue
                what, when = share.value.split("_")
                for one in owed:
                    if (one.due_on < day) == (when == "overdue"):
                        part = min(purse, one.parts[what])
                        one.parts[what] -= part
                        purse -= part
                        debt -= part if what == "principal" else 0
        if day == on:
            return debt, penalty_left, purse, ended
        bears, day = day, day + days(1)
        late = late_on(day)
        quiet = late and (day - late[0].due_on).days > by.accrual_days
        if ended is not None or quiet or any(one.covers(bears) for one in stopped):
            continue
        left, before = room(), accrued()
        interest.append((bears, Fraction(debt) * Fraction(per) / 36_500))
        if left is not None and accrued() - before > left:
            interest[:] = [one for one in interest if one[0] < since]
            interest.append((bears, Fraction(before + max(0, left))))
        overdue = sum(one.parts[what] for one in late for what in one.parts)
        year = fines.setdefault((day - ISSUED).days // 365, [])
        year.append(Fraction(overdue) * Fraction(by.penalty_daily_percent) / 100)
        most = lent * by.penalty_yearly_percent // 100
        more = (
            sum(min(rounded(sum(one, Fraction())), most) for one in fines.values())
            - penalties
        )
        left = room()
        more = more if left is None else min(more, max(0, left))
        if more > 0:
            penalties, penalty_left = penalties + more, penalty_left + more


@settings(deadline=None, max_examples=150)
@given(made=loans, history=histories, drawn=stops, after=st.integers(0, 280))
def test_an_account_is_what_the_oracle_says(
    made: Loan,
    history: list[tuple[int, int]],
    drawn: list[tuple[int, int | None]],
    after: int,
) -> None:
    on, paid, stopped = ISSUED + days(after), credits_of(history), stops_from(drawn)
    account = account_of(made, received=paid, stops=stopped, on=on)
    debt, penalty, left, ended = oracle(made, paid, stopped, on)
    assert (
        account.principal.amount_minor,
        account.penalty.amount_minor,
        account.unused.amount_minor,
        account.closed_on,
    ) == (debt, penalty, left, ended)


@settings(deadline=None, max_examples=150)
@given(
    made=loans,
    history=histories,
    drawn=stops,
    early=st.none()
    | st.tuples(
        st.integers(0, 150), st.integers(1, 10**8), st.sampled_from(list(Effect))
    ),
    shuffle=st.randoms(use_true_random=False),
)
def test_every_tiyn_is_somewhere_whatever_the_order_of_news(
    made: Loan,
    history: list[tuple[int, int]],
    drawn: list[tuple[int, int | None]],
    early: tuple[int, int, Effect] | None,
    shuffle: Random,
) -> None:
    """Parts sum to credits, nothing is negative, permutations are one account."""
    on, paid, stopped = ISSUED + days(280), credits_of(history), stops_from(drawn)
    orders = [order(ISSUED + days(early[0]), *early[1:])] if early else []
    account = account_of(made, received=paid, orders=orders, stops=stopped, on=on)
    received = sum(one.amount.amount_minor for one in paid)
    shares = sum(
        posted(account, kind)
        for kind in (K.PRINCIPAL_PAID, K.INTEREST_PAID, K.PENALTY_PAID)
    )
    assert posted(account, K.RECEIVED) == received
    assert received == shares + account.unused.amount_minor
    lent = made.schedule.amount.amount_minor
    assert lent == posted(account, K.PRINCIPAL_PAID) + account.principal.amount_minor
    due = sum(one.interest_left.amount_minor for one in account.dues)
    assert posted(account, K.INTEREST) == posted(account, K.INTEREST_PAID) + due
    penalty = account.penalty.amount_minor
    assert posted(account, K.PENALTY) == posted(account, K.PENALTY_PAID) + penalty
    assert all(one.amount > 0 for one in account.postings)
    assert min(account.principal, account.unused, account.penalty) >= Money(0)
    for reference in {one.reference for one in account.postings} - {None}:
        of_one = [one for one in account.postings if one.reference == reference]
        came = sum(one.amount for one in of_one if one.kind is K.RECEIVED)
        assert sum(one.amount for one in of_one) <= 2 * came
    shuffle.shuffle(paid)
    again = account_of(made, received=paid, orders=orders, stops=stopped, on=on)
    assert again == account


@settings(deadline=None, max_examples=100)
@given(made=loans.filter(lambda one: one.rules.price_cap is None))
def test_who_pays_on_time_pays_what_the_schedule_says(made: Loan) -> None:
    """To the tiyn, and the contract ends with the last payment."""
    last = made.schedule.instalments[-1].due_on
    account = account_of(made, received=on_time(made), on=last)
    assert (account.closed_on, account.unused) == (last, Money(0))
    assert posted(account, K.INTEREST) == made.schedule.interest.amount_minor
    assert posted(account, K.PENALTY) == 0


@settings(deadline=None, max_examples=100)
@given(made=loans, after=st.integers(0, 200), history=histories)
def test_what_is_owed_on_a_day_ends_the_contract_that_day(
    made: Loan, after: int, history: list[tuple[int, int]]
) -> None:
    """The sum of a full early repayment is exact: a tiyn less does not end it."""
    on, paid = ISSUED + days(after), credits_of(history)
    before = account_of(made, received=paid, on=on)
    assume(before.closed_on is None)
    to_pay = before.to_pay
    ended = account_of(made, received=[*paid, credit(on, to_pay, "R-x")], on=on)
    assert (ended.closed_on, ended.unused, ended.owed) == (on, Money(0), Money(0))
    less = to_pay - Money(1)
    if less > Money(0):
        almost = account_of(made, received=[*paid, credit(on, less, "R-x")], on=on)
        assert almost.closed_on is None


@pytest.mark.seeded("contracts_interest_after_ninety_days")
def test_nothing_accrues_from_the_ninety_first_day_of_a_payment_overdue() -> None:
    made = loan(counted_by=rules(penalty_yearly_percent=100))
    first = made.schedule.instalments[0].due_on
    on_90, on_91, later = (
        account_of(made, on=first + days(count)) for count in (90, 91, 400)
    )
    assert on_90.days_overdue == 90
    assert on_91.owed == on_90.owed == later.owed
    before = account_of(made, on=first + days(89))
    assert before.owed < on_90.owed


@pytest.mark.seeded("contracts_interest_in_a_stop")
def test_a_notice_stops_interest_and_penalty_until_it_is_lifted() -> None:
    """From its day on, whenever it was written down; not the debt itself."""
    made = loan()
    since, until = ISSUED + days(40), ISSUED + days(60)
    halted = stops_of([(since, True), (until, False)])
    at = account_of(made, on=since, stops=halted).owed
    assert account_of(made, on=until, stops=halted).owed == at
    assert account_of(made, on=until + days(1), stops=halted).owed > at
    assert (
        account_of(made, on=until + days(1), stops=stops_of([(since, True)])).owed == at
    )


def test_a_lifting_from_the_first_day_undoes_a_stop() -> None:
    assert stops_of([(ISSUED, True), (ISSUED, False)]) == ()
    assert stops_of([(ISSUED, False)]) == ()


@pytest.mark.seeded("contracts_penalty_without_end")
def test_penalty_ends_at_its_share_of_the_amount() -> None:
    """Ten per cent of the amount in a year of the contract."""
    made = loan(amount=Money(1_000_000), annual_percent=Decimal(0))
    account = account_of(made, on=ISSUED + days(140))
    assert account.penalty == Money(100_000)


def test_interest_and_penalty_of_a_short_loan_end_at_the_amount() -> None:
    made = loan(
        counted_by=rules(
            price_cap=Money(100_000), penalty_yearly_percent=100, accrual_days=10_000
        ),
        amount=Money(100_000),
        annual_percent=Decimal("105.85"),
        term_days=30,
    )
    account = account_of(made, on=ISSUED + days(900))
    assert account.owed == Money(200_000)


@pytest.mark.seeded("contracts_penalty_paid_first")
def test_a_payment_too_small_repays_in_the_order_of_the_law() -> None:
    """Overdue debt, overdue interest, penalty; then what falls due that day."""
    made = loan()
    first, second = made.schedule.instalments[:2]
    missed = account_of(made, on=second.due_on)
    principal, interest = first.principal, first.interest
    paid = [credit(second.due_on, principal + Money(1))]
    after = account_of(made, received=paid, on=second.due_on)
    assert after.dues[0].principal_left == Money(0)
    assert after.dues[0].interest_left == interest - Money(1)
    assert after.penalty == missed.penalty > Money(0)
    paid = [credit(second.due_on, first.total + missed.penalty + Money(1))]
    after = account_of(made, received=paid, on=second.due_on)
    assert (after.dues[0].left, after.penalty) == (Money(0), Money(0))
    assert after.dues[1].principal_left == second.principal - Money(1)


def test_a_payment_overdue_for_long_leaves_the_penalty_for_the_end() -> None:
    made = loan()
    first, second = made.schedule.instalments[:2]
    on = second.due_on + days(20)
    missed = account_of(made, on=on)
    assert missed.days_overdue > made.rules.late_after_days
    after = account_of(made, received=[credit(on, missed.overdue)], on=on)
    assert (after.overdue, after.penalty) == (Money(0), missed.penalty)
    assert first.due_on < on


def test_money_before_its_day_waits_for_it() -> None:
    """Unless it is enough for everything."""
    made = loan()
    first = made.schedule.instalments[0]
    paid = [credit(first.due_on - days(10), first.total)]
    early = account_of(made, received=paid, on=first.due_on - days(1))
    assert (early.unused, early.principal) == (first.total, made.schedule.amount)
    due = account_of(made, received=paid, on=first.due_on)
    assert (due.unused, due.principal) == (Money(0), first.balance)


@pytest.mark.seeded("contracts_overpayment_lost")
def test_what_is_paid_too_much_is_kept_for_the_client() -> None:
    made = loan()
    paid = [*on_time(made), credit(ISSUED + days(200), 777, "R-late")]
    account = account_of(made, received=paid, on=ISSUED + days(201))
    assert account.closed_on == made.schedule.instalments[-1].due_on
    assert account.unused == Money(777)


@pytest.mark.parametrize("repayment", RepaymentMethod)
@pytest.mark.parametrize("effect", Effect)
def test_a_part_repaid_early_makes_the_rest_shorter_or_smaller(
    repayment: RepaymentMethod, effect: Effect
) -> None:
    """Cheaper in both ways; its day is the boundary of a period."""
    made = loan(repayment=repayment, term_days=180)
    first, second = made.schedule.instalments[:2]
    wish = order(first.due_on + days(10), 20_000_000, effect)
    paid = [*on_time(made)[:1], credit(wish.on, 20_000_000, "R-part")]
    account = account_of(made, received=paid, orders=[wish], on=wish.on)
    assert account.executed == (wish.order_id,)
    rest = account.ahead
    assert (
        sum(one.principal.amount_minor for one in rest)
        == account.principal.amount_minor
    )
    assert [one.number for one in rest] == list(range(2, 2 + len(rest)))
    if effect is Effect.SHORTER:
        assert len(rest) < len(made.schedule.instalments) - 1
        assert rest[0].total <= second.total
    else:
        kept = [one.due_on for one in made.schedule.instalments[1:]]
        assert [one.due_on for one in rest] == kept
        assert rest[0].total < second.total
    ended = account_of(
        made,
        received=[*paid, *(credit(o.due_on, o.total, f"N-{o.number}") for o in rest)],
        orders=[wish],
        on=rest[-1].due_on,
    )
    assert (ended.closed_on, ended.unused) == (rest[-1].due_on, Money(0))
    assert posted(ended, K.INTEREST) < made.schedule.interest.amount_minor
    assert all(one < two for one, two in pairwise(one.due_on for one in rest))


def test_an_early_order_without_its_money_lapses() -> None:
    """On its day a tiyn was missing; the next day it is too late."""
    made = loan(term_days=180)
    wish = order(ISSUED + days(10), 20_000_000, Effect.SHORTER)
    paid = [credit(wish.on, 19_999_999), credit(wish.on + days(1), 1, "R-2")]
    account = account_of(made, received=paid, orders=[wish], on=wish.on + days(1))
    assert (account.executed, account.unused) == ((), Money(20_000_000))


@pytest.mark.parametrize(("after", "amount"), [(10, 1), (40, 100_000)])
def test_an_early_order_waits_for_interest_and_debts(after: int, amount: int) -> None:
    """It repays a part of the debt that is not due, or nothing."""
    made = loan(term_days=180)
    wish = order(ISSUED + days(after), amount, Effect.SHORTER)
    paid = [credit(wish.on, amount)]
    account = account_of(made, received=paid, orders=[wish], on=wish.on)
    assert account.executed == ()


def test_no_account_before_the_money() -> None:
    with pytest.raises(Broken):
        account_of(loan(), on=ISSUED - days(1))


def test_the_rules_are_those_of_the_offer() -> None:
    """The platform's contracts name no penalty; short microcredits have a lid."""
    found = RepaymentRules.at(
        POLICY, OFFERED_AT, amount=Money.of("400000"), term_days=90
    )
    assert found == rules(penalty_daily_percent=Decimal(0), late_after_days=180)
    short = RepaymentRules.at(POLICY, OFFERED_AT, amount=Money.of("100"), term_days=30)
    assert short.price_cap == Money.of("100")


def test_an_order_of_repayment_names_every_share() -> None:
    policy = policy_with("repayment.order", ["penalty"], since=OFFERED_AT)
    with pytest.raises(Broken):
        RepaymentRules.at(policy, OFFERED_AT, amount=Money(1), term_days=30)
