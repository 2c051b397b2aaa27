"""The row of payouts: from the instant one is due to its order committed."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, text

import services.disbursement
from kernel.migrations.applying import upgrade
from kernel.money import Money
from kernel.platform import Platform
from kernel.settings import read
from kernel.tables import kernel_metadata
from kernel.uptime import SystemUptime
from services.disbursement.domain.order import Order
from services.disbursement.domain.payout import Payout, State, Trail
from services.disbursement.domain.witness import Beat, Witnessed
from services.disbursement.settings import Settings
from services.disbursement.storage import DatabaseDesk, metadata
from tests.benchmarks.bench import LISTENER, Bench
from tests.benchmarks.payer import (
    CLIENT_IBAN,
    CLIENT_IIN,
    DAY,
    DOCUMENT,
    TOKEN,
    contract_of,
)
from tests.benchmarks.rows import OURS, Aim, Figures, Row

PEER: Final = "Procrastinate"
OWNER: Final = f"{LISTENER}-migrate"
PER_SECOND: Final = 50
"""Dues a second where they are spread: far below what either party can do."""
SPREAD_OF: Final = 20
"""One of so many payouts is in the spread."""
HEAD_START_S: Final = 3.0
FEW: Final = 1_000
MANY_TIMES: Final = 100
"""What lies ahead: few, or so many for each payout that is due."""
BATCH: Final = 200


@contextmanager
def _tables(owner: Engine) -> Iterator[None]:
    """The database as it is migrated, and afterwards the kernel's tables alone."""
    folder = Path(str(services.disbursement.__file__)).parent / "migrations"
    _forget(owner)
    upgrade(owner, directory=folder, metadata=metadata)
    try:
        yield
    finally:
        _forget(owner)
        kernel_metadata.create_all(owner)
        with owner.begin() as connection:
            connection.execute(
                text(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{LISTENER}"')
            )


def _forget(owner: Engine) -> None:
    with owner.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


def _fill(bench: Bench, count: int, *, start: float, every_s: float) -> None:
    """Payouts whose order is drawn up and whose hold ends then."""
    env = bench.servers.env(LISTENER)
    platform = Platform.open(read(Settings, prefix=LISTENER, environ=env))
    desk = DatabaseDesk(
        platform.database,
        keys=platform.field_keys,
        account=platform.settings.company_iban,
        contexts=lambda _: platform.context(),
    )
    counted_ns = DAY * 2 // timedelta(microseconds=1) * 1000
    with desk.open() as work:
        beat = Beat(uptime=SystemUptime().read(), wall=platform.clock.now())
        work.witness.write(Witnessed(counted_ns=counted_ns, last=beat))
    for first in range(0, count, BATCH):
        with desk.open() as work:
            for number in range(first, min(first + BATCH, count)):
                until = datetime.fromtimestamp(start + number * every_s, UTC)
                payout = _signed(number, until)
                work.payouts.conclude(payout)
                consented: dict[str, Any] = {
                    "consented_at": until - DAY,
                    "hold_until": until,
                    "witnessed_from_ns": 0,
                }
                work.payouts.move(payout, State.CONSENTED, **consented)
                given = _signed(number, until, state=State.CONSENTED, **consented)
                order = Order.of(
                    given,
                    debtor_iban=platform.settings.company_iban,
                    creditor_iban=CLIENT_IBAN,
                    creditor_iin=CLIENT_IIN,
                )
                work.payouts.draw_up(given, order, account_token=TOKEN)
    platform.close()


def _signed(number: int, until: datetime, **changes: Any) -> Payout:  # noqa: ANN401 - any field
    who = contract_of(number)
    fields: dict[str, Any] = {"state": State.CONCLUDED} | changes
    return Payout(
        payout_id=who,
        contract_id=who,
        client_id=who,
        account_id=who,
        number=1,
        amount=Money(100),
        document_sha256=DOCUMENT,
        signed_at=until - DAY,
        trail=Trail(UUID(int=1), None),
        **fields,
    )


def _lie_ahead(owner: Engine, count: int) -> None:
    """Payouts that are held for a month."""
    with owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO payouts (payout_id, contract_id, client_id, number, state,"
                " account_id, amount_minor, currency, document_sha256, signed_at,"
                " correlation_id, entered_at, release_required, attempt, missing,"
                " fence, tries, next_at) SELECT gen_random_uuid(), gen_random_uuid(),"
                " gen_random_uuid(), 1, 'held', gen_random_uuid(), 1, 'KZT', 'd', :at,"
                " gen_random_uuid(), :at, true, 0, 0, 0, 0,"
                " :at + interval '30 days' + n * interval '1 second'"
                " FROM generate_series(1, :count) n"
            ),
            {"at": datetime.now(UTC), "count": count},
        )
    with owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        # Else the server does it by itself, beside what is measured.
        connection.execute(text("VACUUM ANALYZE payouts"))


def _turn_of_ours(
    bench: Bench, count: int, *, every_s: float, ahead: int
) -> Mapping[str, Any]:
    owner = bench.engines[LISTENER]
    with _tables(owner):
        _lie_ahead(owner, ahead)
        start = time.time() + (HEAD_START_S + count / 100 if every_s else 0)
        _fill(bench, count, start=start, every_s=every_s)
        arguments = ("payer", count, start, every_s)
        with bench.party(*arguments, principal=LISTENER) as party:
            party.go()
            return party.hear()


def _turn_of_peer(
    bench: Bench, count: int, *, every_s: float, ahead: int
) -> Mapping[str, Any]:
    start = time.time() + (HEAD_START_S + count / 100 if every_s else 0)
    arguments = ("procrastinating", count, start, every_s, ahead)
    with bench.party(*arguments, principal=OWNER) as party:
        party.go()
        return party.hear()


def _measure(turn: Any, bench: Bench, count: int) -> Figures:  # noqa: ANN401 - of the two above
    few = turn(bench, count, every_s=0, ahead=FEW)
    many = turn(bench, count, every_s=0, ahead=count * MANY_TIMES)
    spread = turn(bench, count // SPREAD_OF, every_s=1 / PER_SECOND, ahead=FEW)
    took = quantiles([lag * 1000 for lag in spread["lags"]], n=100)
    return {
        "payouts/s": few["count"] / few["seconds"],
        "p50 ms": took[49],
        "p99 ms": took[98],
        "cost of many ahead": many["seconds"] / few["seconds"],
    }


def _ours(bench: Bench, count: int) -> Figures:
    return _measure(_turn_of_ours, bench, count)


def _peer(bench: Bench, count: int) -> Figures:
    return _measure(_turn_of_peer, bench, count)


PAYOUTS: Final = {
    "payouts": Row(
        title="Payouts: from the instant one is due to its order committed",
        unit="payouts/s, ms",
        size=10_000,
        of="payouts",
        parties={OURS: _ours, PEER: _peer},
        aim=Aim("payouts/s", PEER, 3.0),
    )
}
