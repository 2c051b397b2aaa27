"""The payer: plain threads, no eventlet; the only process that speaks to the bank.

Each beat a thread, *pay* two: *prepare* draws orders up, *due* ends holds, *pay* leads
through the gate, *ask* asks the bank, *close* ends refused payouts that nobody had paid
again, *reconcile* holds the bank's statement against the orders, *prove* closes days of
the books. A wake-up is only a hint; the truth is the row a beat claims, so any number
of these processes may run. One more thread listens to what commits say, here and in
other processes, and rings for the beat that has work now; another measures how far
behind all of them are.
"""

import gc
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from kernel.errors import KernelError, Transient
from kernel.logging import get_logger
from kernel.platform import Platform
from services.disbursement.settings import Settings
from services.disbursement.wiring import Beat, Payer, build_payer

log = get_logger("disbursement")

LONGEST_SLEEP_S: Final = 1.0
"""However far the next instant is: the clock may be moved, a ring may be lost."""
SHORTEST_SLEEP_S: Final = 0.001
REST_AFTER_DEFECT_S: Final = 1.0
MEASURE_EVERY_S: Final = 15.0


class Bell:
    """Wakes one beat.  A ring between its look at the rows and its sleep counts."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._rung = 0

    @property
    def rung(self) -> int:
        """How often it was rung; read before the look that may be followed by sleep."""
        with self._turn:
            return self._rung

    def ring(self) -> None:
        """There may be work."""
        with self._turn:
            self._rung += 1
            self._turn.notify_all()

    def wait(self, heard: int, *, timeout_s: float) -> None:
        """Sleep until it is rung more often than was ``heard``, or time is over."""
        with self._turn:
            self._turn.wait_for(lambda: self._rung != heard, timeout_s)


def work(platform: Platform[Settings], stop: threading.Event) -> None:
    """Run the beats until ``stop`` is set and each has finished its payout."""
    run(build_payer(platform), stop)


def run(payer: Payer, stop: threading.Event) -> None:
    """The beats of a payer that is built, each a thread, with what wakes them."""
    bells = {name: Bell() for name in payer.beats}
    threads = [
        *(
            threading.Thread(
                target=run_beat,
                args=(name, beat),
                kwargs={"payer": payer, "bell": bells[name], "stop": stop},
            )
            for name, beat in payer.beats.items()
            for _ in range(beat.threads)
        ),
        threading.Thread(target=listen, args=(payer, bells, stop)),
        threading.Thread(target=measure, args=(payer, stop)),
    ]
    gc.collect()
    gc.freeze()  # what lives for ever is not looked through again: 0.1 s each time
    try:
        for thread in threads:
            thread.start()
        stop.wait()
        for bell in bells.values():
            bell.ring()
        for thread in threads:
            thread.join()
    finally:
        payer.close()


def run_beat(
    name: str, beat: Beat, *, payer: Payer, bell: Bell, stop: threading.Event
) -> None:
    """Take payouts as long as there are any, else sleep until the next is due.

    No failure ends the loop: a payout that fails keeps its lease and is looked at
    again when that has run out.
    """

    def turn() -> None:
        heard = bell.rung
        if not beat.take_next():
            due_at = payer.next_instant(beat)
            bell.wait(heard, timeout_s=sleep_s(payer.clock.now(), due_at))

    _for_ever(name, turn, stop)


def listen(payer: Payer, bells: Mapping[str, Bell], stop: threading.Event) -> None:
    """Ring for the beat whose rows a commit speaks of; for all when it begins."""

    def heard(state: str) -> None:
        for name, beat in payer.beats.items():
            if not state or state in beat.states:
                bells[name].ring()

    _for_ever("listen", lambda: payer.listen(heard, stop=stop), stop)


def measure(payer: Payer, stop: threading.Event) -> None:
    """Tell the monitoring, every so often, how far behind the payouts are."""

    def turn() -> None:
        payer.measure()
        stop.wait(MEASURE_EVERY_S)

    _for_ever("measure", turn, stop)


def _for_ever(name: str, turn: Callable[[], None], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            turn()
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
