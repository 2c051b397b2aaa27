"""A stack comes up, repairs itself, is left alone when nothing changed, and goes."""

import os
import subprocess
from pathlib import Path

import pytest

from infra import topology
from infra.layout import ROOT, Layout
from infra.stack import Stack, StackError, ports
from tests.integration.stack import ordinary
from tests.integration.stack.conftest import open_folder

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


def test_a_migrator_is_told_of_no_key_but_its_certificates(stack: Stack) -> None:
    """A schema's owner signs nothing, opens no field and knows no partner."""
    pki, keys = str(stack.layout.pki), str(stack.layout.keys)
    for service in topology.services():
        own = f"{service}-migrate"
        told = stack.env(own).values()
        files = {Path(value).name for value in told if value.startswith(pki)}
        assert files == {"ca.crt", f"{own}.crt", f"{own}.key"}
        assert [value for value in told if value.startswith(keys)] == []


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
        code = ordinary.reachable(ROOT, folder / "code")
        python = ordinary.python(folder)
        run = subprocess.run(
            ordinary.command(python, "-c", SCRIPT, ordinary.give(state)),
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
        assert ordinary.commands_mentioning(str(state)) == []
