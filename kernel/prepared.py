"""A statement that a connection parses and plans once, however often it is executed.

To plan a question over many tables takes longer than to answer it.  The one plan serves
any values, which `kernel.database.engine_of` asks the server for; it is made anew by
itself when a table it reads was changed or analysed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import CursorResult
from sqlalchemy.engine import Connection

_KNOWN: Final = "prepared"
"""What the session of a connection has been taught, by name."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One statement under a name of its own within its service."""

    name: str
    prepare: str
    execute: str

    @classmethod
    def of(cls, name: str, sql: str, *, types: Mapping[str, str]) -> Self:
        """A statement whose parameters stand in it as ``%(name)s``, with their types.

        It may hold no other per cent sign.  Raises KeyError for a parameter without a
        type, and ValueError for a type without one.
        """
        places = {each: f"${place}" for place, each in enumerate(types, start=1)}
        numbered = sql % places
        if unused := [each for each in types if f"%({each})s" not in sql]:
            raise ValueError(f"the statement does not ask for {unused}")
        return cls(
            name,
            f"PREPARE {name} ({', '.join(types.values())}) AS {numbered}",
            f"EXECUTE {name} ({', '.join(f'%({each})s' for each in types)})",
        )

    def on(
        self, connection: Connection, **given: object
    ) -> CursorResult[*tuple[Any, ...]]:
        """Execute it; rows come as the driver gives them."""
        # A session keeps what it was taught whatever becomes of the transaction.
        known: set[str] = connection.info.setdefault(_KNOWN, set())
        if self.name not in known:
            connection.exec_driver_sql(self.prepare)
            known.add(self.name)
        return connection.exec_driver_sql(self.execute, given)
