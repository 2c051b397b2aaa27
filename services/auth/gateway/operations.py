"""How an operation is asked: arguments by their declaration, the answer as described.

FastAPI reads the declaration, once, and describes it; its fields judge what came.  What
happens for each request is written out here, because its own way there is made for all
that an operation might be: threads, generators, background tasks, streams.
"""

from types import CoroutineType
from typing import Any, Final

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, serialize_response
from pydantic_core import PydanticUndefined

NO_CONTENT: Final = 204
ABSENT: Final = PydanticUndefined
"""The body of a request that has none."""


class Operation:
    """One operation of the API."""

    def __init__(self, route: APIRoute) -> None:
        self._declared = route.dependant
        self._call: Any = route.endpoint
        self._field = route.response_field
        self._status = route.status_code or 200

    async def ask(self, request: Request, body: object) -> Response:
        """The answer; RequestValidationError names every argument that is wrong.

        What dependencies raise is raised before that: who may not ask learns nothing
        of the form.
        """
        given = Response(status_code=NO_CONTENT)  # what it gives besides
        wrong: list[Any] = []
        declared = self._declared
        arguments = await _arguments(declared, request, given, wrong)
        if declared.body_params:
            values, errors = await request_body_to_args(
                body_fields=declared.body_params,
                received_body=body,
                embed_body_fields=False,
            )
            arguments |= values
            wrong += errors
        if wrong:
            raise RequestValidationError(wrong)
        answer = await self._call(**arguments)
        if isinstance(answer, Response):
            return answer
        response = await self._described(answer)
        response.raw_headers += given.raw_headers
        return response

    async def _described(self, answer: object) -> Response:
        """The answer as its model says; one that does not fit it is a defect."""
        if self._status == NO_CONTENT:
            return Response(status_code=NO_CONTENT)
        content = await serialize_response(
            field=self._field, response_content=answer, dump_json=True
        )
        return Response(content, self._status, media_type="application/json")


async def _arguments(
    declared: Dependant, request: Request, given: Response, wrong: list[Any]
) -> dict[str, Any]:
    """What is not in the body, dependencies first, in the order of the signature."""
    found: dict[str, Any] = {}
    for part in declared.dependencies:
        before = len(wrong)
        arguments = await _arguments(part, request, given, wrong)
        if len(wrong) > before:
            continue
        call: Any = part.call
        value = call(**arguments)
        found[str(part.name)] = (
            await value if isinstance(value, CoroutineType) else value
        )
    for fields, received in (
        (declared.path_params, request.path_params),
        (declared.query_params, request.query_params),
        (declared.header_params, request.headers),
    ):
        if fields:
            values, errors = request_params_to_args(fields, received)
            found |= values
            wrong += errors
    if declared.request_param_name:
        found[declared.request_param_name] = request
    if declared.response_param_name:
        found[declared.response_param_name] = given
    return found
