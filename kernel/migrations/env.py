"""Alembic's environment: the connection comes from `kernel.commands`, never a file."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes["metadata"],
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
    # For `check`: a revision is no secret from who may connect here at all.
    connection.exec_driver_sql("GRANT SELECT ON alembic_version TO PUBLIC")
