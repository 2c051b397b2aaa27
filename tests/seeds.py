"""The one seed of a test: printed, so that what it chose can be chosen again.

pytest shows what was printed with a failure; `KREDIT_SEED=… pytest path::test` repeats
that one test with the same persons, order and blows. Several tests under one seed would
be the same persons, who are registered once.
"""

import os
import secrets


def seed() -> str:
    """The seed of this test, printed; `KREDIT_SEED` repeats a run."""
    chosen = os.environ.get("KREDIT_SEED") or secrets.token_hex(4)
    print(f"KREDIT_SEED={chosen}")  # noqa: T201 - pytest shows it with a failure
    return chosen
