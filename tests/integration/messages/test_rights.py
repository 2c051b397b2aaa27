"""What was said cannot be unsaid: not by its service, nor by its worker."""

import pytest

from infra import topology
from infra.postgres.config import roles
from infra.postgres.server import DatabaseServerError
from infra.stack import Stack

DENIED = "permission denied"
# Statements over no row: the right is asked for, nothing would change.
NEVER = (
    "DELETE FROM outbox WHERE false",
    "TRUNCATE outbox",
    "UPDATE outbox SET data = data WHERE false",
    "UPDATE outbox SET type = type, subject = subject WHERE false",
    "DELETE FROM outbox_subject WHERE false",
    "DELETE FROM inbox_subject WHERE false",
    "TRUNCATE inbox",
    "DELETE FROM quarantine WHERE false",
    "UPDATE quarantine SET code = code WHERE false",
)


@pytest.mark.clause("7.1")
@pytest.mark.catalogue("F27", "A17")
@pytest.mark.seeded("outbox_may_be_emptied")
@pytest.mark.parametrize("service", topology.services())
def test_no_process_may_remove_or_rewrite_what_was_said(
    platform: Stack, service: str
) -> None:
    """Every role but the schema's owner, at the database of its service."""
    _, *users = roles(service)
    for role in users:
        for statement in NEVER:
            with pytest.raises(DatabaseServerError, match=DENIED):
                platform.servers.database.run_sql(
                    f'SET ROLE "{role}"; {statement}', database=service
                )
