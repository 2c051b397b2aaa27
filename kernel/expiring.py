"""Each process says when a certificate it shows comes to its end.

Whose certificate has run out keeps the connections it has and makes no new one: the
process works until it has to connect again, and then no more.  So it is told before,
and once it has come to that by the connections that are left (clause 7.1).
"""

import threading
from datetime import datetime, timedelta
from typing import Final, Literal

from kernel.clock import Clock, SystemClock
from kernel.errors import Transient
from kernel.events.platform import CertificateExpiring
from kernel.logging import get_logger
from kernel.parts import Shown, certificates_of
from kernel.platform import AnyPlatform
from kernel.tls import expires_at

log = get_logger("certificates")

LOOK_S: Final = 60.0
AGAIN: Final = timedelta(days=1)
"""What is told is told anew each day until the process shows another certificate."""

Standing = Literal["expiring", "expired"]


class Expiring:
    """The certificates of one process, as it read them at its start.

    ``machine`` is the clock of the computer, by which TLS goes.
    """

    def __init__(self, platform: AnyPlatform, *, machine: Clock | None = None) -> None:
        self._platform = platform
        self._machine = machine or SystemClock()
        shown = certificates_of(platform.settings)
        self._ends = {which: expires_at(path) for which, path in shown.items()}
        self._told: dict[Shown, tuple[Standing, datetime]] = {}

    def look(self) -> None:
        """Tell of what ends within `certificate.warn_days`, or has ended.

        Raises Transient when the database is away: it is told later.
        """
        now = self._machine.now()
        for which, ends in self._ends.items():
            standing = self._standing(ends, now)
            if standing is not None and self._is_news(which, standing, now):
                self._tell(which, standing)
                self._told[which] = standing, now

    def _standing(self, ends: datetime, now: datetime) -> Standing | None:
        platform = self._platform
        days = platform.policy.integer("certificate.warn_days", platform.clock.now())
        if now >= ends:
            return "expired"
        return "expiring" if ends - now < timedelta(days=days) else None

    def _is_news(self, which: Shown, standing: Standing, now: datetime) -> bool:
        before = self._told.get(which)
        return before is None or before[0] != standing or now - before[1] >= AGAIN

    def _tell(self, which: Shown, standing: Standing) -> None:
        platform = self._platform
        with platform.database.begin(platform.context()) as tx:
            tx.publish(
                CertificateExpiring(
                    certificate_id=platform.ids.new(),
                    principal=platform.settings.principal,
                    which=which,
                    expires_at=self._ends[which],
                    standing=standing,
                )
            )


def watch(platform: AnyPlatform, stop: threading.Event) -> None:
    """Look at once and each minute, in a thread beside, until ``stop`` is set."""
    expiring = Expiring(platform)

    def run() -> None:
        while not stop.is_set():
            try:
                expiring.look()
            except Transient as away:
                log.warning("certificates_not_told", why=away.sentence)
            stop.wait(LOOK_S)

    threading.Thread(target=run, name="certificates", daemon=True).start()
