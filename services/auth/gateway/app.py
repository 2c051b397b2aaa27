"""The application: resources under /api/v1, failures as problems, OpenAPI from both."""

from functools import cached_property
from typing import Final

import orjson
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from kernel.errors import KernelError, Refused
from kernel.logging import get_logger
from services.auth.gateway import (
    amendments,
    appeals,
    applications,
    ceremonies,
    challenges,
    changes,
    contracts,
    debts,
    device_checks,
    documents,
    factors,
    health,
    inquiries,
    passwords,
    personal_data,
    problems,
    products,
    profile,
    recoveries,
    registration_appeals,
    registrations,
    sessions,
    step_up,
)
from services.auth.gateway.description import Description, description_of
from services.auth.gateway.door import Door, turned_away
from services.auth.gateway.gate import Gate
from services.auth.gateway.problems import Reader
from services.auth.gateway.routes import Routes

log = get_logger(__name__)

PREFIX: Final = "/api/v1"
DESCRIPTION: Final = "/openapi.json"
VERSION: Final = "1"
_RESOURCES: Final = (
    registration_appeals,
    registrations,
    passwords,
    ceremonies,
    step_up,
    sessions,
    device_checks,
    recoveries,
    changes,
    factors,
    challenges,
    profile,
    products,
    personal_data,
    inquiries,
    appeals,
    applications,
    amendments,
    contracts,
    debts,
    documents,
    health,
)


class Api:
    """The ASGI application over one gate, and its description."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._operations = operations()
        self._routes = Routes(self._operations, prefix=PREFIX)
        self._routes.add(
            DESCRIPTION, {"GET": self._description, "HEAD": self._description}
        )
        self._door = Door(self._answer, gate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._door(scope, receive, send)

    @cached_property
    def description(self) -> Description:
        """The whole description, made once (OpenAPI 3.1)."""
        return description_of(
            self._operations, title="Kredit", version=VERSION, prefix=PREFIX
        )

    @cached_property
    def _described(self) -> bytes:
        return orjson.dumps(self.description)

    async def _description(self, _request: Request) -> Response:
        return Response(self._described, media_type="application/json")

    async def _answer(self, request: Request) -> Response:
        """What the operation says, or the problem that stands for its failure."""
        scope = request.scope
        try:
            return await self._routes.find(scope)(request)
        except Refused as error:
            return await turned_away(self._gate, scope, error)
        except KernelError as error:
            reader = Reader.of(scope)
            log.warning("request_failed", request_id=reader.request_id, why=str(error))
            return problems.of_kernel(error, reader)
        except RequestValidationError as error:
            return problems.of_fields(error, Reader.of(scope))
        except HTTPException as error:
            return problems.of_http(error, Reader.of(scope))


def build_app(gate: Gate) -> Api:
    """The ASGI application over one gate."""
    return Api(gate)


def operations() -> list[APIRoute]:
    """Every operation of the API; their paths stand below `PREFIX`."""
    return [
        route
        for module in _RESOURCES
        for route in module.router.routes
        if isinstance(route, APIRoute)
    ]
