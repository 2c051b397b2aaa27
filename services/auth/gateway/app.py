"""The application: resources under /api/v1, failures as problems, OpenAPI from both."""

from typing import Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from typing_extensions import override

from kernel.errors import KernelError, Refused
from kernel.logging import get_logger
from services.auth.gateway import (
    applications,
    ceremonies,
    challenges,
    changes,
    contracts,
    device_checks,
    factors,
    health,
    passwords,
    problems,
    products,
    profile,
    recoveries,
    registrations,
    sessions,
    step_up,
)
from services.auth.gateway.description import Description, description_of
from services.auth.gateway.door import Door, turned_away
from services.auth.gateway.gate import Gate
from services.auth.gateway.problems import Reader

log = get_logger(__name__)

PREFIX: Final = "/api/v1"
DESCRIPTION: Final = f"{PREFIX}/openapi.json"
VERSION: Final = "1"
_RESOURCES: Final = (
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
    applications,
    contracts,
    health,
)


class Api(FastAPI):
    """FastAPI with the whole description, made once."""

    _described: bytes | None = None

    @override
    def openapi(self) -> Description:
        if not self.openapi_schema:
            self.openapi_schema = description_of(self, operations(), prefix=PREFIX)
        return self.openapi_schema

    def described(self) -> bytes:
        """The description as it is sent."""
        if self._described is None:
            self._described = orjson.dumps(self.openapi())
        return self._described


def build_app(gate: Gate) -> FastAPI:
    """The ASGI application over one gate."""
    app = Api(
        title="Kredit",
        version=VERSION,
        openapi_url=None,  # FastAPI would write it anew for every request
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.gate = gate
    app.add_route(DESCRIPTION, _description, include_in_schema=False)
    # An included router would look through all routes four times for each request.
    app.router.routes.append(Mount(PREFIX, routes=operations()))
    _render_failures(app, gate)
    app.add_middleware(Door, gate=gate)
    return app


async def _description(request: Request) -> Response:
    app: Api = request.app
    return Response(app.described(), media_type="application/json")


def operations() -> list[APIRoute]:
    """Every operation of the API; their paths stand below `PREFIX`."""
    return [
        route
        for module in _RESOURCES
        for route in module.router.routes
        if isinstance(route, APIRoute)
    ]


def _render_failures(app: FastAPI, gate: Gate) -> None:
    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, Refused):
            raise error
        return await turned_away(gate, request.scope, error)

    async def failed(request: Request, error: Exception) -> Response:
        if not isinstance(error, KernelError):
            raise error
        reader = Reader.of(request.scope)
        log.warning("request_failed", request_id=reader.request_id, why=str(error))
        return problems.of_kernel(error, reader)

    async def fields(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        return problems.of_fields(error, Reader.of(request.scope))

    async def http(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        return problems.of_http(error, Reader.of(request.scope))

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(KernelError, failed)
    app.add_exception_handler(RequestValidationError, fields)
    app.add_exception_handler(HTTPException, http)
