"""What each process is told: paths and addresses, never a secret's value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra import topology
from infra.layout import Layout, write_private
from infra.postgres.config import role_of
from infra.simulators.hierarchy import COID
from infra.stack import company, log_signer, witnesses
from infra.stack.ports import metrics

# Measured: a look takes 0.1 to 0.5 s, 210 MB of resident and 1 GB of address space;
# a picture of 40 megapixels 0.4 GB more.
_PHOTO_LIMITS = {"TIME_LIMIT_S": "8", "MEMORY_MIB": "1536", "PICTURES": "200"}
_PROMPTLY = {"PUBLISH_EVERY_S": "1"}
"""A test waits for what witnesses saw; elsewhere every ten seconds is often enough."""

# Outer systems each service talks to; the bank is a server of its own.
_OUTER_SYSTEMS: Mapping[str, tuple[str, ...]] = {
    "auth": ("SMS",),
    "onboarding": ("COID", "CA", "STATE", "BANK"),
    "contracts": ("BANK", "BUREAU", "CA", "MONITORING", "STATE"),
    "antifraud": ("BUREAU", "STATE", "CENTRE"),
    "disbursement": ("BANK", "CARDS"),
    "audit": ("NOTICES",),
}


_KEEPS_MEMORY: Final = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(64 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
}
"""Whoever looks at passwords keeps the memory that argon2 fills (mallopt(3), bytes).

