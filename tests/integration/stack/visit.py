"""`python -m tests.integration.stack.visit`: servers of this tree's `.state` at work.

Starts database and broker, migrates one service, passes a row and a message, stops.
What was seen is printed as one line of JSON.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import amqp
from sqlalchemy import text

import infra.stack
from infra.layout import ROOT, Layout
from infra.stack import Stack
from tests.databases import owner_engine
from tests.integration.stack.conftest import Doors, answer, publishes

SERVICE = "antifraud"
SEEN = ("postgres", "rabbitmq", "epmd")


def main() -> None:
    """Raises whatever goes wrong; nothing runs afterwards."""
    layout = Layout(ROOT / ".state")
    stack = infra.stack.start(layout.state)
    try:
        stack.migrate(SERVICE)
        found = {
            "user": os.geteuid(),
            "programs": {name: _program(stack.pid(name)) for name in SEEN},
            "row": _row(stack),
            "message": _message(stack),
        }
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


if __name__ == "__main__":
    main()
