"""The private stack: keys, database, broker, outer world and our own processes.

    stack = infra.stack.start(folder, only={"postgres", "rabbitmq"})
    ...
    stack.stop()

`python -m infra.stack up` does the same for people, and lets it run.
"""

from infra.stack.stack import (
    SERVERS,
    Stack,
    StackError,
    start,
)

__all__ = ["SERVERS", "Stack", "StackError", "start"]
