"""One engine and one platform for the session: starting them takes minutes."""

from collections.abc import Iterator

import pytest

import tests.containers.engine
import tests.containers.project
from tests.containers.engine import Engine
from tests.containers.project import Project


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with tests.containers.engine.engine() as one:
        yield one


@pytest.fixture(scope="session")
def project(engine: Engine) -> Iterator[Project]:
    with tests.containers.project.project(engine) as one:
        yield one
