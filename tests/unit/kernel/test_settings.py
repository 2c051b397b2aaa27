"""A process reads its whole environment or says everything that is wrong with it."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import pytest

from kernel.errors import Broken
from kernel.settings import PlatformSettings, read
from kernel.values import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    text: str
    count: int
    switch: bool
    path: Path
    secret: Secret[str]
    mode: Literal["fast", "safe"] = "safe"
    optional: int | None = None


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "X_TEXT": "word",
        "X_COUNT": "-12",
        "X_SWITCH": "true",
        "X_PATH": str(tmp_path),
        "X_SECRET": "hunter2",
    }


def fault_of(environ: dict[str, str]) -> str:
    with pytest.raises(Broken) as failure:
        read(Sample, prefix="X", environ=environ)
    return failure.value.sentence


def test_variables_become_typed_fields(environ: dict[str, str], tmp_path: Path) -> None:
    sample = read(Sample, prefix="X", environ=environ)
    assert (sample.text, sample.count, sample.switch) == ("word", -12, True)
    assert (sample.path, sample.mode, sample.optional) == (tmp_path, "safe", None)
    assert sample.secret.reveal() == "hunter2"
    assert "hunter2" not in repr(sample)


def test_optional_fields_are_read_when_given(environ: dict[str, str]) -> None:
    more = {**environ, "X_MODE": "fast", "X_OPTIONAL": "7"}
    sample = read(Sample, prefix="X", environ=more)
    assert (sample.mode, sample.optional) == ("fast", 7)


def test_everything_missing_is_named_at_once() -> None:
    fault = fault_of({"X_TEXT": ""})
    for name in ("X_TEXT", "X_COUNT", "X_SWITCH", "X_PATH", "X_SECRET"):
        assert f"{name} is missing" in fault
    assert "X_MODE" not in fault


def test_everything_wrong_is_named_and_no_value_shown(environ: dict[str, str]) -> None:
    wrong = {
        "X_COUNT": "zwölf-4711",
        "X_SWITCH": "maybe-4711",
        "X_PATH": "/nowhere/4711",
        "X_MODE": "4711",
        "X_OPTIONAL": "4711.0",
    }
    fault = fault_of({**environ, **wrong})
    assert [name for name in wrong if name not in fault] == []
    assert "4711" not in fault


@pytest.mark.parametrize("text", ["1e3", "１２", "0x1", " 1", "1 ", "1_0", "9" * 19])
def test_a_number_is_plain_ascii_digits(environ: dict[str, str], text: str) -> None:
    assert "X_COUNT is no whole number" in fault_of({**environ, "X_COUNT": text})


@pytest.mark.parametrize("path", ["/nowhere", "a\0b", "x" * 5000])
def test_a_path_must_exist(environ: dict[str, str], path: str) -> None:
    assert "X_PATH names" in fault_of({**environ, "X_PATH": path})


@pytest.mark.parametrize(
    ("text", "switch"), [("1", True), ("YES", True), ("no", False), ("False", False)]
)
def test_a_switch_is_one_of_six_words(
    environ: dict[str, str], text: str, *, switch: bool
) -> None:
    sample = read(Sample, prefix="X", environ={**environ, "X_SWITCH": text})
    assert switch == sample.switch


def test_a_type_nobody_can_read_is_broken() -> None:
    @dataclass(frozen=True)
    class Odd:
        number: complex

    with pytest.raises(Broken):
        read(Odd, prefix="X", environ={"X_NUMBER": "1j"})


def test_the_process_environment_is_the_default(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert read(Sample, prefix="X").text == "word"


def test_a_service_adds_its_own_fields_to_the_platform_s(tmp_path: Path) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class AuthSettings(PlatformSettings):
        public_host: str

    environ = {
        f"AUTH_{field.name}".upper(): str(tmp_path) for field in fields(AuthSettings)
    }
    environ |= {"AUTH_STAGE": "test", "AUTH_METRICS_PORT": "9100"}
    del environ["AUTH_CLOCK"], environ["AUTH_LOG_LEVEL"]
    settings = read(AuthSettings, prefix="AUTH", environ=environ)
    assert (settings.clock, settings.log_level) == ("system", "info")
    assert (settings.metrics_port, settings.tls_ca) == (9100, tmp_path)
