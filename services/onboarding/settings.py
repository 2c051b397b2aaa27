"""Everything the environment may say to onboarding; incomplete means no start."""

import re
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import Broken
from kernel.settings import PlatformSettings

_BIN = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(PlatformSettings):
    """Addresses of the outer systems, the pinned authorities, ЦОИД's own БИН."""

    blind_keys: Path
    coid_url: str
    ca_url: str
    state_url: str
    bank_url: str
    outer_ca: Path
    outer_cert: Path
    outer_key: Path
    eds_roots: Path
    eds_issuers: Path
    coid_bin: str
    """Whose organisation certificate may sign protocols: without it any could."""
    photo_socket: str
    """Where the photo judge listens, or will: without it only photos wait."""
    public_url: str
    """The gateway as a browser sees it: where ЦОИД sends the person back."""

    def __post_init__(self) -> None:
        """Broken when a value has not the form it must have."""
        if not _BIN.fullmatch(self.coid_bin):
            raise Broken("ONBOARDING_COID_BIN is not a БИН of twelve digits")
