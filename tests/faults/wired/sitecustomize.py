"""Runs first in a process whose path a test has put this folder on."""

import os
from pathlib import Path

from tests.faults.wiring import count, wire

if "COUNT_MARKS" in os.environ:
    count(Path(os.environ["COUNT_MARKS"]))
else:
    wire(os.environ["CRASH_AT"], Path(os.environ["CRASH_MARKS"]))
