"""One contract of `Payouts`, kept alike by PostgreSQL and by the fake."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kernel.errors import Broken
from kernel.money import Money
from services.disbursement.domain.gate import Check, Verdict
from services.disbursement.domain.order import order_key
from services.disbursement.domain.payout import Payout, State, Tombstone
from services.disbursement.ports import Desk
from tests.integration.disbursement.conftest import Office
from tests.unit.disbursement.builders import (
    ACCOUNT_ID,
    BELOW_LIMIT,
    CLIENT_ID,
    CONTRACT_ID,
    DUE,
    HOLD_UNTIL,
    PAYOUT_ID,
    SIGNED_AT,
    TOKEN,
    order,
    payout,
)
from tests.unit.disbursement.fakes import Boundaries, FakeDesk

OTHER = UUID(int=3)
DAY = timedelta(days=1)
CONSENTED = frozenset({State.CONSENTED})
CONCLUDED = payout(
    state=State.CONCLUDED,
    consented_at=None,
    hold_until=None,
    witnessed_from_ns=None,
    released_at=None,
    account_token=None,
    next_at=None,
)


@pytest.fixture(params=["fake", "real"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Both sides, one after the other."""
    if request.param == "fake":
        yield FakeDesk(Boundaries())
    else:
        office: Office = request.getfixturevalue("office")
        yield office.desk


def enter(desk: Desk, row: Payout = CONCLUDED) -> None:
    with desk.open() as work:
        assert work.payouts.conclude(row)


def consent(desk: Desk, row: Payout = CONCLUDED) -> None:
    with desk.open() as work:
        assert work.payouts.move(
            row,
            State.CONSENTED,
            consented_at=SIGNED_AT,
            hold_until=HOLD_UNTIL,
            next_at=SIGNED_AT,
        )


def read(desk: Desk, contract_id: UUID = CONTRACT_ID) -> Payout:
    with desk.open() as work:
        found = work.payouts.lock(contract_id)
    assert isinstance(found, Payout)
    return found


def claim(desk: Desk, states: frozenset[State] = CONSENTED) -> Payout | None:
    with desk.open() as work:
        return first_of(work.payouts.claim(states, now=DUE, lease_s=90))


def first_of(claimed: Sequence[Payout]) -> Payout | None:
    return claimed[0] if claimed else None


def test_a_contract_has_one_payout(desk: Desk) -> None:
    """The second entering changes nothing."""
    enter(desk)
    with desk.open() as work:
        other = replace(CONCLUDED, payout_id=OTHER, amount=BELOW_LIMIT)
        assert not work.payouts.conclude(other)
    assert read(desk) == CONCLUDED


def test_a_payout_is_found_by_its_owner_and_by_its_id(desk: Desk) -> None:
    """And by nobody and nothing else."""
    enter(desk)
    with desk.open() as work:
        found = work.payouts.find
        assert found(contract_id=CONTRACT_ID, client_id=CLIENT_ID) == CONCLUDED
        assert found(contract_id=CONTRACT_ID, client_id=OTHER) is None
        assert work.payouts.lock_payout(PAYOUT_ID) == CONCLUDED
        assert work.payouts.lock_payout(OTHER) is None
        assert work.payouts.lock(OTHER) is None


def test_a_tombstone_takes_the_contracts_place(desk: Desk) -> None:
    """Nothing can be found on it until the contract comes, born cancelled."""
    tombstone = Tombstone(CONTRACT_ID, CLIENT_ID)
    with desk.open() as work:
        assert work.payouts.bury(tombstone, payout_id=PAYOUT_ID, at=DUE)
        assert not work.payouts.bury(tombstone, payout_id=OTHER, at=DUE)
        assert tombstone == work.payouts.lock(CONTRACT_ID)
        assert work.payouts.find(contract_id=CONTRACT_ID, client_id=CLIENT_ID) is None
    with desk.open() as work:
        assert not work.payouts.conclude(CONCLUDED)
    assert replace(CONCLUDED, state=State.CANCELLED) == read(desk)


def test_a_tombstone_of_another_client_stays_one(desk: Desk) -> None:
    """The contract is not entered in its place."""
    tombstone = Tombstone(CONTRACT_ID, OTHER)
    with desk.open() as work:
        work.payouts.bury(tombstone, payout_id=PAYOUT_ID, at=DUE)
        assert not work.payouts.conclude(CONCLUDED)
        assert tombstone == work.payouts.lock(CONTRACT_ID)


def test_a_step_hits_only_from_the_state_that_was_loaded(desk: Desk) -> None:
    """The second one of two equal steps misses."""
    enter(desk)
    consent(desk)
    with desk.open() as work:
        assert not work.payouts.move(CONCLUDED, State.CONSENTED)
        assert not work.payouts.move(CONCLUDED, State.CANCELLED)
        assert not work.payouts.amend(CONCLUDED, held_code="x")
    assert State.CONSENTED is read(desk).state
    assert read(desk).held_code is None


