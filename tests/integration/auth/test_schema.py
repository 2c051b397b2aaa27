"""The schema is what the code declares, and each role may do what is written."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.auth.storage import metadata
from tests.integration.auth.stand import Stand

WRITTEN = {
    ("auth", "logins"): {"SELECT", "INSERT", "DELETE"},
    ("auth", "password_attempts"): {"SELECT", "INSERT", "UPDATE", "DELETE"},
    ("auth", "login_sources"): {"SELECT", "DELETE"},
    ("auth", "challenges"): {"SELECT", "INSERT", "UPDATE", "DELETE"},
    ("auth", "code_sends"): {"SELECT", "INSERT", "UPDATE", "DELETE"},
    ("auth", "sessions"): {"SELECT", "UPDATE"},
    ("auth", "messages"): {"SELECT", "INSERT", "UPDATE"},
    ("auth", "factor_attempts"): {"SELECT", "UPDATE", "DELETE"},
    ("auth", "passkey_ceremonies"): {"SELECT", "DELETE"},
    ("auth", "devices"): {"SELECT", "DELETE"},
    ("auth", "device_checks"): {"SELECT", "DELETE"},
    ("auth", "totp_factors"): {"DELETE"},
    ("auth", "recovery_codes"): {"DELETE"},
    ("auth", "passkeys"): {"DELETE"},
    ("gateway", "totp_factors"): {"SELECT", "INSERT", "UPDATE", "DELETE"},
    ("gateway", "recovery_codes"): {"SELECT", "INSERT", "UPDATE", "DELETE"},
    ("gateway", "passkeys"): {"SELECT", "INSERT", "UPDATE", "DELETE"},
    ("gateway", "passkey_ceremonies"): {"SELECT", "INSERT", "UPDATE", "DELETE"},
    ("gateway", "factor_attempts"): {"SELECT", "INSERT", "UPDATE"},
    ("gateway", "devices"): {"SELECT", "INSERT", "UPDATE"},
    ("gateway", "device_checks"): {"SELECT", "INSERT", "UPDATE"},
    ("gateway", "logins"): {"SELECT"},
    ("gateway", "password_attempts"): {"SELECT", "INSERT", "UPDATE"},
    ("auth", "languages"): {"SELECT", "INSERT", "UPDATE", "DELETE"},
    ("gateway", "languages"): {"SELECT", "INSERT", "UPDATE"},
    ("gateway", "login_sources"): {"SELECT", "INSERT", "UPDATE"},
    ("gateway", "challenges"): {"SELECT", "INSERT", "UPDATE"},
    ("gateway", "code_sends"): {"SELECT", "INSERT", "UPDATE"},
    ("gateway", "sessions"): {"SELECT", "INSERT", "UPDATE"},
    ("gateway", "messages"): {"INSERT"},
    ("auth", "access_blocks"): {"SELECT", "INSERT", "DELETE"},
    ("gateway", "access_blocks"): {"SELECT"},
    ("gateway", "outbox"): {"INSERT"},
    ("gateway", "outbox_subject"): set(),
    ("gateway", "inbox"): set(),
    ("gateway", "inbox_subject"): set(),
    ("gateway", "quarantine"): set(),
    ("gateway", "idempotency"): set(),
}


def test_migrations_build_what_the_code_declares(stand: Stand) -> None:
    with stand.owner.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        drift = compare_metadata(context, metadata)

    assert [d for d in drift if "alembic_version" not in str(d)] == []


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A17")
@pytest.mark.seeded("auth_gateway_may_make_logins")
def test_each_role_has_exactly_the_rights_that_are_written(stand: Stand) -> None:
    """The least a role needs; the gateway can neither make a login nor read a text."""
    found = {
        (row.grantee, row.table_name): set(row.rights)
        for row in stand.rows(
            "SELECT grantee, table_name, array_agg(privilege_type::text) AS rights"
            " FROM information_schema.role_table_grants"
            " WHERE grantee IN ('auth', 'gateway') GROUP BY 1, 2"
        )
    }

    assert {key: found.get(key, set()) for key in WRITTEN} == WRITTEN


@pytest.mark.clause("6.1b")
@pytest.mark.seeded("auth_gateway_may_make_logins")
@pytest.mark.parametrize(
    "act",
    [
        "INSERT INTO logins SELECT * FROM logins",
        "UPDATE logins SET client_id = client_id",
        "UPDATE logins SET phone_token = phone_token",
        "DELETE FROM sessions",
        "SELECT text_sealed FROM messages",
        "SELECT data FROM outbox",
        "UPDATE outbox SET data = data",
    ],
)
def test_the_gateway_s_role_is_refused_by_the_database(stand: Stand, act: str) -> None:
    engine = stand.gateway_platform.database.engine
    with (
        engine.connect() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text(act))
