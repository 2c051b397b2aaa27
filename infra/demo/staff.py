"""The staff of a private stack: two administrators, and the auditor they let in.

They come in as people do, by `kredit` alone, the first time anybody is needed.  What a
person would keep on paper and phone lies in one private file below the state folder, so
that a later telling finds the same people.
"""

import base64
import hmac
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from infra.layout import ROOT, Layout, private_folder, write_private
from infra.stack import Stack

TIMEOUT_S: Final = 60
NOT_LOGGED_IN: Final = 4
STEP_S: Final = 30
"""Of an authenticator (RFC 6238)."""
ADMINISTRATORS: Final = ("anna", "boris")
AUDITOR: Final = "dana"
_ONE_AT_A_TIME: Final = threading.Lock()
"""A code of the authenticator is good once: two logins of one person never overlap."""


class StaffError(Exception):
    """A command of the staff ended badly; the text holds its last words."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with a password, an authenticator and a sheet of recovery codes."""

    login: str
    password: str
    secret: str
    recovery_codes: list[str]

    def code(self, at: float) -> str:
        """What the authenticator shows at an instant, in seconds since 1970."""
        key = base64.b32decode(self.secret + "=" * (-len(self.secret) % 8))
        mac = hmac.digest(key, int(at // STEP_S).to_bytes(8), "sha1")
        place = mac[-1] & 15
        number = int.from_bytes(mac[place : place + 4]) & 0x7FFFFFFF
        return f"{number % 1_000_000:06}"


@dataclass(frozen=True, slots=True)
class Staff:
    """Whoever works at one stack."""

    stack: Stack

    def ask(self, service: str, *words: str) -> dict[str, object]:
        """The answer to one command of the auditor.  Raises StaffError."""
        self.members()
        done = self._run(AUDITOR, service, *words)
        if done.returncode == NOT_LOGGED_IN:
            with _ONE_AT_A_TIME:
                done = self._run(AUDITOR, service, *words)
                if done.returncode == NOT_LOGGED_IN:
                    self._log_in(self.members()[AUDITOR])
                    done = self._run(AUDITOR, service, *words)
        return _answer(done)

    def members(self) -> dict[str, Member]:
        """Everybody, by login; they come in if nobody did before."""
        if not self._kept.is_file():
            with _ONE_AT_A_TIME:
                if not self._kept.is_file():
                    self._begin()
        told = json.loads(self._kept.read_text())
        return {one["login"]: Member(**one) for one in told}

    @property
    def _kept(self) -> Path:
        return self.stack.layout.keys / "staff.json"

    def _begin(self) -> None:
        """The owner invites two administrators, and they an auditor."""
        words = ("-m", "services.auth", "staff-bootstrap", "--json", *ADMINISTRATORS)
        told = _answer(_python(*words, env=self.stack.env("auth")))
        with ThreadPoolExecutor() as pool:
            first = list(pool.map(self._come_in, _list(told["invitations"])))
        asking, deciding = first
        roles = ("auth", "staff", "invite", "auditor", "--yes")
        invited = _answer(self._run(asking.login, *roles, lines=[AUDITOR, "Dana"]))
        for approval in _list(invited["approvals"]):
            yes = ("auth", "approvals", "approve", str(approval), "--yes")
            _answer(self._run(deciding.login, *yes))
        auditor = self._come_in({**invited, "login": AUDITOR})
        kept = [asdict(member) for member in (*first, auditor)]
        write_private(self._kept, json.dumps(kept))

    def _come_in(self, invited: dict[str, Any]) -> Member:
        """Password, authenticator, login, rules."""
        login, invitation = str(invited["login"]), str(invited["invitation"])
        password = secrets.token_urlsafe(16)
        lines = [invitation, password, password]
        given = _answer(self._run(login, "invitation", "accept", lines=lines))
        codes = [str(code) for code in _list(given["recovery_codes"])]
        member = Member(login, password, str(given["secret"]), codes)
        # The clock of a phone may be a step late; the present one is for the login.
        before = member.code(self._now() - STEP_S)
        lines = [invitation, before]
        _answer(self._run(login, "invitation", "confirm", lines=lines))
        self._log_in(member)
        _answer(self._run(login, "rules", "acknowledge", "--yes"))
        return member

    def _log_in(self, member: Member) -> None:
        lines = [member.login, member.password, member.code(self._now())]
        _answer(self._run(member.login, "login", lines=lines))

    def _run(
        self, login: str, *words: str, lines: list[str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """One command at the desk of somebody, who answers with these lines."""
        layout: Layout = self.stack.layout
        private_folder(layout.session)
        folder = layout.session / login
        private_folder(folder)
        env = self.stack.env("operator") | {"OPERATOR_SESSION_FOLDER": str(folder)}
        return _python("-m", "kernel.cli", "--json", *words, env=env, lines=lines)

    def _now(self) -> float:
        clock = self.stack.layout.clock
        shown = clock.read_text().strip() if clock.is_file() else ""
        return time.time() + float(shown or 0)


def _python(
    *words: str, env: dict[str, str], lines: list[str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=env | {"PATH": os.defpath},
        input="".join(f"{line}\n" for line in lines or ()),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


def _answer(done: "subprocess.CompletedProcess[str]") -> dict[str, object]:
    if done.returncode != 0:
        raise StaffError(f"{' '.join(done.args[2:6])}: {done.stderr.strip()}")
    return dict(json.loads(done.stdout))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
