"""Which seeded bugs have been seen red, on exactly the code and tests that stand now.

Trying all takes hours; what was seen holds as long as the patch, the files it breaks
and the files of its tests are the same bytes.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Final

from tests.marks import PATCHES, ROOT, read_marks

LEDGER: Final = PATCHES / "proven.json"
_PATCHED: Final = re.compile(r"^\+\+\+ b/(.+)$", re.MULTILINE)


def fingerprint(name: str) -> str:
    """SHA-256 over the patch, the files it changes, and the files of its tests."""
    patch = PATCHES / f"{name}.patch"
    broken = {ROOT / path for path in _PATCHED.findall(patch.read_text())}
    tests = {ROOT / test.path for test in read_marks() if name in test.seeded}
    whole = hashlib.sha256()
    for path in (patch, *sorted(broken | tests)):
        content = path.read_bytes() if path.is_file() else b""
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()


def proven(path: Path = LEDGER) -> dict[str, str]:
    """Fingerprints by name, as of the day each was last seen red."""
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def prove(name: str, path: Path = LEDGER) -> None:
    """Keep that a bug was seen red just now."""
    known = proven(path) | {name: fingerprint(name)}
    path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
