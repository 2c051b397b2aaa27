"""What a service offers to others: names, callers, and arguments by signature."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Self, get_type_hints

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from kernel.clock import Clock
from kernel.context import Call, StaffMember
from kernel.crypto import TrustStore
from kernel.errors import Refused
from kernel.rpc.wire import OPERATOR, CallRejectedError, Request
from kernel.tokens import staff_of


@dataclass(frozen=True, slots=True)
class Method:
    """One callable method: its name, who may call it, and its arguments' schema.

    ``permission`` is what a member of the staff needs to call it; staff may not call
    a method without one, unless it is the ``entrance`` at which they get their token.
    The schema is the function's own signature: every argument is named and typed,
    none may be left out without a default, none may be added.
    """

    name: str
    callers: frozenset[str]
    client: bool
    permission: str | None
    entrance: bool
    schema: type[BaseModel]

    @classmethod
    def of(
        cls,
        function: Callable[..., object],
        *,
        callers: Iterable[str] = (),
        client: bool = False,
        permission: str | None = None,
        entrance: bool = False,
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
        return cls(
            name=function.__name__,
            callers=frozenset(callers),
            client=client,
            permission=permission,
            entrance=entrance,
            schema=schema,
        )

    def admit(self, request: Request, *, trust: TrustStore, clock: Clock) -> Call:
        """The call, if its caller may make it; with who of the staff makes it.

        1. Whom the method does not name is rejected (CallRejectedError
           ``not_permitted``), a member of the staff at a method without a permission
           among them: what is not granted is denied (clause 6.1f).
        2. Where a client must be spoken for, one is (``no_client``).
        3. Staff show a token that verifies now (Refused ``staff_token_required``,
           ``staff_token_invalid``).

        What the member of the staff may do is asked by `permit`.
        """
        call = request.call
        from_staff = call.caller == OPERATOR
        opened = self.entrance or self.permission is not None
        if call.caller not in self.callers and not (from_staff and opened):  # step 1
            raise CallRejectedError("not_permitted")
        if self.client and call.client_id is None:  # step 2
            raise CallRejectedError("no_client")
        if not from_staff or self.permission is None:
            return call
        staff = _shown(request, trust=trust, clock=clock)  # step 3
        return replace(call, staff=staff)

    def permit(self, call: Call) -> None:
        """Refuse a member of the staff whose token does not name the permission.

        Raises Refused: ``not_permitted``, and says which permission it takes.
        """
        if call.staff is None or self.permission is None:
            return
        if not call.staff.may(self.permission):
            raise not_permitted(self.permission)

    def arguments_for(self, request: Request) -> dict[str, Any]:
        """The typed arguments.  Raises CallRejectedError: ``misshapen``."""
        try:
            model = self.schema.model_validate_json(
                orjson.dumps(request.arguments), strict=True
            )
        except ValidationError:
            raise CallRejectedError("misshapen") from None
        return {name: getattr(model, name) for name in self.schema.model_fields}


def not_permitted(permission: str) -> Refused:
    """A member of the staff may not do this (clause 6.1f)."""
    return Refused(
        "not_permitted",
        "None of your roles lets you do this.",
        next_step="Ask somebody who may, or ask an administrator for a role that"
        f" has the permission {permission}.",
        permission=permission,
    )


def _shown(request: Request, *, trust: TrustStore, clock: Clock) -> StaffMember:
    if request.staff_token is None:
        raise Refused(
            "staff_token_required",
            "The request does not say which member of the staff makes it.",
            next_step="Log in as yourself; each request then carries your token.",
        )
    return staff_of(request.staff_token, trust=trust, clock=clock)
