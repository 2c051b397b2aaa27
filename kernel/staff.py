"""The record of what members of the staff do, and are refused (clauses 6.1d, 6.1e)."""

from types import TracebackType
from typing import Final, Self

from kernel.context import Call
from kernel.database import Database
from kernel.errors import KernelError, Refused, Transient
from kernel.events.platform import StaffCalled
from kernel.rpc import OPERATOR, CallRejectedError, Method

ENTRANCE: Final = "entrance"
"""Stands for the permission where none is needed yet."""


class Hearing:
    """One request of the staff: what it came to is published before it is answered.

    Who cannot be recorded is not answered: leaving raises Transient when the database
    is away.  ``call`` is replaced once it is known who asks.  At the entrance, which
    has events of its own for what succeeds, only refusals are told here; requests of
    services leave no record.
    """

    def __init__(self, call: Call, method: Method, database: Database) -> None:
        self.call = call
        self._permission = ENTRANCE if method.entrance else method.permission
        self._database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        call, permission = self.call, self._permission
        if call.caller != OPERATOR or permission is None:
            return
        if permission == ENTRANCE and error is None:
            return
        with self._database.begin(call.context) as tx:
            tx.publish(
                StaffCalled(
                    call_id=call.id,
                    staff_id=None if call.staff is None else call.staff.id,
                    method=call.method,
                    permission=permission,
                    outcome=_outcome(error),
                )
            )


def _outcome(error: BaseException | None) -> str:
    match error:
        case None:
            return "done"
        case Refused() | CallRejectedError():
            return error.code
        case Transient():
            return "transient"
        case KernelError() | _:
            return "broken"
