"""An outside witness of the audit log, in a process and with a store of its own.

`python -m infra.simulators.witness`; C2SP tlog-witness. It keeps size and root of the
last checkpoint it cosigned for each log, and cosigns a larger one only with a proof
that nothing before was changed. What it answers with 200 is on the disk before.
"""

import base64
import binascii
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from infra.simulators import web
from infra.simulators.clock import Clock
from infra.simulators.journal import Journal
from infra.simulators.serving import Listener, start
from infra.simulators.settings import witness_settings

NAME = "simulator-witness"
MOST_PROOF_LINES = 63
MOST_BODY_BYTES = 64 * 1024 + 63 * 45 + 32
ED25519_LOG = 1
COSIGNATURE_V1 = b"\x04"
HASH_BYTES = 32
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class AnswerError(Exception):
    """An answer other than 200 (C2SP tlog-witness, `add-checkpoint`)."""

    def __init__(self, status: int, size: int | None = None) -> None:
        super().__init__(str(status))
        self.status = status
        self.size = size


@dataclass(frozen=True, slots=True)
class Log:
    """A log this witness knows, by the key it signs with."""

    origin: str
    key_id: bytes
    public: Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, parsed: a proof from `old`, and the checkpoint it leads to."""

    old: int
    proof: list[bytes]
    text: bytes
    lines: list[str]
    size: int
    root: bytes


class Witness:
    """Its key, the logs it knows and what it cosigned of each."""

    def __init__(
        self, name: str, *, logs: Iterable[str], folder: Path, clock: Clock
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._name = name
        self._key = _own_key(folder / "key")
        self._logs: dict[str, list[Log]] = {}
        for log in map(_known_log, logs):  # several keys while one succeeds another
            self._logs.setdefault(log.origin, []).append(log)
        self._journal = Journal(folder / "cosigned.jsonl")
        self._lock = threading.Lock()
        self._last: dict[str, tuple[int, bytes, str]] = {
            record["origin"]: (
                record["size"],
                bytes.fromhex(record["root"]),
                record["note"],
            )
            for record in self._journal.records
        }
        (folder / "vkey").write_text(f"{self.vkey}\n")

    @property
    def vkey(self) -> str:
        """As a policy names it."""
        blob = COSIGNATURE_V1 + self._key.public_key().public_bytes_raw()
        encoded = base64.b64encode(blob).decode()
        return f"{self._name}+{self._key_id().hex()}+{encoded}"

    @property
    def able(self) -> bool:
        return not self._journal.broken

    def add(self, body: bytes) -> str:
        """The cosignature's line. Raises AnswerError."""
        asked = _parse(body)
        origin = asked.text.decode().split("\n")[0]
        known = self._logs.get(origin)
        if known is None:
            raise AnswerError(404)
        if not any(_is_signed(asked, log) for log in known):
            raise AnswerError(403)
        if asked.old > asked.size:
            raise AnswerError(400)
        with self._lock:  # compare and store are one step
            size, root, _ = self._last.get(origin, (0, sha256(b"").digest(), ""))
            if asked.old != size:
                raise AnswerError(409, size)
            if not _continues(asked, root):
                raise AnswerError(422)
            line = self._cosigned(asked.text)
            note = asked.text.decode() + "\n" + "\n".join(asked.lines) + "\n" + line
            record = {
                "origin": origin,
                "size": asked.size,
                "root": asked.root.hex(),
                "note": note,
            }
            self._journal.append(record)
            self._last[origin] = (asked.size, asked.root, note)
        return line

    def last(self, origin_hash: str) -> str | None:
        """The newest checkpoint cosigned for the log whose origin has this SHA-256."""
        for origin, (_, _, note) in self._last.items():
            if sha256(origin.encode()).hexdigest() == origin_hash:
                return note
        return None

    def _cosigned(self, text: bytes) -> str:
        time = int(self._clock.now().timestamp())
        signature = self._key.sign(f"cosignature/v1\ntime {time}\n".encode() + text)
        blob = self._key_id() + time.to_bytes(8, "big") + signature
        return f"— {self._name} {base64.b64encode(blob).decode()}\n"

    def _key_id(self) -> bytes:
        public = self._key.public_key().public_bytes_raw()
        named = self._name.encode() + b"\n" + COSIGNATURE_V1 + public
        return sha256(named).digest()[:4]


