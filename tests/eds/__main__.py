"""`python -m tests.eds`: write `files/` anew, byte for byte the same each time."""

import sys

from tests.eds.files import FOLDER, made


def main() -> int:
    """Write what is missing or differs, remove what is not made any more."""
    files = made()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        if old.name not in files:
            old.unlink()
    for name, content in files.items():
        (FOLDER / name).write_bytes(content)
    print(f"{len(files)} files, {sum(map(len, files.values()))} bytes")
    return 0


sys.exit(main())
