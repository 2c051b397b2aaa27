"""One pair of simulators for the whole folder; tests that kill start their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.simulators.stand import (
    OuterPki,
    Stand,
    make_pki,
    prepare_stand,
    running_stand,
)


@pytest.fixture(scope="session")
def outer_pki(tmp_path_factory: pytest.TempPathFactory) -> OuterPki:
    return make_pki(tmp_path_factory.mktemp("outer-pki"))


@pytest.fixture(scope="session")
def shared_stand(
    tmp_path_factory: pytest.TempPathFactory, outer_pki: OuterPki
) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("simulators")
    with running_stand(folder, outer_pki) as running:
        yield running


@pytest.fixture
def stand(shared_stand: Stand) -> Iterator[Stand]:
    """The shared simulators, by the system's time."""
    yield shared_stand
    shared_stand.clock_file.unlink(missing_ok=True)


@pytest.fixture
def healed(stand: Stand) -> Iterator[None]:
    """Takes back the faults a failing test may have left armed."""
    yield
    stand.control.clear_faults()


@pytest.fixture
def own_stand(tmp_path: Path, outer_pki: OuterPki) -> Iterator[Stand]:
    """A stand of this test alone; it starts what it needs itself."""
    prepared = prepare_stand(tmp_path, outer_pki)
    yield prepared
    prepared.bank_process.stop()
    prepared.world_process.stop()
