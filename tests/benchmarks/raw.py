"""The raw publisher: py-amqp as its manual shows it, 200 messages, then their confirms.

No database, no signing, nothing to remember: the ceiling of a relay that waits for
the broker.
"""

import sys
import time
from urllib.parse import urlsplit

import amqp

from kernel.bus import CONFIRM_TIMEOUT_S
from kernel.settings import PlatformSettings, read
from kernel.tls import amqp_ssl
from tests.benchmarks.party import bodies, ready, say

BATCH = 200
"""As many as the relay publishes before it waits."""


def main(path: str, exchange: str, routing_key: str) -> None:
    settings = read(PlatformSettings, prefix="contracts")
    place = urlsplit(settings.broker_url)
    host = str(place.hostname)
    connection = amqp.Connection(
        f"{host}:{place.port}",
        virtual_host=place.path[1:],
        ssl=amqp_ssl(settings.tls_ca, settings.tls_cert, settings.tls_key, host),
        login_method="EXTERNAL",
    )
    connection.connect()
    channel = connection.channel()
    channel.confirm_select()
    open_tags: set[int] = set()

    def on_ack(tag: int, multiple: bool) -> None:  # noqa: FBT001 - py-amqp calls it so
        open_tags.difference_update(
            [t for t in open_tags if t <= tag] if multiple else [tag]
        )

    channel.events["basic_ack"].add(on_ack)
    messages = bodies(path)
    ready()
    started = 0.0
    for first in range(0, len(messages), BATCH):
        for offset, body in enumerate(messages[first : first + BATCH], start=1):
            open_tags.add(first + offset)
            channel.basic_publish(
                amqp.Message(
                    body,
                    content_type="application/json",
                    content_encoding="utf-8",
                    delivery_mode=2,
                    message_id=str(first + offset),
                    user_id=settings.principal,
                ),
                exchange,
                routing_key,
                mandatory=True,
            )
        while open_tags:
            connection.drain_events(timeout=CONFIRM_TIMEOUT_S)
        started = started or time.monotonic()
    say(seconds=time.monotonic() - started, count=len(messages) - BATCH)
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
