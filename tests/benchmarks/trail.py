"""The audit log: leaves appended, taken from the bus, and verified again.

In this process, for both sides: what is measured is one writer and one reader.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson

import services.audit
from kernel.bus import Received, close_quietly, declare_service
from kernel.crypto import sha256, unb64url
from kernel.migrations.applying import upgrade
from kernel.platform import Platform
from kernel.settings import read
from services.audit.adapters import BATCH_MESSAGES, EventQueue
from services.audit.domain.intake import Arrival, Genuine
from services.audit.domain.leaf import Place, event_leaf
from services.audit.domain.tree import CHAIN_START, chain_hash, leaf_hash
from services.audit.handlers.writing import State, write_arrivals
from services.audit.ports import WriterStore
from services.audit.settings import Settings
from services.audit.storage import metadata
from services.audit.wiring import Writer, build, build_writer
from tests.benchmarks.bench import Bench
from tests.benchmarks.rows import OURS, Aim, Figures, Row
from tests.databases import migrator, owner_engine
from tests.wire import interests

SERVICE: Final = "audit"
GRACE: Final = timedelta(seconds=60)
SINGLE: Final = "one INSERT a transaction"
RAW: Final = "raw consumer"
MOST_SINGLE: Final = 5_000
"""One by one, so many rows are enough to know the rate."""
INSERT: Final = (
    "INSERT INTO audit_log (seq, kind, event_id, event_sha256, received_at, leaf_hash,"
    " chain_hash, leaf) VALUES (%s, 1, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Trail:
    """An empty log with its schema and its queue."""

    writer: Writer
    reader: Platform[Settings]

    @classmethod
    @contextmanager
    def on(cls, bench: Bench) -> Iterator["Trail"]:
        """Fresh; nothing of it is left but the schema."""
        servers = bench.servers
        servers.migrate(SERVICE)
        owner = owner_engine(servers, SERVICE)
        folder = Path(str(services.audit.__file__)).parent / "migrations"
        upgrade(owner, directory=folder, metadata=metadata, post=True)
        tables = [f"audit_{name}" for name in ("log", "checkpoint", "parked", "export")]
        with owner.begin() as connection:
            for table in tables:
                connection.exec_driver_sql(
                    f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only"
                )
            names = ", ".join(table.name for table in metadata.sorted_tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
            for table in tables:
                connection.exec_driver_sql(
                    f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only"
                )
        env = servers.env("audit-worker")
        Path(env["AUDIT_ANCHOR"]).unlink(missing_ok=True)
        for path in Path(env["AUDIT_CHECKPOINT_DIR"]).glob("*"):
            path.unlink()
        _declare(bench)
        writing = Platform.open(read(Settings, prefix=SERVICE, environ=env))
        own = read(Settings, prefix=SERVICE, environ=servers.env(SERVICE))
        reading = Platform.open(own)
        try:
            yield cls(build_writer(writing), reading)
        finally:
            for platform in (writing, reading):
                platform.close()
            owner.dispose()


def _declare(bench: Bench) -> None:
    declaring = migrator(bench.servers, SERVICE)
    connection = declaring.broker.connect()
    declare_service(connection, SERVICE, interests()[SERVICE])
    connection.default_channel.queue_purge(f"{SERVICE}.inbox")
    close_quietly(connection)
    declaring.engine.dispose()


def _prepared(bench: Bench, count: int) -> list[Genuine]:
    """Events as they are after their verification."""
    found = []
    for body in bench.messages(count):
        fields = orjson.loads(body)
        found.append(
            Genuine(
                event_id=UUID(fields["id"]),
                producer=fields["source"],
                sequence=fields["sequence"],
                raw=body,
                digest=sha256(body),
                type=fields["type"],
                subject=fields["subject"],
            )
        )
    return found


def _batches(events: Sequence[Genuine]) -> Iterator[Sequence[Arrival]]:
    for first in range(0, len(events), BATCH_MESSAGES):
        yield events[first : first + BATCH_MESSAGES]


def _write(
    trail: Trail, events: Sequence[Genuine], store: WriterStore, state: State
) -> State:
    writer = trail.writer
    for batch in _batches(events):
        state = write_arrivals(
            batch,
            state=state,
            store=store,
            signer=writer.signer,
            clock=writer.platform.clock,
            ids=writer.platform.ids,
            grace=GRACE,
        )
    return state


def _append_ours(bench: Bench, count: int) -> Figures:
    events = _prepared(bench, count)
    with Trail.on(bench) as trail, trail.writer.seat() as store:
        state = trail.writer.open_log(store)
        began = time.perf_counter()
        _write(trail, events, store, state)
        return {"appended": count / (time.perf_counter() - began)}


def _append_single(bench: Bench, count: int) -> Figures:
    """Leaf, hash and chain of each, and a commit for each; no tree, no signature."""
    events = _prepared(bench, min(count, MOST_SINGLE))
    with Trail.on(bench) as trail:
        platform = trail.writer.platform
        with platform.database.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            chain = CHAIN_START
            began = time.perf_counter()
            for seq, event in enumerate(events):
                place = Place(seq, platform.clock.now())
                leaf = event_leaf(place, raw=event.raw, digest=event.digest)
                hashed = leaf_hash(leaf)
                chain = chain_hash(chain, hashed)
                with driver.cursor() as cursor:
                    cursor.execute(
                        INSERT,
                        (
                            *(seq, str(event.event_id), event.digest),
                            *(place.received_at, hashed, chain, leaf),
                        ),
                    )
                driver.commit()
            return {"appended": len(events) / (time.perf_counter() - began)}


def _ingest_ours(bench: Bench, count: int) -> Figures:
    with Trail.on(bench) as trail, trail.writer.seat() as store:
        writer = trail.writer
        state = writer.open_log(store)
        bench.fill_queue(bench.messages(count))
        queue = writer.queue()
        taken, began = 0, time.perf_counter()
        while taken < count:
            batch = queue.collect()
            state = writer.write(batch, state=state, store=store)
            writer.publish(state)
            if batch:
                queue.settle(batch)
            taken += len(batch)
        took = time.perf_counter() - began
        queue.close()
        return {"ingested": count / took}


def _ingest_raw(bench: Bench, count: int) -> Figures:
    """The same consumer and the same signatures; nothing is kept."""
    with Trail.on(bench) as trail:
        platform = trail.writer.platform
        bench.fill_queue(bench.messages(count))
        queue = EventQueue.open(platform.broker)
        taken, began = 0, time.perf_counter()
        while taken < count:
            batch: Sequence[Received] = queue.collect()
            for message in batch:
                fields = orjson.loads(message.body)
                signature = unb64url(fields.pop("signature"))
                unsigned = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
                platform.trust.verify(fields["keyid"], unsigned, signature)
            if batch:
                queue.settle(batch)
            taken += len(batch)
        took = time.perf_counter() - began
        queue.close()
        return {"ingested": count / took}


def _verify_ours(bench: Bench, count: int) -> Figures:
    """Every payload hashed, every chain value and checkpoint compared."""
    events = _prepared(bench, count)
    with Trail.on(bench) as trail:
        with trail.writer.seat() as store:
            state = _write(trail, events, store, trail.writer.open_log(store))
            trail.writer.publish(state)
            trail.writer.board.flush()
        use_cases = build(trail.reader)
        began = time.perf_counter()
        verdict = use_cases.verify(
            trail.reader.context(), vkey=None, held=(), by="benchmark"
        )
        took = time.perf_counter() - began
        assert verdict.bad_seq is None, verdict.why
        return {"verified": verdict.leaves / took}


TRAIL: Final = {
    "log-append": Row(
        title="Audit log: from verified events to the commit with a signed checkpoint",
        unit="events/s",
        size=20_000,
        of="events",
        parties={OURS: _append_ours, SINGLE: _append_single},
        aim=Aim("appended", SINGLE, 10),
    ),
    "log-ingest": Row(
        title="Audit log: from the bus to the commit, signatures verified",
        unit="events/s",
        size=10_000,
        of="events",
        parties={OURS: _ingest_ours, RAW: _ingest_raw},
        aim=Aim("ingested", RAW, 0.7),
    ),
    "log-verify": Row(
        title="Audit log: every payload hashed again, from PostgreSQL",
        unit="leaves/s",
        size=20_000,
        of="leaves",
        parties={OURS: _verify_ours},
    ),
}
