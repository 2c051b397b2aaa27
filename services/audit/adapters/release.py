"""What the release says of the Procedure, from the files that ship with it."""

import json
import tomllib
from functools import cache
from importlib.resources import files
from typing import Final

from services.audit.domain.matrix import Clause, Tested

_SHIPPED: Final = files("services.audit.domain")


@cache
def clauses() -> tuple[Clause, ...]:
    """All of the Procedure, in its order."""
    told = tomllib.loads((_SHIPPED / "clauses.toml").read_text("utf-8"))["clause"]
    return tuple(
        Clause(
            id=one["id"],
            title=one["title"],
            owners=tuple(one["owners"]),
            text=tuple(one["text"]),
            control=one["control"],
        )
        for one in told
    )


@cache
def tested() -> Tested:
    """The tests that prove clauses, as this release was tested."""
    return dict(json.loads((_SHIPPED / "tested.json").read_text("utf-8")))


@cache
def founding_text() -> bytes:
    """The Procedure the platform was built for, byte for byte."""
    return (_SHIPPED / "procedure.ru.txt").read_bytes()
