"""Many rows for one statement: they travel as one JSON text and are rows again there.

A list of values would be bound and quoted one by one.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    TableValuedAlias,
    Text,
    bindparam,
    column,
    func,
    literal,
)


def given(*columns: Column[Any]) -> TableValuedAlias:
    """The rows of the parameter ``rows``, typed as these columns are."""
    typed = [column(one.name, one.type) for one in columns]
    return (
        func.json_to_recordset(bindparam("rows", type_=Text))
        .table_valued(*typed)
        .render_derived(name="given", with_types=True)
    )


def among(one: Column[Any], name: str) -> ColumnElement[bool]:
    """Whether it is in the list that is the parameter of this name."""
    return one == func.any(bindparam(name, type_=ARRAY(one.type)))


def one_of(one: Column[Any], values: Collection[str]) -> ColumnElement[bool]:
    """Whether it is one of these, whose text does not depend on how many they are."""
    return one == func.any(literal(sorted(map(str, values)), ARRAY(one.type)))


def as_rows(rows: Sequence[Mapping[str, object]]) -> str:
    """What goes into the parameter ``rows``."""
    return orjson.dumps(rows, default=_as_text).decode()


def _as_text(value: object) -> str:
    """Bytes as PostgreSQL reads them."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(type(value).__name__)
