"""A thief with one service's certificate and keys tries to speak for another.

Two tries: to publish on the exchange of `contracts`, which the broker forbids; and to
slip the same event through the exchange the stolen user may write.
"""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path

import amqp
from amqp.exceptions import AccessRefused

from infra.stack import Stack

VHOST = "kredit"
TIMEOUT_S = 5
VICTIM = "contracts"


@dataclass(frozen=True, slots=True)
class Forgery:
    """What became of the two tries."""

    refused_by_broker: bool
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loot:
    """What a thief holds, and from where they reach the broker."""

    pki: Path
    thief: str
    host: str
    port: int


def forge_release(
    stack: Stack, contract_id: str, *, thief: str = "antifraud"
) -> Forgery:
    """Try to make the platform believe that a client confirmed the release."""
    port = stack.port("rabbitmq")
    loot = Loot(pki=stack.layout.pki, thief=thief, host="127.0.0.1", port=port)
    return forge(loot, contract_id)


def forge(loot: Loot, contract_id: str) -> Forgery:
    """The same with whatever was stolen, from wherever the broker is reached."""
    event_id = str(uuid.UUID(int=uuid.uuid1().int))
    subject = f"contract:{contract_id}"
    body = json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": VICTIM,
            "type": "contracts.release_confirmed.v1",
            "subject": subject,
            "data": {"contract_id": contract_id},
            "signature": "A" * 86,
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    key = "contract.release_confirmed.v1"
    refused = not _publish(loot, exchange=f"{VICTIM}.events", key=key, body=body)
    _publish(loot, exchange=f"{loot.thief}.events", key=key, body=body)
    return Forgery(refused_by_broker=refused, message_id=event_id)


def _publish(loot: Loot, *, exchange: str, key: str, body: str) -> bool:
    """Whether the broker took it."""
    connection = _connect(loot)
    try:
        channel = connection.channel()
        channel.basic_publish(
            amqp.Message(body, user_id=loot.thief, delivery_mode=2),
            exchange,
            key,
            confirm_timeout=TIMEOUT_S,
        )
    except AccessRefused:
        return False
    finally:
        connection.close()
    return True


def _connect(loot: Loot) -> amqp.Connection:
    connection = amqp.Connection(
        f"{loot.host}:{loot.port}",
        virtual_host=VHOST,
        login_method="EXTERNAL",
        ssl={
            "ca_certs": str(loot.pki / "ca.crt"),
            "certfile": str(loot.pki / f"{loot.thief}.crt"),
            "keyfile": str(loot.pki / f"{loot.thief}.key"),
            "cert_reqs": 2,
            "server_hostname": loot.host,
        },
        confirm_publish=True,
        connect_timeout=TIMEOUT_S,
        read_timeout=TIMEOUT_S,
    )
    connection.connect()
    return connection
