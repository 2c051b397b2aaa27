"""What the environment may say to the process `contracts`."""

from dataclasses import dataclass
from pathlib import Path

from kernel.settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(PlatformSettings):
    """The outer system asked here is the credit bureau, over mutual TLS."""

    bureau_url: str
    outer_ca: Path
    outer_cert: Path
    outer_key: Path
