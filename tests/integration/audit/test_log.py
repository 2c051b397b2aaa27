"""The log on real PostgreSQL: written, re-read, attacked from inside the database."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from kernel.errors import Broken, Transient
from services.audit.handlers.writing import State, write_batch
from services.audit.ports import Message, WriterStore
from services.audit.storage import metadata
from services.audit.storage.reading import ReadingUnits
from services.audit.wiring import Writer, build
from tests.integration.audit.conftest import LogStand
from tests.unit.audit.builders import GRACE, Producer, trust

APPEND_ONLY = ("audit_log", "audit_checkpoint", "audit_parked", "audit_export")


def put(
    writer: Writer,
    store: WriterStore,
    state: State,
    messages: Sequence[Message],
    producer: Producer,
) -> State:
    """One batch with a producer of the test's own."""
    made = write_batch(
        messages,
        state=state,
        store=store,
        signer=writer.signer,
        trust=trust(producer),
        clock=writer.platform.clock,
        ids=writer.platform.ids,
        grace=GRACE,
    )
    writer.publish(made)
    return made


def write(stand: LogStand, *batches: Sequence[Message], producer: Producer) -> None:
    """Open the log, write these batches, let the seat go."""
    writer = stand.writer()
    with writer.seat() as store:
        state = writer.open_log(store)
        for batch in batches:
            state = put(writer, store, state, batch, producer)
    writer.board.flush()


def filled(stand: LogStand, leaves: int = 12) -> Producer:
    producer = Producer()
    write(
        stand,
        [producer.event() for _ in range(4)],
        [producer.event() for _ in range(leaves - 5)],
        producer=producer,
    )
    return producer


@pytest.mark.clause("6.1e")
@pytest.mark.seeded("audit_conflict_ignored")
def test_what_was_written_is_verified(stand: LogStand) -> None:
    """Two batches, a restart, more; every kind of leaf; no false alarm."""
    producer = filled(stand, 300)
    conflicting = [producer.event(event_id=None) for _ in range(1)]
    first = conflicting[0]
    again = Producer()
    again.key = producer.key
    other = again.event(
        event_id=None, sequence=producer.sequence, data={"note": "other"}
    )
    write(
        stand,
        [first, first, other, Message(b"not an event", "contracts")],
        [first, other, producer.event(sequence=900), Message(b"not an event", "x")],
        producer=producer,
    )
    stand.clock.move(61)
    reader = stand.platform("audit")
    build(reader).read_leaves(reader.context(), read_by="x", from_seq=5, limit=2)
    write(stand, [], [producer.event(sequence=500)], producer=producer)
    verdict = stand.verify()
    kinds = {
        row.kind: row.count
        for row in stand.rows(
            "SELECT kind, count(*) AS count FROM audit_log GROUP BY kind"
        )
    }
    assert verdict.bad_seq is None, verdict.why
    assert kinds == {0: 1, 1: 302, 3: 1, 4: 1, 6: 1, 7: 1, 11: 1}
    assert stand.rows("SELECT * FROM audit_notice") == []
    assert [row.count for row in stand.rows("SELECT count(*) FROM outbox")] == [3]


def test_the_declared_tables_are_the_migrated_ones(stand: LogStand) -> None:
    with stand.owner.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
@pytest.mark.clause("6.1e")
@pytest.mark.seeded("audit_role_may_delete")
def test_the_service_may_only_add(stand: LogStand, table: str, verb: str) -> None:
    """Grants: the role of both processes has SELECT and INSERT, nothing else."""
    [row] = stand.rows(
        "SELECT has_table_privilege('audit', :table, :verb) AS may",
        table=table,
        verb=verb,
    )
    assert row.may is False


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "change", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET {column} = {column}"]
)
@pytest.mark.seeded("audit_triggers_ordinary")
def test_tripwires_refuse_even_the_owner_and_a_replica(
    stand: LogStand, table: str, change: str
) -> None:
    """ENABLE ALWAYS: `session_replication_role` does not switch them off."""
    column = {"audit_log": "seq", "audit_checkpoint": "size"}.get(table, "sha256")
    column = "id" if table == "audit_export" else column
    statement = change.format(table, column=column)
    with pytest.raises(DBAPIError, match="rows are only ever added"):
        stand.as_owner(statement)
    database = stand.servers.servers.database
    with pytest.raises(Exception, match="rows are only ever added"):
        database.run_sql(
            f"SET session_replication_role = replica; {statement};", database="audit"
        )


REHASH_6 = """
    UPDATE audit_log SET leaf_hash = sha256('\\x00'::bytea || leaf) WHERE seq = 6
"""
REWRITE_7 = """
    ALTER TABLE audit_log ALTER COLUMN leaf TYPE bytea
    USING CASE WHEN seq = 7 THEN leaf || '\\x20'::bytea ELSE leaf END
"""
OFF = tuple(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in APPEND_ONLY)


SWAP_IN = """
    ALTER TABLE audit_log RENAME TO hidden;
    CREATE VIEW audit_log AS SELECT * FROM hidden
"""


def edit(seq: int) -> str:
    return (
        "UPDATE audit_log SET leaf = set_byte(leaf, 60, get_byte(leaf, 60) # 1)"  # noqa: S608 - the attacker is us
        f" WHERE seq = {seq}"
    )