def _own_key(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(Ed25519PrivateKey.generate().private_bytes_raw())
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def _known_log(vkey: str) -> Log:
    name, key_hex, encoded = vkey.split("+", 2)
    blob = base64.b64decode(encoded, validate=True)
    if blob[0] != ED25519_LOG:
        raise ValueError("not the key of a log")
    public = Ed25519PublicKey.from_public_bytes(blob[1:])
    return Log(name, bytes.fromhex(key_hex), public)


def _parse(body: bytes) -> Asked:
    try:
        head, text, tail = body.decode().split("\n\n", 2)
        first, *proof = head.split("\n")
        word, old = first.split(" ")
        _, size, root = text.split("\n")
        lines = tail.removesuffix("\n").split("\n")
        hashes = [_hash(line) for line in proof]
        numbers = [_number(old), _number(size)]
        signed_root = _hash(root)
    except (ValueError, binascii.Error) as error:
        raise AnswerError(400) from error
    if word != "old" or len(proof) > MOST_PROOF_LINES or not tail.endswith("\n"):
        raise AnswerError(400)
    signed = f"{text}\n".encode()
    return Asked(numbers[0], hashes, signed, lines, numbers[1], signed_root)


def _number(text: str) -> int:
    if not DECIMAL.fullmatch(text):
        raise ValueError("not a decimal without leading zeros")
    return int(text)


def _hash(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if len(raw) != HASH_BYTES or base64.b64encode(raw).decode() != text:
        raise ValueError("not a hash in its one spelling")
    return raw


def _is_signed(asked: Asked, log: Log) -> bool:
    for line in asked.lines:
        match line.split(" "):
            case ["—", log.origin, encoded]:
                pass
            case _:
                continue
        try:
            blob = base64.b64decode(encoded, validate=True)
            if blob[:4] == log.key_id:
                log.public.verify(blob[4:], asked.text)
                return True
        except (InvalidSignature, binascii.Error):
            return False
    return False


def _continues(asked: Asked, root: bytes) -> bool:
    """Whether the proof leads from `root` to the asked one (RFC 9162 § 2.1.4.2)."""
    old, new = asked.old, asked.size
    if old in {0, new}:
        grown = old < new or asked.root == root
        return grown and not asked.proof
    path = list(asked.proof)
    if old & (old - 1) == 0:
        path.insert(0, root)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = _node(each, first), _node(each, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = _node(second, each)
        at, last = at >> 1, last >> 1
    return last == 0 and first == root and second == asked.root


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def routes(witness: Witness) -> list[Route]:
    """`add-checkpoint`, the newest checkpoint of a log, and who we are."""

    async def add(request: Request) -> Response:
        body = await web.raw_body(request, most=MOST_BODY_BYTES)
        try:
            return PlainTextResponse(witness.add(body))
        except AnswerError as error:
            if error.size is None:
                return Response(status_code=error.status)
            size = f"{error.size}\n"
            return Response(size, error.status, media_type="text/x.tlog.size")

    async def last(request: Request) -> Response:
        note = witness.last(request.path_params["origin"])
        return PlainTextResponse(note) if note else Response(status_code=404)

    async def vkey(_: Request) -> Response:
        return PlainTextResponse(f"{witness.vkey}\n")

    return [
        Route("/vkey", vkey, methods=["GET"]),
        Route("/add-checkpoint", add, methods=["POST"]),
        Route("/{origin}/checkpoint", last, methods=["GET"]),
        web.ready_route(NAME, lambda: witness.able),
    ]


def build(env: Mapping[str, str]) -> list[Listener]:
    """One public listener. Raises SettingsError."""
    settings = witness_settings(env)
    clock = Clock(settings.common.clock_file)
    witness = Witness(
        settings.name, logs=settings.logs, folder=settings.data, clock=clock
    )
    return [
        Listener(
            app=web.Dated(web.application(routes(witness)), clock),
            host=settings.common.host,
            port=settings.port,
            tls=settings.common.tls,
            partners_only=False,
        )
    ]


if __name__ == "__main__":
    start(NAME, build)
