"""A stack comes up, repairs itself, is left alone when nothing changed, and goes."""

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from infra.layout import ROOT, Layout, is_root
from infra.stack import Stack, StackError, ports
from tests.integration.stack.conftest import open_folder

UNPRIVILEGED = "nobody"
SCRIPT = """
import os, sys
from pathlib import Path
import infra.stack
stack = infra.stack.start(Path(sys.argv[1]))
try:
    print(os.getuid(), stack.pid("postgres"), stack.pid("rabbitmq"))
finally:
    stack.stop()
"""


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    """Same processes, same ports, nothing said."""
    before = (stack.pid("postgres"), stack.pid("rabbitmq"), dict(stack.ports))
    assert stack.up() == []
    assert before == (stack.pid("postgres"), stack.pid("rabbitmq"), dict(stack.ports))


def test_a_renewed_certificate_restarts_only_its_process(stack: Stack) -> None:
    database, broker = stack.pid("postgres"), stack.pid("rabbitmq")
    (stack.layout.pki / "postgres.crt").unlink()
    assert stack.up() == ["made postgres", "changed postgres"]
    assert database != stack.pid("postgres")
    assert broker == stack.pid("rabbitmq")


@pytest.mark.clause("1.3c")
@pytest.mark.catalogue("F32")
@pytest.mark.seeded("supervisor_leaves_the_dead")
def test_a_killed_database_comes_back_with_its_data(stack: Stack) -> None:
    database = stack.servers.database
    database.run_sql("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
    before = stack.pid("postgres")
    stack.kill("postgres")
    stack.wait_restarted("postgres", before)
    assert database.run_sql("SELECT answer FROM kept").split() == ["42"]


def test_nobody_is_told_about_a_process_that_does_not_exist(stack: Stack) -> None:
    with pytest.raises(StackError, match="no process"):
        stack.env("nothing")
    with pytest.raises(StackError, match="not running"):
        stack.pid("nothing")


def test_environment_files_hold_no_secret(stack: Stack) -> None:
    """Paths only: no key's text appears in any of them."""
    layout = stack.layout
    secrets = {
        line
        for folder in (layout.keys, layout.pki, layout.outer)
        for path in folder.glob("*.[ktje]*")
        for line in path.read_text().splitlines()
        if len(line) > 30 and "BEGIN" not in line
    }
    told = "".join(path.read_text() for path in layout.env.iterdir())
    assert told
    assert secrets
    assert [secret for secret in secrets if secret.strip() in told] == []


def test_ports_taken_meanwhile_are_chosen_anew(stack: Stack) -> None:
    """A stopped stack does not insist on a port that somebody else now uses."""
    with open_folder() as folder:
        layout = Layout(folder)
        layout.prepare()
        chosen = ports.choose(layout, running=False)
        chosen["postgres"] = stack.port("postgres")
        layout.ports.write_text(ports.as_text(chosen))
        again = ports.choose(layout, running=False)
    assert again["postgres"] != stack.port("postgres")
    others = {name: port for name, port in chosen.items() if name != "postgres"}
    assert others == {name: port for name, port in again.items() if name in others}


def test_it_works_for_an_ordinary_user_and_leaves_nothing_running() -> None:
    """No right is needed once the servers are there, beside a stack that runs."""
    with open_folder() as folder:
        state = folder / "state"
        state.mkdir()
        command = [_reachable_python(folder), "-c", SCRIPT, str(state)]
        code = _reachable(ROOT, folder / "code")
        if is_root():
            user = pwd.getpwnam(UNPRIVILEGED)
            os.chown(state, user.pw_uid, user.pw_gid)
            identity = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}"]
            command = ["setpriv", *identity, "--clear-groups", *command]
        run = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            cwd=code,
            env={
                "PATH": os.defpath,
                "PYTHONPATH": str(code),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
        assert run.returncode == 0, run.stderr
        assert run.stdout.split()[0] != "0"
        assert _commands_mentioning(str(state)) == []


def _reachable_python(folder: Path) -> str:
    """An interpreter with our packages that the ordinary user may run."""
    if not is_root() or _others_may_read(Path(sys.executable).resolve()):
        return sys.executable
    made = folder / "venv"
    command = ["/usr/bin/python3.11", "-m", "venv", "--without-pip", str(made)]
    subprocess.run(command, check=True)
    packages = _reachable(Path(sysconfig.get_path("purelib")), folder / "packages")
    ours = made / "lib" / "python3.11" / "site-packages" / "ours.pth"
    ours.write_text(str(packages))
    return str(made / "bin" / "python")


def _reachable(path: Path, copy: Path) -> Path:
    """The folder itself, or a copy of it where others may not read it."""
    if not is_root() or _others_may_read(path):
        return path
    return Path(shutil.copytree(path, copy, ignore=shutil.ignore_patterns(".state")))


def _others_may_read(path: Path) -> bool:
    folders = all(folder.stat().st_mode & 0o001 for folder in path.parents)
    return path.exists() and folders and bool(path.stat().st_mode & 0o004)


def _commands_mentioning(text: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if text in command:
            found.append(command)
    return found
