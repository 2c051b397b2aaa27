"""The locks that stand, for whoever may look at them; nobody may lift one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    literal_column,
    select,
    union_all,
)

from services.auth.domain.staff import Lock
from services.auth.storage.tables import (
    factor_attempts,
    password_attempts,
    staff_attempts,
)


def standing_locks(connection: Connection, *, now: datetime) -> Sequence[Lock]:
    """What is locked at `now`, what opens last first; `what` says which count it is."""
    counts: tuple[tuple[Table, ColumnElement[str]], ...] = (
        (password_attempts, literal_column("'password'")),
        (factor_attempts, factor_attempts.c.method),
        (staff_attempts, literal_column("'staff'")),
    )
    locks = union_all(
        *(
            select(table.c.login_id, what.label("what"), table.c.locked_until).where(
                table.c.locked_until > now
            )
            for table, what in counts
        )
    )
    rows = connection.execute(
        locks.order_by(locks.selected_columns.locked_until.desc())
    )
    return [Lock(row.login_id, row.what, row.locked_until) for row in rows]
