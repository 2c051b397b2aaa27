"""Two doors with people behind them: our gateway as shipped, and Django's."""

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection, create_server
from typing import Final

from sqlalchemy import text

from kernel.platform import Platform
from kernel.settings import read
from kernel.tls import client_context
from kernel.values import Phone
from services.auth.adapters import Argon2Passwords
from services.auth.domain.passwords import Login
from services.auth.domain.rules import HashCost
from services.auth.domain.sessions import Session
from services.auth.gateway.security import SESSION_COOKIE
from services.auth.settings import Settings
from services.auth.wiring.desk import Desk
from tests.benchmarks.bench import Bench, PartyFailedError
from tests.benchmarks.djangosite import COUNT
from tests.databases import owner_engine
from tests.faults.crash import ROOT, WIRED

PASSWORD: Final = "верная лошадь 7"  # noqa: S105 - of people who do not exist
PROCESSES: Final = 2
THREADS: Final = 8
"""Of each worker of gunicorn; ours has as many for what blocks."""
OPEN_WITHIN_S: Final = 60.0
LENT: Final = "antifraud-migrate"
"""Whose database and certificate the peer is lent."""
SHOWN: Final = "web"
"""Whose certificate visitors show: the gateway opens to the web tier alone."""
_EMPTIED: Final = (
    "logins, password_attempts, login_sources, challenges, code_sends, sessions, "
    "messages, outbox"
)


@dataclass(frozen=True, slots=True)
class Door:
    """Where to knock, with which session, and how many passwords were looked at."""

    ports: Sequence[int]
    prefix: str
    session: str
    marks: Path
    trust: ssl.SSLContext

    @property
    def verified(self) -> int:
        return self.marks.stat().st_size if self.marks.exists() else 0


def number(place: int) -> str:
    """The number of a person; beyond the last, of nobody."""
    return f"+7701{place:07}"


@contextmanager
def ours(bench: Bench, people: int) -> Iterator[Door]:
    """Two gateways over auth's database with so many clients, the first logged in."""
    marks = bench.folder / "ours"
    marks.mkdir(exist_ok=True)
    (marks / "passwords.verifying").unlink(missing_ok=True)
    token = _make_clients(bench, people)
    with ExitStack() as stack:
        ports = []
        for _ in range(PROCESSES):
            ports.append(_free_port())
            environment = {
                **bench.servers.env("gateway"),
                "AUTH_PORT": str(ports[-1]),
                "AUTH_CLOCK": "system",  # that of the tests looks at a file each time
                "AUTH_METRICS_PORT": str(_free_port()),
                "PYTHONPATH": f"{WIRED}:{ROOT}",
                "COUNT_MARKS": str(marks),
            }
            command = [sys.executable, "-m", "services.auth", "serve"]
            stack.enter_context(_running(bench, command, environment, ports[-1]))
        session = f"Cookie: {SESSION_COOKIE}={token}"
        yield Door(
            ports, "/api/v1", session, marks / "passwords.verifying", _trust(bench)
        )


@contextmanager
def django(bench: Bench, people: int) -> Iterator[Door]:
    """gunicorn with two workers over a database of the same server."""
    marks = bench.folder / "django.count"
    gateway = bench.servers.env("gateway")
    environment = {**bench.servers.env(LENT), COUNT: str(marks)}
    made = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.djangosite", str(people), PASSWORD],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    marks.unlink(missing_ok=True)
    port = _free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"),
        *("--workers", str(PROCESSES), "--worker-class", "gthread"),
        *("--threads", str(THREADS), "--keep-alive", "75", "--backlog", "2048"),
        *("--certfile", gateway["AUTH_SERVER_CERT"]),
        *("--keyfile", gateway["AUTH_SERVER_KEY"]),
        "tests.benchmarks.djangosite_wsgi:application",
    ]
    with _running(bench, command, environment, port):
        (session,) = json.loads(made.stdout.splitlines()[-1])
        yield Door([port], "", session, marks, _trust(bench))


def _make_clients(bench: Bench, count: int) -> str:
    """Clients with one password; the token of the first one's session."""
    bench.servers.migrate("auth")
    owner = owner_engine(bench.servers, "auth")
    with owner.begin() as connection:
        connection.execute(text(f"TRUNCATE {_EMPTIED}"))
    owner.dispose()
    auth, gateway = (_platform(bench, name) for name in ("auth", "gateway"))
    passwords = Argon2Passwords(lambda: HashCost.at(auth.policy, auth.clock.now()))
    password_hash, now = passwords.hash(PASSWORD), auth.clock.now()
    desk, door = Desk.of(auth), Desk.of(gateway)
    people = [_login(desk, place) for place in range(count)]
    with desk.begin(auth.context()) as (_, stores):
        for login in people:
            stores.logins.add(login)
    token = door.tokens.new()
    with door.begin(gateway.context()) as (_, stores):
        for login in people:
            stores.logins.set_first_password(login, password_hash, now=now)
        session = Session(
            session_id=gateway.ids.new(),
            login_id=people[0].login_id,
            client_id=people[0].client_id,
            opened_at=now,
            active_at=now,
        )
        stores.sessions.add(session, door.tokens.digest(token))
    auth.close()
    gateway.close()
    return token


def _login(desk: Desk, place: int) -> Login:
    phone, ids = Phone(number(place)), desk.platform.ids
    return Login(
        login_id=ids.new(),
        client_id=ids.new(),
        phone=phone,
        phone_token=desk.phone_token(phone),
    )


def _platform(bench: Bench, principal: str) -> Platform[Settings]:
    environ = bench.servers.env(principal)
    return Platform.open(read(Settings, prefix="auth", environ=environ))


def _trust(bench: Bench) -> ssl.SSLContext:
    pki = bench.servers.layout.pki
    return client_context(pki / "ca.crt", pki / f"{SHOWN}.crt", pki / f"{SHOWN}.key")


@contextmanager
def _running(
    bench: Bench, command: Sequence[str], environment: dict[str, str], port: int
) -> Iterator[None]:
    words = bench.folder / f"door-{port}"
    with words.open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        _wait_until_open(process, port, words)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_until_open(
    process: "subprocess.Popen[bytes]", port: int, words: Path
) -> None:
    end = time.monotonic() + OPEN_WITHIN_S
    while True:
        try:
            create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise PartyFailedError(words.read_text()[-2000:]) from None
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with closing(create_server(("127.0.0.1", 0))) as free:
        return int(free.getsockname()[1])
