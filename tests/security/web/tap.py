"""Somebody between two ends who passes everything and keeps a copy."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class Tap:
    """Listens on `port` and leads to `target`; `heard` is what passed, both ways."""

    def __init__(self, target: int, port: int) -> None:
        self.heard = bytearray()
        self.port = port
        self._target = target
        self._door = socket.create_server(("127.0.0.1", port))
        self._threads = [threading.Thread(target=self._serve, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        # Wakes whoever waits in accept, which closing alone does not.
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _serve(self) -> None:
        while True:
            try:
                one, _ = self._door.accept()
            except OSError:
                return  # the test is over
            other = socket.create_connection(("127.0.0.1", self._target))
            for ends in ((one, other), (other, one)):
                threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while chunk := source.recv(65_536):
                self.heard += chunk
                target.sendall(chunk)
        except OSError:
            return  # one of them was cut: so is the other
        finally:
            for end in (source, target):
                # Closing alone would neither end the link nor wake its reader.
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
