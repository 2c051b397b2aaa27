"""Several payouts in one commit of the real database: as exact as each by itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from infra.stack import Stack
from kernel.errors import DatabaseAwayError
from kernel.ids import Ids
from kernel.money import Money
from kernel.platform import Platform
from kernel.settings import read
from services.disbursement.domain.order import order_key
from services.disbursement.domain.payout import State
from services.disbursement.domain.reconciliation import Halt
from services.disbursement.handlers.paying import pay_next
from services.disbursement.settings import Settings
from tests.faults.proxy import Proxy
from tests.integration.disbursement.conftest import SERVICE, Office
from tests.integration.disbursement.test_payments import (
    HOLD_ENDS,
    Journey,
    run_holds,
)
from tests.unit.disbursement.builders import RULES

CONTRACTS = [UUID(int=9000 + n) for n in range(4)]
BROKEN = CONTRACTS[1]
SMALL = Money(100)


@pytest.fixture
def journeys(office: Office) -> list[Journey]:
    """Payouts that are ready together."""
    found = [Journey(office, contract) for contract in CONTRACTS]
    for one in found:
        one.sign(SMALL)
        one.consent()
    run_holds(office)
    return found


def states(journeys: list[Journey]) -> list[State]:
    return [one.state() for one in journeys]


def keys(office: Office) -> list[str]:
    return sorted(line.key for line in office.bank.ledger)


@contextmanager
def refused_by_the_database(owner: Engine) -> Iterator[None]:
    """One payout that no commit can take into a sending."""
    with owner.begin() as connection:
        connection.execute(
            text(
                "ALTER TABLE payouts ADD CONSTRAINT broken_row CHECK"
                f" (contract_id <> '{BROKEN}' OR state <> 'sending')"
            )
        )
    yield
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE payouts DROP CONSTRAINT broken_row"))


@pytest.mark.seeded("disbursement_batch_without_fallback")
def test_a_row_that_no_commit_takes_holds_up_no_other(
    office: Office, owner: Engine, journeys: list[Journey]
) -> None:
    """It alone fails, is told, and is paid when it is whole again."""
    with refused_by_the_database(owner), pytest.raises(IntegrityError):
        pay_next(office.till)
    paid = [State.PAID if c != BROKEN else State.READY for c in CONTRACTS]
    assert states(journeys) == paid
    assert keys(office) == [order_key(c, 1) for c in CONTRACTS if c != BROKEN]
    office.clock.move(seconds=RULES.work.lease_s)
    assert pay_next(office.till)
    assert keys(office) == [order_key(contract, 1) for contract in CONTRACTS]


@dataclass
class Interrupted:
    """Ids, at one of which something else happens first."""

    ids: Ids
    at: int
    act: Callable[[], None]

    def new(self) -> UUID:
        self.at -= 1
        if self.at == 0:
            self.act()
        return self.ids.new()


@pytest.mark.clause("3.4")
@pytest.mark.seeded("disbursement_batch_overtakes_a_halt")
def test_a_halt_in_the_middle_of_a_commit_wins(
    office: Office, journeys: list[Journey]
) -> None:
    """Behind the look at the rows, before what is written of all: nothing leaves."""

    def halt() -> None:
        with office.desk.open() as work:
            now = office.clock.now()
            assert work.halts.begin(Halt(halt_id=BROKEN, code="x", halted_at=now))

    behind_the_first = 3  # its passage, its posting, the passage of the next
    ids = Interrupted(office.platform.ids, behind_the_first, halt)
    assert pay_next(replace(office.till, ids=ids))
    assert ids.at < 0
    assert states(journeys) == [State.READY] * len(CONTRACTS)
    assert (office.bank.sends, keys(office)) == (0, [])
    assert not office.rows("SELECT 1 FROM ledger_transactions")
    assert not office.rows("SELECT 1 FROM sent_sums WHERE amount_minor > 0")


def test_what_each_says_leaves_in_its_own_context_and_order(
    office: Office, journeys: list[Journey]
) -> None:
    """One commit of several causes; books, checks and sums are those of each."""
    trails = [office.payout(c).trail.correlation_id for c in CONTRACTS]
    office.clock.instant = HOLD_ENDS
    assert pay_next(office.till)
    assert states(journeys) == [State.PAID] * len(CONTRACTS)
    for contract, trail in zip(CONTRACTS, trails, strict=True):
        payout_id = office.payout(contract).payout_id
        said = office.rows(
            "SELECT split_part(type, '.', 2) AS kind, correlation_id FROM outbox"
            " WHERE subject = :subject ORDER BY inserted",
            subject=f"payout:{payout_id}",
        )
        assert [row.kind for row in said][-3:] == [
            "payout_due",
            "payout_sent",
            "payout_settled",
        ]
        assert {row.correlation_id for row in said[-3:]} == {trail}
    (books,) = office.rows(
        "SELECT count(*) FILTER (WHERE kind = 'sent') AS sent,"
        " count(*) FILTER (WHERE kind = 'settled') AS settled FROM ledger_transactions"
    )
    assert (books.sent, books.settled) == (4, 4)
    checks = [one for one in office.checks() if one.verdict == "passed"]
    assert (len(checks), len({one.passage for one in checks})) == (4 * 19, 4)
    sums = office.rows("SELECT DISTINCT amount_minor FROM sent_sums ORDER BY 1")
    assert [row.amount_minor for row in sums] == [4 * SMALL.amount_minor]


@pytest.fixture
def road(servers: Stack) -> Iterator[Proxy]:
    """To the database, which one can close."""
    with Proxy(("127.0.0.1", servers.port("postgres"))) as road:
        yield road


@pytest.fixture
def distant(servers: Stack, road: Proxy, office: Office) -> Iterator[Office]:
    """The same office, its database at the end of that road."""
    env = servers.env(SERVICE)
    url = env["DISBURSEMENT_DATABASE_URL"]
    near, far = f":{servers.port('postgres')}/", f":{road.port}/"
    env["DISBURSEMENT_DATABASE_URL"] = url.replace(near, far)
    platform = Platform.open(read(Settings, prefix=SERVICE, environ=env))
    yield Office.at(platform, office.clock.now())
    platform.close()


@pytest.mark.catalogue("F18")
@pytest.mark.seeded("batch_waits_for_each")
def test_a_database_that_goes_away_is_not_awaited_for_each_payout(
    journeys: list[Journey], office: Office, distant: Office, road: Proxy
) -> None:
    """Cut off in the middle of the commit; all keep their leases, and leave later."""
    connected = road.accepted

    def cut() -> None:
        nonlocal connected
        connected = road.accepted
        road.both(black_hole=True)
        road.cut()

    ids = Interrupted(distant.platform.ids, 3, cut)
    with pytest.raises(DatabaseAwayError):
        pay_next(replace(distant.till, ids=ids))
    assert ids.at < 0
    assert road.accepted == connected
    road.heal()
    assert states(journeys) == [State.READY] * len(CONTRACTS)
    assert (distant.bank.sends, keys(office)) == (0, [])
    office.clock.move(seconds=RULES.work.lease_s)
    assert pay_next(office.till)
    assert keys(office) == [order_key(contract, 1) for contract in CONTRACTS]
