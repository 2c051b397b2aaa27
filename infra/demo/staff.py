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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from infra.layout import ROOT, private_folder, write_private
from infra.stack import Stack

TIMEOUT_S: Final = 60
NOT_LOGGED_IN: Final = 4
STEP_S: Final = 30
"""Of an authenticator (RFC 6238)."""
ADMINISTRATORS: Final = ("anna", "boris")
AUDITOR: Final = "dana"
ORDER: Final = "Order No 1 of the audit committee: verify the whole log"
ASK_FOR_THE_LOG: Final = (
    *("contracts", "disclosures", "request", "own_control", "--days", "30"),
    *("--recipient", "audit committee, order no 1", "--document", "-", "--yes"),
)
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


class Place(Protocol):
    """Where the staff of one platform work: one desk, whoever sits at it."""

    @property
    def kept(self) -> Path:
        """The private file with what people keep on paper and phone."""
        ...

    def owner(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """A program under auth's own environment."""
        ...

    def kredit(
        self, *words: str, lines: Sequence[str] = ()
    ) -> "subprocess.CompletedProcess[str]":
        """One command of whoever is logged in, who answers with these lines."""
        ...

    def now(self) -> float:
        """What every clock of the platform shows, in seconds since 1970."""
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """A private stack of this machine."""

    stack: Stack

    @property
    def kept(self) -> Path:
        return self.stack.layout.keys / "staff.json"

    def owner(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return _python(*words, env=self.stack.env("auth"))

    def kredit(
        self, *words: str, lines: Sequence[str] = ()
    ) -> "subprocess.CompletedProcess[str]":
        layout = self.stack.layout
        desk = layout.session / "demo"
        for folder in (layout.session, desk):
            private_folder(folder)
        env = self.stack.env("operator") | {"OPERATOR_SESSION_FOLDER": str(desk)}
        return _python("-m", "kernel.cli", *words, env=env, lines=lines)

    def now(self) -> float:
        clock = self.stack.layout.clock
        shown = clock.read_text().strip() if clock.is_file() else ""
        return time.time() + float(shown or 0)


@dataclass(frozen=True, slots=True)
class Staff:
    """Whoever works at one platform."""

    place: Place

    def ask(self, service: str, *words: str) -> dict[str, object]:
        """The answer to one command of the auditor.  Raises StaffError."""
        self.members()
        done = self._run(service, *words)
        if done.returncode == NOT_LOGGED_IN:
            with _ONE_AT_A_TIME:
                done = self._run(service, *words)
                if done.returncode == NOT_LOGGED_IN:
                    member = self.members()[AUDITOR]
                    self._log_in(member, member.code(self.place.now()))
                    done = self._run(service, *words)
        return _answer(done)

    def disclosure(self) -> str:
        """The entry of the register that lets the auditor take the log.

        The auditor asks for one when none is valid, and an administrator agrees; both
        sit at the one desk, each by a code of their paper.
        """
        kept = _list(self.ask("contracts", "disclosures", "list")["disclosures"])
        valid = [one for one in kept if one["valid"] and one["scope"] == "log"]
        if valid:
            return str(valid[0]["disclosure_id"])
        with _ONE_AT_A_TIME:
            asked = _answer(self._run(*ASK_FOR_THE_LOG, lines=[ORDER]))
            self._come_back(ADMINISTRATORS[1])
            decide = ("contracts", "approvals", "approve", str(asked["approval_id"]))
            _answer(self._run(*decide, "--yes"))
            self._come_back(AUDITOR)
        return str(asked["approval_id"])

    def _come_back(self, login: str) -> None:
        """Log in by the next code of somebody's paper, which is crossed out."""
        members = self.members()
        code = members[login].recovery_codes.pop(0)
        told = [asdict(member) for member in members.values()]
        write_private(self.place.kept, json.dumps(told))
        self._log_in(members[login], code)

    def members(self) -> dict[str, Member]:
        """Everybody, by login; they come in if nobody did before."""
        kept = self.place.kept
        if not kept.is_file():
            with _ONE_AT_A_TIME:
                if not kept.is_file():
                    told = [asdict(member) for member in self._begin()]
                    write_private(kept, json.dumps(told))
        return {one["login"]: Member(**one) for one in json.loads(kept.read_text())}

    def _begin(self) -> list[Member]:
        """The owner invites two administrators, and they an auditor."""
        words = ("-m", "services.auth", "staff-bootstrap", "--json", *ADMINISTRATORS)
        done = self.place.owner(*words)
        if done.returncode != 0:
            raise StaffError(
                f"{done.stderr.strip()} The demonstration needs a platform without"
                " staff, or the staff of its first telling: make clean."
            )
        told = _answer(done)
        # The one who will invite comes last, and so sits at the desk already.
        invitations = reversed(_list(told["invitations"]))
        deciding, asking = (self._come_in(one) for one in invitations)
        roles = ("auth", "staff", "invite", "auditor", "--yes")
        invited = _answer(self._run(*roles, lines=[AUDITOR, "Dana"]))
        self._log_in(deciding, deciding.recovery_codes.pop())
        for approval in _list(invited["approvals"]):
            decide = ("auth", "approvals", "approve", str(approval), "--yes")
            _answer(self._run(*decide))
        auditor = self._come_in({**invited, "login": AUDITOR})
        return [asking, deciding, auditor]

    def _come_in(self, invited: Mapping[str, object]) -> Member:
        """Password, authenticator, login, rules; they stay at the desk."""
        login, invitation = str(invited["login"]), str(invited["invitation"])
        password = secrets.token_urlsafe(16)
        lines = [invitation, password, password]
        given = _answer(self._run("invitation", "accept", lines=lines))
        codes = [str(code) for code in _list(given["recovery_codes"])]
        member = Member(login, password, str(given["secret"]), codes)
        code = member.code(self.place.now())
        _answer(self._run("invitation", "confirm", lines=[invitation, code]))
        self._log_in(member, member.recovery_codes.pop())
        _answer(self._run("rules", "acknowledge", "--yes"))
        return member

    def _log_in(self, member: Member, code: str) -> None:
        lines = [member.login, member.password, code]
        _answer(self._run("login", lines=lines))

    def _run(
        self, *words: str, lines: Sequence[str] = ()
    ) -> "subprocess.CompletedProcess[str]":
        return self.place.kredit("--json", *words, lines=lines)


def _python(
    *words: str, env: Mapping[str, str], lines: Sequence[str] = ()
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**env, "PATH": os.defpath},
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


def _answer(done: "subprocess.CompletedProcess[str]") -> dict[str, object]:
    if done.returncode != 0:
        raise StaffError(done.stderr.strip())
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
