"""Which tests share a worker when `make test` runs two of them side by side.

Servers are started once per worker. So what needs the whole platform stays in one, what
needs a database and a broker alone in the other, and the rest fills what time is left.
"""

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

PLATFORM: Final = (
    "tests/e2e/",
    "tests/faults/",
    "tests/rolling/",
    "tests/security/bus/",
    "tests/integration/contracts/",
    "tests/integration/messages/",
)
SERVERS: Final = ("tests/integration/", "tests/security/")


class SharedServers(LoadScopeScheduling):
    """Gives a worker all tests that use the same servers, others file by file."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(PLATFORM):
            return "platform"
        if nodeid.startswith(SERVERS):
            return "servers"
        return nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedServers:
    """Take the place of the ways xdist knows of dealing tests out."""
    return SharedServers(config, log)
