"""The clock's witness: one plain thread, no eventlet, another process than the payer.

Its beat is only a look: however late it comes, it counts what the machine's uptime says
has passed, so a beat that is missed loses nothing.
"""

import threading

from kernel.errors import KernelError, Transient
from kernel.logging import get_logger
from kernel.platform import Platform
from services.disbursement.settings import Settings
from services.disbursement.wiring import build_witness

log = get_logger("disbursement")


def witness(platform: Platform[Settings], stop: threading.Event) -> None:
    """Count until ``stop`` is set; no failure ends the loop."""
    counting = build_witness(platform)
    try:
        while not stop.wait(counting.every_s):
            try:
                counting.beat()
            except Transient as error:
                log.warning("witness_rests", why=error.sentence)
                stop.wait(error.retry_after_s)
            except KernelError:
                log.exception("witness_broken")
            except Exception:  # the last resort: without it all payouts stand still
                log.exception("witness_defect")
    finally:
        counting.close()
