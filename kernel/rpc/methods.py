"""What a service offers to others: names, callers, and arguments by signature."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self, get_type_hints

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from kernel.rpc.wire import CallRejectedError, Request


@dataclass(frozen=True, slots=True)
class Method:
    """One callable method: its name, who may call it, and its arguments' schema.

    The schema is the function's own signature: every argument is named and typed,
    none may be left out without a default, none may be added.
    """

    name: str
    callers: frozenset[str]
    client: bool
    schema: type[BaseModel]

    @classmethod
    def of(
        cls, function: Callable[..., object], *, callers: Iterable[str], client: bool
    ) -> Self:
        """Read the signature of a service's method (``self, call, *, …``)."""
        hints = get_type_hints(function, include_extras=True)
        _, _, *parameters = inspect.signature(function).parameters.values()
        members: Any = {
            p.name: (hints[p.name], ... if p.default is p.empty else p.default)
            for p in parameters
        }
        schema = create_model(
            function.__name__,
            __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True),
            **members,
        )
        return cls(function.__name__, frozenset(callers), client, schema)

    def arguments_for(self, request: Request) -> dict[str, Any]:
        """The typed arguments, if this caller may call with them.

        Raises CallRejectedError: ``not_permitted``, ``no_client``, ``misshapen``.
        """
        if request.call.caller not in self.callers:
            raise CallRejectedError("not_permitted")
        if self.client and request.call.client_id is None:
            raise CallRejectedError("no_client")
        try:
            model = self.schema.model_validate_json(
                orjson.dumps(request.arguments), strict=True
            )
        except ValidationError:
            raise CallRejectedError("misshapen") from None
        return {name: getattr(model, name) for name in self.schema.model_fields}
