"""What lies outside: checkpoint files, the log's key, the queue of all events."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final, Self

import httpx
from kombu import Connection

from kernel.bus import (
    BROKER_ERRORS,
    Broker,
    Received,
    close_quietly,
    received,
    receiving_channel,
)
from kernel.crypto import SignatureInvalidError, SigningKey, TrustStore, sha256_hex
from kernel.errors import Refused, Transient
from kernel.tls import outsider_context
from services.audit.adapters.files import PUBLIC, read_file, replace_file
from services.audit.domain.note import MAX_NOTE_BYTES, LogKey
from services.audit.domain.stamping import TimeStamp, stamp_files
from services.audit.ports import Message, WitnessBehindError

BATCH_MESSAGES: Final = 500
BATCH_WAIT_S: Final = 0.02
"""How long a batch may wait from its first message, if more keep coming."""
PREFETCH: Final = 2 * BATCH_MESSAGES
IDLE_S: Final = 1.0
WITNESS_TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
WITNESS_PAUSE_S: Final = 10
QUEUES: Final = ("audit.inbox", "audit.dead")
"""What is new, and what the broker gave up while the writer died again and again."""


class KeyFile:
    """A key of the log in a file. Implements KeyHolder."""

    def __init__(self, path: Path, *, origin: str) -> None:
        self._key = SigningKey.load(path, keyid=origin)
        self._public = LogKey(origin, self._key.public_bytes)

    @property
    def public(self) -> LogKey:
        return self._public

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


def verify_ed25519(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key made the signature. Implements domain.check.Verify."""
    try:
        TrustStore.of([("log", "log", public_key)]).verify("log", message, signature)
    except SignatureInvalidError:
        return False
    return True


