"""Fixtures every folder may use: one private database and broker for the session."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import infra.stack
from infra.stack import Stack


@pytest.fixture(scope="session")
def state_folder() -> Iterator[Path]:
    """A state folder outside the repository that the servers' user may reach."""
    folder = Path(tempfile.mkdtemp(prefix="kredit-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers(state_folder: Path) -> Iterator[Stack]:
    """PostgreSQL and RabbitMQ of this session, real and private."""
    stack = infra.stack.start(state_folder)
    yield stack
    stack.stop()
