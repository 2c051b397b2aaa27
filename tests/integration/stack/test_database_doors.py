"""Each certificate opens its own role in its own database, over TLS, and no other."""

import secrets
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from infra import topology
from infra.postgres.config import role_of, roles
from infra.stack import Stack
from tests.integration.stack.conftest import Doors, Identity

DATABASES = topology.services()
# Certificate → the one (role, database) it opens.
OWN: Mapping[str, tuple[str, str]] = {
    **{p.name: (role_of(p.name), p.service) for p in topology.processes()},
    **{f"{name}-migrate": (f"{name}_owner", name) for name in DATABASES},
}
ROLES = tuple(role for name in DATABASES for role in roles(name))


def _connect(
    doors: Doors, identity: Identity, *, role: str, database: str, **changes: str
) -> None:
    """Connect and ask one question; raises psycopg2.OperationalError when refused."""
    wanted: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": str(doors.stack.port("postgres")),
        "user": role,
        "dbname": database,
        "sslmode": "verify-full",
        "sslrootcert": str(identity.ca),
        "sslcert": str(identity.certificate),
        "sslkey": str(identity.key),
        "connect_timeout": "10",
        **changes,
    }
    with closing(psycopg2.connect(**wanted)) as connection:
        connection.cursor().execute("SELECT 1")


def _is_refused(
    doors: Doors, identity: Identity, *, role: str, database: str, **changes: str
) -> bool:
    try:
        _connect(doors, identity, role=role, database=database, **changes)
    except psycopg2.OperationalError:
        return True
    return False


@pytest.mark.clause("2.1")
@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A17")
@pytest.mark.seeded("postgres_trusts_loopback")
@pytest.mark.parametrize("name", OWN)
def test_a_certificate_opens_its_own_role_and_database_only(
    doors: Doors, name: str
) -> None:
    """Every other pair of role and database is refused."""
    identity = doors.identity(name)
    opened = {
        (role, database)
        for role in (*ROLES, "postgres")
        for database in (*DATABASES, "postgres")
        if (role == OWN[name][0] or database == OWN[name][1])
        and not _is_refused(doors, identity, role=role, database=database)
    }
    assert {OWN[name]} == opened


@pytest.mark.parametrize("name", ["operator", "postgres", "rabbitmq"])
def test_a_certificate_without_a_role_opens_nothing(doors: Doors, name: str) -> None:
    for database in DATABASES:
        assert _is_refused(
            doors, doors.identity(name), role=database, database=database
        )


def test_a_certificate_of_another_authority_is_refused(doors: Doors) -> None:
    assert _is_refused(doors, doors.stranger("audit"), role="audit", database="audit")


@pytest.mark.clause("6.1a")
@pytest.mark.catalogue("A19")
@pytest.mark.seeded("postgres_trusts_loopback")
def test_no_certificate_is_refused(doors: Doors) -> None:
    """There is no password that could stand in for it."""
    nowhere = str(Path("/nonexistent/certificate"))
    for password in ("", "audit", "postgres"):
        assert _is_refused(
            doors,
            doors.identity("audit"),
            role="audit",
            database="audit",
            sslcert=nowhere,
            sslkey=nowhere,
            password=password,
        )


@pytest.mark.clause("3.2a")
@pytest.mark.clause("3.3b")
@pytest.mark.catalogue("A19")
@pytest.mark.seeded("postgres_trusts_loopback")
def test_a_connection_without_tls_is_refused(doors: Doors) -> None:
    identity = doors.identity("audit")
    assert _is_refused(
        doors, identity, role="audit", database="audit", sslmode="disable"
    )


def test_tls_1_1_is_refused_by_the_database(doors: Doors) -> None:
    """Libpq is told to go no higher; the server goes no lower than 1.2."""
    assert _is_refused(
        doors,
        doors.identity("audit"),
        role="audit",
        database="audit",
        ssl_min_protocol_version="TLSv1.1",
        ssl_max_protocol_version="TLSv1.1",
    )


def test_the_rights_agree_with_the_doors(stack: Stack) -> None:
    """A second wall: even past pg_hba a role may connect to its own database only."""
    rows = stack.servers.database.run_sql(
        "SELECT r.rolname || ' ' || d.datname FROM pg_roles r, pg_database d"
        " WHERE r.rolcanlogin AND NOT r.rolsuper"
        " AND has_database_privilege(r.oid, d.oid, 'CONNECT')"
    ).splitlines()
    own = {f"{role} {database}" for database in DATABASES for role in roles(database)}
    assert own == {row for row in rows if not row.endswith(" template0")}


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A17")
@pytest.mark.seeded("postgres_service_creates_tables")
def test_only_the_owner_creates_tables(stack: Stack) -> None:
    """Neither the service's role nor PUBLIC may create; nobody may make databases."""
    for database in DATABASES:
        for role in roles(database):
            may = stack.servers.database.run_sql(
                f"SELECT has_schema_privilege('{role}', 'public', 'CREATE')",
                database=database,
            ).strip()
            assert ("t" if role == f"{database}_owner" else "f") == may, role


@pytest.mark.seeded("postgres_forgets")
def test_the_server_keeps_what_it_acknowledges_and_checks_what_it_reads(
    stack: Stack,
) -> None:
    shown = stack.servers.database.run_sql(
        "SELECT name || '=' || setting FROM pg_settings WHERE name IN ('fsync',"
        " 'synchronous_commit', 'full_page_writes', 'data_checksums')"
    ).splitlines()
    assert {"on"} == {row.split("=")[1] for row in shown}
    assert len(shown) == 4


@pytest.mark.clause("1.3a")
@pytest.mark.catalogue("A25")
@pytest.mark.seeded("postgres_logs_values")
def test_the_log_shows_neither_statements_nor_values(
    doors: Doors, stack: Stack
) -> None:
    """Errors quote values; they go to the client, never to the server's log."""
    marker = f"marker{secrets.token_hex(8)}"
    identity = doors.identity("audit")
    connection = psycopg2.connect(
        host="127.0.0.1",
        port=stack.port("postgres"),
        user="audit",
        dbname="audit",
        sslmode="verify-full",
        sslrootcert=str(identity.ca),
        sslcert=str(identity.certificate),
        sslkey=str(identity.key),
    )
    with closing(connection), pytest.raises(psycopg2.DataError) as failure:
        connection.cursor().execute("SELECT %s::integer", (marker,))
    assert marker in str(failure.value)
    assert marker not in (stack.layout.logs / "postgres.log").read_text()