@pytest.mark.parametrize(
    ("attack", "seq", "code"),
    [
        ([*OFF[:1], edit(6)], 6, "leaf_changed"),
        (
            [
                *OFF[:1],
                edit(6),
                REHASH_6,
            ],
            6,
            "chain_broken",
        ),
        ([*OFF[:1], "DELETE FROM audit_log WHERE seq = 6"], 6, "row_missing"),
        ([*OFF[:1], "DELETE FROM audit_log WHERE seq >= 9"], 9, "tail_missing"),
        (
            [
                *OFF,
                "DELETE FROM audit_log WHERE seq >= 5",
                "DELETE FROM audit_checkpoint WHERE size > 5",
            ],
            5,
            "rolled_back",
        ),
        (
            # No trigger fires for a rewrite of the table.
            [
                REWRITE_7,
            ],
            7,
            "leaf_changed",
        ),
    ],
)
@pytest.mark.clause("7.2b")
@pytest.mark.seeded("audit_check_skips_hash")
def test_a_change_past_the_tripwires_is_found_and_named(
    stand: LogStand, attack: list[str], seq: int, code: str
) -> None:
    """Attacks 1, 2, 4, 6, 7, 22 by whoever owns the tables."""
    filled(stand)
    stand.as_owner(*attack)
    verdict = stand.verify()
    assert (verdict.bad_seq, verdict.code) == (seq, code)
    [event] = stand.rows("SELECT type FROM outbox")
    assert event.type == "audit.integrity_mismatch_found.v1"


def test_a_restored_database_is_never_signed(stand: LogStand) -> None:
    """Attacks 7 and 11: the anchor outside is newer than the database."""
    producer = filled(stand)
    stand.as_owner(
        *OFF,
        "DELETE FROM audit_log WHERE seq >= 5",
        "DELETE FROM audit_checkpoint WHERE size > 5",
    )
    with pytest.raises(Broken, match="restored or stale"):
        write(stand, [producer.event()], producer=producer)


def test_a_second_writer_gets_no_seat(stand: LogStand) -> None:
    """Attack 24."""
    first, second = stand.writer(), stand.writer()
    with first.seat(), pytest.raises(Transient, match="another writer"), second.seat():
        pass
    with second.seat() as store:
        second.open_log(store)


def test_a_writer_whose_session_was_killed_writes_no_more(stand: LogStand) -> None:
    """The lock falls with the session; the connection is not silently replaced."""
    producer, writer = Producer(), stand.writer()
    with writer.seat() as store:
        state = writer.open_log(store)
        kill_the_writer_s_session(stand)
        for _ in range(2):
            with pytest.raises(Transient):
                put(writer, store, state, [producer.event()], producer)
    write(stand, [producer.event()], producer=producer)
    assert stand.verify().bad_seq is None


def kill_the_writer_s_session(stand: LogStand) -> None:
    stand.servers.servers.database.run_sql(
        "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d"
        " ON d.oid = l.database AND d.datname = 'audit'"
        " WHERE l.locktype = 'advisory'"
    )


def test_parked_bytes_are_sealed(stand: LogStand) -> None:
    """A refused message may hold anything; its bytes are not readable in the table."""
    write(stand, [Message(b"900101300123", "contracts")], producer=Producer())
    [row] = stand.rows("SELECT raw, sha256 FROM audit_parked")
    keys = stand.platform("audit").field_keys
    opened = keys.unseal(
        bytes(row.raw), table="audit_parked", column="raw", row=bytes(row.sha256).hex()
    )
    assert b"900101300123" not in bytes(row.raw)
    assert opened == b"900101300123"


def test_leaves_keep_their_microseconds(stand: LogStand) -> None:
    """The binary COPY writes exactly the instant that stands in the leaf."""
    stand.clock.at += timedelta(microseconds=7)
    write(stand, producer=Producer())
    [row] = stand.rows("SELECT received_at, leaf FROM audit_log")
    assert row.received_at == stand.clock.at
    assert b"10:00:00.123463Z" in bytes(row.leaf)


def test_the_catalogue_is_looked_at(stand: LogStand) -> None:
    """Attack 22: each way round the triggers shows, and none once all is as made."""
    reader = stand.platform("audit")
    units = ReadingUnits(reader.database, reader.context(), reader.field_keys)
    ways = (
        (OFF[0], "ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_append_only"),
        (
            "CREATE RULE lost AS ON INSERT TO audit_log DO INSTEAD NOTHING",
            "DROP RULE lost ON audit_log",
        ),
        (
            "ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE audit_log DISABLE ROW LEVEL SECURITY",
        ),
        (
            SWAP_IN,
            "DROP VIEW audit_log; ALTER TABLE hidden RENAME TO audit_log",
        ),
    )
    for way, back in ways:
        stand.as_owner(way)
        with units.begin() as unit:
            assert list(unit.changed_tripwires()) == ["audit_log"], way
        stand.as_owner(back)
    with units.begin() as unit:
        assert list(unit.changed_tripwires()) == []


@pytest.mark.clause("3.4")
def test_a_finding_stops_the_writer_until_the_log_is_proven(stand: LogStand) -> None:
    """By the rows the two processes share."""
    producer = filled(stand)
    stand.as_owner(OFF[0], edit(6))
    reader = stand.platform("audit")
    use_cases = build(reader)
    use_cases.patrol()
    with pytest.raises(Transient, match="proven whole"):
        write(stand, [producer.event()], producer=producer)
    stand.as_owner(edit(6))
    assert stand.verify().bad_seq is None
    write(stand, [producer.event()], producer=producer)
    [block] = stand.rows("SELECT seq, lifted_by FROM audit_block")
    assert (block.seq, block.lifted_by) == (6, "x")
    stand.as_owner("ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_append_only")
