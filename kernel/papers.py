"""Papers before there are any bytes: lines, tables and bars, from top to bottom.

The domain of a service makes them of its facts; `kernel.printing` prints them.
"""

from dataclasses import dataclass
from typing import Literal

Style = Literal["title", "heading", "text", "small"]


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph."""

    style: Style
    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: the first row is its head, the widths are shares of the page."""

    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Codes:
    """Texts to be scanned, side by side, each under a few words."""

    codes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """A plot: how many of each, one bar a name, in this order."""

    title: str
    counts: tuple[tuple[str, int], ...]
