"""Keeps the last result of every test function: `.state/test-results.json`.

A function's result is the worst of its parameters' in the last run that had it, so
that one green parameter does not hide a red one.
"""

import json
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

RESULTS: Final = Path(".state") / "test-results.json"
_WORST_LAST: Final = ("passed", "skipped", "failed", "error")
_NAME: Final = "kredit-results"


@dataclass(slots=True, eq=False)  # pytest keeps plug-ins in sets
class Results:
    """Collects outcomes during a run and merges them into the file at its end."""

    file: Path
    outcomes: dict[str, str] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the test's own phase, and set-up or tear-down where they fail.

        What is not torn down after a test that failed is no second finding: servers
        that a bug ended cannot be stopped.
        """
        if report.when != "call" and (report.passed or report.nodeid in self._failed):
            return
        outcome = str(report.outcome)
        if report.failed:
            if report.when == "call":
                self._failed.add(report.nodeid)
            else:
                outcome = "error"
        function = report.nodeid.partition("[")[0]
        before = self.outcomes.get(function, "passed")
        self.outcomes[function] = max(before, outcome, key=_WORST_LAST.index)

    def pytest_sessionfinish(self) -> None:
        """Merge; a run without tests (collection only) leaves the file alone."""
        if not self.outcomes:
            return
        now, commit = int(time.time()), _commit(self.file.parents[1])
        ran: dict[str, dict[str, str | int]] = {
            name: {"outcome": outcome, "at": now, "commit": commit}
            for name, outcome in self.outcomes.items()
        }
        merged = dict(sorted({**read_results(self.file), **ran}.items()))
        self.file.parent.mkdir(exist_ok=True)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(merged, indent=0) + "\n")
        fresh.replace(self.file)


def _commit(root: Path) -> str:
    """What was tested; a ``+`` says that more was there than that commit."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return ""
    asked = ["describe", "--always", "--exclude=*", "--abbrev=40", "--dirty=+"]
    told = subprocess.run(
        [git, *asked], cwd=root, capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


def read_results(file: Path) -> dict[str, dict[str, str | int]]:
    """``{function: {"outcome", "at" in seconds since 1970, "commit"}}``, if any."""
    return dict(json.loads(file.read_text())) if file.is_file() else {}


def pytest_configure(config: pytest.Config) -> None:
    """Hook in, once; workers of a run report to the process that started them."""
    is_worker = hasattr(config, "workerinput")
    if not is_worker and not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(Results(config.rootpath / RESULTS), _NAME)
