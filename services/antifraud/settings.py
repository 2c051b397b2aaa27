"""What the environment may say to antifraud."""

from dataclasses import dataclass
from pathlib import Path

from kernel.settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(PlatformSettings):
    """`centre_url` is the root of the anti-fraud centre's listener."""

    centre_url: str
    outer_ca: Path
    outer_cert: Path
    outer_key: Path
