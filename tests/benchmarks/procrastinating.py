"""The peer of the payouts: Procrastinate on the same PostgreSQL, with tasks of nothing.

``N START EVERY AHEAD``: N jobs due at START + n × EVERY, beside AHEAD far ones; in a
tables of its own, which go when it is done.
"""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import procrastinate
import psycopg

from tests.benchmarks.party import ready, say

AT_ONCE: Final = 10
BATCH: Final = 1000
FORGET: Final = """
DO $$ DECLARE every text[]; one text; BEGIN
    SELECT array_agg(thing) INTO every FROM (
        SELECT format('TABLE IF EXISTS %I', tablename) AS thing FROM pg_tables
            WHERE schemaname = 'public' AND tablename LIKE 'procrastinate%'
        UNION ALL SELECT format('FUNCTION IF EXISTS %s', oid::regprocedure)
            FROM pg_proc WHERE proname LIKE 'procrastinate%'
        UNION ALL SELECT format('TYPE IF EXISTS %I', t.typname)
            FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
            WHERE t.typname LIKE 'procrastinate%'
            AND (t.typtype = 'e' OR c.relkind = 'c')
    ) AS things;
    FOREACH one IN ARRAY coalesce(every, '{}') LOOP
        EXECUTE 'DROP ' || one || ' CASCADE';
    END LOOP;
END $$
"""
"""The owner of our schema may make no other: its own goes piece by piece."""
_ENV: Final = "DISBURSEMENT_"
FAR: Final = timedelta(days=30)


def conninfo() -> str:
    """The schema's owner, by the certificate of this party."""
    url = urlsplit(os.environ[f"{_ENV}DATABASE_URL"])
    return psycopg.conninfo.make_conninfo(
        host=url.hostname,
        port=url.port,
        user=url.username,
        dbname=url.path.removeprefix("/"),
        sslmode="verify-full",
        sslrootcert=os.environ[f"{_ENV}TLS_CA"],
        sslcert=os.environ[f"{_ENV}TLS_CERT"],
        sslkey=os.environ[f"{_ENV}TLS_KEY"],
    )


def _job(number: int) -> procrastinate.types.JSONDict:
    return {"number": number}


async def _tidy() -> None:
    """Else the server does it by itself, beside what is measured."""
    async with await psycopg.AsyncConnection.connect(
        conninfo(), autocommit=True
    ) as connection:
        await connection.execute("VACUUM ANALYZE procrastinate_jobs")


async def measure(
    count: int, start: float, every_s: float, ahead: int
) -> dict[int, float]:
    """When each was run."""
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=conninfo())
    )
    done = asyncio.Event()
    at: dict[int, float] = {}

    @app.task(name="nothing")
    async def nothing(number: int) -> None:
        at[number] = time.time()
        if len(at) == count:
            done.set()

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        begin = datetime.fromtimestamp(start, UTC)
        together = 1 if every_s else BATCH
        for first in range(0, count, together):
            due_at = begin + timedelta(seconds=first * every_s)
            numbers = range(first, min(first + together, count))
            jobs = [_job(number) for number in numbers]
            await nothing.configure(schedule_at=due_at).batch_defer_async(*jobs)
        for first in range(0, ahead, BATCH):
            jobs = [_job(-1)] * min(BATCH, ahead - first)
            later = nothing.configure(schedule_at=begin + FAR)
            await later.batch_defer_async(*jobs)
        await _tidy()
        ready()
        working = asyncio.create_task(
            app.run_worker_async(
                concurrency=AT_ONCE, install_signal_handlers=False, delete_jobs="never"
            )
        )
        await done.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    return at


def main(count: int, start: float, every_s: float, ahead: int) -> None:
    at = asyncio.run(measure(count, start, every_s, ahead))
    with psycopg.connect(conninfo(), autocommit=True) as connection:
        connection.execute(FORGET)
    lags = [when - (start + n * every_s) for n, when in sorted(at.items())]
    times = sorted(at.values())
    say(lags=lags, seconds=times[-1] - times[0], count=count - 1)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
