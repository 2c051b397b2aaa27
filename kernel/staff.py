"""The record of what members of the staff do, and are refused (clauses 6.1d, 6.1e)."""

from types import TracebackType
from typing import Self

from kernel.context import Call
from kernel.database import Database
from kernel.errors import KernelError, Refused, Transient
from kernel.events.platform import StaffCalled
from kernel.rpc import OPERATOR, CallRejectedError


class Hearing:
    """One request of the staff: what it came to is published before it is answered.

    Who cannot be recorded is not answered: leaving raises Transient when the database
    is away.  ``call`` is replaced once it is known who asks.  Requests of services, and
    those at the entrance, which has events of its own, leave no record here.
    """

    def __init__(self, call: Call, permission: str | None, database: Database) -> None:
        self.call = call
        self._permission = permission
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