By default glibc gives it back after each and gets it again page by page, a third of
the time one look takes.  One arena, so that two places are kept, not two a thread.
"""


@dataclass(frozen=True, slots=True)
class Environments:
    """Environments of every process of one stack. `stage` as services know it.

    `hosts` names the machine of a port, see `ports`, where it is not this one.
    `log_vkey`: the audit log's key as witnesses know it; `witnessed`: outside ones run,
    and the log's writer knows them; `signed_apart`: another process has its keys;
    `guarded`: a process keeps out of the broker whom it is told.
    """

    layout: Layout
    ports: Mapping[str, int]
    stage: str
    log_vkey: str
    hosts: Mapping[str, str] = field(default_factory=dict)
    witnessed: bool = True
    signed_apart: bool = True
    guarded: bool = True

    def write(self) -> None:
        """Write `.state/env/<process>.env` for everybody, 0600."""
        for process in topology.processes():
            self._write(process.name, self.of_process(process))
        for service in topology.services():
            self._write(f"{service}-migrate", self.of_migration(service))
        self._write(topology.PHOTO_JUDGE, self.of_photo_judge())
        self._write(topology.LOG_SIGNER, self.of_log_signer())
        for simulator in topology.simulators():
            self._write(simulator, self.of_simulator(simulator))
        self._write(topology.OPERATOR, self.of_operator())

    def of_process(self, process: topology.Process) -> dict[str, str]:
        """The whole environment of a service's process."""
        own = {
            **self._identity(process.name),
            "DATABASE_URL": self._database(role_of(process.name), process.service),
            **self._keys(process),
            **self._outer(process),
            **self._of_service(process),
            "METRICS_PORT": str(self.ports[metrics(process.name)]),
        }
        memory = _KEEPS_MEMORY if process.name == "gateway" else {}
        return _base(self.layout) | memory | _prefixed(process.service, own)

    def of_migration(self, service: str) -> dict[str, str]:
        """The schema's owner: its own certificate, and no key of the service."""
        owned = {"DATABASE_URL": self._database(f"{service}_owner", service)}
        own = self._identity(f"{service}-migrate") | owned
        return _base(self.layout) | _prefixed(service, own)

    def of_photo_judge(self) -> dict[str, str]:
        """Where to listen, and what one judge may take; no secret, no address."""
        own = {"SOCKET": str(self.layout.photo_socket), **_PHOTO_LIMITS}
        return _base(self.layout) | _prefixed(topology.PHOTO_JUDGE, own)

    def of_log_signer(self) -> dict[str, str]:
        """The log's key and where to listen; no database, no address."""
        home = self.layout.log_signer
        own = {
            "ORIGIN": witnesses.ORIGIN,
            "LOG_KEY": str(home / log_signer.KEY),
            "SIGNER_SOCKET": str(self.layout.log_signer_socket),
            "SIGNER_STATE": str(home / "signed"),
        }
        return _base(self.layout) | {"HOME": str(home)} | _prefixed("audit", own)

    def of_operator(self) -> dict[str, str]:
        """The staff's command line: it knows the broker, no database."""
        name = topology.OPERATOR
        key = {"SIGNING_KEY": str(self.layout.keys / f"{name}.ed25519")}
        trust = {"TRUST": str(self.layout.keys / "trust.json")}
        kept = {"SESSION_FOLDER": str(self.layout.session)}
        mine = _prefixed(name, {**self._identity(name), **key, **trust, **kept})
        return _base(self.layout) | mine

    def of_simulator(self, name: str) -> dict[str, str]:
        """A stand-in of the outer world: outer certificates, the shared clock."""
        short = name.removeprefix("simulator-")
        if short in topology.WITNESSES:
            return self._of_witness(short)
        outer, data = self.layout.outer, self.layout.data
        common = {
            **_base(self.layout),
            "OUTER_CA": str(outer / "ca.crt"),
            "OUTER_CERT": str(outer / f"{short}.crt"),
            "OUTER_KEY": str(outer / f"{short}.key"),
            "CONTROL_TOKEN_FILE": str(self.layout.keys / "control.token"),
            "CLOCK_FILE": str(self.layout.clock),
            "DATA": str(data),
        }
        if short == "bank":
            return {
                **common,
                "BANK_PORT": str(self.ports[name]),
                "LEDGER": str(data / "bank-ledger.jsonl"),
            }
        return {
            **common,
            "WORLD_PARTNER_PORT": str(self.ports[name]),
            "WORLD_PUBLIC_PORT": str(self.ports[f"{name}.public"]),
            "WORLD_PUBLIC_URL": self._url(f"{name}.public"),
        }

    def _of_witness(self, name: str) -> dict[str, str]:
        """Its own folder, and the log it knows; nothing else of ours."""
        home = self.layout.witness(name)
        return {
            **_base(self.layout),
            "HOME": str(home),
            "OUTER_CA": str(home / "ca.crt"),
            "OUTER_CERT": str(home / f"{name}.crt"),
            "OUTER_KEY": str(home / f"{name}.key"),
            "WITNESS_PORT": str(self.ports[topology.simulator(name)]),
            "WITNESS_NAME": f"{name}.example/w1",
            "WITNESS_LOGS": self.log_vkey,
            "DATA": str(home),
        }

    @property
    def public_url(self) -> str:
        """The site as a browser on this machine sees it."""
        return self._url(topology.WEB_TIER)

    def _identity(self, principal: str) -> dict[str, str]:
        pki = self.layout.pki
        broker = self._address(topology.BROKER_SERVER)
        return {
            "STAGE": self.stage,
            "PRINCIPAL": principal,
            "BROKER_URL": f"amqps://{broker}/kredit",
            "TLS_CA": str(pki / "ca.crt"),
            "TLS_CERT": str(pki / f"{principal}.crt"),
            "TLS_KEY": str(pki / f"{principal}.key"),
            "CLOCK": f"shifted:{self.layout.clock}",
            "LOG_LEVEL": "info",
        }

    def _keys(self, process: topology.Process) -> dict[str, str]:
        keys = self.layout.keys
        paths = {
            "SIGNING_KEY": keys / f"{process.name}.ed25519",
            "TRUST": keys / "trust.json",
            "FIELD_KEYS": keys / f"{process.service}.fields.json",
        }
        if process.service in topology.TOKEN_MAKERS:
            paths["BLIND_KEYS"] = keys / "blind.json"
        return {name: str(path) for name, path in paths.items()}

    def _outer(self, process: topology.Process) -> dict[str, str]:
        """Only who holds a certificate for the outer world is told its addresses."""
        if process.name not in topology.PARTNER_CLIENTS:
            return {}
        folder = self.layout.outer
        systems = _OUTER_SYSTEMS[process.service]
        return {
            **{f"{system}_URL": self._outer_url(system) for system in systems},
            "OUTER_CA": str(folder / "ca.crt"),
            "OUTER_CERT": str(folder / f"{process.name}.crt"),
            "OUTER_KEY": str(folder / f"{process.name}.key"),
        }

    def _outer_url(self, system: str) -> str:
        """Root of the listener; the paths are the adapters' own knowledge."""
        if system in {"BANK", "CARDS"}:
            return self._url("simulator-bank")
        if system == "CA":
            return self._url("simulator-world.public")
        return self._url("simulator-world")

    def _of_service(self, process: topology.Process) -> dict[str, str]:
        layout = self.layout
        match process.service:
            case "auth":
                return self._of_auth(process)
            case "onboarding":
                return {
                    "EDS_ROOTS": str(layout.outer / "eds-roots.pem"),
                    "EDS_ISSUERS": str(layout.outer / "eds-issuers.pem"),
                    "COID_BIN": COID.bin or "",
                    "COMPANY_BIN": company.BIN,
                    "PHOTO_SOCKET": str(layout.photo_socket),
                    "PUBLIC_URL": self.public_url,
                }
            case "contracts":
                return {
                    "COLLECTION_IBAN": company.COLLECTION_IBAN,
                    "PUBLIC_URL": self.public_url,
                    "SIGNER_KEY": str(layout.outer / company.KEY),
                    "SIGNER_CERTIFICATE": str(layout.outer / company.CERTIFICATE),
                }
            case "disbursement":
                return {"COMPANY_IBAN": company.IBAN, "COMPANY_BIN": company.BIN}
            case "audit":
                return self._of_audit(process)
            case _:
                return {}

    def _of_auth(self, process: topology.Process) -> dict[str, str]:
        public = {
            "PUBLIC_HOST": topology.PUBLIC_HOST,
            "PUBLIC_PORT": str(self.ports[topology.WEB_TIER]),
            "PORT": str(self.ports["gateway"]),
        }
        if process.name != "gateway":
            key = self.layout.keys / f"{topology.STAFF_TOKENS}.ed25519"
            return {**public, "STAFF_KEY": str(key)}
        certificate = self.layout.pki / "gateway"
        return {
            **public,
            "SERVER_CERT": f"{certificate}.crt",
            "SERVER_KEY": f"{certificate}.key",
            "READS": str(self.layout.reads),
        }

    def _of_audit(self, process: topology.Process) -> dict[str, str]:
        layout = self.layout
        public = {
            "ORIGIN": witnesses.ORIGIN,
            "ANCHOR": str(layout.anchor / "audit.note"),
            "CHECKPOINT_DIR": str(layout.checkpoints),
            "ARCHIVE_DIR": str(layout.archive),
        }
        if self.witnessed:
            public["POLICY"] = str(layout.audit_policy)
        if process.verb != "work":
            socket = {"BROKER_GUARD": str(layout.broker_guard_socket)}
            return public | (socket if self.guarded else {})
        # The writer alone has the log signed; whoever reads it needs no key.
        writer = {**public, "SIGNER_SOCKET": str(layout.log_signer_socket)}
        if not self.signed_apart:
            writer = {**public, "LOG_KEY": str(layout.keys / "audit-log.ed25519")}
        if self.stage == "test":
            writer |= _PROMPTLY
        if self.witnessed:
            writer["WITNESS_CA"] = str(layout.outer / "ca.crt")
        return writer

    def _database(self, role: str, database: str) -> str:
        server = self._address(topology.DATABASE_SERVER)
        return f"postgresql+psycopg2://{role}@{server}/{database}"

    def _url(self, port: str) -> str:
        return f"https://{self._address(port)}"

    def _address(self, port: str) -> str:
        return f"{self.hosts.get(port, '127.0.0.1')}:{self.ports[port]}"

    def _write(self, name: str, environment: Mapping[str, str]) -> None:
        lines = (f"{key}={value}\n" for key, value in sorted(environment.items()))
        write_private(self.layout.env / f"{name}.env", "".join(lines))


def read(path: Path) -> dict[str, str]:
    """An environment file's variables."""
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line)


def _base(layout: Layout) -> dict[str, str]:
    """What any program needs of its system; no inherited surprises."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(layout.data),
        "PYTHONUNBUFFERED": "1",
        # Names are asked of the system, as libpq does: eventlet's own resolver is a
        # tenth of what a process imports.
        "EVENTLET_NO_GREENDNS": "yes",
    }


def _prefixed(service: str, own: Mapping[str, str]) -> dict[str, str]:
    return {f"{service.upper()}_{name}": value for name, value in own.items()}
