"""One engine and one platform for the session: starting them takes minutes."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import tests.containers.project
from tests.containers.engine import Engine, Front
from tests.containers.found import NoEngineError
from tests.containers.project import Project
from tests.seeds import seed

JOURNEY = "infra.containers.journey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """One loan that the visitor took, from registration to money."""

    seed: str
    told: str


@pytest.fixture(scope="session")
def engine(pytestconfig: pytest.Config) -> Engine:
    for plugin in pytestconfig.pluginmanager.get_plugins():
        if isinstance(plugin, Front):
            return plugin.engine
    raise NoEngineError("Run `make containers`: it starts the engine these tests need.")


@pytest.fixture(scope="session")
def project(engine: Engine) -> Iterator[Project]:
    with tests.containers.project.project(engine) as one:
        yield one


@pytest.fixture(scope="session")
def loan(project: Project) -> Loan:
    """Taken once; what must be true of the platform afterwards needs one at least."""
    return take_loan(project)


def take_loan(project: Project) -> Loan:
    """A new client's whole journey."""
    chosen = seed()
    told = project.run("visitor", "-m", JOURNEY, "--seed", chosen)
    return Loan(seed=chosen, told=told)
