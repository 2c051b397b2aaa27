"""One trace id from a call to the event of a reaction, in rows and logs."""

from collections.abc import Iterator
from uuid import UUID

import orjson
import pytest

from infra.stack import Stack
from kernel.context import Context
from kernel.crypto import random_bytes
from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from tests.integration.kernel.conftest import Service
from tests.integration.operators.conftest import PUBLISHER, Probe, any_id
from tests.waiting import eventually

CAUSED = "SELECT traceparent, body FROM outbox WHERE causation_id = :cause"


@pytest.fixture
def gateway(stack: Stack) -> Iterator[Platform[PlatformSettings]]:
    settings = read(PlatformSettings, prefix="auth", environ=stack.env("gateway"))
    platform = Platform.open(settings)
    yield platform
    platform.close()


@pytest.mark.seeded(
    "trace_lost_at_rpc",
    "trace_lost_at_relay",
    "trace_lost_at_reaction",
    "trace_missing_in_the_log",
)
def test_a_trace_goes_from_the_call_to_what_it_caused(
    gateway: Platform[PlatformSettings],
    publishing: Probe,
    listening: Probe,
    publisher: Service,
    listener: Service,
) -> None:
    """Signed into both events, and in the one line each process writes of it."""
    trace = random_bytes(16).hex()
    context = Context(any_id(), None, f"00-{trace}-{random_bytes(8).hex()}-01")
    assertion = gateway.assertions.issue(audience=PUBLISHER, client_id=any_id())
    event_id = gateway.rpc.call(
        PUBLISHER, "once", context=context, assertion=assertion, reason="x"
    )
    cause = UUID(str(event_id))
    eventually(lambda: bool(listener.rows(CAUSED, cause=cause)))
    (published,) = publisher.rows(
        "SELECT traceparent, body FROM outbox WHERE id = :id", id=cause
    )
    eventually(lambda: listener.rows(CAUSED, cause=cause)[0].body is not None)
    (caused,) = listener.rows(CAUSED, cause=cause)
    for row in (published, caused):
        signed = orjson.loads(bytes(row.body))["traceparent"]
        assert [trace in text for text in (row.traceparent, signed)] == [True, True]
    for probe, line in ((publishing, "call"), (listening, "reaction")):
        eventually(lambda: _told(probe, line, trace))  # noqa: B023 - asked right here


def _told(probe: Probe, line: str, trace: str) -> bool:
    return any(entry["trace_id"] == trace for entry in probe.logged(line))
