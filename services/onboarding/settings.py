"""Everything the environment may say to onboarding; incomplete means no start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kernel.errors import Broken
from kernel.settings import PlatformSettings

COID: Final = "coid"
"""The provider that is always there."""

_COID_PATH: Final = "/coid/v1"
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
    eds_verifier_url: str = ""
    """An NCANode that verifies in place of our own verifier; empty: none."""
    company_bin: str
    """The company's own БИН: whose organisation certificate signs contracts."""
    coid_bin: str
    """Whose organisation certificate may sign protocols: without it any could."""
    photo_socket: str
    """Where the photo judge listens, or will: without it only photos wait."""
    public_url: str
    """The gateway as a browser sees it: where a provider sends the person back."""
    other_provider: str | None = None
    """Name of a second provider of identification (иной способ, clause 4.2).

    Who it is for new visits is said by the dated setting ``biometric.provider``.
    """
    other_provider_url: str | None = None
    """Where its API begins, path included."""
    other_provider_bin: str | None = None

    def providers(self) -> Mapping[str, tuple[str, str]]:
        """Each provider's name with the beginning of its API and its БИН."""
        known = {COID: (f"{self.coid_url.rstrip('/')}{_COID_PATH}", self.coid_bin)}
        if self.other_provider and self.other_provider_url and self.other_provider_bin:
            other = (self.other_provider_url, self.other_provider_bin)
            known[self.other_provider] = other
        return known

    def __post_init__(self) -> None:
        """Broken when a value has not the form it must have, or lacks its fellows."""
        other = (self.other_provider, self.other_provider_url, self.other_provider_bin)
        if any(other) and not all(other):
            raise Broken("ONBOARDING_OTHER_PROVIDER needs its URL and its БИН as well")
        if self.other_provider == COID:
            raise Broken("ONBOARDING_OTHER_PROVIDER has the name of ЦОИД")
        for name in ("coid_bin", "company_bin", "other_provider_bin"):
            value = getattr(self, name)
            if value is not None and not _BIN.fullmatch(value):
                variable = f"ONBOARDING_{name}".upper()
                raise Broken(f"{variable} is not a БИН of twelve digits")
