"""The audit log: leaves appended, taken from the bus, and verified again.

In this process, for both sides: what is measured is one writer and one reader.
"""

import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
from pymerkle import SqliteTree

import services.audit
from kernel.bus import Received, close_quietly, declare_service
from kernel.crypto import sha256, unb64url
from kernel.migrations.applying import upgrade
from kernel.platform import Platform
from kernel.settings import read
from services.audit.adapters import BATCH_MESSAGES, EventQueue
from services.audit.domain.intake import Arrival, Genuine
from services.audit.domain.leaf import Place, event_leaf
from services.audit.domain.tiles import ExportFile, Tiler
from services.audit.domain.tree import CHAIN_START, chain_hash, leaf_hash
from services.audit.handlers.reading import MAX_PAGE_LEAVES, PAGE_ROWS, start_export
from services.audit.handlers.searching import index_tiles
from services.audit.handlers.writing import State, write_arrivals
from services.audit.ports import WriterStore
from services.audit.settings import Settings
from services.audit.storage import metadata
from services.audit.storage.reading import ReadingUnits
from services.audit.wiring import Writer, build, build_writer
from tests.benchmarks import facts
from tests.benchmarks.bench import Bench
from tests.benchmarks.rows import OURS, Aim, Figures, Row
from tests.databases import migrator, owner_engine
from tests.wire import interests

SERVICE: Final = "audit"
GRACE: Final = timedelta(seconds=60)
SINGLE: Final = "one INSERT a transaction"
RAW: Final = "raw consumer"
PYMERKLE: Final = "pymerkle, SQLite"
HASHED: Final = "read and hashed alone"
COPIED: Final = "COPY to a file"
SCANNED: Final = "sequential scan"
LOOKS: Final = 50
MOST_SCANS: Final = 5
COPY_OUT: Final = (
    "COPY (SELECT leaf FROM audit_log ORDER BY seq) TO STDOUT (FORMAT binary)"
)
SCAN: Final = (
    "SELECT seq, leaf FROM audit_log"
    " WHERE position(convert_to(%(text)s, 'UTF8') IN leaf) > 0 ORDER BY seq"
)
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


def genuine(body: bytes) -> Genuine:
    """An event as it is after its verification."""
    fields = orjson.loads(body)
    return Genuine(
        event_id=UUID(fields["id"]),
        producer=fields["source"],
        sequence=fields["sequence"],
        raw=body,
        digest=sha256(body),
        type=fields["type"],
        subject=fields["subject"],
    )


def _prepared(bench: Bench, count: int) -> list[Genuine]:
    return [genuine(body) for body in bench.messages(count)]


def _batches(events: Sequence[Genuine]) -> Iterator[Sequence[Arrival]]:
    for first in range(0, len(events), BATCH_MESSAGES):
        yield events[first : first + BATCH_MESSAGES]


def write_all(
    writer: Writer, events: Sequence[Genuine], store: WriterStore, state: State
) -> State:
    """A transaction, with its checkpoint, for each batch."""
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
        write_all(trail.writer, events, store, state)
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


def _append_pymerkle(bench: Bench, count: int) -> Figures:
    """Its bulk mode into SQLite, as many entries at once as we have in a batch."""
    events = _prepared(bench, count)
    tree = SqliteTree(str(bench.folder / "pymerkle.db"))
    began = time.perf_counter()
    for batch in _batches(events):
        tree.append_entries([each.raw for each in batch if isinstance(each, Genuine)])
        tree.get_state()
    took = time.perf_counter() - began
    tree.con.close()
    (bench.folder / "pymerkle.db").unlink()
    return {"appended": count / took}


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
    with _filled(bench, count) as trail:
        use_cases = build(trail.reader)
        began = time.perf_counter()
        verdict = use_cases.verify(
            trail.reader.context(), vkey=None, held=(), by="benchmark"
        )
        took = time.perf_counter() - began
        assert verdict.bad_seq is None, verdict.why
        return {"verified": verdict.leaves / took}


def _verify_raw(bench: Bench, count: int) -> Figures:
    """The same rows read, leaf and chain hashed; nothing compared or looked into."""
    with _filled(bench, count) as trail:
        began = time.perf_counter()
        chain, taken = CHAIN_START, 0
        with ReadingUnits(
            trail.reader.database,
            trail.reader.context(),
            trail.reader.field_keys,
        ).begin() as unit:
            while rows := unit.rows(start=taken, stop=taken + PAGE_ROWS):
                for row in rows:
                    chain = chain_hash(chain, leaf_hash(row.leaf))
                taken += len(rows)
        return {"verified": taken / (time.perf_counter() - began)}


