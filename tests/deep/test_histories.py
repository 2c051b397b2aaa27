"""A hundred thousand random histories: features by the database and by definition."""

import os
from random import Random

import pytest

from tests.histories import history
from tests.integration.antifraud.conftest import Desk, desk, schema
from tests.integration.antifraud.test_windows import compare
from tests.seeds import seed

__all__ = ["desk", "schema"]
HISTORIES = int(os.environ.get("KREDIT_HISTORIES", "100000"))
AT_ONCE = 100


@pytest.mark.timeout(7_200)
def test_a_hundred_thousand_histories_are_counted_right(desk: Desk) -> None:
    """``KREDIT_HISTORIES`` says how many, ``KREDIT_SEED`` which."""
    random = Random(seed())
    done = 0
    while done < HISTORIES:
        compare(desk, [history(random) for _ in range(AT_ONCE)])
        done += AT_ONCE
    assert done >= HISTORIES
