"""Everything the environment may say to disbursement.

The bank's address and our certificate for it are told to the payer and the clock's
witness alone: the service's own process never speaks to the bank.
"""

from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Literal

from kernel.errors import Broken
from kernel.settings import PlatformSettings
from kernel.values import Iban

Dialect = Literal["iso20022", "json"]

LONGEST_RESEND_WINDOW_S = 1_500
"""The shortest key memory known of a bank is 30 minutes (P03); minus a reserve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(PlatformSettings):
    """``DISBURSEMENT_<FIELD>``; see README.md."""

    company_iban: str
    company_bin: str
    bank_url: str | None = None
    bank_dialect: Dialect = "iso20022"
    bank_remembers_s: int = 1_800
    bank_cut_off: str | None = None
    cards_url: str | None = None
    cards_remembers_s: int = 1_800
    cards_cut_off: str | None = None
    outer_ca: Path | None = None
    outer_cert: Path | None = None
    outer_key: Path | None = None
    breaker_failures: int = 5
    breaker_rest_s: int = 10
    requests_per_s: int = 20
    requests_at_once: int = 20
    payouts_at_once: int = 256
    lease_s: int = 90
    poll_s: int = 1
    first_retry_s: int = 1
    most_retry_s: int = 300
    proof_valid_s: int = 120
    visible_after_s: int = 300
    agreeing_answers: int = 3
    resend_window_s: int = LONGEST_RESEND_WINDOW_S
    witness_every_s: int = 1
    witness_takeover_s: int = 10
    witness_fresh_s: int = 5
    witness_patience_s: int = 60
    witness_step_s: int = 5
    outer_clock_every_s: int = 60
    outer_clock_doubt_s: int = 5
    reconcile_every_s: int = 30
    reconciled_within_s: int = 900

    def __post_init__(self) -> None:
        """Broken when a value would endanger money."""
        Iban(self.company_iban)
        if not 0 < self.resend_window_s <= LONGEST_RESEND_WINDOW_S:
            raise Broken("DISBURSEMENT_RESEND_WINDOW_S outlives the bank's key memory")
        counts = (
            self.payouts_at_once,
            self.lease_s,
            self.poll_s,
            self.first_retry_s,
            self.most_retry_s,
            self.proof_valid_s,
            self.agreeing_answers,
            self.witness_every_s,
            self.witness_takeover_s,
            self.witness_fresh_s,
            self.witness_patience_s,
            self.witness_step_s,
            self.outer_clock_every_s,
            self.outer_clock_doubt_s,
            self.breaker_failures,
            self.breaker_rest_s,
            self.requests_per_s,
            self.requests_at_once,
            self.reconcile_every_s,
            self.reconciled_within_s - self.reconcile_every_s,
        )
        for cut_off in (self.bank_cut_off, self.cards_cut_off):
            time_of_day(cut_off)
        if min(counts) < 1 or self.visible_after_s < 0:
            raise Broken("DISBURSEMENT_* time-outs and counts are positive")


def time_of_day(text: str | None) -> time | None:
    """``HH:MM`` of Almaty.  Broken for anything else."""
    try:
        return None if text is None else time.fromisoformat(text)
    except ValueError as error:
        raise Broken("DISBURSEMENT_*_CUT_OFF is a time of day, HH:MM") from error


@dataclass(frozen=True, slots=True)
class BankAccess:
    """How the worker reaches the bank."""

    url: str
    ca: Path
    cert: Path
    key: Path


def bank_access(settings: Settings) -> BankAccess:
    """The bank's part of the settings; Broken when this process has none."""
    url, ca = settings.bank_url, settings.outer_ca
    cert, key = settings.outer_cert, settings.outer_key
    if url is None or ca is None or cert is None or key is None:
        raise Broken("DISBURSEMENT_BANK_URL and DISBURSEMENT_OUTER_* are needed")
    return BankAccess(url, ca, cert, key)
