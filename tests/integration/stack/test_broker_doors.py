"""The broker has one door: TLS 1.2 or newer, with a certificate of our authority."""

import socket
import ssl
import warnings
from pathlib import Path

import amqp
import pytest

from infra.stack import Stack
from tests.integration.stack.conftest import TIMEOUT_S, Doors, Identity

AMQP_HELLO = b"AMQP\x00\x00\x09\x01"


def _greeting(port: int, context: ssl.SSLContext | None) -> bytes:
    """What the broker answers to an AMQP greeting; empty when it hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as plain:
        door = (
            context.wrap_socket(plain, server_hostname="localhost")
            if context
            else plain
        )
        with door:
            door.sendall(AMQP_HELLO)
            return door.recv(1024)


def test_a_known_certificate_is_greeted_with_external_only(doors: Doors) -> None:
    """No mechanism with a password is even offered."""
    context = doors.identity("operator").context()
    greeting = _greeting(doors.stack.port("rabbitmq"), context)
    assert b"EXTERNAL" in greeting
    assert b"PLAIN" not in greeting


def test_plain_amqp_is_not_understood(stack: Stack) -> None:
    """Without TLS there is no greeting."""
    try:
        greeting = _greeting(stack.port("rabbitmq"), None)
    except ConnectionResetError:
        greeting = b""
    assert b"EXTERNAL" not in greeting


@pytest.mark.clause("2.2")
@pytest.mark.seeded("broker_listens_everywhere")
def test_the_broker_listens_on_loopback_with_tls_only(stack: Stack) -> None:
    """Of its listeners one is AMQPS, the other the node's own distribution port."""
    found = _listeners(stack.pid("rabbitmq"))
    ports = {stack.port("rabbitmq"), stack.port("rabbitmq.distribution")}
    assert {("127.0.0.1", port) for port in ports} == found


@pytest.mark.clause("6.1a")
@pytest.mark.catalogue("A19")
@pytest.mark.seeded("broker_needs_no_certificate")
def test_no_certificate_is_refused(doors: Doors) -> None:
    context = ssl.create_default_context(cafile=str(doors.identity("auth").ca))
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        _greeting(doors.stack.port("rabbitmq"), context)


def test_a_certificate_of_another_authority_is_refused(doors: Doors) -> None:
    """The right name does not help when somebody else has certified it."""
    context = doors.stranger("operator").context()
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        _greeting(doors.stack.port("rabbitmq"), context)


def test_a_certificate_without_a_user_is_refused(doors: Doors) -> None:
    """Our own authority's word for a name is not yet a right to speak."""
    identity = doors.certified("newcomer")
    with pytest.raises(amqp.exceptions.AccessRefused):
        doors.broker(identity)


@pytest.mark.clause("3.2a")
@pytest.mark.catalogue("A19")
@pytest.mark.seeded("broker_speaks_old_tls")
def test_tls_1_1_is_refused_by_the_broker(doors: Doors) -> None:
    assert "PROTOCOL_VERSION" in _alert_to_old_tls(
        doors.identity("operator"), doors.stack.port("rabbitmq")
    )


def _alert_to_old_tls(identity: Identity, port: int) -> str:
    context = identity.context()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        # Python itself warns of the old protocol: this is what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError) as refusal:
        _greeting(port, context)
    return str(refusal.value.reason)


def _listeners(pid: int) -> set[tuple[str, int]]:
    """Addresses on which a process accepts TCP connections."""
    handles = (
        str(handle.readlink())
        for handle in Path(f"/proc/{pid}/fd").iterdir()
        if handle.is_symlink()
    )
    inodes = {
        handle.removeprefix("socket:[").rstrip("]")
        for handle in handles
        if handle.startswith("socket:[")
    }
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            address, port = fields[1].split(":")
            if fields[3] == "0A" and fields[9] in inodes:
                found.add((_dotted(address), int(port, 16)))
    return found


def _dotted(address: str) -> str:
    raw = bytes.fromhex(address)
    if len(raw) != 4:
        return f"tcp6:{address}"
    return ".".join(str(byte) for byte in reversed(raw))
