"""What indicators measure, from the file that holds it."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from services.antifraud.domain.indicators import Indicator, parsed


@cache
def indicators() -> Sequence[Indicator]:
    """Every record.  Broken for one that is none."""
    text = (files("services.antifraud.domain") / "indicators.toml").read_text("utf-8")
    return parsed(tomllib.loads(text)["indicator"])
