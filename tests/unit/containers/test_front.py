"""`make containers` decides what a missing engine is before anything is tested."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import tests.containers.engine
from tests.containers.__main__ import NOT_USABLE, main


@pytest.fixture
def ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody for whom no engine of Debian's can be started."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.mark.usefixtures("ordinary_user")
def test_where_no_engine_can_start_the_last_line_says_skipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Why, what is missing, and how to get it; and nobody's pipeline is red."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert main([]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith("SKIPPED: no container engine")
    assert "DOCKER_HOST=unix:///" in said


# The engine's client forgets its socket when its first question meets nobody.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.usefixtures("ordinary_user")
def test_an_engine_that_was_named_and_does_not_answer_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert main([]) == NOT_USABLE
    gc.collect()
    said = capsys.readouterr()
    assert "SKIPPED" not in said.out
    assert "unix:///nowhere/docker.sock" in said.err


def test_a_platform_that_fails_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def engine() -> Iterator[None]:
        yield None

    monkeypatch.setattr(tests.containers.engine, "engine", engine)
    monkeypatch.setattr(pytest, "main", lambda *_, **__: pytest.ExitCode.TESTS_FAILED)
    assert main([]) == pytest.ExitCode.TESTS_FAILED
