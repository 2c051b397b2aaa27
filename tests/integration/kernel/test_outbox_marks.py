"""The release that took the marks out of the outbox's rows: either relay takes over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text

from infra.stack import Stack
from kernel.migrations import create_outbox_unconfirmed, take_outbox_marks
from kernel.outbox import Signer, mark_confirmed, number, send_again, unconfirmed
from kernel.tables import outbox_unconfirmed
from tests.databases import owner_engine
from tests.integration.kernel.conftest import PUBLISHER, Service
from tests.integration.kernel.test_outbox_to_inbox import annulled, any_id

AS_BEFORE = (
    "ALTER TABLE outbox ADD COLUMN published_at timestamptz",
    "CREATE INDEX outbox_unpublished ON outbox (sequence) WHERE published_at IS NULL",
)
# What an older relay says to the database, to the letter where it matters.
NUMBER = (
    "UPDATE outbox SET sequence = :sequence, subject_version = 1, body = data"
    " WHERE id = (SELECT id FROM outbox WHERE sequence IS NULL"
    " ORDER BY inserted LIMIT 1)"
)
MARK = "UPDATE outbox SET published_at = now() WHERE sequence = ANY(:sequences)"
AGAIN = "UPDATE outbox SET published_at = NULL WHERE sequence BETWEEN :first AND :last"
WAITING = (
    "SELECT sequence FROM outbox WHERE sequence IS NOT NULL AND published_at IS NULL"
    " ORDER BY sequence"
)


def old_finds(publisher: Service) -> list[int]:
    return [row.sequence for row in publisher.rows(WAITING)]


def new_finds(publisher: Service) -> list[int]:
    with publisher.platform.database.engine.begin() as connection:
        return [row.sequence for row in unconfirmed(connection)]


@contextmanager
def release(servers: Stack) -> Iterator[Callable[[], None]]:
    """Between the pre-migration and what is returned, the post; then as it was."""
    engine = owner_engine(servers, PUBLISHER)

    def migrate(step: Callable[[], None]) -> None:
        with (
            engine.begin() as connection,
            Operations.context(MigrationContext.configure(connection)),
        ):
            step()

    migrate(lambda: create_outbox_unconfirmed(PUBLISHER))
    yield lambda: migrate(take_outbox_marks)
    engine.dispose()


@pytest.fixture
def as_before(servers: Stack, tables: None) -> Iterator[None]:
    """The table as it stood before the release."""
    engine = owner_engine(servers, PUBLISHER)
    with engine.begin() as connection:
        outbox_unconfirmed.drop(connection)
        for statement in AS_BEFORE:
            connection.execute(text(statement))
    yield
    engine.dispose()


@pytest.mark.catalogue("F29")
@pytest.mark.seeded("outbox_new_relay_leaves_no_mark", "outbox_old_relay_unheard")
def test_either_relay_takes_over_from_the_other(
    servers: Stack, as_before: None, publisher: Service
) -> None:
    """Until the post-migration both find the same; after it the newer still does."""
    signer = Signer(PUBLISHER, publisher.platform.signing_key)
    engine = publisher.platform.database.engine

    def both_find(*sequences: int) -> None:
        assert old_finds(publisher) == new_finds(publisher) == list(sequences)

    def older(statement: str, **values: object) -> None:
        with engine.begin() as connection:
            connection.execute(text(statement), values)

    for reason in "abcd":
        publisher.publish(annulled(any_id(), reason))
    older(NUMBER, sequence=1)
    older(NUMBER, sequence=2)
    older(MARK, sequences=[1])
    with release(servers) as end:
        both_find(2)
        older(NUMBER, sequence=3)
        both_find(2, 3)
        older(MARK, sequences=[2])
        both_find(3)
        with engine.begin() as connection:
            mark_confirmed(connection, [3])
        both_find()
        with engine.begin() as connection:
            number(connection, signer)
        both_find(4)
        older(MARK, sequences=[4])
        both_find()
        with engine.begin() as connection:
            send_again(connection, 1, 2)
        both_find(1, 2)
        older(AGAIN, first=2, last=3)
        both_find(1, 2, 3)
        end()
        assert new_finds(publisher) == [1, 2, 3]
        with engine.begin() as connection:
            mark_confirmed(connection, [2])
        assert new_finds(publisher) == [1, 3]
