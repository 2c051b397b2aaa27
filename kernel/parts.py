"""A part of a process, how well it is, and the one part that needs no connection."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from kernel.clock import Clock
from kernel.tls import expires_at

FEWEST_DAYS: Final = 2.0
"""Leaves live a week and are renewed in its last third: fewer days mean nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a process; ``advice`` is empty when it is well."""

    part: str
    well: bool
    figure: str
    advice: str = ""


def certificate(path: Path, machine: Clock) -> Part:
    """How long a certificate will be good, by the clock TLS goes by."""
    days = (expires_at(path) - machine.now()) / timedelta(days=1)
    well = days >= FEWEST_DAYS
    return Part(
        part="certificate",
        well=well,
        figure=f"{days:.1f} days left",
        advice="" if well else "Renew it: make up",
    )