@contextmanager
def _filled(bench: Bench, count: int) -> Iterator[Trail]:
    """A log of so many events, published."""
    events = _prepared(bench, count)
    with Trail.on(bench) as trail:
        with trail.writer.seat() as store:
            state = write_all(trail.writer, events, store, trail.writer.open_log(store))
            trail.writer.publish(state)
            trail.writer.board.flush()
        yield trail


def _export_ours(bench: Bench, count: int) -> Figures:
    """Every page asked for, every tile and bundle made and written to files."""
    with _filled(bench, count) as trail:
        use_cases, context = build(trail.reader), trail.reader.context()
        units = ReadingUnits(trail.reader.database, context, trail.reader.field_keys)
        export = start_export(
            taken_by="benchmark",
            disclosure_id=UUID(int=1),
            register=_Anybody(),
            board=use_cases.board,
            units=units,
            clock=trail.reader.clock,
            ids=trail.reader.ids,
        )
        folder, tiler, taken = bench.folder / "export", Tiler(), 0
        began = time.perf_counter()
        while taken < export.size:
            page = use_cases.export_page(
                context,
                export_id=export.export_id,
                from_seq=taken,
                limit=MAX_PAGE_LEAVES,
            )
            for leaf in page.leaves:
                _store(folder, tiler.add(leaf))
            taken += len(page.leaves)
        _store(folder, tiler.finish())
        took = time.perf_counter() - began
        shutil.rmtree(folder)
        return {"exported": taken / took}


def _export_copy(bench: Bench, count: int) -> Figures:
    """COPY of the same leaves into one file; no hash, no proof."""
    with _filled(bench, count) as trail:
        path = bench.folder / "copied"
        with trail.reader.database.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            began = time.perf_counter()
            with path.open("wb") as file, driver.cursor() as cursor:
                cursor.copy_expert(COPY_OUT, file)
            took = time.perf_counter() - began
        path.unlink()
        return {"exported": (count + 1) / took}


def _search_ours(bench: Bench, count: int) -> Figures:
    """The index of tiles, every leaf hashed again, the look told in the log."""
    with _filled(bench, count) as trail:
        use_cases, context = build(trail.reader), trail.reader.context()
        units = ReadingUnits(trail.reader.database, context, trail.reader.field_keys)
        while index_tiles(units=units, most=64):
            pass
        wanted = [_subject(count, place) for place in range(LOOKS)]
        began = time.perf_counter()
        for subject in wanted:
            found = use_cases.search(
                context,
                words={"subject": f"contract:{subject}"},
                by="benchmark",
                before=None,
                limit=20,
            )
            assert len(found.entries) == facts.EVENTS_PER_SUBJECT
        return {"looks": LOOKS / (time.perf_counter() - began)}


def _search_scan(bench: Bench, count: int) -> Figures:
    """The same leaves by their text, as an operator would without an index."""
    with _filled(bench, count) as trail:
        wanted = [_subject(count, place) for place in range(MOST_SCANS)]
        began = time.perf_counter()
        with trail.reader.database.engine.connect() as connection:
            for subject in wanted:
                found = connection.exec_driver_sql(SCAN, {"text": str(subject)}).all()
                assert len(found) == facts.EVENTS_PER_SUBJECT
        return {"looks": MOST_SCANS / (time.perf_counter() - began)}


def _subject(count: int, place: int) -> UUID:
    """Contracts from everywhere in the log."""
    subjects = facts.subjects_of(count)
    return facts.fact(place * subjects // LOOKS, subjects=subjects).contract_id


class _Anybody:
    """Whoever measures may take the log."""

    def refuse_uncovered(
        self,
        disclosure_id: UUID,
        client_id: UUID | None = None,
    ) -> bool:
        return True


def _store(folder: Path, files: Iterable[ExportFile]) -> None:
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


TRAIL: Final = {
    "log-append": Row(
        title="Audit log: from verified events to the commit with a signed checkpoint",
        unit="events/s",
        size=20_000,
        of="events",
        parties={
            OURS: _append_ours,
            SINGLE: _append_single,
            PYMERKLE: _append_pymerkle,
        },
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
        parties={OURS: _verify_ours, HASHED: _verify_raw},
    ),
    "log-export": Row(
        title="Audit log: a full export, from PostgreSQL to tiles and bundles in files",
        unit="leaves/s",
        size=20_000,
        of="leaves",
        parties={OURS: _export_ours, COPIED: _export_copy},
    ),
    "log-search": Row(
        title="Audit log: the leaves of one contract found",
        unit="looks/s",
        size=20_000,
        of="leaves",
        parties={OURS: _search_ours, SCANNED: _search_scan},
        aim=Aim("looks", SCANNED, 1),
    ),
}
