"""Both ends prove who they are, by our authority alone, over TLS 1.2 or later."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from amqp.transport import SSLTransport
from cryptography.hazmat.primitives import serialization

from kernel.errors import Broken
from kernel.tls import (
    amqp_ssl,
    browser_server_context,
    client_context,
    expires_at,
    postgres_tls,
    server_context,
)
from tests.unit.kernel.conftest import Authority


class Ends:
    """A client and a server that talk through memory instead of a network."""

    def __init__(
        self, client: ssl.SSLContext, server: ssl.SSLContext, name: str
    ) -> None:
        up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = client.wrap_bio(down, up, server_hostname=name)
        self.server = server.wrap_bio(up, down, server_side=True)

    def shake_hands(self) -> None:
        for _ in range(4):
            for step in (self.client.do_handshake, self.server.do_handshake):
                _advance(step)
        # In TLS 1.3 the client hears only now that its certificate was refused.
        self.server.write(b"x")
        self.client.read(1)


def _advance(step: Callable[[], None]) -> None:
    try:
        step()
    except ssl.SSLWantReadError:
        return


def shake_hands(
    client: ssl.SSLContext, server: ssl.SSLContext, name: str = "localhost"
) -> Ends:
    ends = Ends(client, server, name)
    ends.shake_hands()
    return ends


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_both_ends_of_our_authority_meet(authority: Authority, name: str) -> None:
    ours, theirs = authority.issue("contracts"), authority.issue("rabbitmq")
    client = client_context(ours.ca, ours.cert, ours.key)
    server = server_context(theirs.ca, theirs.cert, theirs.key, client_required=True)
    ends = shake_hands(client, server, name)
    peer = ends.server.getpeercert()
    assert peer is not None
    assert peer["subject"] == ((("commonName", "contracts"),),)
    assert ends.client.version() == "TLSv1.3"


def test_a_server_of_another_authority_is_refused(
    authority: Authority, stranger: Authority
) -> None:
    ours, theirs = authority.issue("contracts"), stranger.issue("rabbitmq")
    client = client_context(ours.ca, ours.cert, ours.key)
    server = browser_server_context(theirs.cert, theirs.key)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client, server)


def test_a_server_of_another_name_is_refused(authority: Authority) -> None:
    ours, theirs = authority.issue("contracts"), authority.issue("other", "elsewhere")
    client = client_context(ours.ca, ours.cert, ours.key)
    server = browser_server_context(theirs.cert, theirs.key)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client, server)


def anonymous(ca: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    return context


def test_a_client_without_certificate_meets_only_a_server_that_allows_it(
    authority: Authority,
) -> None:
    pair = authority.issue("metrics")
    for required in (False, True):
        server = server_context(pair.ca, pair.cert, pair.key, client_required=required)
        if required:
            with pytest.raises(ssl.SSLError):
                shake_hands(anonymous(pair.ca), server)
        else:
            shake_hands(anonymous(pair.ca), server)


@pytest.mark.parametrize("required", [True, False])
def test_a_client_of_another_authority_is_refused(
    authority: Authority, stranger: Authority, *, required: bool
) -> None:
    ours, theirs = authority.issue("metrics"), stranger.issue("intruder")
    server = server_context(ours.ca, ours.cert, ours.key, client_required=required)
    client = client_context(ours.ca, theirs.cert, theirs.key)
    with pytest.raises(ssl.SSLError):
        shake_hands(client, server)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_1_1_and_weak_ciphers_are_refused(authority: Authority) -> None:
    pair = authority.issue("gateway")
    server = browser_server_context(pair.cert, pair.key)
    old = anonymous(pair.ca)
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    weak = anonymous(pair.ca)
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("ECDHE+AES:!AESGCM:!AESCCM")
    for client in (old, weak):
        with pytest.raises(ssl.SSLError):
            shake_hands(client, server)


def test_only_the_authority_given_is_trusted(authority: Authority) -> None:
    pair = authority.issue("contracts")
    client = client_context(pair.ca, pair.cert, pair.key)
    assert client.cert_store_stats() == {"x509": 1, "crl": 0, "x509_ca": 1}
    assert (client.check_hostname, client.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_files_that_do_not_fit_are_broken(
    authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    ours, theirs = authority.issue("one"), stranger.issue("two")
    nothing = tmp_path / "nothing"
    for ca, cert, key in (
        (nothing, ours.cert, ours.key),
        (ours.key, ours.cert, ours.key),
        (ours.ca, nothing, ours.key),
        (ours.ca, ours.cert, theirs.key),
    ):
        with pytest.raises(Broken):
            client_context(ca, cert, key)
    with pytest.raises(Broken):
        postgres_tls(ours.ca, nothing, ours.key)


def test_an_encrypted_key_is_broken_and_asks_no_terminal(
    authority: Authority, tmp_path: Path
) -> None:
    pair = authority.issue("contracts")
    key = serialization.load_pem_private_key(pair.key.read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"password"),
        )
    )
    with pytest.raises(Broken):
        browser_server_context(pair.cert, locked)


def test_a_certificate_tells_when_it_expires(authority: Authority) -> None:
    assert expires_at(authority.issue("contracts").cert).year == 2060


def test_the_database_is_verified_in_full(authority: Authority) -> None:
    pair = authority.issue("contracts")
    arguments = postgres_tls(pair.ca, pair.cert, pair.key)
    assert arguments["sslmode"] == "verify-full"
    assert (arguments["sslrootcert"], arguments["sslcert"], arguments["sslkey"]) == (
        str(pair.ca),
        str(pair.cert),
        str(pair.key),
    )


def test_py_amqp_makes_a_context_that_verifies_chain_and_name(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[ssl.SSLContext, str]] = []

    def record(context: ssl.SSLContext, *, server_hostname: str, **_: object) -> None:
        made.append((context, server_hostname))

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", record)
    pair = authority.issue("contracts")
    wanted = amqp_ssl(pair.ca, pair.cert, pair.key, "127.0.0.1")
    transport = SSLTransport("127.0.0.1:5671", ssl=wanted)
    transport._wrap_socket(None, **transport.sslopts)
    ((context, name),) = made
    assert name == "127.0.0.1"
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.cert_store_stats()["x509"] == 1


def test_a_broker_without_a_name_to_check_is_broken(authority: Authority) -> None:
    pair = authority.issue("contracts")
    with pytest.raises(Broken):
        amqp_ssl(pair.ca, pair.cert, pair.key, "")
