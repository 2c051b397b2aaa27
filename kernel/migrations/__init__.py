"""One Alembic environment for all six services, and what their migrations share."""

from alembic import op

from kernel.tables import approvals, kernel_metadata

# What the application's role may do with the kernel's tables: nothing is deleted but
# a waiting message nobody here listens to, and what was published is never rewritten.
_GRANTS = {
    "outbox": "SELECT, INSERT, UPDATE (sequence, subject_version, body, published_at)",
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


def create_approvals(role: str) -> None:
    """Create the table of four eyes; what was asked can be decided, never rewritten."""
    approvals.create(op.get_bind())
    decision = "UPDATE (state, decided_by, decided_at)"
    grant(role, approvals.name, "SELECT", "INSERT", decision)


def grant(role: str, table: str, *rights: str) -> None:
    """Let ``role`` do exactly ``rights`` (``"SELECT"``, ``"INSERT"`` …) to a table."""
    op.execute(f'GRANT {", ".join(rights)} ON "{table}" TO "{role}"')
