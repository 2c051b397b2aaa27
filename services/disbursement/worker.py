"""The payer: plain threads, no eventlet; the only process that speaks to the bank.

Each beat a thread: *prepare* draws orders up, *due* ends holds, *pay* leads through the
gate, *ask* asks the bank, *close* ends refused payouts that nobody had paid again,
*reconcile* holds the bank's statement against the orders, *prove* closes days of the
books. A wake-up is only a hint; the truth is the row a beat claims, so any number of
these processes may run.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

from kernel.errors import KernelError, Transient
from kernel.logging import get_logger
from kernel.platform import Platform
from services.disbursement.settings import Settings
from services.disbursement.wiring import Payer, build_payer

log = get_logger("disbursement")

LONGEST_SLEEP_S: Final = 1.0
"""However far the next instant is: the clock may be moved, a row may come."""
SHORTEST_SLEEP_S: Final = 0.02
REST_AFTER_DEFECT_S: Final = 1.0


def work(platform: Platform[Settings], stop: threading.Event) -> None:
    """Run the beats until ``stop`` is set and each has finished its payout."""
    payer = build_payer(platform)
    threads = [
        threading.Thread(
            target=run_beat, args=(name, beat), kwargs={"payer": payer, "stop": stop}
        )
        for name, beat in payer.beats.items()
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        payer.close()


def run_beat(
    name: str, beat: Callable[[], bool], *, payer: Payer, stop: threading.Event
) -> None:
    """Take payouts as long as there are any, else sleep until the next is due.

    No failure ends the loop: a payout that fails keeps its lease and is looked at
    again when that has run out.
    """
    while not stop.is_set():
        try:
            if not beat():
                stop.wait(sleep_s(payer.clock.now(), payer.next_instant()))
        except Transient as error:
            log.warning("beat_rests", beat=name, why=error.sentence)
            stop.wait(error.retry_after_s)
        except KernelError:
            log.exception("beat_broken", beat=name)
            stop.wait(REST_AFTER_DEFECT_S)
        except Exception:  # the last resort: the payer must not die of a defect
            log.exception("beat_defect", beat=name)
            stop.wait(REST_AFTER_DEFECT_S)


def sleep_s(now: datetime, due_at: datetime | None) -> float:
    """How long to sleep: to the next due instant, at most a second."""
    if due_at is None:
        return LONGEST_SLEEP_S
    left_s = (due_at - now).total_seconds()
    return min(max(left_s, SHORTEST_SLEEP_S), LONGEST_SLEEP_S)
