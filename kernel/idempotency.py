"""One request, one effect: the owner of the state keeps the replies (case B02).

The reply is stored, sealed, in the very transaction that makes the effect; key and
digest stay for ever, so that a key can never come to mean something else.
"""

from collections.abc import Callable
from datetime import datetime

import orjson
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from kernel.context import Call, jsonable
from kernel.crypto import FieldKeys, Json
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

    1. Claim the key by inserting it; a concurrent twin waits here until the first
       commits (or gives up by the lock time-out: Transient).
    2. A key already taken with other arguments is refused
       (``idempotency_key_reused``), with the same ones its stored reply returns.
    3. Otherwise run, and store the reply in the same transaction.

    Without a key, or without a client, the act simply runs.
    """
    if call.idempotency_key is None or call.client_id is None:
        return run()
    where = {
        "client_id": call.client_id,
        "operation": call.method,
        "key": call.idempotency_key,
    }
    row = f"{call.client_id}/{call.method}/{call.idempotency_key}"
    claimed = connection.execute(  # step 1
        insert(idempotency)
        .values(**where, arguments_sha256=call.arguments_digest, created_at=now)
        .on_conflict_do_nothing()
    ).rowcount
    match = (
        (idempotency.c.client_id == call.client_id)
        & (idempotency.c.operation == call.method)
        & (idempotency.c.key == call.idempotency_key)
    )
    if not claimed:  # step 2
        digest, sealed = connection.execute(
            idempotency.select()
            .with_only_columns(idempotency.c.arguments_sha256, idempotency.c.reply)
            .where(match)
        ).one()
        if bytes(digest) != call.arguments_digest:
            raise Refused(
                "idempotency_key_reused",
                "This Idempotency-Key was used with another request.",
                next_step="Send the request again under a new key.",
            )
        reply: Json = orjson.loads(
            field_keys.unseal(sealed, table="idempotency", column="reply", row=row)
        )
        return reply
    reply = jsonable(run())  # step 3
    sealed = field_keys.seal(
        orjson.dumps(reply), table="idempotency", column="reply", row=row
    )
    connection.execute(idempotency.update().where(match).values(reply=sealed))
    return reply
