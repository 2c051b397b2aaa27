"""Why a payout stands where it stands, in words: what comes next, and who can act."""

from dataclasses import dataclass
from typing import Final

from services.disbursement.domain.payout import ENDED_UNPAID, UNSENT, Payout, State


@dataclass(frozen=True, slots=True)
class Outlook:
    """What comes next, and who may bring it about."""

    next: str
    who: str


_BY_STATE: Final = {
    State.CONCLUDED: Outlook("the additional consent starts the hold", "the client"),
    State.CONSENTED: Outlook("the order is drawn up", "nobody: by itself"),
    State.HELD: Outlook("the hold ends", "nobody: by itself"),
    State.AWAITING_RELEASE: Outlook("the release is confirmed", "the client"),
    State.READY: Outlook("the gate is tried", "nobody: by itself"),
    State.AMENDING: Outlook("an amendment is signed, or ends", "the client"),
    State.SENDING: Outlook("the bank is asked", "nobody: by itself"),
    State.UNKNOWN: Outlook("the bank is asked until it says", "the bank"),
    State.PAID: Outlook("nothing: it is paid", "nobody"),
    State.REJECTED: Outlook("nothing: the bank has refused it for good", "nobody"),
    State.CANCELLED: Outlook("nothing: it is cancelled", "nobody"),
    State.BLOCKED: Outlook(
        "nothing is ever sent", "a treasurer, or the client by refusing"
    ),
}
_WAITS_FOR_TREASURERS: Final = Outlook(
    "two agree, then the gate is tried at once",
    "two treasurers: `payouts approve`, then `approvals approve`",
)
_WAITS_FOR_ANTIFRAUD: Final = Outlook(
    "antifraud releases or returns it",
    "a fraud officer: `kredit antifraud holds`",
)
_WAITS_FOR_THE_DAY: Final = Outlook(
    "the gate is tried again; the day's sums begin anew at midnight of Almaty",
    "nobody, or four eyes on the setting",
)
_BY_CODE: Final = {
    "approval_required": _WAITS_FOR_TREASURERS,
    "client_limit": _WAITS_FOR_THE_DAY,
    "day_limit": _WAITS_FOR_THE_DAY,
    "payout_limit": Outlook("the setting allows it", "four eyes on the setting"),
    "balance_short": Outlook(
        "the gate is tried again", "a treasurer: money on the account at the bank"
    ),
    "sending_halted": Outlook(
        "two resume sending", "two treasurers: `sending resume`, `approvals approve`"
    ),
    "payout_disputed": Outlook(
        "its case is resolved", "a treasurer: `cases show`, `cases resolve`"
    ),
    "reconciliation_pending": Outlook(
        "what the bank booked is read to its end", "nobody: by itself"
    ),
    "operation_suspended": _WAITS_FOR_ANTIFRAUD,
    "antifraud_suspend": _WAITS_FOR_ANTIFRAUD,
    "antifraud_review": _WAITS_FOR_ANTIFRAUD,
    "hold_unwitnessed": Outlook(
        "as much time really passes", "whoever is on duty: `disbursement-witness`"
    ),
    "ownership_unknown": Outlook(
        "the holder's bank names the owner", "the client: another account"
    ),
    "account_changed": _BY_STATE[State.AMENDING],
    "stop_credit_refused": Outlook(
        "the consent to the credit report is given", "the client"
    ),
    "bank_rests": Outlook("the partner is tried again", "nobody: by itself"),
    "bank_cut_off": Outlook("the gate is tried again the next day", "nobody"),
    "bank_rail_missing": Outlook(
        "a connector takes such orders again", "whoever is on duty: the settings"
    ),
    "bank_statement_missing": Outlook(
        "the bank is asked until it says", "a treasurer: ask the partner in writing"
    ),
    "predecessor_unclear": Outlook(
        "the refused payout in its place stays refused, by status and statement",
        "a treasurer with the bank",
    ),
    "bank_order_missing": Outlook(
        "the statement is compared; nothing is sent anew", "a treasurer with the bank"
    ),
}
_MAY_BE_REPEATED: Final = Outlook(
    "two have it paid again as another, or the time for it ends",
    "two treasurers: `payouts repeat`, then `approvals approve`",
)
_AGAIN: Final = Outlook(
    "the gate is tried again", "whoever is on duty: who was asked gave no answer"
)
_UNANSWERED: Final = ("_unavailable", "_unreadable", "_refused", "_stale")


def outlook(payout: Payout) -> Outlook:
    """By what it is held for, else by where it stands.

    A suspension holds from the day it is said, also before the gate has met it.
    """
    if payout.repeat_until is not None:
        return _MAY_BE_REPEATED
    by_state = _BY_STATE[payout.state]
    code = payout.held_code
    if code is None and payout.suspended_by is not None and payout.state in UNSENT:
        code = "operation_suspended"
    if code is None or payout.state in ENDED_UNPAID:
        return by_state
    if code in _BY_CODE:
        return _BY_CODE[code]
    return _AGAIN if code.endswith(_UNANSWERED) else by_state
