"""The simulators as real processes behind real TLS, with certificates thrown away."""

import contextlib
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from infra.leash import leashed
from infra.simulators.client import ControlClient, Person, person_from_seed
from infra.simulators.identities import iban_of
from infra.simulators.wire import Wire

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "throw-away-control-token"  # noqa: S105 - of this test run only
COMPANY_IBAN = iban_of("722", "C000000000001")
START_LIMIT_S = 20


@dataclass(frozen=True)
class OuterPki:
    """An authority with one server and one client certificate."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    def pair(self, name: str) -> tuple[Path, Path]:
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"


def make_pki(folder: Path) -> OuterPki:
    """Fresh keys: `server` for 127.0.0.1, `partner` for a client."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("outer CA of a test")
    ca = _certificate(name, key.public_key(), name, key, authority=True)
    _write(folder / "ca.crt", ca.public_bytes(Encoding.PEM))
    for member in ("server", "partner"):
        member_key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(
            _name(member), member_key.public_key(), name, key, authority=False
        )
        _write(folder / f"{member}.crt", certificate.public_bytes(Encoding.PEM))
        pem = member_key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        _write(folder / f"{member}.key", pem)
    return OuterPki(folder)


@dataclass
class Simulator:
    """One process that can be killed and started again over the same data."""

    module: str
    env: dict[str, str]
    probe: Wire
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        command = leashed([sys.executable, "-m", f"infra.simulators.{self.module}"])
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env)
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError):
                self.probe.call("GET", "/ready").expect(200)
                return
            time.sleep(0.02)
        self.stop()
        raise AssertionError(f"{self.module} did not start")

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(START_LIMIT_S)
            self.process = None


@dataclass(frozen=True)
class Stand:
    """Both simulators with everybody's way to reach them."""

    pki: OuterPki
    folder: Path
    bank_process: Simulator
    world_process: Simulator
    bank_url: str
    partner_url: str
    public_url: str

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.jsonl"

    @property
    def clock_file(self) -> Path:
        return self.folder / "clock"

    @property
    def bank(self) -> Wire:
        return Wire(self.bank_url, ca=self.pki.ca, certificate=self.pki.pair("partner"))

    @property
    def partner(self) -> Wire:
        return Wire(
            self.partner_url, ca=self.pki.ca, certificate=self.pki.pair("partner")
        )

    @property
    def public(self) -> Wire:
        return Wire(self.public_url, ca=self.pki.ca)

    @property
    def control(self) -> ControlClient:
        return ControlClient(
            bank_url=self.bank_url,
            world_url=self.public_url,
            token=TOKEN,
            ca=self.pki.ca,
            certificate=self.pki.pair("partner"),
        )

    def person(self, seed: str) -> Person:
        """An invented person, known to nobody yet."""
        return person_from_seed(seed, ca=self.pki.ca, clock_file=self.clock_file)

    def known_person(self, seed: str, *, photo_differs: bool = False) -> Person:
        """A person in the state base with an account at the bank."""
        person = self.person(seed)
        self.control.create_person(person, photo_differs=photo_differs)
        self.control.create_account(iban=person.iban, iin=person.iin)
        return person

    def enrolled_person(self, seed: str) -> Person:
        """A person with a signing certificate."""
        person = self.person(seed)
        person.enrol(self.public_url, self.pki.ca)
        return person

    def authority_file(self, path: str) -> Path:
        """A file of the simulated НУЦ, fetched into the stand's folder."""
        content = self.public.call("GET", path).expect(200).body
        place = self.folder / path.strip("/").replace("/", "-")
        place.write_bytes(content)
        return place

    def trusted_file(self) -> Path:
        """Root and issuing CA in one file, for `openssl cms`."""
        parts = ("/ca/roots.pem", "/ca/issuing.pem")
        place = self.folder / "trusted.pem"
        place.write_bytes(
            b"".join(self.authority_file(path).read_bytes() for path in parts)
        )
        return place


@contextlib.contextmanager
def running_stand(folder: Path, pki: OuterPki, **env: str) -> Iterator[Stand]:
    """Both simulators over `folder`; the processes end with the block."""
    stand = prepare_stand(folder, pki, **env)
    try:
        stand.bank_process.start()
        stand.world_process.start()
        yield stand
    finally:
        stand.bank_process.stop()
        stand.world_process.stop()


def prepare_stand(folder: Path, pki: OuterPki, **env: str) -> Stand:
    """Settings and ports for both simulators, nothing started."""
    bank_port, partner_port, public_port = free_ports(3)
    (folder / "token").write_text(TOKEN)
    bank_url, partner_url, public_url = (
        f"https://127.0.0.1:{port}" for port in (bank_port, partner_port, public_port)
    )
    certificate, key = pki.pair("server")
    full_env = {
        "PATH": os.environ["PATH"],
        "BANK_PORT": str(bank_port),
        "WORLD_PARTNER_PORT": str(partner_port),
        "WORLD_PUBLIC_PORT": str(public_port),
        "WORLD_PUBLIC_URL": public_url,
        "DATA": str(folder / "data"),
        "LEDGER": str(folder / "ledger.jsonl"),
        "OUTER_CA": str(pki.ca),
        "OUTER_CERT": str(certificate),
        "OUTER_KEY": str(key),
        "CONTROL_TOKEN_FILE": str(folder / "token"),
        "CLOCK_FILE": str(folder / "clock"),
        "SETTLE_AFTER_S": "0.2",
        **env,
    }
    partner = pki.pair("partner")
    return Stand(
        pki=pki,
        folder=folder,
        bank_process=Simulator(
            "bank", full_env, Wire(bank_url, ca=pki.ca, certificate=partner)
        ),
        world_process=Simulator("world", full_env, Wire(public_url, ca=pki.ca)),
        bank_url=bank_url,
        partner_url=partner_url,
        public_url=public_url,
    )


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def order_of(person: Person, **changes: object) -> dict[str, object]:
    """A payment order to this person's account."""
    order: dict[str, object] = {
        "end_to_end_id": f"payout-{person.iin}",
        "debtor_iban": COMPANY_IBAN,
        "creditor_iban": person.iban,
        "creditor_iin": person.iin,
        "amount_minor": 40_000_000,
        "currency": "KZT",
        "purpose": "Выдача микрокредита",
    }
    return order | changes


def failed_start(module: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Start a simulator that is expected to give up, and wait for its end."""
    return _run([sys.executable, "-m", f"infra.simulators.{module}"], env)


def openssl(*arguments: str | Path) -> str:
    """The output of OpenSSL, our independent second opinion; it must succeed."""
    done = _run(["openssl", *map(str, arguments)], None)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def _run(
    command: list[str], env: dict[str, str] | None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_LIMIT_S,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _certificate(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.fromtimestamp(time.time(), UTC)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    addresses = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False
        )
        .add_extension(above, critical=False)
        .sign(issuer_key, SHA256())
    )


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
