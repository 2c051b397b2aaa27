"""One question to the database: all that is known of an operation at an instant.

The statement answers in rows of several sorts, so that a decision costs one round trip,
and is planned once for a connection.
What is recent is read one by one; of each whole day before, its tally; of the day in
which a long window begins, what is inside (`domain.windows`).  Days that hold something
of the operation in question are read one by one too, without it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row

from kernel.prepared import Prepared
from services.antifraud.domain.catalogue import WINDOWS, Entity, Value
from services.antifraud.domain.occurrences import key_of
from services.antifraud.domain.windows import Bounds, Others, Part, measured
from services.antifraud.ports import Look, Question

_REACH_OF: Final = (
    "CASE "
    + " ".join(
        f"WHEN {{0}} > %(begins_{reach})s THEN {reach}"
        for reach in range(len(WINDOWS) - 1)
    )
    + f" ELSE {len(WINDOWS) - 1} END"
)
_LONG_REACH: Final = (
    "CASE WHEN {0} > %(day_3)s THEN 3 WHEN {0} > %(day_4)s THEN 4 ELSE 5 END"
)
_ONE: Final = (
    "kind, other, 1::bigint AS count, amount AS total, amount AS smallest,"
    " amount AS largest, at AS first_at, at AS last_at"
)
_IN_WINDOW: Final = ", ".join(
    f"count(*) FILTER (WHERE reach <= {reach} OR edge_{reach})"
    if reach >= 3  # noqa: PLR2004 - the windows longer than a day
    else f"count(*) FILTER (WHERE reach <= {reach})"
    for reach in range(len(WINDOWS))
)

_SQL: Final = f"""
WITH given AS (
    SELECT entity, key, 0 AS rank, NULL::timestamptz AS at
    FROM unnest(%(entities)s::text[], %(keys)s::text[]) AS named (entity, key)
    UNION ALL
    SELECT entity, key, 1, at FROM link
    WHERE client_id = %(client_id)s
        AND (entity <> 'account' OR object = %(account_id)s)
), one AS MATERIALIZED (
    SELECT DISTINCT ON (entity) entity, key FROM given
    ORDER BY entity, rank, at DESC, key
), own AS MATERIALIZED (
    SELECT DISTINCT o.key, (o.at AT TIME ZONE 'UTC')::date AS day
    FROM occurrence o WHERE o.object = %(current)s AND o.key IN (SELECT key FROM one)
), edge AS (
    SELECT reach, since, until FROM unnest(
        %(edge_reaches)s::int[], %(edge_sinces)s::timestamptz[],
        %(edge_untils)s::timestamptz[]) AS edges (reach, since, until)
), spot AS (
    SELECT entity, {_ONE}, {_REACH_OF.format("at")} AS reach, false AS edge
    FROM one JOIN occurrence USING (key)
    WHERE at >= %(recent)s AND at <= %(at)s AND object IS DISTINCT FROM %(current)s
    UNION ALL
    SELECT entity, {_ONE}, edge.reach, true
    FROM one JOIN occurrence USING (key)
        JOIN edge ON at > edge.since AND at < edge.until
    WHERE object IS DISTINCT FROM %(current)s
    UNION ALL
    SELECT entity, kind, NULL, count, total, smallest, largest, first_at, last_at,
        {_LONG_REACH.format("day")}, false
    FROM one JOIN tally USING (key)
    WHERE day > %(day_5)s AND day < %(recent_day)s
        AND NOT EXISTS (SELECT FROM own WHERE own.key = one.key AND own.day = tally.day)
    UNION ALL
    SELECT entity, {_ONE}, {_LONG_REACH.format("own.day")}, false
    FROM one JOIN own USING (key) JOIN occurrence USING (key)
    WHERE own.day > %(day_5)s AND own.day < %(recent_day)s
        AND at >= own.day::timestamp AT TIME ZONE 'UTC'
        AND at < (own.day + 1)::timestamp AT TIME ZONE 'UTC'
        AND object IS DISTINCT FROM %(current)s
), seen AS (
    SELECT entity, kind, other, reach, edge FROM spot WHERE other IS NOT NULL
    UNION ALL
    SELECT entity, kind, other, {_LONG_REACH.format("day")}, false
    FROM one JOIN pair USING (key)
    WHERE day > %(day_5)s AND day < %(recent_day)s
        AND NOT EXISTS (SELECT FROM own WHERE own.key = one.key AND own.day = pair.day)
), side AS (
    SELECT entity, kind, min(reach) FILTER (WHERE NOT edge) AS reach,
        coalesce(bool_or(edge AND reach = 3), false) AS edge_3,
        coalesce(bool_or(edge AND reach = 4), false) AS edge_4,
        coalesce(bool_or(edge AND reach = 5), false) AS edge_5
    FROM seen GROUP BY entity, kind, other
)
SELECT 'part' AS sort, entity, kind,
    ARRAY[reach, edge::int, sum(count), sum(total), min(smallest), max(largest)]
        AS numbers, min(first_at) AS first_at, max(last_at) AS last_at
