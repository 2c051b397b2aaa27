"""Occurrences under keyed names, their tallies, links and lists.

Until 0010 older code still writes `signal`: what stands there, and what it writes from
now on, is kept as occurrences too.
"""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import grant

revision = "0005_pre"
down_revision = "0004_post"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_occurrence()
    _create_tallies()
    _create_link()
    _create_list_entry()
    op.add_column("decision", sa.Column("took_us", sa.LargeBinary))
    grant("antifraud", "occurrence", "SELECT", "INSERT")
    grant("antifraud", "tally", "SELECT")
    grant("antifraud", "pair", "SELECT")
    grant("antifraud", "link", "SELECT", "INSERT", "UPDATE (at)")
    grant("antifraud", "list_entry", "SELECT", "INSERT", "UPDATE (ended_at, ended_by)")
    op.execute(_TALLYING)
    op.execute(_BRIDGE)


def downgrade() -> None:
    raise NotImplementedError


def _create_occurrence() -> None:
    op.create_table(
        "occurrence",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("other", sa.Text),
        sa.Column("object", sa.Text),
        sa.Column("amount", sa.BigInteger),
    )
    op.create_index(
        "occurrence_of_object",
        "occurrence",
        ["object"],
        postgresql_where=sa.text("object IS NOT NULL"),
    )


def _create_tallies() -> None:
    op.create_table(
        "tally",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger),
        sa.Column("smallest", sa.BigInteger),
        sa.Column("largest", sa.BigInteger),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "pair",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("other", sa.Text, primary_key=True),
    )


def _create_link() -> None:
    op.create_table(
        "link",
        sa.Column("client_id", sa.Uuid, primary_key=True),
        sa.Column("entity", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("object", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def _create_list_entry() -> None:
    op.create_table(
        "list_entry",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("of", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Text),
    )
    op.create_index(
        "list_entry_open",
        "list_entry",
        ["key", "of"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


# Runs by the right of the schema's owner: the service cannot set a tally by itself.
# Rows that stand there already are none of `added`: what comes twice is tallied once.
_TALLYING = """
CREATE FUNCTION tally_occurrences() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO tally AS t
        (key, day, kind, count, total, smallest, largest, first_at, last_at)
    SELECT key, (at AT TIME ZONE 'UTC')::date, kind, count(*), sum(amount),
        min(amount), max(amount), min(at), max(at)
    FROM added GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (key, day, kind) DO UPDATE SET
        count = t.count + excluded.count,
        total = coalesce(t.total + excluded.total, t.total, excluded.total),
        smallest = least(t.smallest, excluded.smallest),
        largest = greatest(t.largest, excluded.largest),
        first_at = least(t.first_at, excluded.first_at),
        last_at = greatest(t.last_at, excluded.last_at);
    INSERT INTO pair (key, day, kind, other)
    SELECT DISTINCT key, (at AT TIME ZONE 'UTC')::date, kind, other
    FROM added WHERE other IS NOT NULL ORDER BY 1, 2, 3, 4
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER occurrence_tallied AFTER INSERT ON occurrence
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION tally_occurrences();
"""

_BRIDGE = """
CREATE FUNCTION keep_signal(s signal) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    what text := CASE s.kind
        WHEN 'refusal' THEN 'application_refused'
        WHEN 'failed_login' THEN 'login_failed'
        WHEN 'account_changed' THEN 'account_named'
        WHEN 'client_phone' THEN 'phone_changed'
        ELSE s.kind END;
    entity text := CASE WHEN s.kind IN ('failed_login', 'client_phone') THEN 'phone'
        ELSE 'account' END;
    token text := coalesce(entity || ':' || s.token, (
        SELECT key FROM link
        WHERE client_id = s.client_id AND object = s.object_id::text
        ORDER BY at DESC LIMIT 1));
    first boolean := s.kind = 'client_phone' AND NOT EXISTS (
        SELECT FROM link l WHERE l.client_id = s.client_id AND l.entity = 'phone');
BEGIN
    IF first THEN
        what := 'activation';
    END IF;
    INSERT INTO occurrence (key, at, kind, event_id, other, object)
    SELECT named, s.at, what, s.event_id, other,
        CASE WHEN s.kind IN ('application', 'refusal') THEN s.object_id::text END
    FROM (VALUES ('client:' || s.client_id, token), (token, s.client_id::text))
        AS names (named, other)
    WHERE named IS NOT NULL
    ON CONFLICT DO NOTHING;
    IF s.client_id IS NOT NULL AND s.token IS NOT NULL THEN
        INSERT INTO link AS l (client_id, entity, key, object, at)
        VALUES (s.client_id, entity, token, coalesce(s.object_id::text, ''), s.at)
        ON CONFLICT ON CONSTRAINT link_pkey
            DO UPDATE SET at = greatest(l.at, excluded.at);
    END IF;
END $$;
CREATE FUNCTION signal_written() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM keep_signal(new);
    RETURN NULL;
END $$;
CREATE TRIGGER signal_written AFTER INSERT ON signal
    FOR EACH ROW EXECUTE FUNCTION signal_written();
DO $$
DECLARE
    s signal;
BEGIN
    FOR s IN SELECT * FROM signal ORDER BY at, event_id LOOP
        PERFORM keep_signal(s);
    END LOOP;
END $$;
"""
