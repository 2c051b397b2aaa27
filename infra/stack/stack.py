"""Bringing one stack up in order, and taking it down without a trace.

Order: keys → database, broker, outer world → migrations → our processes → the web
tier before them. Each step waits until the one before is ready, and each may be
repeated at any time: what is so already stays untouched.
"""

import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

from infra import pki, topology
from infra.layout import ROOT, Layout, write_private
from infra.stack import (
    company,
    environment,
    log_signer,
    ports,
    programs,
    ready,
    witnesses,
)
from infra.stack.control import Supervised, Supervisor
from infra.web.server import WebTier

SERVERS = frozenset({topology.DATABASE_SERVER, topology.BROKER_SERVER})
"""Enough for tests that speak to database and broker themselves."""

_MIGRATION_TIMEOUT_S = 120
_FETCH_TIMEOUT_S = 5
_SAID_AT_MOST_LINES = 15


class StackError(Exception):
    """The stack cannot do what was asked; the text says which part and why."""


@dataclass(slots=True)
class Stack:
    """One stack under one state folder.

    `only` limits what is started (names of processes); None means everything.
    `detours` are ports by name that processes are told instead of the real ones.
    """

    layout: Layout
    stage: str = "development"
    only: frozenset[str] | None = None
    attached: bool = False
    detours: Mapping[str, int] = field(default_factory=dict)
    _ports: dict[str, int] = field(default_factory=dict, init=False)
    _instead: dict[str, programs.Program] = field(default_factory=dict, init=False)
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def supervisor(self) -> Supervisor:
        return Supervisor(self.layout)

    @property
    def servers(self) -> programs.Servers:
        return programs.Servers.at(self.layout, self.ports)

    @property
    def web(self) -> WebTier:
        return WebTier.of(self.layout, self.ports, self.stage)

    @property
    def ports(self) -> Mapping[str, int]:
        """Every port by name."""
        if not self._ports:
            self._ports = ports.remembered(self.layout)
        return self._ports

    def up(self) -> list[str]:
        """Bring everything up, or what changed; sentences about what was done."""
        said = self._make_files()
        said += self._supervise()
        self._start_servers()
        self._start_outer_world()
        self.migrate(*self._to_migrate())
        self._start_processes()
        self._start_web_tier()
        return said

    def stop(self) -> None:
        """Stop everything; nothing of this stack runs afterwards. Idempotent."""
        if self.supervisor.is_running():
            self._stop_all()
        if self._child is not None:
            self._child.wait()
            self._child = None
        if self.attached:
            self._forget_outside()

    def wipe(self) -> None:
        """Stop, then forget data, keys, ports and logs; the tools stay."""
        self.stop()
        layout = self.layout
        made = (layout.pki, layout.keys, layout.env, layout.anchor, layout.data)
        ran = (layout.postgres, layout.rabbitmq, layout.web, layout.logs, layout.run)
        for folder in (
            layout.database_socket,
            layout.archive,
            *made,
            *ran,
            *self._apart(),
        ):
            shutil.rmtree(folder, ignore_errors=True)
        layout.ports.unlink(missing_ok=True)
        self._ports = {}

    def migrate(self, *services: str) -> None:
        """Bring the schemas of `services` up to date, in parallel.

        Raises StackError with the last words of the first that failed.
        """
        with ThreadPoolExecutor() as pool:
            for failure in pool.map(self._migrate, services):
                if failure:
                    raise StackError(failure)

    def kill(self, name: str) -> None:
        """SIGKILL a process with its children; the supervisor starts it again."""
        self.supervisor.kill(name)

    def halt(self, name: str) -> None:
        """Stop one process until `resume`."""
        self.supervisor.stop([name])

    def resume(self, name: str) -> None:
        """Start a halted process and wait until it is ready."""
        self.supervisor.start([name])
        self.wait_ready(name)

    def restart(self, name: str) -> None:
        """Stop one process in good order, start it, wait until it is ready."""
        self.halt(name)
        self.resume(name)

    def own_program(self, process: str) -> programs.Program:
        """What the supervisor runs for one of our processes."""
        own = programs.service_programs(self.layout)
        return {program.name: program for program in own}[process]

    def run_instead(self, *others: programs.Program) -> None:
        """Run programs of a test beside our own, or in the place of those so named."""
        self._instead |= {program.name: program for program in others}
        self._supervise()
        self.supervisor.start([program.name for program in others])

    def wait_ready(self, *names: str) -> None:
        """Wait until each of `names` is ready; raises NotReadyError."""
        ready.wait(self.supervisor, {name: self._check(name) for name in names})

    def wait_restarted(self, name: str, before: int) -> None:
        """Wait until `name` is ready under another pid than `before`."""
        ready.wait(
            self.supervisor,
            {name: lambda: self._runs_anew(name, before) and self._check(name)()},
        )

    def pid(self, name: str) -> int:
        """Pid of a running process; StackError when it does not run."""
        found = self.status().get(name)
        if found is None or found.pid is None:
            raise StackError(f"{name} is not running")
        return found.pid

    def status(self) -> dict[str, Supervised]:
        """What the supervisor knows, by name; empty when nothing runs."""
        supervisor = self.supervisor
        return supervisor.programs() if supervisor.is_running() else {}

    def env(self, process: str) -> dict[str, str]:
        """The environment of a process, running or not."""
        path = self.layout.env / f"{process}.env"
        if not path.is_file():
            raise StackError(f"no process is called {process}")
        return environment.read(path)

    def port(self, name: str) -> int:
        """The port of a server or listener, see `infra.stack.ports.wanted`.

        For a service's process it is the port of its metrics.
        """
        return self.ports.get(name) or self.ports[ports.metrics(name)]

    @property
    def url(self) -> str:
        """The site as a browser on this machine sees it."""
        return f"https://127.0.0.1:{self.port(topology.WEB_TIER)}"

    def _make_files(self) -> list[str]:
        now = datetime.fromtimestamp(time.time(), UTC)
        made = pki.ensure(self.layout, now=now)
        running = self.supervisor.is_running()
        self._ports = ports.choose(self.layout, running=running)
        told = {**self._ports, **self.detours}
        witnesses.prepare(self.layout)
        log_signer.prepare(self.layout)
        environment.Environments(
            self.layout,
            told,
            self.stage,
            log_vkey=witnesses.log_vkey(self.layout.keys / "audit-log.ed25519"),
            witnessed=bool(self._witnesses()),
            signed_apart=self._is_wanted(topology.LOG_SIGNER),
            guarded=self._is_wanted(topology.BROKER_GUARD),
        ).write()
        self.servers.database.prepare()
        self.servers.broker.prepare()
        self.web.prepare()
        return [f"made {', '.join(made)}"] if made else []

    def _supervise(self) -> list[str]:
        layout, supervisor = self.layout, self.supervisor
        wanted = [
            *self.servers.programs(),
            *programs.simulator_programs(layout),
            programs.photo_program(layout),
            programs.log_signer_program(layout),
            programs.broker_guard_program(layout, self.servers.broker),
            *programs.service_programs(layout),
            programs.web_program(self.web),
        ]
        named = {program.name: program for program in wanted} | self._instead
        conf = programs.supervisord_conf(layout, named.values())
        write_private(supervisor.configuration, conf)
        if not supervisor.is_running():
            self._child = supervisor.launch(attached=self.attached)
            return []
        changed = supervisor.update()
        return [f"changed {', '.join(changed)}"] if changed else []

    def _start_servers(self) -> None:
        supervisor, database = self.supervisor, self.servers.database
        wanted = [name for name in SERVERS if self._is_wanted(name)]
        if topology.BROKER_SERVER in wanted:
            supervisor.start([topology.NODE_DIRECTORY, topology.BROKER_SERVER])
        if topology.DATABASE_SERVER in wanted:
            # The broker boots meanwhile; it takes longer than all of this.
            database.make()
            supervisor.start([topology.DATABASE_SERVER])
            self.wait_ready(topology.DATABASE_SERVER)
            database.provision()
        self.wait_ready(*wanted)

    def _to_migrate(self) -> list[str]:
        owners = {p.service for p in topology.runnable() if self._is_wanted(p.name)}
        return [name for name in topology.migratable() if name in owners]

    def _migrate(self, service: str) -> str | None:
        """What went wrong, if anything did. Nothing to do when its code is the same."""
        mark = programs.digest(programs.service_code(service))
        # Beside the data, in both servers: whoever loses theirs is migrated again.
        homes = (self.layout.postgres, self.layout.rabbitmq)
        stamps = [home / f"{service}.migrated" for home in homes]
        if all(stamp.is_file() and stamp.read_text() == mark for stamp in stamps):
            return None
        failure = self._run_migration(service)
        if failure is None:
            for stamp in stamps:
                stamp.write_text(mark)
        return failure

    def _run_migration(self, service: str) -> str | None:
        run = subprocess.run(
            [sys.executable, "-m", f"services.{service}", "migrate", "--post"],
            cwd=ROOT,
            env=self.env(f"{service}-migrate"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_MIGRATION_TIMEOUT_S,
            check=False,
        )
        (self.layout.logs / f"{service}-migrate.log").write_text(run.stdout)
        if run.returncode == 0:
            return None
        said = "\n".join(run.stdout.splitlines()[-_SAID_AT_MOST_LINES:])
        return f"{service} migrate ended with {run.returncode}:\n{said}"

    def _start_outer_world(self) -> None:
        wanted = [name for name in topology.simulators() if self._is_wanted(name)]
        self.supervisor.start(wanted)
        self.wait_ready(*wanted)
        if self._witnesses():
            self._pin_witnesses()
            self._supervise()  # the writer is started anew for other witnesses
        if "simulator-world" in wanted:
            self._pin("ca/roots.pem", self.layout.outer / "eds-roots.pem")
            self._pin("ca/issuing.pem", self.layout.outer / "eds-issuers.pem")
            company.enrol(
                self.layout.outer,
                authority=f"https://127.0.0.1:{self.port('simulator-world.public')}",
                ca=self.layout.outer / "ca.crt",
            )

    def _pin(self, published: str, path: Path) -> None:
        """Keep what the outer certification authority publishes, as a person would."""
        write_private(path, self._fetch("simulator-world.public", published))

    def _pin_witnesses(self) -> None:
        """Keep who the witnesses say they are: the policy of the log's writer."""
        names = self._witnesses()
        vkeys = {
            name: self._fetch(topology.simulator(name), "vkey").decode().strip()
            for name in names
        }
        addresses = {
            name: f"https://127.0.0.1:{self.port(topology.simulator(name))}"
            for name in names
        }
        write_private(self.layout.audit_policy, witnesses.policy(vkeys, addresses))

    def _fetch(self, listener: str, published: str) -> bytes:
        context = ssl.create_default_context(cafile=str(self.layout.outer / "ca.crt"))
        url = f"https://127.0.0.1:{self.port(listener)}/{published}"
        with urlopen(url, timeout=_FETCH_TIMEOUT_S, context=context) as answer:
            content: bytes = answer.read()
            return content

    def _witnesses(self) -> list[str]:
        """Who is asked: all of them, or in a part of a stack without them nobody."""
        names = topology.WITNESSES
        wanted = all(self._is_wanted(topology.simulator(name)) for name in names)
        return list(names) if wanted else []

    def _start_processes(self) -> None:
        wanted = [p.name for p in topology.runnable() if self._is_wanted(p.name)]
        if topology.PHOTO_ASKER in wanted:
            wanted.append(topology.PHOTO_JUDGE)
        if topology.LOG_WRITER in wanted and self._is_wanted(topology.LOG_SIGNER):
            wanted.insert(0, topology.LOG_SIGNER)
        if topology.GUARD_ASKER in wanted and self._is_wanted(topology.BROKER_GUARD):
            wanted.insert(0, topology.BROKER_GUARD)
        self.supervisor.start(wanted)
        self.wait_ready(*wanted)

    def _start_web_tier(self) -> None:
        if self._is_wanted(topology.WEB_TIER):
            self.supervisor.start([topology.WEB_TIER])
            self.wait_ready(topology.WEB_TIER)

    def _stop_all(self) -> None:
        supervisor = self.supervisor
        names = supervisor.programs()
        last = (topology.NODE_DIRECTORY,)
        servers = [name for name in SERVERS if name in names]
        supervisor.stop([name for name in names if name not in (*servers, *last)])
        supervisor.stop(servers)
        supervisor.stop([name for name in last if name in names])
        supervisor.shut_down()

    def _forget_outside(self) -> None:
        """Remove what could not lie under the state folder (see `Layout`)."""
        layout = self.layout
        made = (layout.database_socket, layout.postgres, layout.web, layout.run)
        for folder in (*made, *self._apart()):
            if not folder.is_relative_to(layout.state):
                shutil.rmtree(folder, ignore_errors=True)

    def _apart(self) -> list[Path]:
        """Folders of other users' processes."""
        layout = self.layout
        outside = [layout.witness(name) for name in topology.WITNESSES]
        return [*outside, layout.log_signer, layout.log_signer_socket.parent]

    def _check(self, name: str) -> ready.Check:
        if name == topology.DATABASE_SERVER:
            return self.servers.database.is_ready
        if name == topology.BROKER_SERVER:
            return self.servers.broker.is_ready
        if name == topology.PHOTO_JUDGE:
            return ready.answers_on(self.layout.photo_socket)
        if name == topology.BROKER_GUARD:
            return ready.answers_on(self.layout.broker_guard_socket)
        if name == topology.LOG_SIGNER:
            return ready.answers_on(self.layout.log_signer_socket)
        if name in self.ports:
            extra = (self.ports[k] for k in self.ports if k.startswith(f"{name}."))
            metrics = self.ports.get(ports.metrics(name))
            if metrics is None:
                return ready.listens(self.ports[name], *extra)
        return ready.answers_ready(self.layout, self.ports[ports.metrics(name)])

    def _runs_anew(self, name: str, before: int) -> bool:
        found = self.supervisor.programs()[name].pid
        return found is not None and found != before

    def _is_wanted(self, name: str) -> bool:
        return self.only is None or name in self.only


def start(
    state: Path,
    *,
    only: Collection[str] = SERVERS,
    detours: Mapping[str, int] | None = None,
) -> Stack:
    """A private stack under `state` for tests, ready when this returns.

    `detours` lead its processes through proxies of the test's: ports by name. It ends
    with the thread that started it, at the latest; after `stop` it is not started
    again. Selected processes get their databases migrated.
    """
    stack = Stack(
        Layout(state.resolve()),
        stage="test",
        only=frozenset(only),
        attached=True,
        detours=detours or {},
    )
    try:
        stack.up()
    except BaseException:
        stack.stop()
        raise
    return stack
