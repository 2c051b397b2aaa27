"""Runs first in a process whose path a test has put this folder on."""

import os
from pathlib import Path

from tests.faults.wiring import wire

wire(os.environ["CRASH_AT"], Path(os.environ["CRASH_MARKS"]))
