"""Logs: one JSON object a line on stdout, and no personal data in it.

Redaction is the last step before a line is written and does not trust the caller: it
masks by the name of the field and by the look of the value, in events, fields and the
texts of exceptions alike (clause 1.3a). What it cannot read, it does not print.

Records of the standard library's loggers become the same lines, except that messages
of the broker's libraries lose their arguments, because some of them quote whole bodies.
Lines of ours do not become records on their way: that alone would cost as much as all
the rest, and every message leaves one.
"""

import json
import logging
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from io import BufferedWriter, FileIO, RawIOBase, TextIOWrapper
from pathlib import PurePath
from typing import TypeAlias
from uuid import UUID

import orjson
import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger
from typing_extensions import override

from kernel.clock import SystemClock, rfc3339
from kernel.money import Money
from kernel.values import Iban, Iin, Phone, Secret

MASK = "***"
LONGEST_TEXT = 16_384  # characters of one value; the rest is cut
DEEPEST = 6  # levels of nested fields
MOST_ITEMS = 100  # of one nested field
MOST_NAMES = 1_000  # of fields whose meaning is kept in mind

_QUIET = {
    # These speak of every message, request or statement, some with its contents.
    **dict.fromkeys(("amqp", "kombu", "nameko", "eventlet"), logging.WARNING),
    # It writes a traceback for every answer "refused"; defects it logs as errors.
    "nameko.containers": logging.ERROR,
    **dict.fromkeys(("httpx", "httpcore", "uvicorn.access"), logging.WARNING),
    **dict.fromkeys(("sqlalchemy", "asyncio"), logging.WARNING),
    "alembic.runtime.plugins": logging.WARNING,
}
_QUOTING_BODIES = frozenset({"amqp", "kombu", "nameko"})

_DENIED_WORDS = frozenset(
    {
        *("iin", "bin", "phone", "msisdn", "iban", "email", "address", "birth"),
        *("surname", "patronymic", "password", "passwd", "pwd", "pin", "otp"),
        *("secret", "secrets", "token", "authorization", "cookie", "cookies"),
    }
)
_DENIED_NAMES = frozenset(
    {
        *("name", "names", "full_name", "given_name", "first_name", "last_name"),
        *("common_name", "document_number", "private_key", "api_key"),
        *("body", "payload", "sms", "text", "csr", "environ"),
    }
)
_HARMLESS_CODES = frozenset({"status", "exit", "return", "bank"})
_STABLE_CODE = re.compile(r"[a-z]+(?:_[a-z0-9]+)*")
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_Shown: TypeAlias = Callable[[object, int], object]
_OWN_KEYS_OF_STRUCTLOG = frozenset({"_record", "_from_structlog"})

_ASSIGNMENT = (
    r"(?i)(password|passwd|secret|token|\botp|\biin|phone|iban|[?&]code|[?&]state)"
    r"(['\"]?\s*[=:]\s*['\"]?)(?!\*\*\*)[^\s'\",;&})]+"
)
_PATTERNS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # PEM blocks, a cut one to its end.
        (r"(?s)-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", MASK),
        # The rows that PostgreSQL and SQLAlchemy quote in their errors.
        (r"(?s)(DETAIL|ПОДРОБНОСТИ):.*?(?=\n\[SQL|\n\(Background|\n\n|\Z)", r"\1: ***"),
        (r"(?s)\[parameters: .*?\](?=\n|\Z)", "[parameters: ***]"),
        # Credentials: URL, Authorization, JWT and its kind, assignments in texts.
        (r"(\w://[^\s/:@]*):[^\s/]*@", r"\1:***@"),
        (
            r"(?i)(authorization['\"]?\s*[=:]\s*['\"]?\w+|\bbearer)\s+[\w.~+/=-]+",
            r"\1 ***",
        ),
        (r"\beyJ[\w-]+\.[\w.-]+", MASK),
        (_ASSIGNMENT, r"\1\2***"),
        # KZ IBAN; ИИН or БИН; phone. Hexadecimal neighbours mean an id or a digest.
        (r"(?i)KZ\d{2}(?:\s?[0-9A-Z]){16}", MASK),
        (r"(?<![0-9a-fA-F])(?<![0-9a-f]{4}-)\d{12}(?![0-9a-fA-F])", MASK),
        (r"(?i)(?:\+|%2B)7(?:[\s()\-]*\d){10}", MASK),
        (r"(?<![0-9a-fA-F])[78][\s()\-]*7(?:[\s()\-]*\d){9}(?![0-9a-fA-F])", MASK),
    )
)
_HARMLESS = re.compile(
    r"[a-z_.]{0,100}(?:\.v[0-9])?"  # names of fields and of events
    r"|[A-Z]{1,7}|/[a-z_/{}-]{0,100}"  # methods and patterns of routes
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # UUIDs
    r"|[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{64}"  # ids of traces and spans, digests
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"  # instants
)
"""What most lines are made of: no pattern above can match, so none is tried."""
_SHORT_NUMBER = 10**10
"""An integer below it has fewer digits than a phone number, an ИИН or a card."""


