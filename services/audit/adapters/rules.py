"""The rules of the monitoring from the file that holds them."""

import tomllib
from importlib.resources import files

from services.audit.domain.monitoring.rules import Rules


def starting_rules() -> Rules:
    """Every record.  Refused ``rule_unfit``: then the process does not start."""
    text = (files("services.audit.domain.monitoring") / "rules.toml").read_text("utf-8")
    return Rules.parse(tomllib.loads(text)["rule"])
