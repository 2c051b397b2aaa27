"""Many rows for one statement: they travel as one JSON text and are rows again there.

A list of values would be bound and quoted one by one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Column, TableValuedAlias, Text, bindparam, column, func


def given(*columns: Column[Any]) -> TableValuedAlias:
    """The rows of the parameter ``rows``, typed as these columns are."""
    typed = [column(one.name, one.type) for one in columns]
    return (
        func.json_to_recordset(bindparam("rows", type_=Text))
        .table_valued(*typed)
        .render_derived(name="given", with_types=True)
    )


def as_rows(rows: Sequence[Mapping[str, object]]) -> str:
    """What goes into the parameter ``rows``."""
    return orjson.dumps(rows, default=_as_text).decode()


def _as_text(value: object) -> str:
    """Bytes as PostgreSQL reads them."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(type(value).__name__)
