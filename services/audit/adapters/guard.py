"""The guard of the broker, asked over its Unix socket."""

import json
import socket
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from kernel import frames
from kernel.errors import Broken, Transient
from services.audit.ports.measures import Standing

MOST_BYTES: Final = 64 * 1024
WAIT_S: Final = 3.0
"""For one answer: the broker does it in some ten milliseconds."""
AWAY_S: Final = 1


class SocketGuard:
    """Whoever has the broker's own rights, in a process apart.

    Implements BrokerGuard; a connection for each question.
    """

    def __init__(self, path: Path, *, wait_s: float = WAIT_S) -> None:
        self._path, self._wait_s = str(path), wait_s

    def cut_off(self, principals: Collection[str], *, since: int) -> Standing:
        asked = {"cut": sorted(principals), "since": since}
        try:
            answer = self._asked(json.dumps(asked).encode())
            return Standing(
                cut=frozenset(map(str, answer["cut"])),
                given_back=[(int(n), str(who)) for n, who in answer["given_back"]],
            )
        except OSError as cause:
            away = "the guard of the broker does not answer"
            raise Transient(away, retry_after_s=AWAY_S) from cause
        except KeyError as cause:
            away = "the guard cannot tell the broker anything"
            raise Transient(away, retry_after_s=AWAY_S) from cause
        except (ValueError, TypeError) as cause:
            raise Broken("the guard gave an answer of another shape") from cause

    def _asked(self, question: bytes) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(self._wait_s)
            link.connect(self._path)
            frames.send(link, question)
            answer = json.loads(frames.receive(link, at_most=MOST_BYTES))
        if not isinstance(answer, dict):
            raise TypeError("an object expected")
        return answer
