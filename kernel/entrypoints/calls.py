"""Calls: one queue for all methods of a service; a signature is a schema."""

import functools
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, ParamSpec, TypeVar

from nameko.extensions import Entrypoint
from typing_extensions import override

from kernel.approvals import Operation
from kernel.bus import REPLY_EXCHANGE, Received
from kernel.context import Call
from kernel.entrypoints.container import (
    Background,
    OutboxRelay,
    ms_since,
    worker_result,
)
from kernel.errors import Broken, KernelError, Refused, Transient
from kernel.logging import canonical, get_logger
from kernel.metrics import RPC_SERVER_SECONDS
from kernel.operations import PERMISSIONS, Operations
from kernel.rpc import (
    OPERATOR,
    CallRejectedError,
    Method,
    Publisher,
    Request,
    open_request,
    reply_of,
    reply_of_error,
)
from kernel.staff import Hearing

log = get_logger("entrypoints")

_OPERATIONS: Final = {
    name: Method.of(getattr(Operations, name), permission=permission)
    for name, permission in PERMISSIONS.items()
}
Run = Callable[[Call, dict[str, Any]], object]
P = ParamSpec("P")
R = TypeVar("R")


class RpcDoor(Background):
    """One queue for all methods of the service."""

    def __init__(self) -> None:
        self.methods: dict[str, tuple[Method, Entrypoint]] = {}
        self.operations: dict[str, tuple[str, Entrypoint]] = {}
        super().__init__()

    @override
    def loops(self) -> Iterable[Callable[[threading.Event], None]]:
        platform, service = self.container.platform, self.container.service_name
        self.replies = Publisher(platform.broker)
        yield self.consume(f"{service}.rpc", self.on_message)
        yield self.replies.run

    def on_message(self, message: Received) -> None:
        """Verify, then run beside the loop: the message is acknowledged meanwhile."""
        platform = self.container.platform
        reply_to = str(message.properties.get("reply_to", ""))
        try:
            request = open_request(
                message,
                service=self.container.service_name,
                trust=platform.trust,
                assertions=platform.assertions,
                clock=platform.clock,
            )
        except Refused as error:
            if message.sender and reply_to.startswith(f"{message.sender}."):
                self._answer(reply_to, message.properties, reply_of_error(error))
            return
        except CallRejectedError as error:
            self._reject(message, error)
            return
        self.run_beside(functools.partial(self._run, request, message))

    def _run(self, request: Request, message: Received) -> None:
        call, began = request.call, time.monotonic()
        known = call.method in self.methods or call.method in _OPERATIONS
        method = call.method if known else "unknown"
        with RPC_SERVER_SECONDS.labels(method).time():
            outcome, body = self._answered(request, message)
        self._answer(request.reply_to, message.properties, body)
        canonical(
            "entrypoints",
            "call",
            outcome=outcome,
            method=method,
            caller=call.caller,
            ms=ms_since(began),
            trace_id=call.context.trace_id,
            correlation_id=call.context.correlation_id,
        )

    def _answered(self, request: Request, message: Received) -> tuple[str, bytes]:
        """How the call went (ok, refused, transient, broken), and what to answer."""
        call = request.call
        try:
            return "ok", reply_of(self._result(request))
        except CallRejectedError as error:
            self._reject(message, error)
            return "refused", reply_of_error(Broken(error.code))
        except Broken as error:
            log.warning("call_broken", method=call.method, why=error.sentence)
            return "broken", reply_of_error(error)
        except KernelError as error:
            outcome = "refused" if isinstance(error, Refused) else "transient"
            return outcome, reply_of_error(error)
        except Exception:  # a defect must not become silence: the caller is told
            log.exception("call_defect", method=call.method)
            return "broken", reply_of_error(Broken("defect"))

    def _result(self, request: Request) -> object:
        platform = self.container.platform
        method, run = self._found(request.call.method)
        with Hearing(request.call, method, platform.database) as hearing:
            call = method.admit(request, trust=platform.trust, clock=platform.clock)
            hearing.call = call
            method.permit(call)
            return run(call, method.arguments_for(request))

    def _found(self, name: str) -> tuple[Method, Run]:
        container = self.container
        if name in self.methods:
            method, entrypoint = self.methods[name]
            return method, lambda call, arguments: worker_result(
                container, entrypoint, (call,), arguments
            )
        if name not in _OPERATIONS:
            raise CallRejectedError("unknown_method")
        operations = Operations(
            container.service_name,
            container.platform,
            container.inbox,
            own={
                operation: Operation(permission, container.reaction(entrypoint))
                for operation, (permission, entrypoint) in self.operations.items()
            },
        )
        return _OPERATIONS[name], lambda call, arguments: getattr(operations, name)(
            call, **arguments
        )

    def _reject(self, message: Received, error: CallRejectedError) -> None:
        if error.code == "late":
            log.warning("call_late", sender=message.sender)
            return
        try:
            self.container.platform.quarantine.record(
                message.body, message.sender, error.code
            )
        except Transient:
            log.exception("quarantine_unrecorded", code=error.code)

    def _answer(self, reply_to: str, properties: dict[str, Any], body: bytes) -> None:
        try:
            self.replies.publish(
                body,
                REPLY_EXCHANGE,
                reply_to,
                correlation_id=str(properties.get("correlation_id", "")),
            )
        except Transient:
            log.warning("answer_lost", reply_to=reply_to)


class _Answers(Entrypoint):
    door = RpcDoor()
    relay = OutboxRelay()

    def __init__(
        self,
        *,
        callers: Iterable[str],
        client: bool,
        permission: str | None,
        entrance: bool,
    ) -> None:
        self._callers = tuple(callers)
        self._client = client
        self._permission = permission
        self._entrance = entrance
        super().__init__(expected_exceptions=(KernelError,))

    def setup(self) -> None:
        function = getattr(self.container.service_cls, self.method_name)
        method = Method.of(
            function,
            callers=self._callers,
            client=self._client,
            permission=self._permission,
            entrance=self._entrance,
        )
        self.door.methods[method.name] = (method, self)


class _Executes(Entrypoint):
    door = RpcDoor()

    def __init__(self, *, permission: str) -> None:
        self._permission = permission
        super().__init__(expected_exceptions=(KernelError,))

    def setup(self) -> None:
        self.door.operations[self.method_name] = (self._permission, self)


def executes(*, permission: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """What four eyes carry out: the method's name is the operation's.

    It is run with ``(tx, approval, by)`` inside the transaction of the decision;
    ``permission`` is what whoever decides needs (kernel.approvals).
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _Executes.decorator(permission=permission)(function)
        return function

    return decorate


def answers(
    *,
    callers: Iterable[str] = (),
    client: bool = False,
    permission: str | None = None,
    entrance: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A method other principals may call; its signature is its schema.

    ``callers`` are principals; ``client=True`` demands a verified client assertion
    and gives ``call.client_id``.  ``permission`` opens the method to members of the
    staff who have it, and gives ``call.staff``; ``entrance=True`` opens it to those
    who have no token yet.  Raises TypeError when staff are named as a caller: what
    they may do is said by permissions only.
    """
    named = tuple(callers)
    if OPERATOR in named or (entrance and permission is not None):
        raise TypeError("staff are let in by a permission, or at the entrance")

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _Answers.decorator(
            callers=named, client=client, permission=permission, entrance=entrance
        )(function)
        return function

    return decorate
