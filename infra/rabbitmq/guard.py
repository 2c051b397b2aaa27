"""The process `broker-guard`: keeps who may speak on the broker as it is written.

It holds the node's cookie, which can do everything, and does two things with it: what
the definitions say is made so again whenever it is not, and whoever it is told to cut
off has no right and no connection until it is told otherwise.  RabbitMQ knows no
smaller right than an administrator's for either.

It is asked over a Unix socket in frames of JSON, four bytes of length before each:
`{"cut": ["contracts"], "since": 7}` is the whole list of who is cut off; the answer
says who is, and of whom rights were found changed and given back, each with its number.
Both are kept on disk, so that they hold when this process, or the broker, starts anew.
"""

import base64
import hashlib
import json
import os
import re
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from infra.rabbitmq.definitions import VHOST

KEPT: Final = frozenset({"audit", "audit-worker", "operator"})
"""Who is never cut off: whoever orders it, keeps the record of it, or undoes it."""
LOOK_S: Final = 2.0
MOST_BYTES: Final = 65_536
LOSSES_KEPT: Final = 100
_HEAD: Final = 4
_CALL_S: Final = 10
_GROUP_MAY_ASK: Final = 0o660
_SAID: Final = re.compile(r'\{ok, (?:"([A-Za-z0-9+/=]*)"|\[\])\}')

_RIGHTS: Final = """
base64:encode_to_string(iolist_to_binary([
  [lists:join(9, [proplists:get_value(K, P)
    || K <- [user, configure, write, read]]), 10]
  || P <- rabbit_auth_backend_internal:list_vhost_permissions(<<"%s">>)])).
"""
_CONNECTED: Final = """
base64:encode_to_string(iolist_to_binary([
  [U, 10] || U <- [%s], rabbit_connection_tracking:list_of_user(U) =/= []])).
"""
_IMPORT: Final = """
ok = rabbit_definitions:import_raw(base64:decode(<<"%s">>)),
base64:encode_to_string(<<"done">>).
"""
_CUT: Final = """
lists:foreach(fun(U) ->
  rabbit_auth_backend_internal:clear_permissions(U, <<"%s">>, <<"broker-guard">>),
  rabbit_connection_tracking:close_connections(
    rabbit_connection_tracking:list_of_user(U), "cut off", 0)
 end, [%s]),
base64:encode_to_string(<<"done">>).
"""


class GuardError(Exception):
    """The node did not do what it was told; the text holds its last words."""


@dataclass(frozen=True, slots=True)
class Node:
    """The running node, told things in its own language."""

    erl_call: str
    name: str
    environment: Mapping[str, str]

    def rights(self) -> dict[str, tuple[str, str, str]]:
        """User → what it may configure, write and read."""
        found = {}
        for line in self._said(_RIGHTS % VHOST).splitlines():
            user, configure, write, read = line.split("\t")
            found[user] = (configure, write, read)
        return found

    def connected(self, users: Iterable[str]) -> set[str]:
        """Which of them have a connection."""
        return set(self._said(_CONNECTED % _listed(users)).splitlines())

    def cut(self, users: Iterable[str]) -> None:
        """Take their rights and end their connections."""
        self._said(_CUT % (VHOST, _listed(users)))

    def load(self, definitions: Mapping[str, Any]) -> None:
        """Users, rights and exchanges as written; what is so already stays."""
        raw = json.dumps(definitions).encode()
        self._said(_IMPORT % base64.b64encode(raw).decode())

    def _said(self, told: str) -> str:
        run = subprocess.run(
            [self.erl_call, "-sname", self.name, "-e"],
            input=told,
            capture_output=True,
            text=True,
            check=False,
            timeout=_CALL_S,
            env=self.environment,
        )
        said = _SAID.search(run.stdout)
        if said is None:
            raise GuardError((run.stdout + run.stderr).strip()[:500])
        return base64.b64decode(said[1] or "").decode()