def configure(process: str, level: str) -> None:
    """Send everything of this process to stdout, redacted, from `level` upwards.

    `process` is the principal, written into each line. May be called again.
    """
    _OUT.process = process
    if isinstance(sys.stdout.buffer, RawIOBase):  # PYTHONUNBUFFERED
        # So written, what a signal leaves over while the reader is slow is dropped.
        raw = FileIO(sys.stdout.fileno(), "w", closefd=False)  # never a green one
        out = BufferedWriter(raw)
        sys.stdout = TextIOWrapper(out, encoding="utf-8", line_buffering=True)
    handler = _Handler()
    handler.addFilter(_forget_bodies)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=_CHAIN,
            processors=[ProcessorFormatter.remove_processors_meta, *_LINE],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, at_least in _QUIET.items():
        logging.getLogger(name).setLevel(max(at_least, root.level))
    logging.captureWarnings(capture=True)


def get_logger(name: str) -> BoundLogger:
    """The logger of a module; redacts even in a process that never configured logs."""
    if not structlog.is_configured():
        structlog.configure(
            processors=[structlog.stdlib.filter_by_level, *_CHAIN, *_LINE],
            wrapper_class=BoundLogger,
            logger_factory=_Logger,
            cache_logger_on_first_use=True,
        )
    logger: BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def canonical(logger: str, event: str, **fields: object) -> None:
    """The one line of a message or a request: everything worth knowing about it.

    The field `outcome` chooses the level: ``broken`` is an error, ``transient`` a
    warning, anything else (``ok``, ``refused``) is news.  Of the making of a line,
    which every message pays for, only what this one needs is done.
    """
    level = _LEVEL_OF.get(fields.get("outcome"), logging.INFO)
    writer = _writer(logger)
    if writer.getEffectiveLevel() > level:
        return
    name = _NAMES[level]
    told = redact(None, name, {"event": event, **fields})
    line: EventDict = {**told, "line": "canonical", "logger": logger, "level": name}
    write = writer.info if level == logging.INFO else writer.warning
    write(_json(_OUT.sign(None, name, _stamp(None, name, line))))


@contextmanager
def lines_together() -> Iterator[None]:
    """Write the news told here in one go: at the end, or before anything worse.

    For work of many parts that happen together or not at all; who waits for each
    line's way to the disk waits longer than the part took.
    """
    held: list[str] = []
    outer = _HELD.set(held)
    try:
        yield
    finally:
        _HELD.reset(outer)
        _OUT.write(held, __name__)


