"""The door behind the web tier: HTTP in, use cases and RPC behind, problems out.

A process of its own with its own certificate, broker user and database role: it can
judge who is at the door, and can neither make logins nor read messages.
"""

import gc
from pathlib import Path

from kernel.events.auth import ReadsLogged
from kernel.platform import Platform
from services.auth.gateway.app import build_app
from services.auth.gateway.cursors import Cursors
from services.auth.gateway.gate import Gate
from services.auth.gateway.reads import Minutes, Part, ReadLog, Reads
from services.auth.gateway.server import Server
from services.auth.settings import Settings, given
from services.auth.wiring import build_gateway

__all__ = ["Door", "build_app", "gate_for"]


class Door:
    """The public API of one process; `kernel.commands` opens it."""

    def __init__(self, platform: Platform[Settings]) -> None:
        reads = read_log(platform)
        self._gate = gate_for(platform, reads)
        self._reads = reads
        self._minutes = Minutes(reads, self._tell)
        self._server = Server(build_app(self._gate), platform.settings)

    def is_open(self) -> bool:
        """Whether a visitor is let in right now."""
        return self._server.is_open()

    def serve(self) -> None:
        """Serve until the process is told to stop."""
        gc.collect()
        gc.freeze()  # what lives for ever is not looked through again: 0.1 s each time
        with self._minutes.passing():
            self._server.run()
        self._reads.close()
        self._gate.close()

    def _tell(self, part: Part) -> None:
        logged = ReadsLogged(
            log_id=part.log_id,
            number=part.number,
            first_at=part.first_at,
            last_at=part.last_at,
            lines=part.lines,
            length=part.length,
            log_sha256=part.sha256,
            previous_sha256=part.previous_sha256,
            counts=part.counts,
        )
        self._gate.use_cases.record(self._gate.new_context(), logged)


def read_log(platform: Platform[Settings]) -> ReadLog:
    """This process's log of ordinary reads.  Broken when it has no folder."""
    folder = Path(given(platform.settings.reads, name="READS"))
    return ReadLog(folder, log_id=platform.ids.new(), clock=platform.clock)


def gate_for(platform: Platform[Settings], reads: Reads) -> Gate:
    """What the process answers with, and under which names it is called."""
    settings = platform.settings
    site = settings.public_host
    hosts = {site, "127.0.0.1", "localhost"}
    origins = {f"https://{site}"}
    if settings.stage != "production":  # a browser on this machine
        origins |= {f"https://{host}:{settings.public_port}" for host in hosts}
    return Gate(
        use_cases=build_gateway(platform),
        rpc=platform.rpc,
        assertions=platform.assertions,
        cursors=Cursors(platform.field_keys),
        reads=reads,
        new_context=platform.context,
        hosts=frozenset(hosts),
        origins=frozenset(origins),
    )
