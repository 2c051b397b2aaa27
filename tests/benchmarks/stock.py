"""Stock nameko: an event handler as its manual shows it, in a vhost of its own.

No signature, no database, a classic queue as nameko declares it.  TLS and the client
certificate are ours: nameko hands them to kombu.
"""

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402 - nothing may open a socket before the patch
import time  # noqa: E402
from typing import ClassVar  # noqa: E402
from urllib.parse import urlsplit  # noqa: E402

import nameko  # noqa: E402
from nameko.containers import ServiceContainer  # noqa: E402
from nameko.events import event_handler  # noqa: E402

from kernel.bus import PREFETCH  # noqa: E402
from kernel.entrypoints import MAX_WORKERS  # noqa: E402
from kernel.settings import PlatformSettings, read  # noqa: E402
from kernel.tls import amqp_ssl  # noqa: E402
from tests.benchmarks.party import WARM_UP, ready, say  # noqa: E402


class Listener:
    """Counts what it is given."""

    name = "stock"
    times: ClassVar[list[float]] = []

    @event_handler("contracts", "signed")  # type: ignore[untyped-decorator] # nameko
    def when_signed(self, payload: dict[str, object]) -> None:
        self.times.append(time.monotonic())


def main(vhost: str, count: str) -> None:
    settings = read(PlatformSettings, prefix="disbursement")
    place = urlsplit(settings.broker_url)
    nameko.config.update(
        {
            "AMQP_URI": place._replace(path=f"/{vhost}").geturl(),
            "AMQP_SSL": amqp_ssl(
                settings.tls_ca,
                settings.tls_cert,
                settings.tls_key,
                str(place.hostname),
            ),
            "LOGIN_METHOD": "EXTERNAL",
            "PREFETCH_COUNT": PREFETCH,
            "max_workers": MAX_WORKERS,
        }
    )
    declaring = ServiceContainer(Listener)
    declaring.start()
    declaring.stop()
    ready()
    ServiceContainer(Listener).start()
    times = Listener.times
    while len(times) < int(count):
        time.sleep(0.002)
    say(seconds=time.monotonic() - times[WARM_UP - 1], count=int(count) - WARM_UP)


if __name__ == "__main__":
    main(*sys.argv[1:])
