"""A caller's trace is continued when it is one, and never believed otherwise."""

from uuid import UUID

import pytest

from kernel.context import Context, continued, trace_id_of

OURS = Context(UUID(int=1), None, f"00-{'1' * 32}-{'2' * 16}-01")
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", "01"),
        (f"00-{TRACE}-{SPAN}-00", "00"),
        (f"00-{TRACE}-{SPAN}-ff", "01"),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", "01"),
    ],
)
def test_a_callers_trace_goes_on_under_a_span_of_ours(
    header: str, sampled: str
) -> None:
    """Only the flag that means something is kept (W3C Trace Context)."""
    context = continued(OURS, [header])
    assert context.traceparent == f"00-{TRACE}-{'2' * 16}-{sampled}"
    assert (context.trace_id, context.correlation_id) == (TRACE, OURS.correlation_id)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01"],
        [""],
        [f"00-{'0' * 32}-{SPAN}-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [f"ff-{TRACE}-{SPAN}-01"],
        [f"00-{TRACE.upper()}-{SPAN}-01"],
        [f"00-{TRACE}-{SPAN}-01-more"],
        [f"00-{TRACE}-{SPAN}"],
        [f" 00-{TRACE}-{SPAN}-01"],
        [f"00-{TRACE}-{SPAN}-01\n"],
        [f"01-{TRACE}-{SPAN}-01-{'x' * 500}"],
    ],
)
def test_anything_else_begins_a_trace_of_our_own(headers: list[str]) -> None:
    assert continued(OURS, headers) == OURS


def test_a_trace_id_is_read_from_any_text() -> None:
    """Signed requests may carry a text that is none; a log line must not fail."""
    assert trace_id_of(f"00-{TRACE}-{SPAN}-01") == TRACE
    assert (trace_id_of("nonsense"), trace_id_of("")) == ("", "")
