"""One private server pair for the whole folder, and ways to knock at its doors."""

import shutil
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import amqp
import pytest

import infra.stack
from infra.pki.certificates import Authority, Leaf
from infra.stack import Stack

VHOST = "kredit"
TIMEOUT_S = 10

Action = Callable[[amqp.Channel], object]


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that the database's user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="kredit-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """PostgreSQL and RabbitMQ, ready, with nobody else on them."""
    with open_folder() as folder:
        running = infra.stack.start(folder)
        try:
            yield running
        finally:
            running.stop()


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody's certificate, key and idea of whom to trust."""

    ca: Path
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass(frozen=True, slots=True)
class Doors:
    """Identities of the principals of one stack, and the broker's door."""

    stack: Stack
    strangers: Path

    def identity(self, name: str) -> Identity:
        pki = self.stack.layout.pki
        return Identity(pki / "ca.crt", pki / f"{name}.crt", pki / f"{name}.key")

    def certified(self, name: str) -> Identity:
        """A name that our own authority certifies, though nobody knows it."""
        pki = self.stack.layout.pki
        _issue(Authority(pki, "kredit internal CA"), name)
        return self.identity(name)

    def stranger(self, name: str) -> Identity:
        """The same name, certified by an authority that nobody here knows."""
        _issue(Authority(self.strangers, "strangers"), name)
        theirs = self.strangers / name
        ours = self.stack.layout.pki / "ca.crt"
        return Identity(ours, theirs.with_suffix(".crt"), theirs.with_suffix(".key"))

    def broker(self, identity: Identity) -> amqp.Connection:
        connection = amqp.Connection(
            host=f"127.0.0.1:{self.stack.port('rabbitmq')}",
            virtual_host=VHOST,
            login_method="EXTERNAL",
            connect_timeout=TIMEOUT_S,
            read_timeout=TIMEOUT_S,
            ssl={
                "ca_certs": str(identity.ca),
                "certfile": str(identity.certificate),
                "keyfile": str(identity.key),
                "cert_reqs": ssl.CERT_REQUIRED,
                "server_hostname": "localhost",
            },
        )
        try:
            connection.connect()
        except BaseException:
            connection.collect()
            raise
        return connection

    @contextmanager
    def connected(self, name: str) -> Iterator[amqp.Connection]:
        connection = self.broker(self.identity(name))
        try:
            yield connection
        finally:
            connection.close()


def _issue(authority: Authority, name: str) -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    authority.ensure([Leaf(name, client=True)], now=now)


@pytest.fixture(scope="package")
def doors(stack: Stack) -> Iterator[Doors]:
    with open_folder() as folder:
        yield Doors(stack, folder)


def answer(connection: amqp.Connection, action: Action) -> int | None:
    """The broker's reply code to `action` on a fresh channel; None when allowed."""
    channel = connection.channel()
    try:
        action(channel)
    except amqp.exceptions.ChannelError as refusal:
        return int(refusal.code)
    finally:
        # After a refusal the library has opened the channel anew.
        channel.close()
    return None


def publishes(exchange: str, key: str, **properties: str) -> Action:
    """Publish one message and wait for the broker's word on it."""

    def action(channel: amqp.Channel) -> None:
        message = amqp.Message("{}", content_type="application/json", **properties)
        channel.basic_publish_confirm(
            message, exchange=exchange, routing_key=key, timeout=TIMEOUT_S
        )

    return action


def asks(method: str, name: str, **options: object) -> Action:
    """One AMQP method on the queue or exchange `name`."""

    def action(channel: amqp.Channel) -> None:
        getattr(channel, method)(name, **options)

    return action


def binds(queue: str, exchange: str, key: str) -> Action:
    """Declare a queue for this connection only and bind it."""

    def action(channel: amqp.Channel) -> None:
        channel.queue_declare(queue, exclusive=True, durable=False)
        channel.queue_bind(queue, exchange=exchange, routing_key=key)

    return action
