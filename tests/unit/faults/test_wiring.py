"""A crash point is wired in from outside, happens once, and leaves its mark."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.faults.crash import POINTS, ROOT, WIRED

PASSING: Final = """
import kernel.outbox
relay = kernel.outbox.Relay(None, None, None)
for step in {steps}:
    relay._reached(step)
print("alive")
"""


def _run(marks: Path, code: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": f"{WIRED}:{ROOT}",
        "CRASH_AT": "outbox.numbered:2,outbox.marked:1",
        "CRASH_MARKS": str(marks),
    }
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )


def test_a_process_dies_at_the_passage_asked_for_and_only_once(tmp_path: Path) -> None:
    twice = PASSING.format(steps=["numbered", "published", "numbered"])
    assert _run(tmp_path, twice).returncode == -signal.SIGKILL
    assert [mark.name for mark in tmp_path.iterdir()] == ["outbox.numbered"]
    assert _run(tmp_path, twice).stdout == "alive\n"
    assert _run(tmp_path, PASSING.format(steps=["marked"])).returncode < 0


def test_every_crash_point_is_passed_somewhere() -> None:
    """By its name where it is wrapped, by its step where the kernel says it itself."""
    files = ("tests/faults/wiring.py", "kernel/outbox.py", "kernel/inbox.py")
    said = "".join((ROOT / file).read_text() for file in files)
    lost = [
        point
        for point in POINTS
        if f'"{point.name}"' not in said
        and f'reached("{point.name.partition(".")[2]}")' not in said
    ]
    assert lost == []
