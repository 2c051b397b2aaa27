"""Lists by the page, the newest first: a page goes on after an id, skipping nothing.

Ids grow with time (`kernel.ids`), so an id says where a page ended even when rows have
been added since.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from kernel.errors import Refused

USUAL: Final = 20
MOST: Final = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is asked for: at most `limit`, made earlier than `before`.

    Refused: ``page_limit_invalid``.
    """

    limit: int = USUAL
    before: UUID | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST:
            raise Refused(
                "page_limit_invalid",
                "A page has 1 to 100 entries.",
                next_step="Ask for fewer.",
                most=MOST,
            )

    @property
    def rows(self) -> int:
        """How many to fetch: one more than is shown tells whether there is more."""
        return self.limit + 1

    def cut(
        self, found: Sequence[T], *, id_of: Callable[[T], UUID]
    ) -> tuple[Sequence[T], UUID | None]:
        """What is shown of `found`, and where the next page begins, if there is one."""
        shown = found[: self.limit]
        return shown, id_of(shown[-1]) if len(found) > self.limit else None
