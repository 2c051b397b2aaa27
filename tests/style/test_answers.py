"""Whoever asks another service ignores what the answer has beside (ADR 0007)."""

import importlib
from pathlib import Path
from typing import Final

import pytest
from pydantic import BaseModel

from tests.marks import ROOT
from tests.style.tree import modules, name_of

ASKING: Final = [
    path for path in modules("services") if "RpcClient" in path.read_text()
]


def _answers(path: Path) -> list[type[BaseModel]]:
    """The shapes of answers a module declares."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    found = vars(importlib.import_module(name)).values()
    return [
        kind
        for kind in found
        if isinstance(kind, type)
        and issubclass(kind, BaseModel)
        and kind.__module__ == name
    ]


def test_somebody_asks() -> None:
    assert any(_answers(path) for path in ASKING)


@pytest.mark.catalogue("F29")
@pytest.mark.seeded("rpc_extra_answer_refused")
def test_an_answer_may_gain_members() -> None:
    strict = [
        f"{name_of(path)}: {kind.__name__}"
        for path in ASKING
        for kind in _answers(path)
        if kind.model_config.get("extra") != "ignore"
    ]
    assert strict == []
