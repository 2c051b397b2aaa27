"""The first program of our containers; the images carry this file alone.

`entry.py -m services.auth run` reads the environment that was dealt to the container
and becomes the process. `entry.py --healthy` asks that process how it is.
"""

import os
import socket
import ssl
import sys
from http.client import HTTPException, HTTPSConnection
from pathlib import Path

GIVEN = Path("/state/environment")
TIMEOUT_S = 10
OK = 200


def given() -> dict[str, str]:
    """The whole environment of the process: nothing is inherited."""
    lines = GIVEN.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line)


def is_healthy(told: dict[str, str]) -> bool:
    """Whether a process of ours says it is ready, or a simulator listens."""
    prefixes = [
        key.removesuffix("_METRICS_PORT")
        for key in told
        if key.endswith("_METRICS_PORT")
    ]
    if prefixes:
        return says_ready(told, prefixes[0])
    return all(listens(int(told[key])) for key in told if key.endswith("_PORT"))


def says_ready(told: dict[str, str], prefix: str) -> bool:
    """`GET /ready` over mTLS with the process's own certificate."""
    context = ssl.create_default_context(cafile=told[f"{prefix}_TLS_CA"])
    context.load_cert_chain(told[f"{prefix}_TLS_CERT"], told[f"{prefix}_TLS_KEY"])
    port = int(told[f"{prefix}_METRICS_PORT"])
    link = HTTPSConnection("localhost", port, context=context, timeout=TIMEOUT_S)
    try:
        link.request("GET", "/ready")
        return link.getresponse().status == OK
    except (OSError, HTTPException):
        return False
    finally:
        link.close()


def listens(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    if sys.argv[1:] == ["--healthy"]:
        sys.exit(0 if is_healthy(given()) else 1)
    os.execve(sys.executable, [sys.executable, *sys.argv[1:]], given())  # noqa: S606 - no shell is the point
