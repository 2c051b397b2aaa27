"""`python -m tests.integration.stack.visit`: servers of this tree's `.state` at work.

Starts database and broker, migrates one service, passes a row and a message, shows a
page of the web tier, stops.
What was seen is printed as one line of JSON.
"""

import json
import os
import ssl
import subprocess
import sys
import time
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import amqp
from sqlalchemy import text

import infra.stack
from infra import topology
from infra.layout import ROOT, Layout
from infra.stack import Stack
from infra.stack.ready import listens
from tests.databases import owner_engine
from tests.integration.stack.conftest import Doors, answer, publishes

SERVICE = "antifraud"
SEEN = ("postgres", "rabbitmq", "epmd")
SHOWN_WITHIN_S = 20
POLL_S = 0.1


def main() -> None:
    """Raises whatever goes wrong; nothing runs afterwards."""
    layout = Layout(ROOT / ".state")
    stack = infra.stack.start(layout.state)
    try:
        stack.migrate(SERVICE)
        found: dict[str, Any] = {
            "user": os.geteuid(),
            "programs": {name: _program(stack.pid(name)) for name in SEEN},
            "row": _row(stack),
            "message": _message(stack),
            "page": _page(stack),
        }
        found["programs"][topology.WEB_TIER] = found["page"].pop("program")
    finally:
        stack.stop()
    json.dump(found, sys.stdout)


def _program(pid: int) -> str:
    """The file that a process runs, as the kernel knows it."""
    return str(Path(f"/proc/{pid}/exe").readlink())


def _row(stack: Stack) -> list[Any]:
    """A row of the service's owner, and whether it came over TLS."""
    engine = owner_engine(stack, SERVICE)
    try:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE kept AS SELECT 42 AS answer"))
        with engine.begin() as connection:
            asked = "SELECT answer, ssl FROM kept, pg_stat_ssl WHERE pid ="
            row = connection.execute(text(f"{asked} pg_backend_pid()")).one()
            return list(row)
    finally:
        engine.dispose()


def _message(stack: Stack) -> str | None:
    """What the service finds in its queue after an operator's call."""
    doors = Doors(stack, stack.layout.state)
    with doors.connected("operator") as operator:
        refused = answer(operator, publishes("rpc", f"{SERVICE}.status"))
    if refused:
        return f"refused: {refused}"
    with doors.connected(SERVICE) as service:
        message: amqp.Message | None = service.channel().basic_get(
            f"{SERVICE}.rpc", no_ack=True
        )
    return None if message is None else str(message.body)


def _page(stack: Stack) -> dict[str, Any]:
    """What a browser is shown, and by which program: there is no gateway behind."""
    context = ssl.create_default_context(cafile=str(stack.layout.pki / "ca.crt"))
    run, env = stack.web.command(), stack.web.environment()
    # Its lines on requests are not what this program was asked for.
    with subprocess.Popen(run, env=env, stdout=subprocess.DEVNULL) as nginx:
        try:
            ready = listens(stack.port(topology.WEB_TIER))
            end = time.monotonic() + SHOWN_WITHIN_S
            while not ready() and time.monotonic() < end:
                time.sleep(POLL_S)
            at = ("127.0.0.1", stack.port(topology.WEB_TIER))
            browser = HTTPSConnection(*at, timeout=SHOWN_WITHIN_S, context=context)
            browser.request("GET", "/")
            status = browser.getresponse().status
            browser.close()
            return {"status": status, "program": _program(nginx.pid)}
        finally:
            nginx.terminate()


if __name__ == "__main__":
    main()
