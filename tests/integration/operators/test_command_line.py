"""`./kredit` as people use it: at a terminal, in a script, by nobody else."""

import json
import os
import stat
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.stack import Stack
from kernel.cli.operator import connect
from kernel.crypto import hotp
from kernel.errors import Refused
from services.auth.domain.factors import TOTP_STEP_S
from tests.integration.kernel.conftest import Service
from tests.integration.operators.conftest import (
    LISTENER,
    PUBLISHER,
    Park,
    Probe,
    states,
)
from tests.marks import ROOT
from tests.staff import PASSWORD, Person, Recruiter, secret_of
from tests.terminal import Terminal, at_a_terminal

KREDIT = str(ROOT / "kredit")
NOBODY = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
REASON = "superseded by a later event, ticket 418"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.out)


@dataclass
class Desk:
    """A user of the machine with a runtime folder of their own."""

    stack: Stack
    runtime: Path
    more: dict[str, str] = field(default_factory=dict)

    @property
    def env(self) -> Mapping[str, str]:
        """What a shell gives to a program; no address and no key among it."""
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(self.runtime),
            "KREDIT_STATE": str(self.stack.layout.state),
            "XDG_RUNTIME_DIR": str(self.runtime),
            **self.more,
        }

    @property
    def session_file(self) -> Path:
        return self.runtime / "kredit" / "session"

    def run(self, *words: str, lines: Sequence[str] = ()) -> Ended:
        """In a script: standard input holds these lines."""
        done = subprocess.run(
            [KREDIT, *words],
            env=self.env,
            cwd=self.runtime,
            input="".join(f"{line}\n" for line in lines),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def at_terminal(self, *words: str) -> AbstractContextManager[Terminal]:
        return at_a_terminal([KREDIT, *words], env=self.env, cwd=self.runtime)

    def log_in(self, person: Person) -> None:
        lines = (person.login, PASSWORD, person.recovery_codes.pop())
        ended = self.run("login", lines=lines)
        assert ended.code == 0, ended.err


@pytest.fixture
def desk(stack: Stack, tmp_path: Path) -> Desk:
    tmp_path.chmod(0o700)
    return Desk(stack, tmp_path)


@pytest.fixture
def other_desk(stack: Stack, tmp_path: Path) -> Desk:
    folder = tmp_path / "other"
    folder.mkdir(mode=0o700)
    return Desk(stack, folder)


def process_of(terminal: Terminal) -> tuple[str, str]:
    """Command and environment of a program, as others on the machine see them."""
    proc = Path("/proc") / str(terminal.process.pid)
    return (proc / "cmdline").read_text(), (proc / "environ").read_text()


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("cli_password_is_echoed")
def test_a_person_works_from_login_to_logout(
    desk: Desk, staff: Recruiter, publishing: Probe, stack: Stack
) -> None:
    """What they type and what they hold is on no screen, in no command, in no log."""
    person = staff.first
    code = person.recovery_codes.pop()
    assert desk.run("whoami").code == 4
    with desk.at_terminal("login") as terminal:
        terminal.answer("Login: ", person.login)
        terminal.answer("Password: ", PASSWORD)
        terminal.answer("Code: ", code)
        assert terminal.end() == 0
    assert PASSWORD not in terminal.screen
    kept = desk.session_file
    session = json.loads(kept.read_text())["session"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert session not in terminal.screen
    who = desk.run("whoami", "--json")
    assert (who.code, who.answer["staff_id"]) == (0, str(person.staff_id))
    assert "platform.look" in who.answer["permissions"]
    status = desk.run(PUBLISHER, "status", "--json")
    assert (status.code, status.answer["service"]) == (0, PUBLISHER)
    assert desk.run("logout").code == 0
    assert not kept.exists()
    ended = desk.run(PUBLISHER, "status")
    assert (ended.code, "Run kredit login." in ended.err) == (4, True)
    with pytest.raises(Refused) as refused:
        staff.door.call("auth", "staff_token", session=session)
    assert refused.value.code == "staff_session_required"
    log = (stack.layout.logs / "auth.log").read_text() + "\n".join(publishing.lines)
    assert [word for word in (PASSWORD, code, session) if word in log] == []


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("cli_session_in_the_environment", "cli_password_in_an_argument")
def test_no_secret_stands_where_others_may_look(
    desk: Desk, staff: Recruiter, park: Park, listening: Probe
) -> None:
    """While the program waits for a person: its arguments, its environment."""
    with desk.at_terminal("login") as terminal:
        terminal.answer("Login: ", staff.first.login)
        terminal.answer("Password: ", PASSWORD)
        terminal.expect("Code: ")
        seen = process_of(terminal)
        terminal.type(staff.first.recovery_codes.pop())
        assert terminal.end() == 0
    assert [text for text in seen if PASSWORD in text] == []
    session = json.loads(desk.session_file.read_text())["session"]
    with desk.at_terminal(LISTENER, "parked", "replay", park("a").id) as terminal:
        terminal.expect("Go on?")
        seen = process_of(terminal)
        terminal.type("n")
        assert terminal.end() == 1
    assert [text for text in seen if session in text] == []
    assert desk.run("login", "--password", "x").code == 2


def test_each_end_has_its_exit_code(
    desk: Desk, staff: Recruiter, park: Park, listening: Probe
) -> None:
    parked = park("a").id
    assert desk.run(LISTENER, "parked", "list").code == 4
    desk.log_in(staff.first)
    assert desk.run(LISTENER, "status").code == 0
    assert desk.run(LISTENER, "parked", "list").code == 3
    assert desk.run(LISTENER, "parked").code == 2
    refused = desk.run(LISTENER, "parked", "show", NOBODY, "--json")
    told = json.loads(refused.err)
    assert (refused.code, refused.out, told["code"]) == (5, "", "not_parked")
    assert told["request_id"]
    nowhere = Desk(desk.stack, desk.runtime, {"KREDIT_STATE": str(desk.runtime)})
    assert nowhere.run(LISTENER, "status").code == 1
    assert desk.run(LISTENER, "parked", "replay", parked, "--yes").code == 0


@pytest.mark.seeded("cli_changes_unasked")
def test_a_person_is_shown_the_effect_and_asked(
    desk: Desk, staff: Recruiter, park: Park, listening: Probe, listener: Service
) -> None:
    """At a terminal; in a script nothing changes without ``--yes``."""
    parked = park("a", "b")
    words = (LISTENER, "parked", "replay", parked.id)
    desk.log_in(staff.first)
    piped = desk.run(*words, lines=["y"])
    assert (piped.code, "--yes" in piped.err) == (2, True)
    with desk.at_terminal(*words) as terminal:
        terminal.answer("Go on? [y/N]: ", "n")
        assert terminal.end() == 1
    assert f"{parked.subject}, parked after 8 attempts" in terminal.screen
    assert "1 messages wait behind it" in terminal.screen
    assert states(listener, parked.subject) == ["parked", "waiting"]
    with desk.at_terminal(*words) as terminal:
        terminal.answer("Go on? [y/N]: ", "y")
        assert terminal.end() == 0
    assert states(listener, parked.subject) == ["applied", "applied"]


@pytest.mark.seeded("cli_exposed_session_used")
def test_a_session_that_others_may_read_opens_nothing(
    desk: Desk, staff: Recruiter, listening: Probe
) -> None:
    """It is refused, and can still be ended."""
    desk.log_in(staff.first)
    desk.session_file.chmod(0o640)
    ended = desk.run(LISTENER, "status")
    assert (ended.code, "kredit logout" in ended.err) == (4, True)
    assert desk.run("logout").code == 0


@pytest.mark.seeded("cli_token_never_renewed")
def test_a_long_work_outlives_its_token(
    desk: Desk,
    staff: Recruiter,
    listening: Probe,
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The clock moves by a minute between two calls of one command."""
    desk.log_in(staff.first)
    for name, value in stack.env("operator").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OPERATOR_SESSION_FOLDER", str(desk.session_file.parent))
    operator = connect(LISTENER)
    try:
        old = operator.token()
        assert operator.ask("status")["service"] == LISTENER
        shown = stack.layout.clock
        before = float(shown.read_text()) if shown.exists() else 0.0
        shown.write_text(f"{before + 61:.3f}\n")
        assert operator.ask("status")["service"] == LISTENER
        assert operator.token() != old
        with pytest.raises(Refused) as refused:
            staff.door.call(LISTENER, "status", staff_token=old)
        assert refused.value.code == "staff_token_invalid"
    finally:
        operator.rpc.close()


@pytest.mark.clause("1.4")
@pytest.mark.clause("6.1f")
def test_somebody_new_comes_in_by_the_command_line_alone(
    desk: Desk, other_desk: Desk, staff: Recruiter, publishing: Probe
) -> None:
    """Invited by one, approved by another, bound by the rules; then they work."""
    desk.log_in(staff.first)
    words = ("auth", "staff", "invite", "auditor", "--json", "--yes")
    invited = desk.run(*words, lines=["d.dana", "Dana"])
    assert invited.code == 0, invited.err
    secret, (approval,) = invited.answer["invitation"], invited.answer["approvals"]
    own = desk.run("auth", "approvals", "approve", approval, "--yes", "--json")
    assert (own.code, json.loads(own.err)["code"]) == (5, "own_request")
    assert desk.run("logout").code == 0
    desk.log_in(staff.second)
    with desk.at_terminal("auth", "approvals", "approve", approval) as terminal:
        terminal.answer("Go on? [y/N]: ", "y")
        assert terminal.end() == 0
    assert "d.dana holds the role auditor" in terminal.screen
    listed = desk.run("auth", "staff", "list")
    assert (listed.code, "d.dana" in listed.out) == (0, True)
    ids = desk.run("auth", "staff", "list", "-q").out.split()
    assert invited.answer["staff_id"] in ids

    new = other_desk
    lines = [secret, PASSWORD, PASSWORD]
    given = new.run("invitation", "accept", "--json", lines=lines).answer
    key = secret_of(given["secret"])
    code = hotp(key, int(staff.door.clock.now().timestamp()) // TOTP_STEP_S)
    assert new.run("invitation", "confirm", lines=[secret, code]).code == 0
    lines = ["d.dana", PASSWORD, given["recovery_codes"][0]]
    came = new.run("login", lines=lines)
    assert (came.code, "kredit rules acknowledge" in came.out) == (0, True)
    early = new.run(PUBLISHER, "status")
    assert (early.code, "kredit rules acknowledge" in early.err) == (5, True)
    with new.at_terminal("rules", "acknowledge") as terminal:
        terminal.answer("Go on? [y/N]: ", "y")
        assert terminal.end() == 0
    assert "протокол №31-03-2026" in terminal.screen
    assert new.run(PUBLISHER, "status").code == 0
    denied = new.run(PUBLISHER, "replay", "--from", "1", "--yes")
    assert (denied.code, "platform.replay" in denied.err) == (5, True)
    assert new.run("auth", "locks", "list").code == 5
    assert new.run("auth", "roles", "recertify").code == 0


def test_a_wrong_code_is_no_login(desk: Desk, staff: Recruiter) -> None:
    """As every refusal at this door: in words that tell nothing, and with 4."""
    lines = (staff.second.login, PASSWORD, "000000")
    ended = desk.run("login", "--json", lines=lines)
    assert (ended.code, json.loads(ended.err)["code"]) == (4, "login_refused")
    assert not desk.session_file.exists()
