"""A visitor's trace is continued, and no visitor can make our numbers grow."""

import json
import logging
from typing import Any

import pytest
from prometheus_client import REGISTRY

from tests.security.gateway.conftest import Door

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GIVEN = f"00-{TRACE}-00f067aa0ba902b7-01"
ROUTE = "/api/v1/registrations"


def traces_of(door: Door) -> list[str]:
    """The trace ids with which other services were asked."""
    contexts: list[Any] = [asked["context"] for _, _, asked in door.rpc.asked]
    return [context.trace_id for context in contexts]


def requests_in(out: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in out.splitlines()]
    return [line for line in lines if line["event"] == "request"]


@pytest.mark.catalogue("B06")
@pytest.mark.seeded("trace_lost_at_the_gateway", "trace_believed_as_it_comes")
def test_a_visitors_trace_reaches_service_and_log(
    door: Door,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One that is misshapen does not: it is replaced by one of ours."""
    caplog.set_level(logging.INFO)
    for header in (GIVEN, "00-not-a-trace-01"):
        body = {"phone": "+77011234567"}
        door.send("POST", "/registrations", headers={"traceparent": header}, json=body)
    continued, ours = traces_of(door)
    assert continued == TRACE
    assert (len(ours), int(ours, 16) != 0) == (32, True)
    assert [line["trace_id"] for line in requests_in(capsys.readouterr().out)] == [
        continued,
        ours,
    ]


@pytest.mark.catalogue("B06")
@pytest.mark.seeded("gateway_counts_any_method")
def test_requests_are_timed_under_names_of_ours(door: Door) -> None:
    """Neither the address nor an invented method becomes a label."""
    for method in ("GET", "BREW", "X" * 40):
        door.send(method, "/registrations/of-somebody")
    labels = [
        sample.labels
        for metric in REGISTRY.collect()
        if metric.name == "http_request_seconds"
        for sample in metric.samples
    ]
    assert {label["method"] for label in labels} <= {
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "other",
    }
    assert all("of-somebody" not in label["route"] for label in labels)
    assert "other" in {label["method"] for label in labels}
