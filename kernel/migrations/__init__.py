"""One Alembic environment for all six services, and what their migrations share."""

from alembic import op
from sqlalchemy import MetaData

from kernel.origins import origins_table
from kernel.person_keys import person_keys_table
from kernel.tables import approvals, kernel_metadata, outbox_unconfirmed, settings

# What the application's role may do with the kernel's tables: nothing is deleted but
# a waiting message nobody here listens to, and what was published is never rewritten.
_GRANTS = {
    "outbox": "SELECT, INSERT, UPDATE (sequence, subject_version, body)",
    "outbox_subject": "SELECT, INSERT, UPDATE",
    "inbox": "SELECT, INSERT, UPDATE, DELETE",
    "inbox_subject": "SELECT, INSERT, UPDATE",
    "parked_drop": "SELECT, INSERT, UPDATE",
    "quarantine": "SELECT, INSERT",
    "idempotency": "SELECT, INSERT, UPDATE",
}


def create_kernel_tables() -> None:
    """Create outbox, inbox, quarantine and idempotency; grant them to the service.

    The service's role is named after its database.
    """
    bind = op.get_bind()
    first = [kernel_metadata.tables[name] for name in _GRANTS]
    kernel_metadata.create_all(bind, tables=first, checkfirst=False)
    role = str(bind.exec_driver_sql("SELECT current_database()").scalar_one())
    for table, rights in _GRANTS.items():
        grant(role, table, rights)
    # As it first stood: `take_outbox_marks` removes it.
    op.execute("ALTER TABLE outbox ADD COLUMN published_at timestamptz")
    op.execute(
        "CREATE INDEX outbox_unpublished ON outbox (sequence)"
        " WHERE published_at IS NULL"
    )
    op.execute(f'GRANT UPDATE (published_at) ON outbox TO "{role}"')


def create_outbox_unconfirmed(role: str) -> None:
    """Create the set of numbers the broker has yet to confirm.

    Until `take_outbox_marks` two triggers keep it and ``published_at``, which older
    relays read and write, the same: either relay may take over from the other.
    """
    outbox_unconfirmed.create(op.get_bind())
    grant(role, outbox_unconfirmed.name, "SELECT", "INSERT", "UPDATE")
    for statement in _BRIDGE:
        op.execute(statement)


def take_outbox_marks() -> None:
    """Drop what only older relays needed."""
    op.execute("DROP FUNCTION outbox_row_marked, outbox_set_changed CASCADE")
    op.drop_column("outbox", "published_at")


# A change made by one trigger does not wake the other.
_BRIDGE = (
    """
    CREATE FUNCTION outbox_row_marked() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO outbox_unconfirmed (sequences) VALUES ('{}') ON CONFLICT DO NOTHING;
        UPDATE outbox_unconfirmed SET sequences = sequences
            + coalesce((SELECT range_agg(int8range(sequence, sequence, '[]'))
                        FROM changed WHERE sequence IS NOT NULL
                            AND published_at IS NULL), '{}')
            - coalesce((SELECT range_agg(int8range(sequence, sequence, '[]'))
                        FROM changed WHERE published_at IS NOT NULL), '{}');
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION outbox_set_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE outbox SET published_at = NULL
        FROM unnest(new.sequences - old.sequences) AS r
        WHERE sequence >= lower(r) AND sequence < upper(r)
            AND published_at IS NOT NULL;
        UPDATE outbox SET published_at = now()
        FROM unnest(old.sequences - new.sequences) AS r
        WHERE sequence >= lower(r) AND sequence < upper(r);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER outbox_row_marked AFTER UPDATE ON outbox
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
        WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION outbox_row_marked()
    """,
    """
    CREATE TRIGGER outbox_set_changed AFTER UPDATE ON outbox_unconfirmed
        FOR EACH ROW WHEN (pg_trigger_depth() = 0)
        EXECUTE FUNCTION outbox_set_changed()
    """,
    # Last: the triggers' locks let no relay write what this would not see.
    """
    INSERT INTO outbox_unconfirmed (sequences)
    SELECT coalesce(range_agg(int8range(sequence, sequence, '[]')), '{}')
    FROM outbox WHERE sequence IS NOT NULL AND published_at IS NULL
    """,
)


def create_approvals(role: str) -> None:
    """Create the table of four eyes; what was asked can be decided, never rewritten."""
    approvals.create(op.get_bind())
    decision = "UPDATE (state, decided_by, decided_at)"
    grant(role, approvals.name, "SELECT", "INSERT", decision)


