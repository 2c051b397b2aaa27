"""What the supervisor runs: one program per process, and its configuration file.

Each program carries a digest of the files it reads at start (configuration,
certificates, code). A changed file changes the digest, the supervisor sees a changed
program, and restarts that one and no other.
"""

import hashlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra import topology
from infra.layout import (
    PHOTO_PYTHON,
    ROOT,
    Layout,
    is_root,
    server_environment,
)
from infra.postgres.server import DatabaseServer
from infra.rabbitmq.server import Broker
from infra.stack import apart, log_signer
from infra.stack.environment import read
from infra.web.server import WebTier

_SERVER_STOP_S = 30
_PROCESS_STOP_S = 10
_DIGEST = "KREDIT_INPUTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One supervised program."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    inputs: tuple[Path, ...]
    """Files whose change asks for a restart."""
    user: str | None = None
    """Whom it runs as; None: as ourselves."""
    stop_signal: str = "TERM"
    stop_within_s: int = _PROCESS_STOP_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The two servers of a stack."""

    database: DatabaseServer
    broker: Broker

    @classmethod
    def at(cls, layout: Layout, ports: Mapping[str, int]) -> "Servers":
        return cls(
            database=DatabaseServer(layout, ports[topology.DATABASE_SERVER]),
            broker=Broker(
                layout,
                ports[topology.BROKER_SERVER],
                ports["rabbitmq.distribution"],
                ports[topology.NODE_DIRECTORY],
            ),
        )

    def programs(self) -> list[Program]:
        """The node directory before the broker that registers with it."""
        environment = self.broker.environment()
        return [
            Program(
                name=topology.NODE_DIRECTORY,
                command=tuple(self.broker.directory_command()),
                environment=environment,
                inputs=(),
            ),
            Program(
                name=topology.BROKER_SERVER,
                command=tuple(self.broker.command()),
                environment=environment,
                inputs=tuple(self.broker.inputs()),
                stop_within_s=_SERVER_STOP_S,
            ),
            Program(
                name=topology.DATABASE_SERVER,
                command=tuple(self.database.command()),
                environment=server_environment(),
                inputs=tuple(self.database.inputs()),
                # Fast shutdown: clients are cut, nothing committed is lost.
                stop_signal="INT",
                stop_within_s=_SERVER_STOP_S,
            ),
        ]


def simulator_programs(layout: Layout) -> list[Program]:
    """The outer world, as far as its code exists."""
    code = tuple(_code("infra/simulators"))
    return [
        Program(
            name=name,
            command=_python(topology.simulator_module(name)),
            environment=read(layout.env / f"{name}.env"),
            inputs=(*code, *_certificate(layout.outer, name.split("-")[1])),
            user=_user_of(name),
        )
        for name in topology.simulators()
    ]


def _user_of(simulator: str) -> str | None:
    name = simulator.removeprefix("simulator-")
    return apart.user_of(name) if name in topology.WITNESSES else None


def web_program(web: WebTier) -> Program:
    """nginx; who is inside when it stops is served to the end."""
    return Program(
        name=topology.WEB_TIER,
        command=tuple(web.command()),
        environment=web.environment(),
        inputs=tuple(web.inputs()),
        stop_signal="QUIT",
    )


def photo_program(layout: Layout) -> Program:
    """The photo judge, on its own Python."""
    name = topology.PHOTO_JUDGE
    return Program(
        name=name,
        command=(str(PHOTO_PYTHON), "-m", name),
        environment=read(layout.env / f"{name}.env"),
        inputs=(*_code(name), ROOT / name / "uv.lock"),
    )


def log_signer_program(layout: Layout) -> Program:
    """The process that has the audit log's keys."""
    name = topology.LOG_SIGNER
    return Program(
        name=name,
        command=_python("services.audit", "sign"),
        environment=read(layout.env / f"{name}.env"),
        inputs=(*service_code("audit"), layout.log_signer / log_signer.KEY),
        user=apart.user_of(name),
    )


def broker_guard_program(layout: Layout, broker: Broker) -> Program:
    """The process that keeps who may speak on the broker as it is written."""
    return Program(
        name=topology.BROKER_GUARD,
        command=_python("infra.rabbitmq.guard"),
        environment={**broker.environment(), **broker.guarding()},
        inputs=(*_code("infra/rabbitmq"), layout.rabbitmq / "definitions.json"),
    )


def service_programs(layout: Layout) -> list[Program]:
    """Our own processes, as far as their code exists."""
    return [
        Program(
            name=process.name,
            command=_python(f"services.{process.service}", process.verb),
            environment=read(layout.env / f"{process.name}.env"),
            inputs=(
                *service_code(process.service),
                *_certificate(layout.pki, process.name),
                *_certificate(layout.outer, process.name),
                layout.keys / "trust.json",
                *_policy(layout, process.name),
            ),
        )
        for process in topology.runnable()
    ]


def _policy(layout: Layout, process: str) -> tuple[Path, ...]:
    """The log's writer asks other witnesses once they have other keys."""
    path = layout.audit_policy
    return (path,) if process == "audit-worker" and path.is_file() else ()


def supervisord_conf(layout: Layout, programs: Iterable[Program]) -> str:
    """The supervisor's configuration file."""
    run = layout.run
    head = f"""\
; Generated by infra/stack; edits are lost at the next `make up`.
[supervisord]
logfile={layout.logs}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=2
pidfile={run}/supervisord.pid
childlogdir={layout.logs}
identifier=kredit
umask=077
{"user=root" if is_root() else ""}

[unix_http_server]
file={run}/supervisord.sock
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
    return head + "".join(_section(layout, program) for program in programs)


def _section(layout: Layout, program: Program) -> str:
    variables = {**program.environment, _DIGEST: digest(program.inputs)}
    environment = ",".join(f'{k}="{_escape(v)}"' for k, v in sorted(variables.items()))
    command = " ".join(_escape(word) for word in program.command)
    user = f"user={program.user}\n" if program.user else ""
    # Retries wait 1 s, 2 s, 3 s … : about three minutes before it gives up.
    return f"""
[program:{program.name}]
command={command}
directory={ROOT}
environment={environment}
autostart=false
autorestart=true
startsecs=1
startretries=20
stopsignal={program.stop_signal}
stopwaitsecs={program.stop_within_s}
{user}killasgroup=true
redirect_stderr=true
stdout_logfile={layout.logs}/{program.name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def service_code(service: str) -> tuple[Path, ...]:
    """Every module that a service's processes may load."""
    return (*_code("kernel"), *_code(f"services/{service}"))


def _code(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _certificate(folder: Path, name: str) -> tuple[Path, ...]:
    """A renewed certificate is read at start; so is a renewed root."""
    own = folder / f"{name}.crt"
    return (own, folder / "ca.crt") if own.is_file() else ()


def digest(inputs: Iterable[Path]) -> str:
    """A short mark that changes with the content of any of `inputs`."""
    total = hashlib.sha256()
    for path in inputs:
        total.update(str(path).encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def _escape(value: str) -> str:
    """Supervisor expands `%(name)s` in values; a bare per cent sign is doubled."""
    return value.replace("%", "%%")
