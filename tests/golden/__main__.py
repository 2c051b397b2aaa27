"""`python -m tests.golden`: write the examples that are missing, change none."""

import base64
import json

from kernel.events import Event
from tests.golden.examples import (
    FOLDER,
    TRUST,
    example_key,
    golden_bytes,
    speaker_of,
)
from tests.golden.shapes import record


def main() -> None:
    """Add what is missing to the examples and to the keys that verify them."""
    for principal in sorted({speaker_of(event_type) for event_type in Event.known}):
        if _add_key(principal):
            print(f"added key {example_key(principal).keyid}")
    for event_type, event in sorted(Event.known.items()):
        path = FOLDER / f"{event_type}.json"
        if not path.exists():
            path.write_bytes(golden_bytes(event))
            print(f"added {path.name}")
    for event_type in record():
        print(f"recorded the shape of {event_type}")


def _add_key(principal: str) -> bool:
    key = example_key(principal)
    rows = json.loads(TRUST.read_text())["keys"] if TRUST.exists() else []
    if any(row["keyid"] == key.keyid for row in rows):
        return False
    public = base64.b64encode(key.public_bytes).decode()
    rows.append({"keyid": key.keyid, "principal": principal, "public_key": public})
    TRUST.write_text(json.dumps({"keys": rows}, indent=1) + "\n")
    return True


if __name__ == "__main__":
    main()
