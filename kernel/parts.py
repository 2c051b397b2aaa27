"""A part of a process, how well it is, and the one part that needs no connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from kernel.clock import Clock
from kernel.settings import PlatformSettings
from kernel.tls import expires_at

FEWEST_DAYS: Final = 2.0
"""Leaves live a week and are renewed in its last third: fewer days mean nobody did."""

Shown = Literal["own", "outer"]
"""To whom a certificate is shown: to processes of ours, or to partners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a process; ``advice`` is empty when it is well."""

    part: str
    well: bool
    figure: str
    advice: str = ""


def certificates_of(settings: PlatformSettings) -> Mapping[Shown, Path]:
    """What a process shows: to ours, and to partners if it speaks to some."""
    own: dict[Shown, Path] = {"own": settings.tls_cert}
    outer: Path | None = getattr(settings, "outer_cert", None)
    return own if outer is None else own | {"outer": outer}


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
