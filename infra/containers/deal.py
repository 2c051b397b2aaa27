"""`python -m infra.containers.deal`: make certificates and keys, deal them out.

A process is given the files that its environment names and no others, in a volume
of its own: whoever breaks into one container holds one identity.
"""

import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra import pki, topology
from infra.containers import places
from infra.demo.world import PARTNER
from infra.layout import Layout, StateFolderError, write_private
from infra.postgres import config
from infra.rabbitmq.definitions import definitions_json
from infra.rabbitmq.server import ADVANCED, PLUGINS, rabbitmq_conf
from infra.stack import witnesses
from infra.stack.environment import Environments
from infra.stack.ports import metrics
from infra.web import limits
from infra.web.config import Place, nginx_conf
from infra.web.server import give_pages

# The simulators' data lie in a volume of their own.
_SIMULATORS_DATA = "/data"
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - inside a container; networks say who reaches it
_OUR_HOSTS = {
    name: topology.simulator(name) for name in ("bank", "world", *topology.WITNESSES)
}


_PUBLISHED = places.STATE / topology.WEB_TIER / "log"


@dataclass(frozen=True, slots=True)
class Dealer:
    """From `vault` (authorities, all keys) into the folders of `handouts`."""

    vault: Layout
    handouts: Path
    stage: str

    def deal(self, *, now: datetime) -> list[str]:
        """Make what is missing or due, hand it out; names of what was made."""
        made = pki.ensure(self.vault, now=now, hosts={**places.HOSTS, **_OUR_HOSTS})
        for name, environment in self._environments():
            self._give(name, environment)
        self._give_visitor()
        self._give_database()
        self._give_broker()
        self._give_web_tier()
        self._give_clock()
        return made

    def _environments(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Of every process, in words that hold inside its container."""
        of = Environments(
            Layout(places.STATE),
            places.PORTS,
            self.stage,
            log_vkey=witnesses.log_vkey(self.vault.keys / "audit-log.ed25519"),
            hosts=places.HOSTS,
            guarded=False,  # the node speaks its own language to nobody there
        )
        for process in topology.runnable():
            yield process.name, of.of_process(process) | _inside(process)
        for service in topology.migratable():
            yield f"{service}-migrate", of.of_migration(service)
        yield topology.OPERATOR, of.of_operator()
        signer = of.of_log_signer()
        yield topology.LOG_SIGNER, signer | _of_log_signer()
        for name in topology.simulators():
            own = {"HOST": _EVERYWHERE, "DATA": _SIMULATORS_DATA}
            if name in places.WITNESSES:
                own |= _of_witness(name)
            if name == "simulator-bank":
                own["LEDGER"] = f"{_SIMULATORS_DATA}/bank-ledger.jsonl"
            yield name, of.of_simulator(name) | own

    def _give(self, name: str, environment: Mapping[str, str]) -> None:
        folder = self.handouts / name
        for value in environment.values():
            place = Path(value)
            if place.is_relative_to(places.STATE):
                self._copy(place.relative_to(places.STATE), folder)
        lines = (f"{key}={value}\n" for key, value in sorted(environment.items()))
        write_private(folder / "environment", "".join(lines))
        # What other volumes are mounted on: this one is read-only by then.
        published = _PUBLISHED.relative_to(places.STATE)
        for inner in ("data", "anchor", "archive", "session", "run", published):
            (folder / inner).mkdir(parents=True, exist_ok=True)
        _hand_over(folder, places.OTHERS.get(name, places.OURS))

    def _copy(self, place: Path, folder: Path) -> None:
        """A file that does not exist yet is somebody else's to bring."""
        source = self.vault.state / place
        if source.is_file():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            write_private(folder / place, source.read_bytes())

    def _give_visitor(self) -> None:
        """What a person and the director of the outer world hold, as in a demo."""
        layout = Layout(places.STATE)
        paths = {
            "CA": layout.pki / "ca.crt",
            "OUTER_CA": layout.outer / "ca.crt",
            "OUTER_CERT": layout.outer / f"{PARTNER}.crt",
            "OUTER_KEY": layout.outer / f"{PARTNER}.key",
            "CONTROL_TOKEN": layout.keys / "control.token",
        }
        self._give(places.VISITOR, {key: str(path) for key, path in paths.items()})

    def _give_database(self) -> None:
        folder = self.handouts / topology.DATABASE_SERVER / "postgres"
        tls = folder / "tls"
        tls.mkdir(parents=True, exist_ok=True)
        written = {
            "postgresql.conf": config.postgresql_conf(
                port=places.PORTS[topology.DATABASE_SERVER],
                home=places.STATE / "postgres",
                socket=Path("/var/run/postgresql"),
                listen="*",
            ),
            # The networks it stands in are the rule; here: one, of our containers.
            "pg_hba.conf": config.pg_hba_conf(clients="samenet"),
            "pg_ident.conf": config.pg_ident_conf(superusers=("postgres",)),
            "provision.sql": config.provision_sql(),
        }
        for name, content in written.items():
            write_private(folder / name, content)
        for name in ("ca.crt", "postgres.crt", "postgres.key"):
            write_private(tls / name, (self.vault.pki / name).read_bytes())
        # The image demands one; no line of pg_hba.conf lets a password in.
        password = folder / "superuser.password"
        if not password.is_file():
            write_private(password, secrets.token_urlsafe(32))
        _hand_over(folder.parent, places.SERVERS)

    def _give_broker(self) -> None:
        folder = self.handouts / topology.BROKER_SERVER
        home = folder / "rabbitmq"
        home.mkdir(parents=True, exist_ok=True)
        conf = rabbitmq_conf(
            port=places.PORTS[topology.BROKER_SERVER],
            pki=places.STATE / "pki",
            home=places.STATE / "rabbitmq",
            listen=_EVERYWHERE,
        )
        write_private(home / "rabbitmq.conf", conf)
        write_private(home / "advanced.config", ADVANCED)
        write_private(home / "definitions.json", definitions_json())
        write_private(home / "plugins", PLUGINS)
        for name in ("ca.crt", "rabbitmq.crt", "rabbitmq.key"):
            self._copy(Path("pki") / name, folder)
        _hand_over(folder, places.SERVERS)

    def _give_web_tier(self) -> None:
        folder = self.handouts / topology.WEB_TIER
        home = folder / topology.WEB_TIER
        (home / "log").mkdir(parents=True, exist_ok=True)
        given = places.STATE / topology.WEB_TIER
        place = Place(
            hosts=(topology.PUBLIC_HOST, "localhost", "127.0.0.1"),
            gateways=(f"{places.HOSTS['gateway']}:{places.PORTS['gateway']}",),
            port=places.PORTS[topology.WEB_TIER],
            plain_port=places.PORTS[f"{topology.WEB_TIER}.plain"],
            ready_port=places.PORTS[metrics(topology.WEB_TIER)],
            pki=places.STATE / "pki",
            static=given / "static",
            log=_PUBLISHED,
            scratch=Path("/tmp"),  # noqa: S108 - the container's own, in memory
            visitor=limits.limits_of(self.stage),
            listen=_EVERYWHERE,
        )
        give_pages(home / "static")
        write_private(home / "nginx.conf", nginx_conf(place))
        for name in (topology.PUBLIC_CERTIFICATE, topology.WEB_TIER):
            for kind in ("crt", "key"):
                self._copy(Path("pki") / f"{name}.{kind}", folder)
        self._copy(Path("pki") / "ca.crt", folder)
        _hand_over(folder, places.OURS)

    def _give_clock(self) -> None:
        folder = self.handouts / places.CLOCK
        for mount_point in ("checkpoints", "reads"):
            (folder / mount_point).mkdir(parents=True, exist_ok=True)
        _hand_over(folder, places.OURS)


def _of_witness(process: str) -> dict[str, str]:
    """Its store, which is another user's, and its certificate where others' are."""
    outer = Layout(places.STATE).outer
    name = process.removeprefix("simulator-")
    return {
        "DATA": f"{places.KEPT}/{process}",
        "OUTER_CA": str(outer / "ca.crt"),
        "OUTER_CERT": str(outer / f"{name}.crt"),
        "OUTER_KEY": str(outer / f"{name}.key"),
    }


def _of_log_signer() -> dict[str, str]:
    """Its key where keys are; its memory and its socket are volumes of their own."""
    key = Layout(places.STATE).keys / "audit-log.ed25519"
    return {
        "HOME": places.KEPT,
        "AUDIT_LOG_KEY": str(key),
        "AUDIT_SIGNER_SOCKET": places.SIGNER_SOCKET,
        "AUDIT_SIGNER_STATE": f"{places.KEPT}/{topology.LOG_SIGNER}/signed",
    }


def _inside(process: topology.Process) -> dict[str, str]:
    """What is otherwise in a container than on a machine of one user."""
    if process.verb == "serve":
        return {"AUTH_HOST": _EVERYWHERE}
    if process.service == "audit":
        own = {"AUDIT_CHECKPOINT_DIR": str(_PUBLISHED)}
        if process.name == topology.LOG_WRITER:
            own["AUDIT_SIGNER_SOCKET"] = places.SIGNER_SOCKET
        return own
    return {}


def _hand_over(folder: Path, user: int) -> None:
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user, user)
        if path.is_dir():
            path.chmod(0o700)


def main() -> int:
    """Exit status: 0 done, 1 when a folder cannot be used."""
    stage = os.environ.get("KREDIT_STAGE", "development")  # noqa: TID251 - infra may not import kernel
    dealer = Dealer(Layout(places.VAULT), places.HANDOUTS, stage)
    try:
        made = dealer.deal(now=datetime.fromtimestamp(time.time(), UTC))
    except StateFolderError as refusal:
        print(f"deal: {refusal}", file=sys.stderr)
        return 1
    print(f"deal: made {', '.join(made)}" if made else "deal: nothing is due")
    return 0


if __name__ == "__main__":
    sys.exit(main())
