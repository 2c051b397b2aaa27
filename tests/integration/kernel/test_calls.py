"""Commands over the bus, between nameko processes of their own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import amqp
import pytest

from infra.leash import leashed
from infra.stack import Stack
from kernel.bus import Broker
from kernel.crypto import Json
from kernel.errors import Broken, Refused, Transient
from kernel.platform import Platform
from kernel.rpc import sign_request
from kernel.settings import PlatformSettings, read
from tests.integration.kernel.conftest import LISTENER, PUBLISHER, MovableClock, Service
from tests.integration.kernel.conftest import open_service as open_plain_service
from tests.waiting import eventually

ROOT = Path(__file__).parents[3]
CLIENT = UUID("01930000-0000-7000-8000-000000000001")
OTHER_CLIENT = UUID("01930000-0000-7000-8000-000000000002")


@dataclass
class Gateway:
    """The caller: principal `gateway`."""

    platform: Platform[PlatformSettings]

    def call(self, method: str, **arguments: Any) -> Json:  # noqa: ANN401 - passed on
        context = self.platform.context()
        return self.platform.rpc.call(PUBLISHER, method, context=context, **arguments)

    def assertion(self, *, audience: str = PUBLISHER, client_id: UUID = CLIENT) -> str:
        return self.platform.assertions.issue(audience=audience, client_id=client_id)


@pytest.fixture(scope="module", autouse=True)
def probes(servers: Stack, tables: None) -> Iterator[None]:
    """The probe serving as `contracts` and as `disbursement`."""
    processes = {
        name: subprocess.Popen(
            leashed([sys.executable, "-m", "tests.integration.kernel.probe", name]),
            cwd=ROOT,
            env=servers.env(name),
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in (PUBLISHER, LISTENER)
    }
    try:
        for process in processes.values():
            assert process.stdout is not None
            said = iter(process.stdout.readline, "")
            assert "ready" in (line.strip() for line in said)
        yield
    finally:
        for process in processes.values():
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def gateway(servers: Stack) -> Iterator[Gateway]:
    settings = read(PlatformSettings, prefix="auth", environ=servers.env("gateway"))
    platform = Platform.open(settings)
    yield Gateway(platform)
    platform.close()


@pytest.fixture(scope="module")
def contracts(servers: Stack) -> Iterator[Service]:
    service = open_plain_service(servers, PUBLISHER, MovableClock())
    yield service
    service.end()


def test_a_call_is_answered_with_typed_arguments(gateway: Gateway) -> None:
    context = gateway.platform.context()
    answer = gateway.platform.rpc.call(
        PUBLISHER, "echo", context=context, amount="400000.00", days=30
    )
    assert answer == {
        "caller": "gateway",
        "amount": "400000.00",
        "days": 30,
        "correlation": str(context.correlation_id),
    }


def test_each_failure_arrives_as_what_it_is(gateway: Gateway) -> None:
    with pytest.raises(Refused) as refused:
        gateway.call("fail", kind="refused")
    assert (refused.value.code, refused.value.details) == (
        "too_late",
        {"seconds_left": 30},
    )
    with pytest.raises(Transient) as transient:
        gateway.call("fail", kind="transient")
    assert transient.value.retry_after_s == 7


@pytest.mark.catalogue("A24")
@pytest.mark.parametrize("kind", ["broken", "defect"])
def test_what_broke_is_not_told_to_the_caller(gateway: Gateway, kind: str) -> None:
    with pytest.raises(Broken) as broken:
        gateway.call("fail", kind=kind)
    assert "secret" not in str(broken.value)


@pytest.mark.catalogue("P18")
def test_a_call_without_an_answer_ends_in_time(gateway: Gateway) -> None:
    started = time.monotonic()
    with pytest.raises(Transient):
        gateway.call("fail", kind="slow", timeout_s=0.5)
    assert time.monotonic() - started < 2.5


def test_many_calls_run_beside_one_another(gateway: Gateway) -> None:
    with ThreadPoolExecutor(16) as pool:
        amounts = [f"{n}.00" for n in range(1, 101)]
        answers = pool.map(lambda a: gateway.call("echo", amount=a), amounts)
        got = [answer["amount"] for answer in answers if isinstance(answer, dict)]
    assert got == amounts


@pytest.mark.clause("6.1b")
@pytest.mark.seeded("rpc_ignores_callers")
def test_a_caller_outside_the_list_is_refused_and_recorded(
    gateway: Gateway, contracts: Service
) -> None:
    """The broker lets the gateway reach the service; the method says no."""
    before = contracts.rows("SELECT count(*) FROM quarantine")[0].count
    with pytest.raises(Broken):
        gateway.call("staff_only")
    codes = contracts.rows("SELECT code FROM quarantine ORDER BY received_at")
    assert (len(codes), codes[-1].code) == (before + 1, "not_permitted")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"amount": 1},
        {"amount": "1.00", "extra": 1},
        {"amount": "1.00", "days": "1"},
    ],
)
def test_arguments_outside_the_schema_are_rejected(
    gateway: Gateway, arguments: dict[str, Any]
) -> None:
    with pytest.raises(Broken):
        gateway.call("echo", **arguments)


@pytest.mark.clause("3.3c")
@pytest.mark.catalogue("A11")
@pytest.mark.seeded("assertion_ignores_audience")
def test_only_an_assertion_for_this_service_speaks_for_a_client(
    gateway: Gateway, contracts: Service
) -> None:
    assert gateway.call("who", assertion=gateway.assertion()) == str(CLIENT)
    foreign = gateway.assertion(audience="onboarding")
    good = gateway.assertion()
    keyid, payload, signature = good.split(".")
    not_the_gateways = contracts.platform.assertions.issue(
        audience=PUBLISHER, client_id=CLIENT
    )
    expired = gateway.platform.assertions.issue(
        audience=PUBLISHER, client_id=CLIENT, lifetime_s=-1
    )
    for bad in (
        foreign,
        not_the_gateways,
        expired,
        f"none.{payload}.{signature}",
        f"{keyid}.{payload}.",
        f"{keyid}.{payload}",
        f"{keyid}.{payload[:-2]}AA.{signature}",
    ):
        with pytest.raises(Refused) as refused:
            gateway.call("who", assertion=bad)
        assert refused.value.code == "assertion_invalid"
    with pytest.raises(Broken):
        gateway.call("who")


@pytest.mark.catalogue("B02")
def test_one_key_one_effect(gateway: Gateway, contracts: Service) -> None:
    """Twenty parallel calls under one key: one event, one answer for all.

    While one of them is being carried out the others are told so, and ask again.
    """

    def ask(reason: str = "a", client_id: UUID = CLIENT) -> Json:
        while True:
            try:
                return gateway.call(
                    "once",
                    reason=reason,
                    assertion=gateway.assertion(client_id=client_id),
                    idempotency_key="k-1",
                )
            except Refused as refused:
                if refused.code != "request_in_progress":
                    raise

    before = contracts.rows("SELECT count(*) FROM outbox")[0].count
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: ask(), range(20)))
    assert len(set(map(str, answers))) == 1
    assert contracts.rows("SELECT count(*) FROM outbox")[0].count == before + 1
    with pytest.raises(Refused) as refused:
        ask("b")
    assert refused.value.code == "idempotency_key_reused"
    assert ask("a", OTHER_CLIENT) != answers[0]


def test_a_reaction_runs_in_another_process(gateway: Gateway, servers: Stack) -> None:
    """contracts publishes, disbursement reacts in its own process and database."""
    event_id = gateway.call("once", reason="x", assertion=gateway.assertion())
    listener = open_plain_service(servers, LISTENER, MovableClock())
    caused = "SELECT 1 FROM outbox WHERE causation_id = :cause"
    eventually(lambda: len(listener.rows(caused, cause=str(event_id))) == 1)
    listener.end()


def raw_request(gateway: Gateway, **changes: Any) -> bytes:  # noqa: ANN401 - wire members
    platform = gateway.platform
    members: dict[str, Any] = {
        "key": platform.signing_key,
        "call_id": platform.ids.new(),
        "caller": "gateway",
        "callee": PUBLISHER,
        "method": "echo",
        "deadline": platform.clock.now() + timedelta(seconds=30),
        "context": platform.context(),
        "assertion": None,
        "idempotency_key": None,
        "arguments": {"amount": "1.00"},
        **changes,
    }
    return sign_request(**members)


def send_raw(broker: Broker, body: bytes, **properties: Any) -> None:  # noqa: ANN401 - wire members
    connection = broker.connect()
    connection.channel().basic_publish(
        amqp.Message(body, **properties), "rpc", f"{PUBLISHER}.echo"
    )
    connection.close()


@pytest.mark.clause("3.4")
@pytest.mark.catalogue("A15", "B03", "B04", "B07")
@pytest.mark.seeded("rpc_believes_anyone")
def test_hostile_requests_are_recorded_and_the_process_stays_up(
    gateway: Gateway, contracts: Service, servers: Stack
) -> None:
    """No content type, no reply_to, no user, another's key, late, garbage, pickle."""
    own = {"user_id": "gateway", "reply_to": "gateway.x", "correlation_id": "1"}
    good = raw_request(gateway)
    contracts_key = contracts.platform.signing_key
    cases: list[tuple[str, bytes, dict[str, Any]]] = [
        ("wrong_sender", good, {"reply_to": "gateway.x"}),
        ("wrong_reply_key", good, {"user_id": "gateway"}),
        ("wrong_reply_key", good, {**own, "reply_to": "operator.x"}),
        ("wrong_callee", raw_request(gateway, callee="onboarding"), own),
        ("wrong_sender", raw_request(gateway, key=contracts_key), own),
        ("wrong_sender", raw_request(gateway, caller="operator"), own),
        ("bad_signature", good.replace(b'"1.00"', b'"9.00"'), own),
        ("unknown_method", raw_request(gateway, method="__class__"), own),
        (
            "misshapen",
            b"\x80\x04K\x01.",
            {**own, "content_type": "x/pickle"},
        ),
        ("misshapen", b"", {}),
        ("misshapen", b"{", own),
    ]
    before = contracts.rows("SELECT count(*) FROM quarantine")[0].count
    for _, body, properties in cases:
        send_raw(gateway.platform.broker, body, **properties)
    recorded = "SELECT code FROM quarantine ORDER BY received_at, id"
    eventually(lambda: len(contracts.rows(recorded)) == before + len(cases))
    codes = [row.code for row in contracts.rows(recorded)[before:]]
    assert sorted(codes) == sorted(code for code, _, _ in cases)
    late = raw_request(
        gateway, deadline=gateway.platform.clock.now() - timedelta(seconds=1)
    )
    send_raw(gateway.platform.broker, late, **own)
    assert gateway.call("echo", amount="1.00") is not None