def test_a_step_that_is_not_drawn_is_broken(desk: Desk) -> None:
    """Before any statement."""
    enter(desk)
    with pytest.raises(Broken), desk.open() as work:
        work.payouts.move(CONCLUDED, State.PAID)


def test_a_claim_gives_a_lease_and_a_new_fence(desk: Desk) -> None:
    """A second worker finds nothing until the lease is over."""
    enter(desk)
    consent(desk)
    first = claim(desk)
    assert first is not None
    assert (1, DUE + timedelta(seconds=90)) == (first.fence, first.lease_until)
    assert claim(desk) is None
    with desk.open() as work:
        later = DUE + timedelta(seconds=90)
        second = first_of(work.payouts.claim(CONSENTED, now=later, lease_s=90))
    assert second is not None
    assert second.fence == 2


def test_a_worker_whose_fence_is_old_writes_nothing(desk: Desk) -> None:
    """P28: the number is checked at every write."""
    enter(desk)
    consent(desk)
    first = claim(desk)
    assert first is not None
    with desk.open() as work:
        work.payouts.claim(CONSENTED, now=DUE + DAY, lease_s=90)
    with desk.open() as work:
        assert not work.payouts.draw_up(first, order(), account_token=TOKEN)
        assert not work.payouts.move(first, State.CANCELLED)
        assert not work.payouts.amend(first, tries=9)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"tries": 1}, True),
        ({"next_at": DUE}, True),
        ({"next_at": DUE + timedelta(seconds=1)}, False),
        ({"next_at": None}, False),
        ({"next_at": DUE + DAY}, True),
        ({"lease_until": DUE + timedelta(seconds=1)}, False),
        ({"lease_until": DUE}, True),
        ({"lease_until": DUE + DAY}, True),
    ],
)
def test_only_due_and_free_rows_are_claimed(
    desk: Desk, changes: dict[str, object], found: object
) -> None:
    """A lease or a retry a day ahead was written by a wrong clock (F14)."""
    enter(desk)
    consent(desk)
    with desk.open() as work:
        work.payouts.amend(read(desk), **changes)  # type: ignore[arg-type] # cases
    assert found == (claim(desk) is not None)


def test_a_hold_may_lie_far_ahead(desk: Desk) -> None:
    """It is no retry; it is waited for."""
    enter(desk)
    consent(desk)
    row = claim(desk)
    assert row is not None
    with desk.open() as work:
        assert work.payouts.draw_up(row, order(), account_token=TOKEN)
        early = HOLD_UNTIL - timedelta(hours=20)
        held = frozenset({State.HELD})
        assert not work.payouts.claim(held, now=early, lease_s=90)
        assert work.payouts.next_instant(held, after=early) == HOLD_UNTIL
        others = frozenset(State) - held
        assert work.payouts.next_instant(others, after=early) is None
        assert work.payouts.claim(held, now=HOLD_UNTIL, lease_s=90)
        assert work.payouts.next_instant(held, after=HOLD_UNTIL) is None


def test_an_order_is_kept_as_it_was_drawn_up(desk: Desk) -> None:
    """With the digest of that moment."""
    enter(desk)
    consent(desk)
    row = claim(desk)
    assert row is not None
    with desk.open() as work:
        work.payouts.draw_up(row, order(), account_token=TOKEN)
    held = read(desk)
    assert (
        held.state,
        held.account_token,
        held.lease_until,
    ) == (State.HELD, TOKEN, None)
    with desk.open() as work:
        assert (order(), order().digest) == work.payouts.order_of(held)


def test_a_suspended_payout_does_not_begin_sending(desk: Desk) -> None:
    """Even when the suspension came a moment before; it can still be cancelled."""
    enter(desk)
    consent(desk)
    row = claim(desk)
    assert row is not None
    with desk.open() as work:
        work.payouts.draw_up(row, order(), account_token=TOKEN)
        held = replace(row, state=State.HELD)
        work.payouts.move(held, State.READY, released_at=HOLD_UNTIL)
    ready = read(desk)
    with desk.open() as work:
        assert work.payouts.amend(ready, suspended_by=OTHER)
    with desk.open() as work:
        assert not work.payouts.move(
            ready, State.SENDING, order_key="k", first_sent_at=DUE
        )
        assert work.payouts.move(ready, State.CANCELLED)


