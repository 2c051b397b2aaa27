"""What a request says of its cause, and what a callee believes of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kernel.bus import Received
from kernel.context import Context, Origin
from kernel.crypto import (
    Json,
    SigningKey,
    TrustStore,
    as_object,
    b64url,
    canonical,
    parse_canonical,
)
from kernel.rpc import CallRejectedError, Request, open_request, sign_request
from kernel.tokens import Assertions
from tests.unit.origins import HOME

KEY = SigningKey.generate("gateway-1")
TRUST = TrustStore.of([("gateway-1", "gateway", KEY.public_bytes)])
AT = datetime(2026, 11, 25, 10, tzinfo=UTC)


class _Noon:
    def now(self) -> datetime:
        return AT


def request(origin: Origin | None) -> Mapping[str, Json]:
    body = sign_request(
        key=KEY,
        call_id=UUID(int=2),
        caller="gateway",
        callee="contracts",
        method="submit_application",
        deadline=AT + timedelta(seconds=5),
        context=Context(UUID(int=1), None, "00-1-2-01", origin),
        assertion=None,
        idempotency_key=None,
        arguments={},
    )
    return as_object(parse_canonical(body))


def opened(members: Mapping[str, Json]) -> Request:
    """As it is read, signed anew."""
    unsigned = {name: members[name] for name in members if name != "signature"}
    signature = b64url(KEY.sign(canonical(unsigned)))
    body = canonical({**unsigned, "signature": signature})
    return open_request(
        Received(
            body=body,
            sender="gateway",
            properties={"reply_to": "gateway.1"},
            delivery_tag=1,
        ),
        service="contracts",
        trust=TRUST,
        assertions=Assertions(KEY, TRUST, _Noon()),
        clock=_Noon(),
    )


@pytest.mark.parametrize("origin", [HOME, None])
def test_from_where_it_was_asked_comes_back_as_it_was(origin: Origin | None) -> None:
    assert opened(request(origin)).call.context.origin == origin


def test_a_caller_of_before_tells_no_origin() -> None:
    """Old and new processes run side by side (ADR 0007)."""
    members = request(HOME)
    without = {name: members[name] for name in members if name != "origin"}
    assert opened(without).call.context.origin is None


@pytest.mark.parametrize(
    "said",
    [
        "k1.device",
        {"device": "k1.device"},
        {"device": "x" * 101, "network": "k1.network"},
    ],
)
def test_an_origin_of_another_form_is_no_request(said: Json) -> None:
    with pytest.raises(CallRejectedError, match="misshapen"):
        opened({**request(HOME), "origin": said})
