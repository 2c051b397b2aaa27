"""Everything the environment may say to a simulator; incomplete means no start."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

Value = TypeVar("Value")

MIN_TOKEN_LENGTH = 16
MAX_PORT = 65_535


class SettingsError(Exception):
    """The environment is incomplete or wrong; `problems` names every place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Paths of PEM files: whom a listener trusts and what it shows."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What both processes need."""

    host: str
    tls: Tls
    control_token: str
    clock_file: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankSettings:
    """The bank: one listener, one ledger, a folder for accounts."""

    common: Common
    port: int
    ledger: Path
    data: Path
    settle_after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """The other outer systems: a partner listener and a public one."""

    common: Common
    partner_port: int
    public_port: int
    public_url: str
    data: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessSettings:
    """A witness: one public listener, the logs it knows, a folder of its own."""

    common: Common
    port: int
    name: str
    logs: tuple[str, ...]
    """Their vkeys."""
    data: Path


def environment() -> Mapping[str, str]:
    """The process's environment, read in this one place."""
    # The platform reads its own through kernel.settings, which infra may not import.
    return os.environ  # noqa: TID251 - infra may not import kernel


def bank_settings(env: Mapping[str, str]) -> BankSettings:
    """Raises SettingsError with the full list of what is missing or wrong."""
    reader = _Reader(env)
    ledger = reader.need("LEDGER", Path, stand_in=Path())
    settings = BankSettings(
        common=_common(reader),
        port=reader.need("BANK_PORT", _port, stand_in=0),
        ledger=ledger,
        data=reader.may("DATA", Path, default=ledger.parent) / "bank",
        settle_after_s=reader.may("SETTLE_AFTER_S", _seconds, default=0.2),
    )
    reader.refuse_if_wrong()
    return settings


def world_settings(env: Mapping[str, str]) -> WorldSettings:
    """Raises SettingsError with the full list of what is missing or wrong."""
    reader = _Reader(env)
    settings = WorldSettings(
        common=_common(reader),
        partner_port=reader.need("WORLD_PARTNER_PORT", _port, stand_in=0),
        public_port=reader.need("WORLD_PUBLIC_PORT", _port, stand_in=0),
        public_url=reader.need("WORLD_PUBLIC_URL", _https, stand_in=""),
        data=reader.need("DATA", Path, stand_in=Path()) / "world",
    )
    reader.refuse_if_wrong()
    return settings


def witness_settings(env: Mapping[str, str]) -> WitnessSettings:
    """Raises SettingsError with the full list of what is missing or wrong."""
    reader = _Reader(env)
    settings = WitnessSettings(
        common=_common(reader, directed=False),
        port=reader.need("WITNESS_PORT", _port, stand_in=0),
        name=reader.need("WITNESS_NAME", str, stand_in=""),
        logs=reader.need(
            "WITNESS_LOGS", lambda words: tuple(words.split()), stand_in=()
        ),
        data=reader.need("DATA", Path, stand_in=Path()),
    )
    reader.refuse_if_wrong()
    return settings


class _Reader:
    """Collects every problem before refusing, so that one run tells all."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._problems: list[str] = []

    def need(
        self, name: str, parse: Callable[[str], Value], *, stand_in: Value
    ) -> Value:
        """The value of `name`; `stand_in` only until `refuse_if_wrong`."""
        if not self._env.get(name):
            self._problems.append(f"{name} is missing")
            return stand_in
        return self._parse(name, parse, stand_in)

    def may(self, name: str, parse: Callable[[str], Value], *, default: Value) -> Value:
        """The value of `name`, or the default when it is not set."""
        if not self._env.get(name):
            return default
        return self._parse(name, parse, default)

    def refuse_if_wrong(self) -> None:
        """Raises SettingsError when anything was missing or wrong."""
        if self._problems:
            raise SettingsError(self._problems)

    def _parse(
        self, name: str, parse: Callable[[str], Value], stand_in: Value
    ) -> Value:
        try:
            return parse(self._env[name])
        except (ValueError, OSError) as error:
            self._problems.append(f"{name}: {error}")
            return stand_in


def _common(reader: _Reader, *, directed: bool = True) -> Common:
    """What every listener needs; who is `directed` knows the director's token."""

    def path(name: str) -> Path:
        return reader.need(name, _existing_file, stand_in=Path())

    return Common(
        host=reader.may("HOST", str, default="127.0.0.1"),
        tls=Tls(
            ca=path("OUTER_CA"), certificate=path("OUTER_CERT"), key=path("OUTER_KEY")
        ),
        control_token=(
            reader.need("CONTROL_TOKEN_FILE", _token, stand_in="") if directed else ""
        ),
        clock_file=reader.may("CLOCK_FILE", _optional_path, default=None),
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MAX_PORT):
        raise ValueError("not a port")
    return int(text)


def _seconds(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value >= 0):
        raise ValueError("not a number of seconds")
    return value


def _https(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("not an https address")
    return text.rstrip("/")


def _existing_file(text: str) -> Path:
    if not Path(text).is_file():
        raise ValueError("no such file")
    return Path(text)


def _optional_path(text: str) -> Path | None:
    return Path(text)


def _token(text: str) -> str:
    token = _existing_file(text).read_text(encoding="ascii").strip()
    if len(token) < MIN_TOKEN_LENGTH:
        raise ValueError(f"holds a token of under {MIN_TOKEN_LENGTH} characters")
    return token
