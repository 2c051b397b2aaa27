"""A TCP proxy in the path, which misbehaves on order, each direction apart.

::

    with Proxy(("127.0.0.1", port)) as proxy:
        ...                                  # connect to 127.0.0.1:proxy.port
        proxy.both(black_hole=True)          # accepted, kept, swallowed
        proxy.to_client(latency_ms=200, jitter_ms=50)
        proxy.refuse()                       # down: everything is cut and refused
        proxy.heal()
        proxy.cut()                          # resets what is open; new ones pass

It knows nothing of what it carries. Under TLS whatever changes the stream (`corrupt`,
`duplicate`, `reorder`, a black hole that heals) must end the connection, never reach
whoever reads.
"""

import asyncio
import random
import socket
import struct
import sys
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from types import TracebackType
from typing import Any, Final, Self

_CHUNK_BYTES: Final = 16 * 1024
_AHEAD_CHUNKS: Final = 64
"""So much is read before it is due; then the sender feels the back-pressure."""
_POLL_S: Final = 0.02
_ORDER_S: Final = 10.0
_RESET: Final = struct.pack("ii", 1, 0)


class Direction(Enum):
    """Which way bytes go."""

    TO_SERVER = "to_server"
    TO_CLIENT = "to_client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How one direction behaves; as made, it passes everything at once.

    `corrupt`, `duplicate` and `reorder` are shares of the chunks, 0 to 1: one bit is
    flipped, the chunk is sent twice, the chunk is sent after the one behind it.
    """

    latency_ms: float = 0
    jitter_ms: float = 0
    bytes_per_s: float | None = None
    black_hole: bool = False
    slice_bytes: int = _CHUNK_BYTES
    limit_bytes: int | None = None
    """A connection is reset when it has passed so many, counted from its start."""
    corrupt: float = 0
    duplicate: float = 0
    reorder: float = 0


class Proxy:
    """One door before ``target``, in a thread of its own; any thread may order."""

    def __init__(
        self,
        target: tuple[str, int],
        *,
        port: int = 0,
        seed: str = "",
        source: str | None = None,
    ) -> None:
        """`source` is the address of this machine's that the target is shown."""
        self.accepted = 0
        self._target = target
        self._source = None if source is None else (source, 0)
        self._dice = random.Random(seed)
        self._links = dict.fromkeys(Direction, Link())
        self._open: set[_Connection] = set()
        self._serving: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self._door = _bound(port)
        self.port = int(self._door.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.heal()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_ORDER_S)
        self._loop.close()

    @property
    def open(self) -> int:
        """Connections that are open now."""
        return len(self._open)

    def to_server(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Link
        """Change what the server receives; open connections feel it at once."""
        self._change(Direction.TO_SERVER, changes)

    def to_client(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Link
        """Change what the client receives; open connections feel it at once."""
        self._change(Direction.TO_CLIENT, changes)

    def both(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Link
        """Change both directions."""
        for direction in Direction:
            self._change(direction, changes)

    def aim(self, target: tuple[str, int]) -> None:
        """Lead new connections to another server."""
        self._target = target

    def cut(self, *, orderly: bool = False) -> None:
        """End what is open, by a reset or (``orderly``) as if the peer had closed."""
        self._do(self._cut(orderly=orderly))

    def refuse(self) -> None:
        """Be down: reset what is open and refuse what comes, until `heal`."""
        self._do(self._refuse())

    def heal(self) -> None:
        """Pass everything again; connections that still stand go on."""
        self._links = dict.fromkeys(Direction, Link())
        self._do(self._listen())

    def _change(self, direction: Direction, changes: dict[str, Any]) -> None:
        self._links[direction] = replace(self._links[direction], **changes)

    def _do(self, order: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(order, self._loop).result(_ORDER_S)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, sock=self._door)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            # Bound and not listening, the port refuses and nobody else takes it.
            self._door = _bound(self.port)
        await self._cut(orderly=False)

    async def _cut(self, *, orderly: bool) -> None:
        for connection in list(self._open):
            connection.end(orderly=orderly)

    async def _end(self) -> None:
        await self._refuse()
        self._door.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            from_server, to_server = await asyncio.open_connection(
                *self._target, local_addr=self._source
            )
        except OSError:
            _reset(to_client)
            return
        connection = _Connection(to_client, to_server)
        self._open.add(connection)
        try:
            async with asyncio.TaskGroup() as flows:
                for direction, reader, writer in (
                    (Direction.TO_SERVER, from_client, to_server),
                    (Direction.TO_CLIENT, from_server, to_client),
                ):
                    ahead: _Ahead = asyncio.Queue(_AHEAD_CHUNKS)
                    flows.create_task(self._receive(direction, reader, writer, ahead))
                    flows.create_task(self._send(direction, ahead, writer))
        except* OSError:
            connection.end(orderly=False)
        finally:
            self._open.discard(connection)
            connection.end(orderly=True)

    async def _receive(
        self,
        direction: Direction,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ahead: "_Ahead",
    ) -> None:
        """Read until the end; an end does not pass a black hole either."""
        try:
            while chunk := await reader.read(_CHUNK_BYTES):
                link = self._links[direction]
                if not link.black_hole:
                    late_ms = link.latency_ms + self._dice.uniform(0, link.jitter_ms)
                    await ahead.put((self._loop.time() + late_ms / 1000, chunk))
        finally:
            while (  # noqa: ASYNC110 - links change in other threads
                self._links[direction].black_hole and not writer.is_closing()
            ):
                await asyncio.sleep(_POLL_S)
        await ahead.put((0.0, b""))

    async def _send(
        self, direction: Direction, ahead: "_Ahead", writer: asyncio.StreamWriter
    ) -> None:
        passed, kept, chunk = 0, b"", b"-"
        while chunk:
            due, chunk = await ahead.get()
            await asyncio.sleep(due - self._loop.time())
            link = self._links[direction]
            if chunk and not kept and self._hits(link.reorder):
                kept = chunk
                continue
            for piece in _pieces(self._spoiled(chunk, link) + kept, link.slice_bytes):
                left = sys.maxsize if link.limit_bytes is None else link.limit_bytes
                writer.write(piece[: max(0, left - passed)])
                await writer.drain()
                passed += len(piece)
                if passed > left:
                    raise ConnectionResetError
                if link.bytes_per_s is not None:
                    await asyncio.sleep(len(piece) / link.bytes_per_s)
            kept = b""
        if not writer.is_closing():
            writer.write_eof()

    def _hits(self, share: float) -> bool:
        return share > 0 and self._dice.random() < share

    def _spoiled(self, chunk: bytes, link: Link) -> bytes:
        if chunk and self._hits(link.corrupt):
            bit = self._dice.randrange(len(chunk) * 8)
            flipped = chunk[bit // 8] ^ (1 << bit % 8)
            chunk = chunk[: bit // 8] + bytes([flipped]) + chunk[bit // 8 + 1 :]
        return chunk * 2 if self._hits(link.duplicate) else chunk


_Ahead = asyncio.Queue[tuple[float, bytes]]
"""What was read and when it is due; an empty chunk is the end."""


@dataclass(frozen=True, eq=False)
class _Connection:
    """Both ends of one connection that passes."""

    to_client: asyncio.StreamWriter
    to_server: asyncio.StreamWriter

    def end(self, *, orderly: bool) -> None:
        for writer in (self.to_client, self.to_server):
            if orderly:
                writer.close()
            else:
                _reset(writer)


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def _bound(port: int) -> socket.socket:
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port))
    return door


def _reset(writer: asyncio.StreamWriter) -> None:
    peer = writer.get_extra_info("socket")
    if peer is not None and peer.fileno() >= 0:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
