"""What was published once must decode and verify for ever, and by older code too.

The rules of ADR 0007, held against every example and every shape on record.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from kernel.crypto import Json, TrustStore, as_object, parse_canonical
from kernel.events import Envelope, Event, EventSchemaError
from kernel.events.__main__ import listeners
from tests.golden.examples import TRUST, goldens
from tests.golden.shapes import Shape, breaches, recorded, shape_of

GOLDENS: Final = goldens()
LATER_WORD: Final = "a_word_of_later_days"
SHAPE: Final[Shape] = {
    "subject": "thing",
    "required": ["thing_id", "word"],
    "fields": {
        "thing_id": {"type": "string", "format": "uuid"},
        "word": {"type": "string", "enum": ["a", "b"]},
        "said": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
    },
}

every_golden = pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)


def _data(golden: Path) -> dict[str, Json]:
    fields = as_object(parse_canonical(golden.read_bytes()))
    return dict(as_object(fields["data"]))


def test_every_event_version_has_an_example() -> None:
    """If one is missing: ``python -m tests.golden``."""
    assert sorted(Event.known) == [path.stem for path in GOLDENS]


@every_golden
def test_an_example_is_believed_and_says_the_same_today(golden: Path) -> None:
    """Envelope, signature, data: read by today's code, and nothing of it lost."""
    body = golden.read_bytes()
    source = str(as_object(parse_canonical(body))["source"])
    envelope = Envelope.opened(body, trust=TrustStore.load(TRUST), sender=source)
    assert envelope.type == golden.stem
    event = Event.known[envelope.type].from_data(dict(envelope.data))
    today = event.to_data()
    assert {name: today.get(name) for name in envelope.data} == envelope.data
    assert event.subject == envelope.subject


@pytest.mark.catalogue("F29")
@pytest.mark.seeded("event_unknown_field_refused")
@every_golden
def test_a_listener_ignores_what_a_newer_publisher_adds(golden: Path) -> None:
    event = Event.known[golden.stem]
    read = event.from_data({**_data(golden), "added_later": {"x": [1]}})
    assert read == event.from_data(_data(golden))


@pytest.mark.catalogue("F29")
@pytest.mark.seeded("event_unknown_word_refused")
@pytest.mark.parametrize(
    ("event_type", "field"),
    [
        (event_type, field)
        for event_type, shape in sorted(recorded().items())
        for field, schema in shape["fields"].items()
        if "enum" in schema
    ],
)
def test_a_listener_takes_a_word_it_does_not_know(event_type: str, field: str) -> None:
    """What it reads is what was said; only a text is a word."""
    [golden] = [path for path in GOLDENS if path.stem == event_type]
    event = Event.known[event_type]
    read = event.from_data({**_data(golden), field: LATER_WORD})
    assert read.to_data()[field] == LATER_WORD
    with pytest.raises(EventSchemaError, match=field):
        event.from_data({**_data(golden), field: 1})
    with pytest.raises(ValueError, match=field):
        event.model_validate(read.model_dump())


@pytest.mark.catalogue("F29")
@every_golden
def test_a_listener_does_without_an_optional_field(golden: Path) -> None:
    """A newer publisher may have dropped it, an older one never had it."""
    event = Event.known[golden.stem]
    optional = {n for n, field in event.model_fields.items() if not field.is_required()}
    needed = {n: v for n, v in _data(golden).items() if n not in optional}
    assert event.from_data(needed).to_data().keys() == event.model_fields.keys()


@pytest.mark.catalogue("F29")
@pytest.mark.seeded("event_field_renamed")
def test_no_event_has_lost_or_narrowed_what_it_ever_said() -> None:
    """Red: a field or word that is gone, another type, a new field without default."""
    known = {name: shape_of(event) for name, event in Event.known.items()}
    broken = {
        event_type: breaches(was, known[event_type])
        for event_type, was in recorded().items()
        if event_type not in known or breaches(was, known[event_type])
    }
    assert broken == {}


def test_the_record_of_shapes_is_complete() -> None:
    """If it is not: ``python -m tests.golden``."""
    assert recorded() == {name: shape_of(event) for name, event in Event.known.items()}


def test_every_event_that_is_acted_on_stands_in_the_record() -> None:
    heard = {event.TYPE for event in Event.known.values()} & recorded().keys()
    names = {Event.known[event_type].__name__ for event_type in heard}
    assert sorted(listeners().keys() - names) == []


def _changed(path: str, value: Any) -> Shape:  # noqa: ANN401 - a part of a JSON Schema
    """The shape with one of its parts replaced, or taken out (None)."""
    shape: Shape = {**SHAPE, "fields": dict(SHAPE["fields"])}
    place, _, name = path.rpartition("/")
    part = shape[place] if place else shape
    part[name] = value
    if value is None:
        del part[name]
    return shape


def _breaking() -> Iterator[tuple[str, Shape]]:
    word = SHAPE["fields"]["word"]
    yield "word is gone", _changed("fields/word", None)
    yield "word is of another type", _changed("fields/word", {"type": "integer"})
    yield "word is of another type", _changed("fields/word", word | {"enum": ["a"]})
    yield "word is of another type", _changed("fields/word", {"type": "string"})
    yield "said is of another type", _changed("fields/said", {"type": "string"})
    yield "said was not always there", _changed("required", ["said", "thing_id"])
    yield "the subject is another", _changed("subject", "other")


@pytest.mark.parametrize(("complaint", "shape"), list(_breaking()))
def test_a_change_that_breaks_somebody_is_told(complaint: str, shape: Shape) -> None:
    assert breaches(SHAPE, shape) == [complaint]


@pytest.mark.parametrize(
    "shape",
    [
        _changed("fields/more", {"type": "string", "default": "x"}),
        _changed("fields/word", SHAPE["fields"]["word"] | {"enum": ["b", "c", "a"]}),
        _changed("required", ["thing_id"]),
    ],
)
def test_growth_breaks_nobody(shape: Shape) -> None:
    assert breaches(SHAPE, shape) == []
