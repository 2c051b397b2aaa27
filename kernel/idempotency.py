"""One request, one effect: the owner of the state keeps the replies (case B02).

The reply is stored, sealed, in the very transaction that makes the effect; key and
digest stay for ever, so that a key can never come to mean something else.
"""

from collections.abc import Callable
from datetime import datetime

import orjson
from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from kernel.context import Call, jsonable
from kernel.crypto import FieldKeys, Json, sha256
from kernel.errors import Refused
from kernel.tables import idempotency


def once(
    connection: Connection,
    call: Call,
    *,
    field_keys: FieldKeys,
    now: datetime,
    run: Callable[[], Json],
) -> Json:
    """Run the act of ``call`` once per (client, operation, key).

    1. Take the key for the time of this transaction; while a twin holds it the
       request is refused at once (``request_in_progress``).
    2. Claim the key for ever by inserting it.
    3. A key already claimed with other arguments is refused
       (``idempotency_key_reused``), with the same ones its stored reply returns.
    4. Otherwise run, and store the reply in the same transaction.

    Without a key, or without a client, the act simply runs.
    """
    if call.idempotency_key is None or call.client_id is None:
        return run()
    row = f"{call.client_id}/{call.method}/{call.idempotency_key}"
    _take(connection, row)  # step 1
    claimed = connection.execute(  # step 2
        insert(idempotency)
        .values(
            client_id=call.client_id,
            operation=call.method,
            key=call.idempotency_key,
            arguments_sha256=call.arguments_digest,
            created_at=now,
        )
        .on_conflict_do_nothing()
    ).rowcount
    if not claimed:  # step 3
        sealed = _reply_of(connection, call)
        reply: Json = orjson.loads(
            field_keys.unseal(sealed, table="idempotency", column="reply", row=row)
        )
        return reply
    reply = jsonable(run())  # step 4
    sealed = field_keys.seal(
        orjson.dumps(reply), table="idempotency", column="reply", row=row
    )
    connection.execute(idempotency.update().where(_key_of(call)).values(reply=sealed))
    return reply


def _take(connection: Connection, row: str) -> None:
    """A lock of the transaction on the name of the row; nobody waits for it."""
    lock = int.from_bytes(sha256(row.encode())[:8], "big", signed=True)
    if not connection.execute(select(func.pg_try_advisory_xact_lock(lock))).scalar():
        raise Refused(
            "request_in_progress",
            "The same request is being carried out right now.",
            next_step="Send it again in a moment, with the same Idempotency-Key.",
        )


def _reply_of(connection: Connection, call: Call) -> bytes:
    """The sealed reply to the same request, made before."""
    digest, sealed = connection.execute(
        select(idempotency.c.arguments_sha256, idempotency.c.reply).where(_key_of(call))
    ).one()
    if bytes(digest) != call.arguments_digest:
        raise Refused(
            "idempotency_key_reused",
            "This Idempotency-Key was used with another request.",
            next_step="Send the request again under a new key.",
            header="Idempotency-Key",
        )
    return bytes(sealed)


def _key_of(call: Call) -> ColumnElement[bool]:
    return (
        (idempotency.c.client_id == call.client_id)
        & (idempotency.c.operation == call.method)
        & (idempotency.c.key == call.idempotency_key)
    )
