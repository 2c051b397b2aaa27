"""The schema: what migrations build, what the role may do, what constraints refuse."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.disbursement.domain.payout import State
from services.disbursement.storage import PayoutRows, metadata
from tests.integration.disbursement.conftest import Office
from tests.unit.disbursement.builders import CONTRACT_ID, HOLD_UNTIL, SIGNED_AT, payout


def test_the_declared_tables_are_the_migrated_ones(owner: Engine) -> None:
    """Nothing is forgotten in either."""
    with owner.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "target_metadata": metadata}
        )
        differences = compare_metadata(context, metadata)
    assert differences == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM payouts",
        "TRUNCATE payouts",
        "DELETE FROM payout_checks",
        "UPDATE payout_checks SET verdict = 'passed'",
        "DELETE FROM payout_passages",
        "UPDATE payout_passages SET checks = '[]'",
        "ALTER TABLE payouts DROP CONSTRAINT payouts_never_early",
    ],
)
def test_the_role_may_neither_delete_nor_rewrite(
    office: Office, statement: str
) -> None:
    """Payouts are never deleted, checks are only appended."""
    with (
        pytest.raises(DBAPIError, match=r"permission denied|must be owner"),
        office.platform.database.engine.begin() as connection,
    ):
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "changes",
    [
        "first_sent_at = :early",
        "consented_at = NULL",
        "hold_until = NULL",
        "released_at = :early",
        "released_at = NULL",
        "order_key = NULL",
    ],
)
def test_no_statement_can_write_a_sending_that_breaks_clause_5_5(
    office: Office, changes: str
) -> None:
    """Early, unconsented or unreleased: the table refuses, whatever the code does."""
    base = (
        "UPDATE payouts SET state = 'sending', consented_at = :early,"
        " hold_until = :hold, released_at = :hold, order_key = 'k',"
        " first_sent_at = :hold, sealed_creditor = 'x'"
    )
    values = {"early": SIGNED_AT, "hold": HOLD_UNTIL}
    with office.platform.database.begin(office.platform.context()) as tx:
        PayoutRows(tx.connection, office.platform.field_keys).conclude(
            payout(state=State.CONCLUDED)
        )
    with office.platform.database.engine.begin() as connection:
        connection.execute(text(base), values)
    with (
        pytest.raises(IntegrityError, match="payouts_never"),
        office.platform.database.engine.begin() as connection,
    ):
        connection.execute(text(f"UPDATE payouts SET {changes}"), values)  # noqa: S608 - the cases above
    assert State.SENDING is office.payout(CONTRACT_ID).state
