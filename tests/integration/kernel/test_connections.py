"""Connections of the pool that die while nobody uses them (F19)."""

import time

import pytest

from kernel.database import RESTED_S
from kernel.errors import Transient
from tests.integration.kernel.conftest import Service

END_THE_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE usename = current_user AND pid <> pg_backend_pid()"
)
ONE = "SELECT 1"


def end_connections(service: Service) -> None:
    """As the server ends them when it restarts: all that rest in the pool but one."""
    database = service.platform.database
    with (
        database.begin(service.context()),
        database.begin(service.context()),
        database.begin(service.context()),
    ):
        pass
    assert len(service.rows(END_THE_OTHERS)) >= 2


@pytest.mark.catalogue("F19")
@pytest.mark.seeded("database_lends_what_has_died")
def test_a_rested_connection_that_has_died_is_not_lent(publisher: Service) -> None:
    end_connections(publisher)
    time.sleep(RESTED_S + 0.1)
    database = publisher.platform.database
    with (
        database.begin(publisher.context()) as first,
        database.begin(publisher.context()) as second,
    ):
        for tx in (first, second):
            assert tx.connection.exec_driver_sql(ONE).scalar_one() == 1


@pytest.mark.catalogue("F19")
def test_one_that_died_a_moment_ago_costs_one_attempt(publisher: Service) -> None:
    end_connections(publisher)
    database = publisher.platform.database
    with (
        database.begin(publisher.context()),
        pytest.raises(Transient),
        database.begin(publisher.context()) as tx,
    ):
        tx.connection.exec_driver_sql(ONE)
    with (
        database.begin(publisher.context()) as first,
        database.begin(publisher.context()) as second,
    ):
        for tx in (first, second):
            assert tx.connection.exec_driver_sql(ONE).scalar_one() == 1
