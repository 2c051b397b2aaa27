"""Exports of honest logs, ready to be spoilt."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.security.audit.exports import TOOL_MODULE, ExportFolder, Ran
from tests.unit.audit.builders import written

Export = Callable[[int], ExportFolder]
Verify = Callable[..., Ran]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """An honest export of a log of so many leaves."""
    return lambda size: ExportFolder(tmp_path / "export", written(size)).write()


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Verify:
    """The verifier in this process (faster than one of its own)."""

    def run(export: ExportFolder, *options: str | Path, vkey: str = "") -> Ran:
        given = [str(export.folder), "--vkey", vkey or export.vkey]
        code = TOOL_MODULE.main([*given, *map(str, options)])
        captured = capsys.readouterr()
        return Ran(code, captured.out + captured.err)

    return run
