"""The environment, read once, wholly, and by nobody else.

A process states what it needs as a frozen dataclass; `read` fills it from variables
or refuses to start, naming every missing or wrong variable at once and no value. The
only module that touches the process's environment.
"""

import dataclasses
import os
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin
from typing import get_type_hints as type_hints

from kernel.errors import Broken
from kernel.values import Secret

T = TypeVar("T")
Stage = Literal["production", "development", "test"]


def staff_site(stage: Stage) -> str:
    """The name that security keys of the staff are bound to, one per stage.

    Nobody can be certified for a name below ``.internal``, so no page that a browser
    trusts can ask a key in this name (WebAuthn level 3, section 13.4.9).
    """
    return f"{stage}.kredit.internal"


LogLevel = Literal["debug", "info", "warning", "error"]

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class WireSettings:
    """Who one is to database and broker: the whole of what a migrator is told."""

    principal: str
    database_url: str
    broker_url: str
    tls_ca: Path
    tls_cert: Path
    tls_key: Path
    log_level: LogLevel = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings(WireSettings):
    """What every process of the platform is told; services subclass it.

    A subclass is also ``@dataclass(frozen=True, slots=True, kw_only=True)`` and adds
    its own fields. Paths must exist when the process starts.
    """

    stage: Stage
    signing_key: Path
    trust: Path
    field_keys: Path
    metrics_port: int
    blind_keys: Path | None = None
    metrics_host: str = "127.0.0.1"
    clock: str = "system"


def read(
    cls: type[T],
    *,
    prefix: str,
    environ: Mapping[str, str] = os.environ,  # noqa: TID251 - the one door to it
) -> T:
    """Build `cls` from the variables ``<PREFIX>_<FIELD>``, in capitals.

    Fields may be str, int, bool (true/false, 1/0, yes/no), Path (which must exist),
    Secret[str], Literal words, or one of these ``| None``. An empty variable counts as
    absent; an absent one takes the field's default. Raises one Broken that names all
    variables that are missing or wrong, and never shows a value.
    """
    values: dict[str, Any] = {}
    faults: list[str] = []
    hints = type_hints(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type] # T is a dataclass
        name = f"{prefix}_{field.name}".upper()
        text = environ.get(name, "")
        try:
            if text:
                values[field.name] = _reader(hints[field.name])(text)
            elif not _has_default(field):
                faults.append(f"{name} is missing")
        except ValueError as fault:
            faults.append(f"{name} {fault}")
    if faults:
        raise Broken(f"The environment is not usable: {'; '.join(faults)}")
    return cls(**values)


def _has_default(field: "dataclasses.Field[Any]") -> bool:
    nothing = dataclasses.MISSING
    return field.default is not nothing or field.default_factory is not nothing


def _reader(kind: Any) -> Callable[[str], object]:  # noqa: ANN401 - any annotation
    """What turns a text into the annotated type; raises ValueError saying why not."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (inner,) = (arg for arg in args if arg is not type(None))
        return _reader(inner)
    if origin is Literal:
        return lambda text: _word(text, args)
    if (origin or kind) not in _READERS:
        raise Broken(f"A setting cannot be of type {kind}")
    return _READERS[origin or kind]


def _integer(text: str) -> int:
    if not _WHOLE_NUMBER.fullmatch(text):
        raise ValueError("is no whole number")
    return int(text)


def _boolean(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise ValueError("is neither true nor false")
    return _WORDS[text.lower()]


def _path(text: str) -> Path:
    path = Path(text)
    try:
        found = path.exists()
    except OSError as exc:
        raise ValueError("names a file that cannot be reached") from exc
    if not found:
        raise ValueError("names no existing file")
    return path


def _word(text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        raise ValueError(f"is none of {', '.join(words)}")
    return text


_READERS: Final[Mapping[object, Callable[[str], object]]] = {
    str: str,
    int: _integer,
    bool: _boolean,
    Path: _path,
    Secret: Secret,
}
