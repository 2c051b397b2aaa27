"""The one statement that takes an attempt (clause 4.7), whatever it is counted by."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, case, literal, null, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from services.auth.domain.rules import Rules


def reservation(
    table: Table,
    key: Mapping[str, object],
    *,
    rules: Rules,
    now: datetime,
    more: Mapping[str, object] | None = None,
) -> "ReturningInsert[Any]":
    """One upsert on `key`; it returns no row while the lock lasts.

    The row lock it takes makes attempts of one key wait for one another, and its
    WHERE, read again under that lock, lets nobody pass a lock (P04, P05).  A lock that
    has run out starts a new run; attempts during a lock change nothing, so that they
    neither shorten nor prolong it (A03).  `more` is written whenever an attempt is
    taken.
    """
    until = now + rules.lock
    also = dict(more or {})
    # The number this attempt gets; after a lock the count begins again.
    number = case((table.c.locked_until.is_not(None), 1), else_=table.c.number + 1)
    fresh = insert(table).values(
        **key,
        **also,
        number=1,
        locked_until=until if rules.attempts == 1 else None,
        reopened=False,
    )
    return fresh.on_conflict_do_update(
        index_elements=[table.c[name] for name in key],
        set_={
            **also,
            "number": number,
            "locked_until": case(
                (number >= rules.attempts, literal(until)), else_=null()
            ),
            "reopened": table.c.locked_until.is_not(None),
        },
        where=or_(table.c.locked_until.is_(None), table.c.locked_until <= now),
    ).returning(table.c.number, table.c.locked_until, table.c.reopened)
