"""What the environment may say to the process `contracts`."""

from dataclasses import dataclass
from pathlib import Path

from kernel.settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(PlatformSettings):
    """The outer systems asked here, over mutual TLS."""

    bureau_url: str
    state_url: str
    monitoring_url: str
    bank_url: str
    collection_iban: str
    """The company's account for repayments; another one than payouts leave from."""
    outer_ca: Path
    outer_cert: Path
    outer_key: Path
    signer_key: str
    """Where the company's own ЭЦП key lies, or will: without it contracts only wait.

    PKCS#8 PEM, of development alone.
    """
    signer_certificate: str
    public_url: str
    """The public site: where the code on a printed document leads."""
