"""`python -m tests.containers [pytest's arguments]`: the platform in containers.

Ends with 0 and a last line `SKIPPED: …` where no engine can be started at all; with
2 where `DOCKER_HOST` names one that cannot be used; else with pytest's own status.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

import tests.containers.engine
from tests.containers.engine import Front
from tests.containers.found import NoEngineError

NOT_USABLE = 2


def main(arguments: Sequence[str]) -> int:
    """Decide before pytest starts: a platform that fails is never a skipped one."""
    with ExitStack() as opened:
        try:
            engine = opened.enter_context(tests.containers.engine.engine())
        except NoEngineError as reason:
            why = " ".join(str(reason).split())
            if "DOCKER_HOST" in os.environ:
                print(f"containers: {why}", file=sys.stderr)
                return NOT_USABLE
            print(f"SKIPPED: {why}")
            return 0
        folder = str(Path(__file__).parent)
        return int(pytest.main([folder, *arguments], plugins=[Front(engine)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
