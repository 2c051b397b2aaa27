"""What clients do and which personal data they are shown, as events (6.1d, 6.1e).

Every unsafe operation is told with its outcome, and every look at personal data; other
looks are lines of a file (`reads`).  A look that cannot be recorded is not given.
Coming in tells more than this could by events of its own.
"""

from typing import Any, Final
from uuid import UUID

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.types import Scope

from kernel.errors import Refused, Transient
from kernel.events.auth import OperationCalled
from kernel.logging import get_logger
from services.auth.gateway.gate import context_of, gate_of
from services.auth.gateway.problems import BadRequestError, is_recorded

log = get_logger(__name__)

PERSONAL: Final = "x-personal-data"
"""Of an operation that shows a person's data: its name in the description."""
TELLS_ITSELF: Final = "x-own-events"
DONE: Final = "done"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Recorder:
    """Tells what became of one operation's requests."""

    def __init__(self, route: APIRoute) -> None:
        described: dict[str, Any] = route.openapi_extra or {}
        self._action = route.name
        self._personal = bool(described.get(PERSONAL))
        unsafe = not (route.methods or set()) <= _SAFE
        self._tells = self._personal or (unsafe and TELLS_ITSELF not in described)

    async def done(self, request: Request) -> None:
        """The operation is done.  Transient when a look cannot be recorded."""
        if not self._tells:
            return
        try:
            await self._record(request, outcome=DONE)
        except Transient:
            if self._personal:
                raise
            log.warning("operation_not_recorded", action=self._action)

    async def refused(self, request: Request, refused: Refused) -> None:
        """A rule said no; what the door itself refuses is no act of a client."""
        if not self._tells or isinstance(refused, BadRequestError):
            return
        if is_recorded(refused):
            return
        try:
            await self._record(request, outcome=refused.code)
        except Transient:
            log.warning("operation_not_recorded", action=self._action)

    async def _record(self, request: Request, *, outcome: str) -> None:
        context = context_of(request)
        called = OperationCalled(
            request_id=context.correlation_id,
            client_id=client_of(request.scope),
            action=self._action,
            object_id=object_of(request.scope),
            outcome=outcome,
        )
        gate = gate_of(request)
        await gate.blocking(gate.use_cases.record, context, called)


def client_of(scope: Scope) -> UUID | None:
    """Whose session the request came with, if it has one."""
    client_id: UUID | None = scope["state"].get("client_id")
    return client_id


def object_of(scope: Scope) -> UUID | None:
    """The id in the address; what is no id is nobody's business."""
    for name, value in scope.get("path_params", {}).items():
        if name.endswith("_id"):
            try:
                return UUID(str(value))
            except ValueError:
                return None
    return None