@dataclass(slots=True)
class Guard:
    """Who is cut off, and everybody else as the definitions say."""

    node: Node
    definitions: Mapping[str, Any]
    state: Path
    _cut: set[str] = field(default_factory=set)
    _losses: list[tuple[int, str]] = field(default_factory=list)
    _compared: str = ""
    """The definitions that the broker's rights were last compared with, by digest."""
    _one: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.state.is_file():
            kept = json.loads(self.state.read_text())
            self._cut = set(kept["cut"])
            self._losses = [(int(number), who) for number, who in kept["losses"]]
            self._compared = kept["compared"]

    def told(self, cut: Iterable[str], *, since: int = 0) -> dict[str, Any]:
        """Cut off exactly these, of those that may be; what stands then."""
        wanted = {name for name in cut if name in self._written() and name not in KEPT}
        with self._one:
            if wanted != self._cut:
                admitted, self._cut = self._cut - wanted, wanted
                self._keep()
                self._look(admitted)
            return self._said(since)

    def standing(self) -> dict[str, Any]:
        """What stands."""
        with self._one:
            return self._said(0)

    def look(self) -> None:
        """Make it so again, if it is not."""
        with self._one:
            self._look(set())

    def _look(self, admitted: set[str]) -> None:
        """Give back what is missing, take from the cut; ``admitted`` lost nothing.

        Nor has anybody by definitions that are new: a release has changed what is
        written, and the broker has yet to hear of it.
        """
        found, written = self.node.rights(), self._written()
        missing = {
            name
            for name, rights in written.items()
            if name not in self._cut and found.get(name) != rights
        }
        if missing:
            self.node.load(self._without_the_cut())
            if self._compared == self._digest():
                self._note(missing - admitted)
        left = (self._cut & set(found)) | self.node.connected(self._cut)
        if left:
            self.node.cut(left)
        if self._compared != self._digest():
            self._compared = self._digest()
            self._keep()

    def _note(self, lost: Iterable[str]) -> None:
        last = self._losses[-1][0] if self._losses else 0
        new = [(last + n, who) for n, who in enumerate(sorted(lost), start=1)]
        if new:
            self._losses = [*self._losses, *new][-LOSSES_KEPT:]
            self._keep()

    def _keep(self) -> None:
        kept = {
            "cut": sorted(self._cut),
            "losses": self._losses,
            "compared": self._compared,
        }
        written = self.state.with_suffix(".new")
        written.write_text(json.dumps(kept))
        written.replace(self.state)

    def _said(self, since: int) -> dict[str, Any]:
        given_back = [loss for loss in self._losses if loss[0] >= since]
        return {"cut": sorted(self._cut), "given_back": given_back}

    def _digest(self) -> str:
        raw = json.dumps(self.definitions, sort_keys=True).encode()
        return hashlib.sha256(raw).hexdigest()

    def _written(self) -> dict[str, tuple[str, str, str]]:
        return {
            one["user"]: (one["configure"], one["write"], one["read"])
            for one in self.definitions["permissions"]
        }

    def _without_the_cut(self) -> dict[str, Any]:
        every = self.definitions["permissions"]
        kept = [one for one in every if one["user"] not in self._cut]
        return {**self.definitions, "permissions": kept}


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    guard: Guard


class _Asked(socketserver.StreamRequestHandler):
    """One connection: question after question, until the other side goes."""

    server: _Server

    @override
    def handle(self) -> None:
        while len(head := self.rfile.read(_HEAD)) == _HEAD:
            size = int.from_bytes(head)
            if size > MOST_BYTES:
                return
            answer = json.dumps(answered(self.server.guard, self.rfile.read(size)))
            self.wfile.write(len(answer).to_bytes(_HEAD) + answer.encode())


def answered(guard: Guard, raw: bytes) -> dict[str, Any]:
    """The answer to one question; an empty one asks what stands."""
    try:
        if not raw:
            return guard.standing()
        said = json.loads(raw)
        return guard.told(map(str, said["cut"]), since=int(said["since"]))
    except (GuardError, subprocess.SubprocessError) as error:
        _log(f"broker_not_told: {error}")
        return {"failed": "the broker does not answer"}
    except (ValueError, KeyError, TypeError):
        return {"failed": "no question that is answered here"}


def main() -> None:
    """Guard until a signal says otherwise."""
    told = os.environ  # noqa: TID251 - infra may not import kernel
    guard = Guard(
        Node(told["GUARD_ERL_CALL"], told["GUARD_NODE"], dict(told)),
        json.loads(Path(told["GUARD_DEFINITIONS"]).read_text()),
        Path(told["GUARD_STATE"]),
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    path = Path(told["GUARD_SOCKET"])
    path.unlink(missing_ok=True)
    with _Server(str(path), _Asked) as server:
        path.chmod(_GROUP_MAY_ASK)
        server.guard = guard
        threading.Thread(target=server.serve_forever, daemon=True).start()
        while not stop.wait(LOOK_S):
            try:
                guard.look()
            except (GuardError, subprocess.SubprocessError) as error:
                _log(f"broker_not_looked_at: {error}")
        server.shutdown()


def _listed(users: Iterable[str]) -> str:
    """Names as Erlang's binaries; no other letter than of a name is ever among them."""
    names = sorted(users)
    if not all(re.fullmatch(r"[a-z-]+", name) for name in names):
        raise GuardError("no name of a principal")
    return ", ".join(f'<<"{name}">>' for name in names)


def _log(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main()
