"""`python -m tests.seeded [name …]`: apply each seeded bug and demand red tests.

For each patch, in a copy of the tree that is thrown away afterwards:

1. apply the patch,
2. run exactly the test functions marked with its name,
3. demand that each of them *failed*: a test that could not be set up, or a time-out,
   is no proof that anybody noticed the bug.

What was seen red is kept in `ledger.LEDGER`; ``--resume`` tries the rest.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from compileall import compile_dir
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

from tests.marks import PATCHES, ROOT, read_marks
from tests.seeded import ledger
from tests.trace_plugin import RESULTS, read_results

RED: Final = "red as it must be"
TIMEOUT_S: Final = 600
_TEAR_DOWN_S: Final = 30
_LAST_LINES: Final = 25
_SHARED: Final = ("venv", "photo-venv", "servers", "downloads", "portraits")
"""Tools below `.state` that a copy borrows instead of making them anew."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a seeded bug met: `RED`, or what is wrong with it or with its tests."""

    name: str
    word: str
    detail: str = ""
    took_s: float = 0.0


def tracked_files() -> list[str]:
    """Files of the working tree that git knows or would take."""
    listed = subprocess.run(
        [_git(), "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name]


@contextmanager
def copy_of_tree(files: Sequence[str]) -> Iterator[Path]:
    """The tree as it stands now, in a folder that disappears afterwards."""
    with tempfile.TemporaryDirectory(
        prefix="kredit-seeded-", ignore_cleanup_errors=True
    ) as folder:
        copy = Path(folder) / "tree"
        for name in files:
            source, target = ROOT / name, copy / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
                _copy_compiled(source, target)
        (copy / ".state").mkdir()
        for tool in _SHARED:
            if (ROOT / ".state" / tool).exists():
                (copy / ".state" / tool).symlink_to(ROOT / ".state" / tool)
        # Some tests run as another user, who must be able to read the code.
        for reached in (Path(folder), copy):
            reached.chmod(0o755)
        yield copy


def _copy_compiled(source: Path, target: Path) -> None:
    """What Python made of a module: to make it anew in each copy takes seconds.

    It holds for the time and size of its source, so a patched module gets its own.
    """
    compiled = Path(cache_from_source(source))
    if source.suffix == ".py" and compiled.is_file():
        cache = target.parent / compiled.parent.name
        cache.mkdir(exist_ok=True)
        shutil.copy2(compiled, cache)


def apply(patch: Path, *, to: Path, only_check: bool = False) -> str:
    """Apply; git's complaint when it does not fit, else nothing."""
    done = subprocess.run(
        [_git(), "apply", *(["--check"] if only_check else []), str(patch)],
        cwd=to,
        capture_output=True,
        text=True,
        check=False,
        # A copy inside somebody's repository is still no part of it.
        env={"PATH": os.defpath, "GIT_CEILING_DIRECTORIES": str(to.parent)},
    )
    return done.stderr.strip() if done.returncode else ""


def judge(name: str, files: Sequence[str]) -> Verdict:
    """Put one seeded bug to the test."""
    began = time.monotonic()
    tests = [test.nodeid for test in read_marks() if name in test.seeded]
    patch = PATCHES / f"{name}.patch"
    if not patch.is_file():
        return Verdict(name, "no patch", f"{patch.relative_to(ROOT)} does not exist")
    if not tests:
        return Verdict(name, "no test", "no test is marked with its name")
    with copy_of_tree(files) as copy:
        if complaint := apply(patch, to=copy):
            return Verdict(name, "does not apply", complaint)
        said = _run(copy, tests)
        results = read_results(copy / RESULTS)
    outcomes = {test: str(results.get(test, {}).get("outcome")) for test in tests}
    took_s = time.monotonic() - began
    if set(outcomes.values()) == {"failed"}:
        return Verdict(name, RED, f"{len(tests)} test(s)", took_s)
    green = [test for test, outcome in outcomes.items() if outcome == "passed"]
    if green:
        return Verdict(name, "STAYED GREEN", ", ".join(green), took_s)
    return Verdict(name, "could not be judged", f"{outcomes}\n{said}", took_s)


def _run(copy: Path, tests: Sequence[str]) -> str:
    """Run the tests; the last lines of what pytest said."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.trace_plugin"]
    command += ["-p", "no:cacheprovider", "--color=no", *tests]
    with (copy / "pytest.out").open("w+") as output:
        process = subprocess.Popen(
            command,
            cwd=copy,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            # First as Ctrl-C, so that fixtures stop the servers they started.
            process.send_signal(signal.SIGINT)
            _await_end(process)
        output.seek(0)
        return "\n".join(output.read().splitlines()[-_LAST_LINES:])


def _await_end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(_TEAR_DOWN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _git() -> str:
    found = shutil.which("git")
    if found is None:
        raise SystemExit("git is needed to apply patches")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when every bug was noticed by each of its tests, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.seeded", description=__doc__)
    parser.add_argument("name", nargs="*", help="patches to try; all when left out")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    parser.add_argument(
        "--resume", action="store_true", help="leave out what was seen red as it stands"
    )
    asked = parser.parse_args(arguments)
    names = asked.name or sorted(path.stem for path in PATCHES.glob("*.patch"))
    if asked.resume:
        known = ledger.proven()
        names = [name for name in names if known.get(name) != ledger.fingerprint(name)]
    files = tracked_files()
    for folder in {ROOT / Path(name).parts[0] for name in files}:
        compile_dir(folder, quiet=2)
    wrong = 0
    with ThreadPoolExecutor(max(1, asked.jobs)) as pool:
        for verdict in pool.map(lambda name: judge(name, files), names):
            wrong += verdict.word != RED
            if verdict.word == RED:
                ledger.prove(verdict.name)
            print(
                f"{verdict.name:44} {verdict.word}  {verdict.took_s:.0f} s"
                f"  {verdict.detail}",
                flush=True,
            )
    print(f"{len(names)} seeded bugs, {len(names) - wrong} noticed, {wrong} not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
