"""The contract (договор) as a state machine, pure.

::

    offered → signing → concluded → consented ─────────────────────→ active
                                        └→ awaiting_release → released ↗
    offered, signing → expired           (nobody signed in the offer's time)
    active ⇄ closed                      (everything repaid; a payment taken back)
    any of them but these → annulled     (refusal, silence, rejected transfer)
    any of them but these → blocked      (a mismatch in data exchange, clause 3.4)

In `signing` the client signs, and then the company the same bytes: only that concludes
the contract.  Expired, annulled and blocked are final, and so for signing, consent and
release are active and closed; `states` has the whole table, and nothing moves beside
it.  Each function takes a contract and a fact or a wish and gives the contract after
it; it raises Refused for a wish the rules forbid.  A fact that contradicts what the
client signed blocks the contract: its payout never happens.
"""

from services.contracts.domain.contract.amending import (
    amend,
    begin_amending,
    let_be,
    not_amending,
    not_refused,
    resume,
)
from services.contracts.domain.contract.answering import (
    CLOCK_SKEW,
    SECOND_FACTOR_LASTS,
    awaited,
    confirm_release,
    consent,
)
from services.contracts.domain.contract.concluding import (
    CLOCKS_APART,
    IDENTITY_CHANGED,
    Proof,
    awaits_company,
    begin_signing,
    conclude,
    hand_over,
    is_outdated,
    take_signature,
)
from services.contracts.domain.contract.contract import (
    LENDER_CHANNEL,
    NOTHING,
    OFFER_EXPIRED,
    Contract,
    Payout,
    Statement,
    annul,
    become,
    block,
    expire,
)
from services.contracts.domain.contract.ending import fall_silent, needs_stop, refuse
from services.contracts.domain.contract.paying import (
    activate,
    fall_due,
    reject,
    repeat,
    schedule,
)
from services.contracts.domain.contract.repaying import REPAID, close, reopen
from services.contracts.domain.contract.waiting import (
    counted_at,
    go_on,
    next_step,
    stand_still,
)

__all__ = [
    "CLOCKS_APART",
    "CLOCK_SKEW",
    "IDENTITY_CHANGED",
    "LENDER_CHANNEL",
    "NOTHING",
    "OFFER_EXPIRED",
    "REPAID",
    "SECOND_FACTOR_LASTS",
    "Contract",
    "Payout",
    "Proof",
    "Statement",
    "activate",
    "amend",
    "annul",
    "awaited",
    "awaits_company",
    "become",
    "begin_amending",
    "begin_signing",
    "block",
    "close",
    "conclude",
    "confirm_release",
    "consent",
    "counted_at",
    "expire",
    "fall_due",
    "fall_silent",
    "go_on",
    "hand_over",
    "is_outdated",
    "let_be",
    "needs_stop",
    "next_step",
    "not_amending",
    "not_refused",
    "refuse",
    "reject",
    "reopen",
    "repeat",
    "resume",
    "schedule",
    "stand_still",
    "take_signature",
]