class AnchorFile:
    """The newest checkpoint in one file, replaced atomically. Implements Anchor."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes | None:
        return read_file(self._path)

    def write(self, note: bytes) -> None:
        replace_file(self._path, note)


class CheckpointFolder:
    """`checkpoint` and `vkey`, for witnesses and auditors. Implements Noticeboard.

    The Procedure's page beside them is for everybody. Implements ProcedureBoard.

    The log grows many times a second; a witness cannot follow that, so a newer note
    replaces the published one only every `every_s` seconds (sigstore/rekor#1067).
    """

    def __init__(self, folder: Path, *, every_s: float) -> None:
        self._folder = folder
        self._every_s = every_s
        self._published_at_s: float | None = None
        self._waiting: bytes | None = None

    def publish(self, note: bytes) -> None:
        self._waiting = note
        self.beat()

    def beat(self) -> None:
        """Publish what waits, when its time has come."""
        since = self._published_at_s
        if self._waiting is None:
            return
        if since is None or monotonic() - since >= self._every_s:
            self.flush()

    def flush(self) -> None:
        """Publish what waits at once: the process ends."""
        if self._waiting is not None:
            replace_file(self._folder / "checkpoint", self._waiting, mode=PUBLIC)
            self._waiting = None
            self._published_at_s = monotonic()

    def published(self) -> bytes | None:
        return read_file(self._folder / "checkpoint")

    def publish_witnessed(self, note: bytes) -> None:
        replace_file(self._folder / "checkpoint.witnessed", note, mode=PUBLIC)

    def witnessed(self) -> bytes | None:
        return read_file(self._folder / "checkpoint.witnessed")

    def keep_stamp(self, stamp: TimeStamp) -> None:
        for file in stamp_files([stamp]):
            replace_file(self._folder / file.path, file.content, mode=PUBLIC)

    def procedure(self) -> bytes | None:
        return read_file(self._folder / "procedure")

    def publish_procedure(self, text: bytes) -> None:
        replace_file(self._folder / "procedure", text, mode=PUBLIC)

    def announce(self, vkey: str) -> None:
        known = self.announced()
        if vkey not in known:
            lines = "".join(f"{each}\n" for each in (vkey, *known))
            replace_file(self._folder / "vkey", lines.encode(), mode=PUBLIC)

    def announced(self) -> Sequence[str]:
        raw = read_file(self._folder / "vkey")
        return raw.decode().split() if raw is not None else ()


class HttpWitness:
    """One witness over HTTPS (C2SP tlog-witness). Implements WitnessDoor."""

    def __init__(self, name: str, client: httpx.Client) -> None:
        self._name = name
        self._client = client

    @property
    def name(self) -> str:
        return self._name

    def add_checkpoint(self, body: bytes) -> bytes:
        status, answer = self._ask("POST", "add-checkpoint", content=body)
        if status == httpx.codes.OK:
            return answer
        if status == httpx.codes.CONFLICT and answer.strip().isdigit():
            raise WitnessBehindError(int(answer))
        if status == httpx.codes.UNPROCESSABLE_ENTITY:
            raise Refused(
                "witness_denies",
                "A witness denies that this log continues the one it saw.",
                next_step="Compare its checkpoint with ours.",
            )
        raise Transient("a witness does not cosign", retry_after_s=WITNESS_PAUSE_S)

    def last(self, origin: str) -> bytes | None:
        digest = sha256_hex(origin.encode())
        status, answer = self._ask("GET", f"{digest}/checkpoint")
        if status == httpx.codes.NOT_FOUND:
            return None
        if status != httpx.codes.OK:
            raise Transient("a witness does not answer", retry_after_s=WITNESS_PAUSE_S)
        return answer

    def _ask(
        self, method: str, path: str, *, content: bytes | None = None
    ) -> tuple[int, bytes]:
        try:
            with self._client.stream(method, path, content=content) as reply:
                answer = b""
                for piece in reply.iter_bytes():
                    answer += piece
                    if len(answer) > MAX_NOTE_BYTES:
                        raise Transient("a witness's answer is too long")
                return reply.status_code, answer
        except httpx.HTTPError as cause:
            raise Transient("a witness is away") from cause

    def close(self) -> None:
        self._client.close()


def http_witness(name: str, url: str, *, ca: Path) -> HttpWitness:
    """The witness at this address, certified by `ca`; connects when first asked."""
    base = url if url.endswith("/") else f"{url}/"
    tls = outsider_context(ca)
    return HttpWitness(
        name, httpx.Client(base_url=base, verify=tls, timeout=WITNESS_TIMEOUT)
    )


class EventQueue:
    """All events of all services, in batches, acknowledged when the log has them.

    One connection: when it is lost, unacknowledged messages come again to the next
    one, and the log knows them by then. While only the log is away, the connection
    is kept: each redelivery would count towards the queue's delivery limit.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._channel = receiving_channel(connection)
        self._buffer: deque[Received] = deque()
        self.lost = False
        self._channel.basic_qos(0, PREFETCH, False)  # noqa: FBT003 - AMQP's order
        for queue in QUEUES:
            self._channel.basic_consume(queue, callback=self._on_message)

    @classmethod
    def open(cls, broker: Broker) -> Self:
        """Connect and listen; the queue was declared when the service migrated."""
        try:
            connection = broker.connect()
            try:
                return cls(connection)
            except BROKER_ERRORS:
                close_quietly(connection)
                raise
        except BROKER_ERRORS as cause:
            raise Transient("the message bus is away") from cause

    def collect(self) -> list[Received]:
        """The next batch; empty after a second without a message.

        Full at BATCH_MESSAGES; otherwise it waits for more only while more keep
        coming, and at most BATCH_WAIT_S from its first message.
        """
        if not self._buffer and not self._drain(IDLE_S):
            return []
        until = monotonic() + BATCH_WAIT_S
        while len(self._buffer) < BATCH_MESSAGES and monotonic() < until:
            if not self._drain(0.001):
                break
        count = min(len(self._buffer), BATCH_MESSAGES)
        return [self._buffer.popleft() for _ in range(count)]

    def settle(self, batch: Sequence[Received]) -> None:
        """Acknowledge everything up to the batch's last message."""
        with self._watched():
            self._channel.basic_ack(batch[-1].delivery_tag, multiple=True)

    def rest(self, seconds: float) -> None:
        """Wait, but answer the broker's heartbeats meanwhile."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            self._drain(left)

    def close(self) -> None:
        close_quietly(self._connection)

    def _drain(self, timeout_s: float) -> bool:
        """Whether something came; raises Transient when the connection is lost."""
        with self._watched():
            try:
                self._connection.drain_events(timeout=timeout_s)
            except TimeoutError:
                self._connection.heartbeat_check()
                return False
            return True

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except BROKER_ERRORS as cause:
            self.lost = True
            raise Transient("the message bus is away") from cause

    def _on_message(self, message: Any) -> None:  # noqa: ANN401 - a py-amqp message
        self._buffer.append(received(message))


def message_of(delivery: Received) -> Message:
    """A delivery in the log's own words."""
    return Message(delivery.body, delivery.sender)