def create_settings(*roles: str) -> None:
    """Create the copy of changed settings: a record is added and never rewritten.

    The first role writes it, every role reads it.
    """
    settings.create(op.get_bind())
    grant(roles[0], settings.name, "SELECT", "INSERT")
    for role in roles[1:]:
        grant(role, settings.name, "SELECT")


def grant(role: str, table: str, *rights: str) -> None:
    """Let ``role`` do exactly ``rights`` (``"SELECT"``, ``"INSERT"`` …) to a table."""
    op.execute(f'GRANT {", ".join(rights)} ON "{table}" TO "{role}"')


# Older code opens nothing that a person's key has sealed: until none of it is left, no
# key is made. The row is passed over, not refused: newer code then seals as before.
MAKE_NO_KEYS_YET = """
CREATE OR REPLACE FUNCTION make_no_key_yet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END $$;
CREATE TRIGGER person_keys_not_yet
    BEFORE INSERT ON person_keys
    FOR EACH ROW EXECUTE FUNCTION make_no_key_yet();
"""

# Held against the service and the schema's owner alike.
_KEYS_GUARDED = """
CREATE OR REPLACE FUNCTION guard_person_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.destroyed_at IS NOT NULL THEN
        RAISE EXCEPTION 'a destroyed key does not come back';
    ELSIF NEW.destroyed_at IS NOT NULL THEN
        PERFORM refuse_early_erasure(NEW.client_id, NEW.destroyed_at);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER person_keys_guarded
    BEFORE UPDATE ON person_keys
    FOR EACH ROW EXECUTE FUNCTION guard_person_key();
ALTER TABLE person_keys ENABLE ALWAYS TRIGGER person_keys_guarded;
"""

# The service's role may rewrite no evidence; this act runs by the right of the schema's
# owner, whole or not at all. The first eight bytes are those of `kernel.person_keys`.
_RESEAL = """
CREATE OR REPLACE FUNCTION reseal(
    of_table TEXT, of_column TEXT, key_column TEXT, key TEXT, was BYTEA,
    becomes BYTEA) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT (of_table || '.' || of_column = ANY (string_to_array('{columns}', ' ')))
        OR substring(was FROM 1 FOR 8) = '\\x0106706572736f6e'::bytea
        OR substring(becomes FROM 1 FOR 8) <> '\\x0106706572736f6e'::bytea THEN
        RAISE EXCEPTION 'a field is sealed anew once, by the key of its person';
    END IF;
    EXECUTE format('UPDATE %I SET %I = %L WHERE %I = %L AND %I = %L',
        of_table, of_column, becomes, key_column, key, of_column, was);
END $$;
"""


def create_origins(role: str) -> None:
    """Create the table of where operations were asked for (`kernel.origins`)."""
    origins_table(MetaData()).create(op.get_bind())
    changing = "UPDATE (device_token, network_token, noted_at)"
    grant(role, "origins", "SELECT", "INSERT", changing)


def create_person_keys(role: str, *, sealed: tuple[str, ...], acts: str) -> None:
    """Create the keys of persons; none is made before `make_person_keys`.

    `sealed` names the columns, as ``table.column``, that may be sealed anew.  `acts` is
    the SQL of the service's own ``refuse_early_erasure(person, at)``, which raises
    while anything has to be kept, and ``erase_person(person, at)``, the only way to
    destroy a key.
    """
    person_keys_table(MetaData()).create(op.get_bind())
    grant(
        role,
        "person_keys",
        "SELECT",
        "INSERT",
        "UPDATE (key_sealed, wrapped_by, made_at, whole_at, look_at)",
    )
    op.execute(MAKE_NO_KEYS_YET)
    op.execute(acts)
    op.execute(_KEYS_GUARDED)
    let_reseal(sealed)


def let_reseal(columns: tuple[str, ...]) -> None:
    """Exactly these columns, as ``table.column``, may be sealed anew; all are named."""
    op.execute(_RESEAL.format(columns=" ".join(columns)))


def make_person_keys(whom: str) -> None:
    """No older code is left: keys are made, for everybody; `whom` selects who is there.

    Dropping the trigger waits for every transaction that was passed over by it: the
    persons of those are found by the second statement.
    """
    op.execute(
        "DROP TRIGGER person_keys_not_yet ON person_keys;"
        " DROP FUNCTION make_no_key_yet();"
        f" INSERT INTO person_keys (client_id) {whom} ON CONFLICT DO NOTHING;"
    )
