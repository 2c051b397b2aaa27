"""One end of the event load: a nameko process of the kernel's own parts.

``python -m tests.faults.probe contracts`` relays what the writers have committed;
``… disbursement`` applies it: each run of its handler leaves a row in ``effects``,
in the inbox's transaction. That table has no unique key: an effect that happens
twice is seen twice.
"""

import eventlet

eventlet.monkey_patch()

import os  # noqa: E402 - nothing may open a socket before the patch
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import kernel.inbox  # noqa: E402
from kernel import entrypoints, metrics, tls  # noqa: E402
from kernel.database import Transaction  # noqa: E402
from kernel.entrypoints import handles  # noqa: E402
from kernel.events import Envelope  # noqa: E402
from kernel.events.contracts import ContractAnnulled  # noqa: E402
from kernel.logging import configure  # noqa: E402
from kernel.platform import Platform  # noqa: E402
from kernel.settings import PlatformSettings, read  # noqa: E402
from tests.faults.effects import DUPLICATES, effects  # noqa: E402


class Tally:
    """Counts in a file: each byte is one, and a kill loses none."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def inc(self, amount: float = 1) -> None:
        os.write(self._file, b"d" * int(amount))


class End:
    """Relays and applies."""

    name = sys.argv[1]

    @handles(ContractAnnulled)
    def when_contract_annulled(
        self, tx: Transaction, event: ContractAnnulled, envelope: Envelope
    ) -> None:
        tx.connection.execute(
            effects.insert().values(
                event_id=envelope.id,
                subject=envelope.subject,
                version=envelope.subjectversion,
            )
        )


if __name__ == "__main__":
    settings = read(PlatformSettings, prefix=sys.argv[1])
    configure(settings.principal, settings.log_level)
    vars(kernel.inbox)["INBOX_DUPLICATES"] = Tally(Path(os.environ[DUPLICATES]))
    container = entrypoints.serve(End, Platform.open(settings), None)
    metrics.serve(
        host=settings.metrics_host,
        port=settings.metrics_port,
        tls=tls.server_context(
            settings.tls_ca, settings.tls_cert, settings.tls_key, client_required=True
        ),
        ready=lambda: {"bus": container.bus_connected()},
    )
    while not container.has_died():
        time.sleep(0.2)
    sys.exit(1)
