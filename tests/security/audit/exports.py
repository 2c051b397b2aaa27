"""Real exports in a directory, and the stranger's verifier run on them."""

import importlib.util
import json
import subprocess
import sys
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from services.audit.domain.note import Checkpoint, signed
from services.audit.domain.tiles import layout
from services.audit.domain.tree import leaf_hash, root_of
from tests.unit.audit.builders import Writer

TOOL = Path(__file__).resolve().parents[3] / "tools" / "verify_export.py"


def load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_export", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_export"] = module
    spec.loader.exec_module(module)
    return module


TOOL_MODULE = load_tool()


@dataclass
class Ran:
    """How the verifier ended and what it said."""

    code: int
    said: str


@dataclass
class ExportFolder:
    """An export on disk, the key it was signed with, and the log behind it."""

    folder: Path
    writer: Writer
    leaves: list[bytes] = field(default_factory=list)

    def write(self, leaves: list[bytes] | None = None) -> "ExportFolder":
        """Lay out these leaves (the log's own by default) under a true signature."""
        self.leaves = self.writer.leaves if leaves is None else leaves
        self.lay_out(self.leaves)
        self.sign(self.checkpoint(self.leaves))
        return self

    def lay_out(self, leaves: list[bytes]) -> None:
        for file in layout(leaves):
            path = self.folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)

    def checkpoint(self, leaves: list[bytes], *, origin: str = "") -> Checkpoint:
        root = root_of(map(leaf_hash, leaves))
        name = origin or self.writer.signer.public.name
        return Checkpoint(name, len(leaves), root)

    def sign(self, checkpoint: Checkpoint) -> None:
        (self.folder / "checkpoint").write_bytes(self.note(checkpoint))

    def note(self, checkpoint: Checkpoint) -> bytes:
        signer = self.writer.signer
        return signed(checkpoint, key=signer.public, sign=signer.sign)

    def held(self, size: int) -> Path:
        """A checkpoint kept from when the log had `size` leaves."""
        path = self.folder.parent / f"held-{size}"
        path.write_bytes(self.note(self.checkpoint(self.writer.leaves[:size])))
        return path

    def trust(self) -> Path:
        """The producers' public keys as the stack writes them."""
        producer = self.writer.producer
        row = {
            "keyid": producer.key.keyid,
            "principal": producer.name,
            "public_key": b64encode(producer.key.public_bytes).decode(),
        }
        path = self.folder.parent / "trust.json"
        path.write_text(json.dumps({"keys": [row]}))
        return path

    @property
    def vkey(self) -> str:
        return self.writer.signer.public.vkey

    def file(self, path: str) -> Path:
        return self.folder / path

    def edit(self, path: str, old: bytes, new: bytes) -> None:
        file = self.file(path)
        assert old in file.read_bytes()
        file.write_bytes(file.read_bytes().replace(old, new, 1))


def run_tool(export: ExportFolder, *options: str | Path, vkey: str = "") -> Ran:
    """The verifier as a stranger runs it: a process of its own."""
    command = [sys.executable, "-I", str(TOOL), str(export.folder)]
    command += ["--vkey", vkey or export.vkey, *map(str, options)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False
    )
    return Ran(done.returncode, done.stdout + done.stderr)
