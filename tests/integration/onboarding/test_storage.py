"""What the database itself holds against everybody, the application included."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from services.onboarding.storage import metadata
from services.onboarding.storage.keys import KeyRing
from tests.integration.onboarding.conftest import Cabinet

_CHANGES = (
    "UPDATE persons SET iin_token = 'another'",
    "UPDATE persons SET iin_sealed = '\\x00'",
    "UPDATE clients SET iin_token = 'another'",
)


@pytest.mark.clause("4.11")
@pytest.mark.seeded("onboarding_iin_may_change")
@pytest.mark.parametrize("statement", _CHANGES)
def test_iin_cannot_be_changed_even_by_the_schemas_owner(
    cabinet: Cabinet, statement: str
) -> None:
    cabinet.client("unchangeable")
    with (
        pytest.raises(DBAPIError, match=r"4\.11"),
        cabinet.owner.begin() as connection,
    ):
        connection.execute(text(statement))


@pytest.mark.clause("4.10")
@pytest.mark.seeded("onboarding_identity_changes_unproved")
@pytest.mark.parametrize(
    "change",
    [
        "surname_sealed = '\\x00'",
        "document_number_sealed = '\\x00'",
        "document_valid_until = document_valid_until + 1",
    ],
)
def test_an_identity_cannot_be_changed_without_proofs_even_by_the_schemas_owner(
    cabinet: Cabinet, change: str
) -> None:
    cabinet.client("unproved")
    with (
        pytest.raises(DBAPIError, match=r"4\.10"),
        cabinet.owner.begin() as connection,
    ):
        connection.execute(text(f"UPDATE persons SET {change}"))  # noqa: S608 - the cases above


@pytest.mark.parametrize(
    "statement",
    [
        *_CHANGES,
        "DELETE FROM persons",
        "DELETE FROM signatures",
        "UPDATE signatures SET cms_sealed = '\\x00'",
        "UPDATE restamps SET stamp_sealed = '\\x00'",
        "DELETE FROM restamps",
        "UPDATE protocols SET code = NULL",
        "DELETE FROM signature_refusals",
        "UPDATE ceremonies SET document_sealed = '\\x00'",
        "UPDATE accounts SET client_id = gen_random_uuid()",
        "UPDATE changes SET value_token = 'another'",
        "DELETE FROM changes",
        "DELETE FROM consents",
        "UPDATE photos SET photo_sha256 = 'another'",
        "DELETE FROM ownership_checks",
    ],
)
def test_role_of_the_service_cannot_rewrite_evidence(
    cabinet: Cabinet, statement: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        cabinet.platform.database.engine.begin() as connection,
    ):
        connection.execute(text(statement))


def test_no_personal_value_stands_in_clear(cabinet: Cabinet) -> None:
    """Neither in a table nor in an event: not as text, not inside bytes."""
    client = cabinet.client("clear")
    identity = client.person.identity
    secrets = (
        identity.iin,
        identity.phone.removeprefix("+"),
        identity.iban,
        identity.surname,
        identity.document.number,
        client.token,
    )
    for table in metadata.sorted_tables:
        rows = cabinet.rows(f'SELECT "{table.name}"::text AS row FROM "{table.name}"')  # noqa: S608 - our own names
        for row in rows:
            for secret in secrets:
                assert secret not in row.row
                assert secret.encode().hex() not in row.row


def test_evidence_opens_for_its_own_row(cabinet: Cabinet) -> None:
    client = cabinet.client("evidence")
    (row,) = cabinet.rows(
        "SELECT ceremony_id, cms_sealed, stamp_sealed, chain_sealed,"
        " revocation_sealed FROM signatures"
    )
    with cabinet.platform.database.begin(cabinet.context()) as tx:
        seal = KeyRing(tx.connection, cabinet.platform.field_keys).seal(
            "signatures", row.ceremony_id, of=client.client_id
        )
    for column in ("cms", "stamp", "chain", "revocation"):
        sealed = getattr(row, f"{column}_sealed")
        assert seal.open(f"{column}_sealed", sealed)
    assert row.ceremony_id == client.ceremony_id


def test_schema_built_by_migrations_is_the_one_declared(cabinet: Cabinet) -> None:
    with cabinet.owner.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
