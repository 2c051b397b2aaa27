"""RabbitMQ by kombu and nothing else: topology, confirmed publishing, consuming.

Knows neither nameko nor a service.  Written in plain blocking style, so that it runs
in threads and, once eventlet has patched the process, in green threads alike.

Every connection is TLS with a client certificate and SASL EXTERNAL: the broker knows
the principal by its certificate and checks the ``user_id`` of each message.
"""

from kernel.bus.broker import (
    BACK_OFF_S,
    BROKER_ERRORS,
    Broker,
    close_quietly,
)
from kernel.bus.consuming import (
    PREFETCH,
    Consuming,
    received,
    receiving_channel,
    supervised,
)
from kernel.bus.deliveries import Received
from kernel.bus.publishing import CONFIRM_TIMEOUT_S, ConfirmingPublisher
from kernel.bus.topology import (
    DELIVERY_LIMIT,
    REPLY_EXCHANGE,
    RPC_EXCHANGE,
    Interest,
    declare_inbox,
    declare_service,
)

__all__ = [
    "BACK_OFF_S",
    "BROKER_ERRORS",
    "CONFIRM_TIMEOUT_S",
    "DELIVERY_LIMIT",
    "PREFETCH",
    "REPLY_EXCHANGE",
    "RPC_EXCHANGE",
    "Broker",
    "ConfirmingPublisher",
    "Consuming",
    "Interest",
    "Received",
    "close_quietly",
    "declare_inbox",
    "declare_service",
    "received",
    "receiving_channel",
    "supervised",
]
