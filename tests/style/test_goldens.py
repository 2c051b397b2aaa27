"""What was published once must decode and verify for ever."""

from pathlib import Path
from typing import Final

import pytest

from kernel.crypto import TrustStore, canonical, parse_canonical
from kernel.events import Envelope, Event
from tests.golden.examples import FOLDER, TRUST

GOLDENS: Final = sorted(path for path in FOLDER.glob("*.json") if path != TRUST)


def test_every_event_version_has_an_example() -> None:
    """If one is missing: ``python -m tests.golden``."""
    assert sorted(Event.known) == [path.stem for path in GOLDENS]


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)
def test_an_example_is_believed_and_says_the_same_today(golden: Path) -> None:
    """Envelope, signature, data: read by today's code, written as they were."""
    body = golden.read_bytes()
    source = str(dict(parse_canonical(body))["source"])  # type: ignore[arg-type] # an object
    envelope = Envelope.opened(body, trust=TrustStore.load(TRUST), sender=source)
    assert envelope.type == golden.stem
    event = Event.known[envelope.type].from_data(dict(envelope.data))
    assert event.to_data() == envelope.data
    assert event.subject == envelope.subject


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)
def test_a_listener_ignores_what_a_newer_publisher_adds(golden: Path) -> None:
    data = {**dict(parse_canonical(golden.read_bytes()))["data"], "added_later": "x"}  # type: ignore[arg-type, dict-item] # an object
    event = Event.known[golden.stem].from_data(data)
    assert canonical(event.to_data()) in golden.read_bytes()
