"""Statements that are planned once for a connection (`kernel.prepared`)."""

import pytest
from sqlalchemy.exc import DBAPIError

from kernel.prepared import Prepared
from tests.integration.kernel.conftest import Service

SUM = Prepared.of(
    "counted",
    "SELECT count(*) + %(more)s + %(more)s FROM outbox WHERE type = %(type)s",
    types={"type": "text", "more": "bigint"},
)
PLANS = (
    "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
    " WHERE name = 'counted'"
)
TIMES = 8
"""The server by itself would still think about another plan for each."""


def ask(service: Service, more: int = 2) -> tuple[int, tuple[int, int]]:
    """What it says, and how often the connection planned it: for any, for one value."""
    with service.platform.database.begin(service.context()) as tx:
        said = SUM.on(tx.connection, type="none", more=more).scalar_one()
        generic, custom = tx.connection.exec_driver_sql(PLANS).one()
    return int(said), (generic, custom)


def ask_and_fail(service: Service) -> None:
    with service.platform.database.begin(service.context()) as tx:
        SUM.on(tx.connection, type="none", more=1)
        tx.connection.exec_driver_sql("SELECT 1 / 0")


@pytest.mark.seeded("prepared_planned_each_time")
def test_one_plan_serves_whatever_is_asked(publisher: Service) -> None:
    said = [ask(publisher, more) for more in range(TIMES)]
    assert said == [(2 * more, (more + 1, 0)) for more in range(TIMES)]


def test_what_a_connection_was_taught_outlives_the_transaction(
    publisher: Service,
) -> None:
    with pytest.raises(DBAPIError):
        ask_and_fail(publisher)
    assert ask(publisher) == (4, (2, 0))


def test_another_connection_is_taught_anew(publisher: Service) -> None:
    for _ in range(2):
        assert ask(publisher) == (4, (1, 0))
        publisher.platform.database.engine.dispose()
