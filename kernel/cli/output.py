"""How answers look: one line of JSON, ids alone, or text for people.

People read times of Almaty and tables as wide as their terminal; programs read RFC 3339
and whole values.  An id is never cut.  What others wrote is shown without the
characters that would steer a terminal.
"""

import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from kernel.clock import ALMATY, parse_rfc3339
from kernel.crypto import Json

NARROWEST: Final = 6
"""Characters a column that may be cut keeps, its mark included."""
_GAP: Final = "  "
_CUT: Final = "…"
_UNSHOWN: Final = "\N{REPLACEMENT CHARACTER}"
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")

Row = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How an answer that is a list is shown.

    ``member`` holds the rows, ``id_of`` is the column that names a row, ``none`` the
    words for an empty list; ``columns`` are those people see, all when left out.
    """

    member: str
    id_of: str
    none: str
    columns: tuple[str, ...] = ()


def show(
    answer: Json,
    *,
    as_json: bool,
    quiet: bool = False,
    listing: Listing | None = None,
    id_of: str = "",
) -> None:
    """Print an answer on standard output, in the form that was asked for."""
    if quiet:
        lines = _ids(answer, listing, id_of)
    elif as_json:
        lines = iter([orjson.dumps(answer).decode()])
    else:
        lines = _text(answer, listing)
    for line in lines:
        sys.stdout.write(line + "\n")


def rows_of(value: Json) -> list[Row]:
    """The objects of a list of objects; nothing for any other value."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, Mapping)]


def printable(text: str) -> str:
    """One line of text in which nothing steers a terminal (CWE-150).

    Control and direction characters, line ends among them, become a visible mark.
    """
    plain = text.replace("\N{NO-BREAK SPACE}", " ")
    return "".join(mark if mark.isprintable() else _UNSHOWN for mark in plain)


def table(rows: Sequence[Row], columns: Sequence[str], width: int | None) -> list[str]:
    """Lines of a table with a heading, none wider than `width` unless ids are."""
    heads = [_title(column) for column in columns]
    cells = [[_cell(row.get(column), column) for column in columns] for row in rows]
    whole = [heads, *cells]
    widths = [max(len(line[n]) for line in whole) for n in range(len(columns))]
    ids = [any(_UUID.search(line[n]) for line in cells) for n in range(len(columns))]
    if width is not None:
        _narrow(widths, ids, width - len(_GAP) * (len(widths) - 1))
    return [_line(line, widths) for line in whole]


def _narrow(widths: list[int], fixed: Sequence[bool], room: int) -> None:
    """Take from the widest column that may be cut until all fit, or none may."""
    while sum(widths) > room:
        free = [n for n, keep in enumerate(fixed) if not keep and widths[n] > NARROWEST]
        if not free:
            return
        widths[max(free, key=widths.__getitem__)] -= 1


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    fitted = [
        cell if len(cell) <= width else cell[: width - 1] + _CUT
        for cell, width in zip(cells, widths, strict=True)
    ]
    padded = [f"{cell:{width}}" for cell, width in zip(fitted, widths, strict=True)]
    return _GAP.join(padded).rstrip()


def _title(name: str) -> str:
    return printable(name.replace("_", " "))


def _cell(value: Json, name: str = "") -> str:
    """A value as people read it; `name` is that of the member that holds it."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case str() if _INSTANT.fullmatch(value):
            there = parse_rfc3339(value).astimezone(ALMATY)
            return there.isoformat(" ", "seconds").removesuffix(":00")
        case Mapping():
            told = (
                f"{printable(key)}={_cell(item, key)}" for key, item in value.items()
            )
            return ", ".join(told) or "–"
        case list():
            # One of `roles` is called by its `role`, if it has one.
            one = name.removesuffix("s")
            named = (
                item.get(one, item) if isinstance(item, Mapping) else item
                for item in value
            )
            return ", ".join(map(_cell, named)) or "–"
    return printable(str(value))


def _ids(answer: Json, listing: Listing | None, id_of: str) -> Iterator[str]:
    """The id of each row, or of the one thing that was made."""
    if not isinstance(answer, Mapping):
        return
    if listing:
        rows: Sequence[Row] = rows_of(answer.get(listing.member))
        name = listing.id_of
    else:
        rows, name = [answer], id_of
    yield from (printable(str(row[name])) for row in rows if row.get(name) is not None)


def _text(answer: Json, listing: Listing | None) -> Iterator[str]:
    if not isinstance(answer, Mapping):
        yield _cell(answer)
        return
    listed = listing.member if listing else ""
    plain = {name: value for name, value in answer.items() if name != listed}
    yield from _members(plain)
    if listing and (rows := rows_of(answer.get(listed))):
        yield from table(rows, listing.columns or _columns(rows), _terminal_width())
    elif listing:
        yield listing.none


def _members(answer: Row) -> Iterator[str]:
    """A line per member; tables and longer texts stand below their names."""
    width = max((len(name) for name in answer), default=0)
    for name, value in answer.items():
        if rows := rows_of(value):
            yield _title(name)
            room = _terminal_width()
            inner = None if room is None else room - len(_GAP)
            yield from (_GAP + line for line in table(rows, _columns(rows), inner))
        elif isinstance(value, str) and "\n" in value:
            yield _title(name)
            yield from (_GAP + printable(line) for line in value.splitlines())
        else:
            yield f"{_title(name):{width}}{_GAP}{_cell(value, name)}"


def _columns(rows: Sequence[Row]) -> list[str]:
    """Every member any row has, in the order they are met."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _terminal_width() -> int | None:
    """Characters in a line of the terminal; nothing is cut for anybody else."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