FROM spot GROUP BY entity, kind, reach, edge
UNION ALL
SELECT 'others', entity, kind, ARRAY[{_IN_WINDOW}], NULL, NULL
FROM side GROUP BY entity, kind
UNION ALL
SELECT 'key', entity, key, NULL, NULL, NULL FROM one
UNION ALL
SELECT 'listed', one.entity, e.of, NULL, NULL, NULL
FROM one JOIN list_entry e USING (key)
WHERE e.ended_at IS NULL AND e.expires_at > %(at)s
UNION ALL
SELECT 'held', held, NULL, NULL, NULL, NULL FROM hold
WHERE released_at IS NULL
    AND (held = %(operation)s OR held IN (SELECT key FROM given))
UNION ALL
SELECT 'tripped', version, rule, NULL, NULL, NULL FROM rule_trip
WHERE rearmed_at IS NULL
UNION ALL
SELECT 'cleared', NULL, convert_from(d.fired, 'UTF8'), NULL, NULL, NULL
FROM hold JOIN decision d ON d.id = hold.decision_id
WHERE hold.held = %(operation)s AND hold.released_at IS NOT NULL
UNION ALL
SELECT 'asked', NULL, NULL, NULL, NULL, NULL
WHERE EXISTS (SELECT FROM decision WHERE operation = %(operation)s)
UNION ALL
(SELECT 'live', NULL, version, NULL, NULL, NULL FROM rule_entry
    WHERE stage = 'live' ORDER BY at DESC, entry_id DESC LIMIT 1)
UNION ALL
SELECT 'shadow', NULL, version, NULL, NULL, NULL FROM (
    SELECT version, stage FROM rule_entry
    WHERE stage IN ('shadow', 'live', 'withdrawn')
    ORDER BY at DESC, entry_id DESC LIMIT 1) AS moved
WHERE stage = 'shadow'
"""  # noqa: S608 - made of this module's constants alone
"""A part's numbers: reach, edge, count, total, smallest, largest."""
_LOOK: Final = Prepared.of(
    "look",
    _SQL,
    types={
        "entities": "text[]",
        "keys": "text[]",
        "client_id": "uuid",
        "account_id": "text",
        "operation": "text",
        "current": "text",
        "at": "timestamptz",
        "recent": "timestamptz",
        "recent_day": "date",
        "edge_reaches": "int[]",
        "edge_sinces": "timestamptz[]",
        "edge_untils": "timestamptz[]",
        **{f"begins_{reach}": "timestamptz" for reach in range(len(WINDOWS) - 1)},
        **{f"day_{reach}": "date" for reach in (3, 4, 5)},
    },
)


def look(connection: Connection, question: Question, *, at: datetime) -> Look:
    """All that is known; see `Unit.look`."""
    rows = _LOOK.on(connection, **_given(question, at)).all()
    keys = {Entity(row.entity): str(row.kind) for row in rows if row.sort == "key"}
    values: dict[str, Value] = dict(
        measured(
            (_part(row) for row in rows if row.sort == "part"),
            (_others(row) for row in rows if row.sort == "others"),
            at=at,
        )
    )
    values |= {f"{entity}_named": True for entity in keys}
    for row in rows:
        if row.sort == "held":
            what = str(row.entity).partition(":")[0]
            held = "operation" if row.entity == question.operation else what
            values[f"{held}_held"] = True
        elif row.sort == "listed":
            values[f"{row.entity}_on_{row.kind}"] = True
    return Look(
        keys=keys,
        values=values,
        cleared=frozenset(
            each["code"]
            for row in rows
            if row.sort == "cleared"
            for each in orjson.loads(row.kind)
        ),
        asked=any(row.sort == "asked" for row in rows),
        live=_version(rows, "live"),
        shadow=_version(rows, "shadow"),
        tripped=frozenset(
            (str(row.entity), str(row.kind)) for row in rows if row.sort == "tripped"
        ),
    )


def _version(rows: Sequence[Row[Any]], sort: str) -> str | None:
    return next((str(row.kind) for row in rows if row.sort == sort), None)


def _given(question: Question, at: datetime) -> dict[str, object]:
    bounds = Bounds(at)
    names = {
        Entity.CLIENT: key_of(Entity.CLIENT, str(question.client_id)),
        **question.names,
    }
    begins = bounds.begins
    return {
        "entities": [entity.value for entity in names],
        "keys": list(names.values()),
        "client_id": str(question.client_id),
        "account_id": question.account_id,
        "operation": question.operation,
        "current": question.operation.partition(":")[2],
        "at": at,
        "recent": bounds.recent,
        "recent_day": bounds.recent.date(),
        "edge_reaches": [edge.reach for edge in bounds.edges],
        "edge_sinces": [edge.since for edge in bounds.edges],
        "edge_untils": [edge.until for edge in bounds.edges],
        **{f"begins_{reach}": since for reach, since in enumerate(begins)},
        **{
            f"day_{reach}": since.astimezone(UTC).date()
            for reach, since in enumerate(begins)
        },
    }


def _part(row: Row[Any]) -> Part:
    reach, edge, count, total, smallest, largest = _whole(row.numbers)
    return Part(
        entity=Entity(row.entity),
        kind=row.kind,
        reach=reach or 0,
        edge=bool(edge),
        count=count or 0,
        total=total,
        smallest=smallest,
        largest=largest,
        first_at=row.first_at,
        last_at=row.last_at,
    )


def _others(row: Row[Any]) -> Others:
    in_window = tuple(number or 0 for number in _whole(row.numbers))
    return Others(Entity(row.entity), row.kind, in_window)


def _whole(numbers: Sequence[Decimal | None]) -> list[int | None]:
    return [None if number is None else int(number) for number in numbers]
