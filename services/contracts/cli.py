"""The staff's commands of contracts alone; every service's stand in kernel.cli."""

from collections.abc import Mapping
from typing import Final

from kernel.cli import Command

COMMANDS: Final[Mapping[str, Command]] = {}
