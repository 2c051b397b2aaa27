"""What a request is handled with: use cases in threads, other services by RPC."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, ParamSpec, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Request

from kernel.context import Context
from kernel.crypto import Json
from kernel.errors import Broken, Transient
from kernel.events.auth import AccessRefused
from kernel.logging import get_logger
from kernel.rpc import TIMEOUT_S
from kernel.tokens import Assertions
from services.auth.domain.sessions import Knock, Session
from services.auth.gateway.answers import Answer
from services.auth.gateway.cursors import Cursors
from services.auth.gateway.problems import BadRequestError
from services.auth.gateway.reads import Reads
from services.auth.gateway.sources import BrowserId, source_of
from services.auth.gateway.together import Together
from services.auth.wiring import GatewayUseCases

log = get_logger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
AnswerT = TypeVar("AnswerT", bound=Answer)

CREDENTIAL_THREADS: Final = 4
MOST_CREDENTIALS_WAITING: Final = 64
"""Beyond that a login is told to come back: nobody waits for minutes (case A14)."""
CREDENTIALS_S: Final = 20.0
BLOCKING_THREADS: Final = 8
BLOCKING_S: Final = 8.0
"""Work in a thread that is not done by then is left alone; the client hears 503."""
REFUSALS_AT_ONCE: Final = 4
"""Refusals being recorded at once; a flood of them must not hold up clients."""
LONGEST_KEY: Final = 255
_LOOKING: Final = frozenset({"GET", "HEAD"})


class Rpc(Protocol):
    """The part of `kernel.rpc.RpcClient` the gateway uses."""

    def call_async(
        self,
        service: str,
        method: str,
        *,
        context: Context,
        timeout_s: float = TIMEOUT_S,
        assertion: str | None = None,
        idempotency_key: str | None = None,
        **arguments: object,
    ) -> Awaitable[Json]:
        """The callee's answer; Refused, Transient or Broken when there is none."""
        ...


@dataclass
class Gate:
    """One per process."""

    use_cases: GatewayUseCases
    rpc: Rpc
    assertions: Assertions
    cursors: Cursors
    reads: Reads
    new_context: Callable[[], Context]
    hosts: frozenset[str]
    origins: frozenset[str]
    _blocking: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(BLOCKING_THREADS, "blocking")
    )
    _credentials: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(CREDENTIAL_THREADS, "credentials")
    )
    sessions: Together[Knock, Session] = field(init=False)
    """Living sessions, asked for by all requests of the moment together."""
    _credentials_waiting: int = 0
    _refusals_waiting: int = 0

    def __post_init__(self) -> None:
        self.sessions = Together(
            lambda knocks: self.blocking(self.use_cases.living, knocks)
        )

    async def blocking(
        self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run what blocks (a database transaction) in a thread.

        Raises Transient when no thread is free, or it does not end, in `BLOCKING_S`.
        """
        whole = functools.partial(work, *args, **kwargs)
        return await _within(BLOCKING_S, self._blocking, whole)

    async def credentials(
        self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run what hashes a password, in threads of its own.

        Raises Transient, before anything is counted, when too many wait; and when it
        takes longer than `CREDENTIALS_S`.
        """
        if self._credentials_waiting >= MOST_CREDENTIALS_WAITING:
            raise Transient("too many logins at once")
        self._credentials_waiting += 1
        try:
            whole = functools.partial(work, *args, **kwargs)
            return await _within(CREDENTIALS_S, self._credentials, whole)
        finally:
            self._credentials_waiting -= 1

    async def record_refusal(self, context: Context, *, what: str, code: str) -> None:
        """Record a refused request; a flood is recorded in part and logged in full.

        `what` is the method and the route's pattern, never the address that was asked.
        """
        if self._refusals_waiting >= REFUSALS_AT_ONCE:
            log.warning("refusal_not_recorded", what=what, code=code)
            return
        self._refusals_waiting += 1
        try:
            request_id = context.correlation_id
            refused = AccessRefused(request_id=request_id, what=what, code=code)
            await self.blocking(self.use_cases.record, context, refused)
        except Transient:
            log.warning("refusal_not_recorded", what=what, code=code)
        finally:
            self._refusals_waiting -= 1

    def close(self) -> None:
        """Let running work end."""
        self._blocking.shutdown(wait=True)
        self._credentials.shutdown(wait=True)


async def _within(seconds: float, pool: Executor, work: Callable[[], R]) -> R:
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise Transient("the work is not done in time", retry_after_s=5) from error


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: its cause, and the ways to get it answered."""

    gate: Gate
    context: Context
    idempotency_key: str | None

    async def ask(
        self,
        service: str,
        method: str,
        *,
        client_id: UUID | None = None,
        timeout_s: float = TIMEOUT_S,
        **arguments: object,
    ) -> Json:
        """Ask the owning service, in the client's name if there is one.

        The Idempotency-Key goes with it: the owner of the state keeps the replies.
        """
        assertion = (
            None
            if client_id is None
            else self.gate.assertions.issue(audience=service, client_id=client_id)
        )
        return await self.gate.rpc.call_async(
            service,
            method,
            context=self.context,
            timeout_s=timeout_s,
            assertion=assertion,
            idempotency_key=self.idempotency_key,
            **arguments,
        )

    async def ask_for(
        self,
        kind: type[AnswerT],
        service: str,
        method: str,
        *,
        client_id: UUID | None = None,
        timeout_s: float = TIMEOUT_S,
        **arguments: object,
    ) -> AnswerT:
        """As `ask`; the answer is read into what is described to clients."""
        answer = await self.ask(
            service, method, client_id=client_id, timeout_s=timeout_s, **arguments
        )
        return kind.read(answer)


def member(answer: Json, name: str) -> Json:
    """A member of a service's answer; Broken when the answer has none."""
    if not isinstance(answer, dict) or name not in answer:
        raise Broken(f"an answer without {name}")
    value: Json = answer[name]
    return value


def gate_of(request: Request) -> Gate:
    """The process's gate."""
    gate: Gate = request.scope["state"]["gate"]
    return gate


def context_of(request: Request) -> Context:
    """The request's cause; its correlation id is the request id."""
    context: Context = request.scope["state"]["context"]
    return context


async def _visit(request: Request, browser_id: BrowserId) -> Visit:
    # No plain function: the framework would run that in a thread of its own.
    gate, context = gate_of(request), context_of(request)
    if request.method not in _LOOKING:
        origin = gate.use_cases.origin(browser_id, source_of(request))
        context = replace(context, origin=origin)
    return Visit(gate, context, _idempotency_key(request))


def _idempotency_key(request: Request) -> str | None:
    """The key of a request that may be sent twice; visible ASCII, bounded."""
    if request.method in _LOOKING:
        return None
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST_KEY or not all("!" <= char <= "~" for char in key):
        raise BadRequestError(
            "idempotency_key_invalid",
            "The Idempotency-Key is not acceptable.",
            next_step="Send 1 to 255 visible ASCII characters, such as a UUID.",
        )
    return key


Here = Annotated[Visit, Depends(_visit)]