@pytest.mark.seeded("disbursement_unpaid_counts")
def test_the_clients_earlier_contracts_of_the_day_are_added_up(desk: Desk) -> None:
    """Not later ones, others', those that ended unpaid, or of the day before."""
    enter(desk)
    others = [
        (1, SIGNED_AT - timedelta(hours=1), CLIENT_ID),
        (2, SIGNED_AT - timedelta(hours=2), CLIENT_ID),
        (4, SIGNED_AT - DAY, CLIENT_ID),
        (8, SIGNED_AT + timedelta(hours=1), CLIENT_ID),
        (16, SIGNED_AT - timedelta(hours=1), OTHER),
        (32, SIGNED_AT - timedelta(hours=1), CLIENT_ID),
        (64, SIGNED_AT - timedelta(hours=1), CLIENT_ID),
    ]
    for amount, signed_at, client_id in others:
        enter(
            desk,
            replace(
                CONCLUDED,
                payout_id=UUID(int=amount),
                contract_id=UUID(int=amount),
                client_id=client_id,
                amount=Money(amount),
                signed_at=signed_at,
                account_id=ACCOUNT_ID,
            ),
        )
    with desk.open() as work:
        work.payouts.move(read(desk, UUID(int=32)), State.CANCELLED)
        work.payouts.move(read(desk, UUID(int=64)), State.BLOCKED)
    with desk.open() as work:
        total = work.payouts.earlier_sum(
            CONCLUDED, since=SIGNED_AT - timedelta(hours=5)
        )
    assert Money(3) == total


def test_checks_are_recorded(desk: Desk) -> None:
    """Twice, under two passages."""
    enter(desk)
    seen = [Check("hold", Verdict.PASSED, "", "then")]
    with desk.open() as work:
        for passage in (UUID(int=1), UUID(int=2)):
            work.payouts.record_checks(CONCLUDED, seen, passage=passage, at=DUE)


def test_what_has_not_left_is_found_by_client_and_account(desk: Desk) -> None:
    """The client's own, to this account, and not yet given up."""
    enter(desk)

    def unsent(client_id: UUID = CLIENT_ID, account_id: UUID = ACCOUNT_ID) -> list[str]:
        with desk.open() as work:
            found = work.payouts.lock_unsent(client_id, account_id)
        return [str(one.payout_id) for one in found]

    assert unsent() == [str(PAYOUT_ID)]
    assert unsent(client_id=OTHER) == unsent(account_id=OTHER) == []
    with desk.open() as work:
        assert work.payouts.move(CONCLUDED, State.CANCELLED)
    assert unsent() == []


PAIR = [
    payout(payout_id=UUID(int=n), contract_id=UUID(int=n), client_id=UUID(int=n))
    for n in (801, 802)
]


def pair(desk: Desk) -> list[Payout]:
    """Two consented payouts, claimed together."""
    for one in PAIR:
        row = replace(
            CONCLUDED,
            payout_id=one.payout_id,
            contract_id=one.contract_id,
            client_id=one.client_id,
        )
        enter(desk, row)
        consent(desk, row)
    with desk.open() as work:
        return list(work.payouts.claim(CONSENTED, now=DUE, lease_s=90, most=2))


def test_many_are_claimed_at_once_the_first_first(desk: Desk) -> None:
    """Each with a fence and a lease; as many as are asked for."""
    claimed = pair(desk)
    assert [(one.contract_id, one.fence) for one in claimed] == [
        (one.contract_id, 1) for one in PAIR
    ]
    assert claim(desk) is None


def test_together_each_write_hits_or_misses_alone(desk: Desk) -> None:
    """Whose fence is old writes nothing; the others do, and once each."""
    stale, own = pair(desk)
    stale = replace(stale, fence=stale.fence - 1)
    with desk.together([stale, own]) as works:
        assert not works[0].payouts.amend(stale, tries=9)
        assert works[1].payouts.amend(own, tries=9)
        assert works[1].payouts.move(own, State.CANCELLED, held_code="x")
        assert not works[1].payouts.move(own, State.BLOCKED)
    found = [read(desk, one.contract_id) for one in PAIR]
    assert [(one.state, one.tries, one.held_code) for one in found] == [
        (State.CONSENTED, 0, None),
        (State.CANCELLED, 9, "x"),
    ]


def test_together_an_order_is_sealed_and_opened(desk: Desk) -> None:
    """As by one alone."""
    claimed = pair(desk)
    orders = [order(key=order_key(one.contract_id, 1)) for one in claimed]
    orders = [replace(o, amount=p.amount) for o, p in zip(orders, claimed, strict=True)]
    with desk.together(claimed) as works:
        for one, its, work in zip(claimed, orders, works, strict=True):
            assert work.payouts.draw_up(one, its, account_token=TOKEN)
    held = [read(desk, one.contract_id) for one in claimed]
    assert [one.state for one in held] == [State.HELD] * 2
    with desk.together(held) as works:
        opened = [w.payouts.order_of(p) for w, p in zip(works, held, strict=True)]
    assert opened == [(one, one.digest) for one in orders]
