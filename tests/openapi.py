"""`python -m tests.openapi`: write docs/openapi.json anew from the code.

The file is what clients are given; a change of it is a change of the public interface
and is seen in a review as such.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from services.auth.gateway.app import PREFIX, build_app
from services.auth.gateway.gate import Gate
from tests import interfaces
from tests.marks import ROOT

PAGE: Final = ROOT / "docs" / "openapi.json"
_NOBODY: Final = cast("Gate", SimpleNamespace())
"""The description does not ask who answers."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it is described."""

    method: str
    path: str
    described: dict[str, Any]

    @property
    def name(self) -> str:
        """The operationId."""
        return str(self.described["operationId"])

    @property
    def schemes(self) -> set[str]:
        """What opens it, by any one of these; nothing when it is public."""
        return {scheme for one in self.described["security"] for scheme in one}

    def address(self, **values: object) -> str:
        """The path below the prefix, its parameters filled in."""
        return self.path.removeprefix(PREFIX).format(**values)

    def codes(self, status: int) -> set[str]:
        """The problem codes it can answer with under a status."""
        answer = self.described["responses"].get(str(status), {})
        content = answer.get("content", {}).get("application/problem+json")
        if content is None:
            return set()
        return set(content["schema"]["allOf"][1]["properties"]["code"]["enum"])


@cache
def document() -> dict[str, Any]:
    """The description as it is served."""
    return build_app(_NOBODY).description


def operations() -> Iterator[Operation]:
    """Every operation of the description."""
    for path, methods in document()["paths"].items():
        for method, described in methods.items():
            yield Operation(method.upper(), path, described)


def text() -> str:
    """The file's text."""
    return json.dumps(document(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main(page: Path = PAGE) -> None:
    """Write the file, and what the cabinet's TypeScript knows of it."""
    page.write_text(text())
    interfaces.FILE.write_text(interfaces.text(document()))


if __name__ == "__main__":
    main()
