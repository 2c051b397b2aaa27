"""The whole way of a question to antifraud: over RPC, to the committed decision."""

from statistics import quantiles
from typing import Final

from sqlalchemy import Connection, text

from services.antifraud.storage import metadata
from tests.benchmarks.bench import Bench
from tests.benchmarks.rows import IN_FLIGHT, OURS, Aim, Figures, Row
from tests.databases import owner_engine

KEEPS: Final = "row and event alone"
SERVICE: Final = "antifraud"
QUESTIONS: Final = 3_000
FEW_TIMES: Final = 100
"""What was stored is, for the first half of our turn, so many times less."""
EVENTS_OF_A_CLIENT: Final = 10
CLIENTS_OF_A_DEVICE: Final = 50
"""One device of ten is of so many clients."""
BUSY: Final = 10

_HAPPENED: Final = """
WITH told AS (
    SELECT gen_random_uuid() AS event_id, n % :clients AS client,
        now() - random() * interval '180 days' AS at,
        (ARRAY['login', 'device_admitted', 'application', 'repayment'])[1 + n % 4]
            AS kind
    FROM generate_series(1, :events) n
), whose AS (
    SELECT *, 'client:' || lpad(to_hex(client), 32, '0')::uuid AS name,
        'device:d' || CASE WHEN client % :busy = 0
            THEN client / :shared * :shared ELSE client END AS device
    FROM told
)
INSERT INTO occurrence (key, kind, at, event_id, other, object, amount)
SELECT name, kind, at, event_id,
    CASE WHEN kind IN ('login', 'device_admitted') THEN device END, NULL,
    CASE WHEN kind IN ('application', 'repayment') THEN 5000000 END
FROM whose
UNION ALL
SELECT device, kind, at, event_id, name, NULL, NULL
FROM whose WHERE kind = 'device_admitted'
"""


def _clients(events: int) -> int:
    return max(1, events // EVENTS_OF_A_CLIENT)


def _fill(owner: Connection, events: int) -> None:
    """So many events of half a year, with the tallies the trigger makes of them."""
    names = ", ".join(table.name for table in metadata.sorted_tables)
    owner.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
    given = {"events": events, "clients": _clients(events)}
    owner.execute(
        text(_HAPPENED), given | {"busy": BUSY, "shared": CLIENTS_OF_A_DEVICE}
    )


def _asked(bench: Bench, who: str, *, events: int) -> Figures:
    owner = owner_engine(bench.servers, SERVICE)
    with owner.begin() as connection:
        _fill(connection, events)
    with owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE)")
    owner.dispose()
    question = (QUESTIONS, IN_FLIGHT, _clients(events))
    with (
        bench.party("judge", who, principal=SERVICE) as judge,
        bench.party("asker", *question, principal="contracts") as asker,
    ):
        judge.go()
        asker.go()
        heard = asker.hear()
    took = quantiles([each * 1000 for each in heard["took"]], n=100)
    return {
        "decisions/s": len(heard["took"]) / heard["seconds"],
        "p50 ms": took[49],
        "p99 ms": took[98],
    }


def _turn(bench: Bench, who: str, events: int) -> Figures:
    bench.servers.migrate(SERVICE, "audit")
    few = _asked(bench, who, events=events // FEW_TIMES)
    many = _asked(bench, who, events=events)
    return {
        **many,
        "p50 of many over few": many["p50 ms"] / few["p50 ms"],
        "p99 of many over few": many["p99 ms"] / few["p99 ms"],
    }


def _ours(bench: Bench, count: int) -> Figures:
    return _turn(bench, "shipped", count)


def _keeps(bench: Bench, count: int) -> Figures:
    return _turn(bench, "keeps", count)


DECIDING: Final = {
    "deciding": Row(
        title=f"Decisions over RPC, {IN_FLIGHT} in flight, durable and told",
        unit="decisions/s, ms",
        size=1_000_000,
        of="stored events",
        parties={OURS: _ours, KEEPS: _keeps},
        aim=Aim("decisions/s", KEEPS, 0.5),
    )
}
