"""The row of photos: what a look takes, and what the walls around it cost."""

import json
import re
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Final

from infra.layout import PHOTO_PYTHON
from tests.benchmarks.bench import Bench
from tests.benchmarks.rows import OURS, Figures, Row
from tests.marks import ROOT
from tests.portraits.booth import drawn, running_judge

SHOWN: Final = ("00-good", "00-good@6", "06-good", "03-dark@6", "09-good-white")
BARE: Final = "one process"
_LIMIT_S: Final = 600
_HIGHEST: Final = re.compile(r"VmHWM:\s+(\d+) kB")
_KIB_PER_MIB: Final = 1024


def _uploads(count: int) -> list[Path]:
    found = sorted(drawn(*SHOWN).glob("*.jpg"))
    return [found[number % len(found)] for number in range(count)]


def _ours(_bench: Bench, count: int) -> Figures:
    uploads = [path.read_bytes() for path in _uploads(count)]
    with tempfile.TemporaryDirectory() as folder, running_judge(Path(folder)) as at:
        took = []
        for raw in uploads:
            began = time.monotonic()
            at.door.look(raw)
            took.append(time.monotonic() - began)
        memory = sum(_highest_mib(pid) for pid in (at.keeper, at.judge))
    return _figures(took, memory)


def _bare(_bench: Bench, count: int) -> Figures:
    uploads = map(str, _uploads(count))
    command = [str(PHOTO_PYTHON), "-m", "tests.benchmarks.barephoto", *uploads]
    said = subprocess.run(
        command, cwd=ROOT, capture_output=True, check=True, timeout=_LIMIT_S
    )
    heard = json.loads(said.stdout.splitlines()[-1])
    return _figures(heard["took_s"], heard["memory_mib"])


def _figures(took_s: list[float], memory_mib: float) -> Figures:
    shares = quantiles([one * 1000 for one in took_s], n=20)
    return {"p50 ms": shares[9], "p95 ms": shares[18], "memory MiB": memory_mib}


def _highest_mib(pid: int) -> float:
    found = _HIGHEST.search(Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / _KIB_PER_MIB


PHOTOS: Final = {
    "photo": Row(
        title="Photos: from the upload to the clean picture and its measures",
        unit="ms, MiB",
        size=60,
        of="photos",
        parties={OURS: _ours, BARE: _bare},
    )
}
