"""The connectors as configured, each behind a guard of its own."""

from typing import Final

import httpx

from kernel.platform import Platform
from services.disbursement.adapters import (
    Guard,
    HttpBank,
    HttpProcessor,
    Partner,
    Rails,
    Track,
)
from services.disbursement.domain.connector import Capabilities, Rail
from services.disbursement.domain.guard import GuardRules
from services.disbursement.settings import Settings, time_of_day

LONGEST_TURN_S: Final = 3.0
"""Who would wait longer for a turn at a partner comes again later."""


def rails_of(
    platform: Platform[Settings], client: httpx.Client, bank: Partner
) -> Rails:
    """One connector for accounts, in the bank's dialect; one for cards, if any."""
    settings = platform.settings
    company_bin = settings.company_bin
    tracks = {
        Rail.ACCOUNT: Track(
            HttpBank(bank, company_bin=company_bin, clock=platform.clock)
            if settings.bank_dialect == "iso20022"
            else HttpProcessor(bank, company_bin=company_bin),
            _capabilities(settings.bank_remembers_s, settings.bank_cut_off),
        )
    }
    if settings.cards_url is not None:
        cards = partner_at("cards", client, settings.cards_url, settings)
        tracks[Rail.CARD] = Track(
            HttpProcessor(cards, company_bin=company_bin),
            _capabilities(settings.cards_remembers_s, settings.cards_cut_off),
        )
    return Rails(tracks)


def partner_at(
    name: str, client: httpx.Client, url: str, settings: Settings
) -> Partner:
    """A partner's server behind a guard of its own."""
    rules = GuardRules(
        failures=settings.breaker_failures,
        rest_s=settings.breaker_rest_s,
        per_s=settings.requests_per_s,
        burst=settings.requests_at_once,
        patience_s=LONGEST_TURN_S,
    )
    return Partner(client, base_url=url, guard=Guard(name, rules))


def turns_in_patience(settings: Settings) -> int:
    """So many may wait for their turn at one partner at once, and all get it."""
    return max(int(settings.requests_per_s * LONGEST_TURN_S), 1)


def _capabilities(remembers_s: int, cut_off: str | None) -> Capabilities:
    """Both dialects can be asked by key, and both have statements."""
    return Capabilities(
        inquiry=True,
        statement=True,
        remembers_s=remembers_s,
        cut_off=time_of_day(cut_off),
    )
