"""Waiting for what other processes and threads do."""

import time
from collections.abc import Callable
from typing import Final

PATIENCE_S: Final = 60.0
"""A bound, not a measurement: machines are busy, and nothing is judged by speed."""


def eventually(
    condition: Callable[[], bool],
    *,
    within_s: float = PATIENCE_S,
    told: Callable[[], object] = lambda: "no more is known",
) -> None:
    """Look until `condition` holds; what `told` knows then explains the failure."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, f"did not happen in {within_s} s: {told()}"
        time.sleep(0.05)