def redact(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    """The processor that masks every field, the names of the fields included."""
    return {
        name: value if key in _OWN_KEYS_OF_STRUCTLOG else shown(value, DEEPEST)
        for key, value in event_dict.items()
        for name, shown in (_reading(key),)
    }


def redact_text(text: str) -> str:
    """A text without what looks like personal data or a credential."""
    if _HARMLESS.fullmatch(text):
        return text
    text = text[:LONGEST_TEXT]
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


@lru_cache(maxsize=MOST_NAMES)
def _reading(key: str) -> tuple[str, _Shown]:
    """How a field is named in the line, and what its name lets us show of its value.

    The words of ``loginPhone``, ``login-phone`` and ``login_phone`` are the same.
    """
    words = {word.lower() for word in _WORD.findall(key)}
    shown: _Shown
    if key.lower() in _DENIED_NAMES or not _DENIED_WORDS.isdisjoint(words):
        shown = _denied
    elif "code" in words and _HARMLESS_CODES.isdisjoint(words):
        shown = _code
    else:
        shown = _value
    return redact_text(key), shown


def _denied(value: object, _depth: int) -> object:
    return value if value is None or isinstance(value, bool) else MASK


def _code(value: object, depth: int) -> object:
    """A code of ours is a word; a code sent to a phone is not."""
    ours = _STABLE_CODE.fullmatch(str(value))
    return (_value if ours else _denied)(value, depth)


def _value(value: object, depth: int) -> object:
    match value:
        case str():
            return redact_text(value)
        case UUID():
            return str(value)
        case None | bool():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case int() if -_SHORT_NUMBER < value < _SHORT_NUMBER:
            return value
        case int():
            shown = redact_text(str(value))
            return value if shown == str(value) else shown
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case Mapping() | list() | tuple() | set() | frozenset() if depth <= 1:
            return MASK
        case Mapping():
            pairs = [(str(key), value[key]) for key in list(value)[:MOST_ITEMS]]
            return {
                name: shown(item, depth - 1)
                for key, item in pairs
                for name, shown in (_reading(key),)
            }
        case list() | tuple() | set() | frozenset():
            return [_value(item, depth - 1) for item in list(value)[:MOST_ITEMS]]
        case _:
            return _shown(value)


# Types whose text is known to be harmless or masks itself; others show their name only.
_SHOWN = (
    Decimal, date, datetime, time, timedelta, PurePath, Enum,
    Money, Iin, Phone, Iban, Secret, BaseException,
)  # fmt: skip


def _shown(value: object) -> str:
    if not isinstance(value, _SHOWN):
        return f"<{type(value).__name__}>"
    if isinstance(value, BaseException):
        return redact_text(f"{type(value).__name__}: {value}")
    return redact_text(str(value))


_CLOCK = SystemClock()


def _stamp(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    """The processor that says when, in the one spelling of an instant."""
    event_dict["at"] = rfc3339(_CLOCK.now())
    return event_dict


_CHAIN: list[Processor] = [
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    _stamp,
    structlog.processors.format_exc_info,
    redact,
]


_HELD: ContextVar[list[str] | None] = ContextVar("_HELD", default=None)
"""News of `lines_together` not written yet, of each thread, a green one too."""


class _Out:
    """Lines to whatever stdout is at the moment; says when one was lost."""

    process: str | None = None

    def write(self, lines: Iterable[str], logger: str) -> None:
        """Write them; a full disk or a closed pipe must not fail who logs."""
        try:
            sys.stdout.write("".join(f"{line}\n" for line in lines))
            sys.stdout.flush()
        except (OSError, ValueError):
            self.lost(logger)

    def lost(self, logger: str) -> None:
        """Say it where the line itself could not be said, and not what it said."""
        lost = {"event": "log_line_lost", "logger": logger, "level": "error"}
        sys.stderr.write(f"{json.dumps(lost)}\n")

    def sign(self, _: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
        """The processor that writes into each line whose it is."""
        return {"process": self.process, **event_dict} if self.process else event_dict


def _json(fields: EventDict, **_: object) -> str:
    try:
        return orjson.dumps(fields).decode()
    except orjson.JSONEncodeError:
        return json.dumps(fields)  # slower, and knows integers of any size


_OUT = _Out()
_LINE: list[Processor] = [
    _OUT.sign,
    structlog.processors.JSONRenderer(serializer=_json),
]


class _Logger:
    """What structlog wraps: a logger of the standard library, of its levels only."""

    disabled = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.getEffectiveLevel = logging.getLogger(name).getEffectiveLevel

    def info(self, line: str) -> None:
        """Write the finished line, or keep it for `lines_together`."""
        held = _HELD.get()
        if held is None:
            _OUT.write([line], self.name)
        else:
            held.append(line)

    def warning(self, line: str) -> None:
        """Write the finished line at once, behind what was kept."""
        held = _HELD.get() or []
        _OUT.write([*held, line], self.name)
        held.clear()

    debug = info
    error = critical = exception = warning


_writer = lru_cache(maxsize=None)(_Logger)
"""The loggers of `canonical`: a handful of names of ours."""
_NAMES = {
    logging.INFO: "info", logging.WARNING: "warning", logging.ERROR: "error",
}  # fmt: skip
_LEVEL_OF: dict[object, int] = {
    "broken": logging.ERROR, "transient": logging.WARNING,
}  # fmt: skip


class _Handler(logging.Handler):
    """Writes the records of other people's loggers."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            _OUT.write([self.format(record)], record.name)
        except Exception:  # noqa: BLE001 - logging must not fail who logs
            self.handleError(record)

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        # The standard one prints the message and its arguments to stderr, unredacted.
        _OUT.lost(record.name)


def _forget_bodies(record: logging.LogRecord) -> bool:
    """Drop the arguments of a record whose library is known to quote bodies there."""
    if record.name.partition(".")[0] in _QUOTING_BODIES:
        record.args = ()
    return True
