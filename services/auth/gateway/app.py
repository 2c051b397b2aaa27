"""The application: resources under /api/v1, failures as problems, OpenAPI from both."""

from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from kernel.errors import KernelError, Refused
from kernel.logging import get_logger
from services.auth.gateway import (
    applications,
    ceremonies,
    challenges,
    contracts,
    health,
    passwords,
    problems,
    registrations,
    sessions,
)
from services.auth.gateway.door import Door, turned_away
from services.auth.gateway.gate import Gate, context_of

log = get_logger(__name__)

PREFIX: Final = "/api/v1"
VERSION: Final = "1"
_RESOURCES: Final = (
    registrations,
    passwords,
    ceremonies,
    sessions,
    challenges,
    applications,
    contracts,
    health,
)
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": [
        "type",
        "title",
        "status",
        "code",
        "detail",
        "request_id",
        "next_step",
    ],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "format": "uuid"},
        "next_step": {"type": "string"},
        "seconds_left": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def build_app(gate: Gate) -> FastAPI:
    """The ASGI application over one gate."""
    app = FastAPI(
        title="Kredit",
        version=VERSION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses={
            "4XX": _described("The request is refused"),
            "5XX": _described("The request could not be served"),
        },
    )
    app.state.gate = gate
    resources = APIRouter(prefix=PREFIX)
    for module in _RESOURCES:
        resources.include_router(module.router)
    app.include_router(resources)
    _render_failures(app, gate)
    app.add_middleware(Door, gate=gate)
    return app


def _described(description: str) -> dict[str, Any]:
    content = {problems.MEDIA_TYPE: {"schema": _PROBLEM}}
    return {"description": description, "content": content}


def _render_failures(app: FastAPI, gate: Gate) -> None:
    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, Refused):
            raise error
        return await turned_away(gate, request.scope, error)

    async def failed(request: Request, error: Exception) -> Response:
        if not isinstance(error, KernelError):
            raise error
        request_id = _request_id(request)
        log.warning("request_failed", request_id=request_id, why=str(error))
        return problems.of_kernel(error, request_id=request_id)

    async def fields(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        return problems.of_fields(error, request_id=_request_id(request))

    async def http(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        return problems.of_http(error, request_id=_request_id(request))

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(KernelError, failed)
    app.add_exception_handler(RequestValidationError, fields)
    app.add_exception_handler(HTTPException, http)


def _request_id(request: Request) -> str:
    return str(context_of(request).correlation_id)
