"""The broker: where it is, who we are there, and what it looks like when it is away."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from amqp.exceptions import AMQPError
from kombu import Connection
from kombu.exceptions import KombuError

from kernel.logging import get_logger
from kernel.tls import amqp_ssl

log = get_logger("bus")

HEARTBEAT_S: Final = 10
CONNECT_TIMEOUT_S: Final = 5
CLOSE_S: Final = 1.0
BACK_OFF_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)

BROKER_ERRORS: Final = (AMQPError, KombuError, OSError, TimeoutError)
"""What a broker that is away, slow or restarting looks like from here."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are there."""

    url: str
    principal: str
    ca: Path
    cert: Path
    key: Path

    @property
    def host(self) -> str:
        """The name the broker's certificate must carry."""
        return urlsplit(self.url).hostname or ""

    def connect(
        self,
        *,
        on_blocked: Callable[[str], None] | None = None,
        on_unblocked: Callable[[], None] | None = None,
    ) -> Connection:
        """An open connection.  Raises one of BROKER_ERRORS.

        The two are told when the broker takes no messages (an alarm) and when it
        does again, while somebody drains the connection.
        """
        connection = Connection(
            self.url,
            ssl=amqp_ssl(self.ca, self.cert, self.key, self.host),
            login_method="EXTERNAL",
            heartbeat=HEARTBEAT_S,
            connect_timeout=CONNECT_TIMEOUT_S,
            transport_options={
                "confirm_publish": False,
                "client_properties": {"connection_name": self.principal},
                "on_blocked": on_blocked,
                "on_unblocked": on_unblocked,
            },
        )
        try:
            connection.connect()
        except BROKER_ERRORS:
            connection.release()
            raise
        return connection


def close_quietly(connection: Connection) -> None:
    """Release a connection that may already be dead; wait `CLOSE_S` for its peer."""
    try:
        if connection.connected:
            connection.connection.sock.settimeout(CLOSE_S)
        connection.collect()
    except BROKER_ERRORS as error:
        log.debug("connection_close_failed", error=type(error).__name__)
