"""Two witnesses in processes and stores of their own, asked over HTTPS."""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from infra.layout import ROOT
from infra.leash import leashed
from infra.stack import Stack
from kernel.errors import Broken
from services.audit.wiring import Writer, build_writer
from tests.integration.audit.conftest import LogStand
from tests.integration.audit.test_log import OFF, put
from tests.ports import free_port
from tests.unit.audit.builders import Producer
from tests.waiting import eventually

NAMES = ("regulator", "auditor")


@dataclass
class Outside:
    """Where each witness is, and the policy that wants both."""

    urls: dict[str, str]
    folder: Path
    stand: LogStand

    @property
    def policy(self) -> Path:
        lines = [
            f"witness {name} {(self.folder / name / 'vkey').read_text().strip()} {url}"
            for name, url in self.urls.items()
        ]
        path = self.folder / "policy"
        path.write_text(
            "\n".join([*lines, f"group both all {' '.join(NAMES)}", "quorum both", ""])
        )
        return path

    def writer(self) -> Writer:
        """Another writer, which asks them."""
        platform = self.stand.platform("audit-worker")
        asked = replace(
            platform.settings,
            policy=self.policy,
            witness_ca=self.stand.servers.layout.outer / "ca.crt",
        )
        return build_writer(replace(platform, settings=asked, clock=self.stand.clock))


@contextmanager
def witness(
    name: str, port: int, *, vkey: str, folder: Path, servers: Stack
) -> Iterator[None]:
    """One witness, as its operator starts it."""
    outer = servers.layout.outer
    environment = {
        "PATH": "/usr/bin:/bin",
        "WITNESS_PORT": str(port),
        "WITNESS_NAME": f"{name}.example/w1",
        "WITNESS_LOGS": vkey,
        "DATA": str(folder / name),
        "OUTER_CA": str(outer / "ca.crt"),
        "OUTER_CERT": str(outer / "world.crt"),
        "OUTER_KEY": str(outer / "world.key"),
    }
    process = subprocess.Popen(
        leashed([sys.executable, "-m", "infra.simulators.witness"]),
        cwd=ROOT,
        env=environment,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def outside(stand: LogStand, tmp_path: Path) -> Iterator[Outside]:
    vkey = build_writer(stand.platform("audit-worker")).signer.keys[0].vkey
    ports = {name: free_port() for name in NAMES}
    urls = {name: f"https://127.0.0.1:{port}" for name, port in ports.items()}
    with ExitStack() as stack:
        for name, port in ports.items():
            stack.enter_context(
                witness(name, port, vkey=vkey, folder=tmp_path, servers=stand.servers)
            )
        ca = stand.servers.layout.outer / "ca.crt"
        for url in urls.values():
            eventually(partial(is_ready, url, ca), told=lambda: "a witness not ready")
        yield Outside(urls, tmp_path, stand)


def is_ready(url: str, ca: Path) -> bool:
    try:
        tls = ssl.create_default_context(cafile=str(ca))
        return httpx.get(f"{url}/ready", verify=tls).is_success
    except httpx.HTTPError:
        return False


@pytest.mark.clause("3.2b")
@pytest.mark.seeded("audit_witnesses_unasked_at_start")
def test_two_witnesses_cosign_and_hold_the_log_to_it(outside: Outside) -> None:
    """A quorum twice, then a database set back with all that this machine keeps."""
    producer, writer = Producer(), outside.writer()
    with writer.seat() as store:
        state = writer.open_log(store)
        early = state.note
        for size in (301, 306):
            more = [producer.event() for _ in range(size - state.head.size)]
            state = put(writer, store, state, more, producer)
            writer.board.flush()
            writer.witness()
            seen = writer.board.witnessed() or b""
            assert seen.startswith(state.note)
            assert seen.count("— ".encode()) == 3
    for name in NAMES:
        journal = (outside.folder / name / "cosigned.jsonl").read_text()
        assert [json.loads(line)["size"] for line in journal.splitlines()] == [301, 306]
    outside.stand.as_owner(
        *OFF,
        "DELETE FROM audit_log WHERE seq > 0",
        "DELETE FROM audit_checkpoint WHERE size > 1",
    )
    writer.anchor.write(early)
    writer.board.publish(early)
    writer.board.flush()
    with writer.seat() as store, pytest.raises(Broken, match="restored or stale"):
        writer.open_log(store)
    writer.close()
