"""Principals whose way to the broker leads through a proxy of their own."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from infra.layout import ROOT
from infra.leash import leashed
from infra.stack import Stack
from kernel.bus import Broker
from kernel.crypto import Json
from kernel.platform import Platform
from kernel.rpc import Publisher, RpcClient
from kernel.settings import PlatformSettings, read
from tests.faults.proxy import Proxy
from tests.integration.kernel.conftest import (
    LISTENER,
    PUBLISHER,
    MovableClock,
    Service,
    clock,
    listener,
    open_service,
    publisher,
    tables,
)
from tests.seeds import seed

__all__ = ["clock", "listener", "publisher", "tables"]

RECOVERED_WITHIN_S = 30.0
"""The bus is well again so long after it healed, without hands."""
PATIENCE_S = 60.0


def broker_proxy(servers: Stack, *, seed: str = "") -> Proxy:
    return Proxy(("127.0.0.1", servers.port("rabbitmq")), seed=seed)


def url_through(proxy: Proxy) -> str:
    return f"amqps://127.0.0.1:{proxy.port}/kredit"


def env_through(servers: Stack, name: str, proxy: Proxy) -> dict[str, str]:
    return {**servers.env(name), f"{name.upper()}_BROKER_URL": url_through(proxy)}


def broker_through(broker: Broker, proxy: Proxy) -> Broker:
    return replace(broker, url=url_through(proxy))


@contextmanager
def probe(name: str, env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The probe serving as ``name``, ready."""
    process = subprocess.Popen(
        leashed([sys.executable, "-m", "tests.integration.kernel.probe", name]),
        cwd=ROOT,
        env=dict(env),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = iter(process.stdout.readline, "")
        assert "ready" in (line.strip() for line in said)
        yield process
    finally:
        process.kill()
        process.communicate()


@dataclass
class Caller:
    """Principal `gateway`, its requests and its answers each on a line of its own."""

    platform: Platform[PlatformSettings]
    rpc: RpcClient

    def call(
        self,
        service: str,
        method: str,
        *,
        timeout_s: float = 5.0,
        **arguments: Any,  # noqa: ANN401 - passed on
    ) -> Json:
        context = self.platform.context()
        return self.rpc.call(
            service, method, context=context, timeout_s=timeout_s, **arguments
        )

    def echo(self, service: str, *, timeout_s: float = 5.0) -> Json:
        return self.call(service, "echo", timeout_s=timeout_s, amount="1.00")


@contextmanager
def open_caller(
    servers: Stack, *, requests: Proxy | None = None, answers: Proxy | None = None
) -> Iterator[Caller]:
    settings = read(PlatformSettings, prefix="auth", environ=servers.env("gateway"))
    platform = Platform.open(settings)
    direct = platform.broker
    rpc = RpcClient(
        direct if answers is None else broker_through(direct, answers),
        key=platform.signing_key,
        clock=platform.clock,
        ids=platform.ids,
    )
    if requests is not None:
        rpc._publisher = Publisher(broker_through(direct, requests))
    yield Caller(platform, rpc)
    rpc.close()
    platform.close()


@dataclass
class Lines:
    """A proxy before each of five roles, of which one process holds two."""

    publisher: Proxy
    """`contracts`: its relay, and the responder of calls."""
    consumer: Proxy
    """`disbursement`: its inbox."""
    caller: Proxy
    reply: Proxy

    def all(self) -> tuple[Proxy, ...]:
        return (self.publisher, self.consumer, self.caller, self.reply)


@pytest.fixture(scope="module")
def lines(servers: Stack) -> Iterator[Lines]:
    chosen = seed()
    with ExitStack() as stack:
        yield Lines(
            *(stack.enter_context(broker_proxy(servers, seed=chosen)) for _ in range(4))
        )


@dataclass
class Network:
    """Two services, three callers, and the lines between them and the broker."""

    lines: Lines
    caller: Caller
    """Requests through a proxy, answers direct."""
    reply: Caller
    """Requests direct, answers through a proxy."""
    direct: Caller

    def heal(self) -> None:
        for line in self.lines.all():
            line.heal()


@pytest.fixture(scope="module")
def network(servers: Stack, tables: None, lines: Lines) -> Iterator[Network]:
    with ExitStack() as stack:
        for name, line in ((PUBLISHER, lines.publisher), (LISTENER, lines.consumer)):
            stack.enter_context(probe(name, env_through(servers, name, line)))
        yield Network(
            lines,
            caller=stack.enter_context(open_caller(servers, requests=lines.caller)),
            reply=stack.enter_context(open_caller(servers, answers=lines.reply)),
            direct=stack.enter_context(open_caller(servers)),
        )


@pytest.fixture(scope="module")
def contracts(servers: Stack, network: Network) -> Iterator[Service]:
    service = open_service(servers, PUBLISHER, MovableClock())
    yield service
    service.end()


@pytest.fixture(scope="module")
def disbursement(servers: Stack, network: Network) -> Iterator[Service]:
    service = open_service(servers, LISTENER, MovableClock())
    yield service
    service.end()
