"""The grounds of a campaign, for its short part in CI."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.demo.borrower import Borrower
from infra.demo.world import World
from tests.e2e.test_from_registration_to_money import register
from tests.faults import grounds, report
from tests.faults.campaign import Case, Ground, run
from tests.faults.load import LoanLoad
from tests.seeds import seed

PATIENCE = 8.0
"""The bounds of recovery hold on a machine that does nothing else."""

Prove = Callable[[str, Case, Ground], None]


@pytest.fixture(scope="session")
def event_load(state_folder: Path) -> Iterator[Ground]:
    """Writers, relay and listener on servers of their own."""
    with grounds.events(state_folder / "faults") as ground:
        yield ground


@pytest.fixture(scope="session")
def trail_load(state_folder: Path) -> Iterator[Ground]:
    """Writers, relay, the log's writer and its stand-by, on servers of their own."""
    with grounds.trail(state_folder / "faults-trail") as ground:
        yield ground


@pytest.fixture(scope="session")
def loan_load(world: World) -> Ground:
    return LoanLoad(world)


@pytest.fixture
def prove(tmp_path: Path) -> Prove:
    """Run a case; its seed is printed and can be given by KREDIT_SEED."""
    chosen = seed()

    def proven(name: str, case: Case, ground: Ground) -> None:
        result = run(
            name, case, seed=chosen, ground=ground, folder=tmp_path, patience=PATIENCE
        )
        print(report.line_of(result))  # noqa: T201 - as above
        assert result.complaint == ""

    return proven


@pytest.fixture
def client(world: World) -> Iterator[Borrower]:
    """Somebody who is logged in; the seed is printed when a test fails."""
    person = world.borrower(seed())
    register(person)
    person.log_in()
    yield person
    person.cabinet.close()
