"""The shape of every event version as it was ever published, and what may change in it.

An example shows one value of each field; it cannot show that a word, a null or a field
of later days is gone.  ``shapes.json`` can: like the examples it only grows.
"""

import json
from typing import Any, Final

from kernel.events import Event
from tests.golden.examples import FOLDER

SHAPES: Final = FOLDER / "shapes.json"

Shape = dict[str, Any]
"""``subject``, ``required`` and ``fields``: a JSON Schema for each by name."""


def shape_of(event: type[Event]) -> Shape:
    """What a reader of the event may rely on."""
    schema = event.model_json_schema()
    fields = schema["properties"]
    return {
        "subject": event.SUBJECT,
        "required": sorted(schema.get("required", ())),
        "fields": {name: _without_title(fields[name]) for name in sorted(fields)},
    }


def recorded() -> dict[str, Shape]:
    """Every shape on record, by event type."""
    return dict(json.loads(SHAPES.read_text())) if SHAPES.exists() else {}


def breaches(was: Shape, now: Shape) -> list[str]:
    """What of ``now`` a process made for ``was`` could stumble over."""
    found = []
    if now["subject"] != was["subject"]:
        found.append("the subject is another")
    for name, before in was["fields"].items():
        after = now["fields"].get(name)
        if after is None:
            found.append(f"{name} is gone")
        elif not _is_grown(before, after):
            found.append(f"{name} is of another type")
    needed = set(now["required"]) - set(was["required"])
    found += [f"{name} was not always there" for name in sorted(needed)]
    return found


def record() -> list[str]:
    """Add what is new to the record; raises ValueError naming what may not change."""
    known, added = recorded(), []
    for event_type, event in sorted(Event.known.items()):
        now = shape_of(event)
        was = known.get(event_type, now)
        if broken := breaches(was, now):
            raise ValueError(f"{event_type}: {'; '.join(broken)}")
        if known.get(event_type) != now:
            known[event_type] = now
            added.append(event_type)
    SHAPES.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
    return added


def _is_grown(before: Shape, after: Shape) -> bool:
    """The same schema, but for words that came to an enumeration."""
    words, more = before.get("enum", []), after.get("enum", [])
    rest_before = {key: value for key, value in before.items() if key != "enum"}
    rest_after = {key: value for key, value in after.items() if key != "enum"}
    return (
        rest_before == rest_after and bool(words) == bool(more) and {*words} <= {*more}
    )


def _without_title(schema: Shape) -> Shape:
    return {key: value for key, value in schema.items() if key != "title"}
