"""The only writer of the log: process `audit-worker`, without eventlet.

The loop: collect, commit, publish the checkpoint, acknowledge. When the database or
the writer's seat goes away, the log is opened again, start check included, and the
batch in hand is written then; when the broker goes away, it delivers again. A log that
must not be signed is Broken and ends the process.

Of several such processes one writes. The others are its hot stand-bys: they keep up
with what it commits, and try for its seat each second.
"""

import threading
from dataclasses import dataclass, field
from typing import Final

from kernel.bus import Received
from kernel.errors import KernelError, Transient
from kernel.logging import canonical, get_logger
from kernel.platform import Platform
from services.audit.ports import SeatTakenError
from services.audit.settings import Settings
from services.audit.wiring import EventQueue, Followed, Writer, build_writer

log = get_logger("audit.worker")

LAST_ROUND_S: Final = 5
"""How long the end waits for a witness that is being asked."""


def work(platform: Platform[Settings], stop: threading.Event) -> None:
    """Write until `stop` is set. Raises Broken: this database must not be signed."""
    writer = build_writer(platform)
    loop = _Loop(writer, stop)
    every_s = platform.settings.publish_every_s
    # Beside the writer: a witness that is slow must not keep an event waiting.
    ended = threading.Event()
    about = (writer, ended, every_s)
    beside = threading.Thread(target=_show, args=about, daemon=True)
    beside.start()
    try:
        while not stop.is_set():
            try:
                loop.write()
            except Transient as away:
                loop.rest(away)
    finally:
        loop.let_go()
        ended.set()
        beside.join(timeout=LAST_ROUND_S)
        writer.close()


def _show(writer: Writer, ended: threading.Event, every_s: int) -> None:
    """Show checkpoints to witnesses and, daily, to the stamping authority.

    And the Procedure to everybody. No failure ends the loop, and none of the one keeps
    the other.
    """
    shown = {
        "witnessing": writer.witness,
        "procedure": writer.show_procedure,
        "stamping": writer.stamp,
    }
    while not ended.wait(every_s):
        for what, show in shown.items():
            try:
                show()
            except KernelError as error:
                log.warning("showing_rests", what=what, why=str(error))
            except Exception:  # the last resort: a fork would go unseen
                log.exception("showing_defect", what=what)


@dataclass(slots=True)
class _Loop:
    """What outlives a lost connection.

    The queue, the batch not yet written, and how far the log was gone through.
    """

    writer: Writer
    stop: threading.Event
    queue: EventQueue | None = None
    batch: list[Received] = field(default_factory=list)
    followed: Followed = field(default_factory=Followed)

    def write(self) -> None:
        """Open the log and write until something goes away."""
        self.writer.follow(self.followed)
        with self.writer.seat() as store:
            state = self.writer.open_log(store, followed=self.followed)
            log.info("log_opened", size=state.head.size)
            self.queue = queue = self.queue or self.writer.queue()
            while not self.stop.is_set():
                self.batch = batch = self.batch or queue.collect()
                before = state.head.size
                state = self.writer.write(batch, state=state, store=store)
                if state.head.size > before:
                    self.writer.publish(state)
                    _tell(messages=len(batch), leaves=state.head.size - before)
                if batch:
                    queue.settle(batch)
                    self.batch = []
                self.writer.board.beat()

    def rest(self, away: Transient) -> None:
        """Wait a little; a lost connection to the broker is given up with its batch.

        So is one while another writes: what it holds would be kept from the writer.
        """
        cause = type(away.__cause__).__name__
        log.warning("writer_rests", why=away.sentence, cause=cause)
        if isinstance(away, SeatTakenError):
            self._drop_queue()
        if self.queue is not None and not self.queue.lost:
            try:
                self.queue.rest(away.retry_after_s)
            except Transient:
                log.warning("queue_lost")
        else:
            self.stop.wait(away.retry_after_s)
        if self.queue is not None and self.queue.lost:
            self._drop_queue()

    def let_go(self) -> None:
        """Give the queue back and publish the last checkpoint."""
        if self.queue is not None:
            self._drop_queue()
        self.writer.board.flush()

    def _drop_queue(self) -> None:
        if self.queue is not None:
            self.queue.close()
        self.queue, self.batch = None, []


def _tell(*, messages: int, leaves: int) -> None:
    canonical("worker", "batch_written", outcome="ok", messages=messages, leaves=leaves)
