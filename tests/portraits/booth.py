"""Where pictures are drawn and judged for tests: both on the photo judge's Python."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.layout import PHOTO_PYTHON
from infra.leash import leashed
from infra.stack import ready
from services.onboarding.adapters.photo import SocketPhotoJudge
from tests.marks import ROOT
from tests.waiting import PATIENCE_S, eventually

DRAWN: Final = ROOT / ".state" / "portraits"
_DRAW_LIMIT_S: Final = 1800
_START_LIMIT_S: Final = 90.0
_END_LIMIT_S: Final = 10
_USUAL: Final = {"TIME_LIMIT_S": "20", "MEMORY_MIB": "1536", "PICTURES": "200"}


def drawn(*names: str) -> Path:
    """A folder with these pictures, or with the whole set; drawn once, kept for later.

    What is drawn from other code lies in another folder.
    """
    folder = DRAWN / _mark(names)
    if not (folder / "labels.json").is_file():
        DRAWN.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=DRAWN) as fresh:
            subprocess.run(
                [PHOTO_PYTHON, "-m", "tests.portraits", fresh, *names],
                cwd=ROOT,
                check=True,
                timeout=_DRAW_LIMIT_S,
            )
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(fresh, folder)
    return folder


def _mark(names: Sequence[str]) -> str:
    total = hashlib.sha256("\0".join(names).encode())
    for name in ("head", "scene", "catalogue"):
        total.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return total.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Running:
    """A photo judge that runs: its socket, and the process that holds it."""

    path: Path
    keeper: int

    @property
    def door(self) -> SocketPhotoJudge:
        """A patient asker: machines are busy, and nothing is judged by speed."""
        return SocketPhotoJudge(self.path, wait_s=PATIENCE_S)

    @property
    def judge(self) -> int:
        """The pid of the confined process."""
        kept = Path(f"/proc/{self.keeper}/task/{self.keeper}/children")
        (pid,) = kept.read_text().split()
        return int(pid)


@contextmanager
def running_judge(folder: Path, **limits: str) -> Iterator[Running]:
    """A photo judge of one's own. `limits` as PHOTO_… of its environment."""
    path = folder / "photo.sock"
    told = {**_USUAL, **limits, "SOCKET": str(path)}
    process = subprocess.Popen(
        leashed([str(PHOTO_PYTHON), "-m", "photo"]),
        cwd=ROOT,
        env={f"PHOTO_{name}": value for name, value in told.items()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(ready.answers_on(path), within_s=_START_LIMIT_S)
        yield Running(path, process.pid)
    finally:
        process.terminate()
        process.wait(_END_LIMIT_S)
