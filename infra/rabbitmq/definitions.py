"""Users, permissions and exchanges of the broker, derived from the services' list.

Broker rules used here (RabbitMQ 3.10): configure, write and read are regular
expressions over resource names. Topic permissions name ONE exchange literally, and an
exchange without a topic permission is open: so every principal gets one for every
topic exchange, denying by default.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from infra import topology

VHOST = "kredit"
_CALLS = Path(__file__).with_name("calls.toml")
_NOTHING = "^$"
_ANYTHING = ".*"
_SHARED = ("rpc", "reply")
_READER_OF_ALL = "audit-worker"
_METHOD = "[a-z0-9_]+"
_EVENTS = r"[a-z]+\.events"


class CallMatrixError(Exception):
    """calls.toml names something that is not a pattern `<callee>.<method>`."""


def definitions_json() -> str:
    """The document that the broker imports at every boot."""
    names = (*topology.principals(), *topology.migrators())
    document = {
        "vhosts": [{"name": VHOST}],
        # An empty hash can match no password; only EXTERNAL is offered anyway.
        "users": [{"name": name, "password_hash": "", "tags": []} for name in names],
        "permissions": [_permission(name) for name in names],
        "topic_permissions": [p for name in names for p in _topics(name)],
        "exchanges": [_exchange(name) for name in (*_SHARED, *_event_exchanges())],
    }
    return json.dumps(document, indent=1) + "\n"


def load_calls(path: Path = _CALLS) -> Mapping[str, tuple[str, ...]]:
    """The call matrix: caller → patterns `<callee>.<method>`."""
    with path.open("rb") as file:
        matrix = tomllib.load(file)
    for caller, patterns in matrix.items():
        for pattern in patterns:
            if not re.fullmatch(r"(\*|[a-z]+)\.[a-z0-9_*]+", pattern):
                raise CallMatrixError(f"{caller}: {pattern!r}")
    return {caller: tuple(patterns) for caller, patterns in matrix.items()}


def calls_regex(patterns: Iterable[str]) -> str:
    """Routing keys that `patterns` allow; `^$` (nothing) when there are none."""
    listed = tuple(patterns)
    if not listed:
        return _NOTHING
    keys = "|".join(_key_regex(pattern) for pattern in listed)
    return f"^({keys})$"


def _key_regex(pattern: str) -> str:
    callee, method = pattern.split(".")
    anybody = callee == "*"
    # A wild card of an ordinary caller does not reach the operators' `ping`.
    guard = "(?!ping$)" if method == "*" and not anybody else ""
    named = method.replace("*", "[a-z0-9_]*") if method != "*" else _METHOD
    return rf"{'[a-z]+' if anybody else callee}\.{guard}{named}"


def _event_exchanges() -> tuple[str, ...]:
    return tuple(f"{service}.events" for service in topology.services())


def _exchange(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "vhost": VHOST,
        "type": "topic",
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _permission(name: str) -> dict[str, str]:
    """What a principal may declare, write and read.

    Only a service's migrator declares what lasts (`<service>.inbox` and its kind);
    a running process declares nothing but the queue for its own answers.
    """
    if name in topology.migrators():
        own = _lasting(name.removesuffix("-migrate"))
        return _permitted(
            name, configure=[own], write=[own], read=[own, "rpc", _EVENTS]
        )
    replies = rf"reply\.{re.escape(name)}\..*"
    if name == _READER_OF_ALL:
        return _permitted(
            name,
            configure=[replies],
            write=[replies, "rpc"],
            read=[replies, "reply", r"audit\.(inbox|dead)"],
        )
    if not _answers(name):
        return _permitted(
            name, configure=[replies], write=[replies, "rpc"], read=[replies, "reply"]
        )
    kinds = "dead|rpc" if name == "audit" else "inbox|dead|rpc"
    return _permitted(
        name,
        configure=[replies],
        write=[replies, rf"{name}\.events", "rpc", "reply"],
        read=[replies, "reply", rf"{name}\.({kinds})"],
    )


def _lasting(service: str) -> str:
    return rf"{service}\.(inbox|dead|rpc|events)"


def _permitted(
    name: str, *, configure: list[str], write: list[str], read: list[str]
) -> dict[str, str]:
    return {
        "user": name,
        "vhost": VHOST,
        "configure": _one_of(configure),
        "write": _one_of(write),
        "read": _one_of(read),
    }


def _topics(name: str) -> list[dict[str, str]]:
    """One topic permission per exchange, so that none is open by omission."""
    migrator = name in topology.migrators()
    calls = calls_regex(load_calls().get(name, ()))
    owner = name.removesuffix("-migrate") if migrator else name
    answered = rf"^{owner}\..*$" if migrator else _NOTHING
    replies = _NOTHING if migrator else rf"^{re.escape(name)}\..*$"
    write_reply = _ANYTHING if _answers(name) else _NOTHING
    return [
        _topic(name, "rpc", write=calls, read=answered),
        _topic(name, "reply", write=write_reply, read=replies),
        *(
            _topic(
                name,
                exchange,
                write=_ANYTHING if exchange == f"{name}.events" else _NOTHING,
                read=_ANYTHING if migrator else _NOTHING,
            )
            for exchange in _event_exchanges()
        ),
    ]


def _topic(user: str, exchange: str, *, write: str, read: str) -> dict[str, str]:
    return {
        "user": user,
        "vhost": VHOST,
        "exchange": exchange,
        "write": write,
        "read": read,
    }


def _answers(name: str) -> bool:
    """Whether the principal is a service's main process, the only kind called."""
    return name in topology.services()


def _one_of(patterns: Iterable[str]) -> str:
    return f"^({'|'.join(patterns)})$"
