"""A method's arguments while its callers are older or newer than it is (ADR 0007)."""

from typing import Any
from uuid import UUID

import pytest

from kernel.clock import parse_rfc3339
from kernel.context import Call, Context
from kernel.rpc import CallRejectedError, Method, Request


class Service:
    """Before and after a release that gave `decide` another argument."""

    def before(self, call: Call, *, amount: int) -> None: ...

    def after(self, call: Call, *, amount: int, locale: str | None = None) -> None: ...


def request(**arguments: Any) -> Request:  # noqa: ANN401 - whatever a caller sends
    context = Context(UUID(int=1), None, "00-0-0-01")
    call = Call(
        id=UUID(int=2),
        caller="contracts",
        method="decide",
        deadline=parse_rfc3339("2026-11-28T09:00:00.000000Z"),
        context=context,
        client_id=None,
        idempotency_key=None,
        arguments_digest=b"",
    )
    return Request(call, arguments, "contracts.1")


BEFORE = Method.of(Service.before, callers=("contracts",))
AFTER = Method.of(Service.after, callers=("contracts",))


@pytest.mark.catalogue("F29")
def test_an_older_caller_leaves_a_new_argument_out() -> None:
    assert AFTER.arguments_for(request(amount=1)) == {"amount": 1, "locale": None}
    sent = request(amount=1, locale="kk")
    assert AFTER.arguments_for(sent) == {"amount": 1, "locale": "kk"}


@pytest.mark.catalogue("F29")
def test_an_argument_sent_a_release_too_early_is_refused_not_ignored() -> None:
    """It might change what the call means."""
    with pytest.raises(CallRejectedError, match="misshapen"):
        BEFORE.arguments_for(request(amount=1, locale="kk"))
