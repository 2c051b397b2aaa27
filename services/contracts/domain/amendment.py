"""An amendment (дополнительное соглашение) as a state machine, pure.

::

    requested → offered → signing → concluded
        └──────────┴─────────┴→ withdrawn        (another in its place, refusal, wish)
                   └─────────┴→ lapsed           (nobody signed in time)

A document of its own with a ceremony of its own (clauses 4.10, 5.2): it names the
contract, and by digest the document it amends, so that contract and amendments are a
chain.  As with the contract the client signs, and then the company the same bytes.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from kernel.errors import Broken, Refused
from services.contracts.domain.contract import CLOCKS_APART, Contract, Proof
from services.contracts.domain.states import AmendmentState, check_amendment

_S = AmendmentState


class Cause(StrEnum):
    """Why a contract is amended."""

    ACCOUNT_CHANGED = "account_changed"
    """The account it names is the client's no more, or another by now."""
    CLIENT_ASKED = "client_asked"
    """The client wishes to be paid to another account of theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """One amendment of one contract: to which account the loan is paid (5.3)."""

    id: UUID
    contract_id: UUID
    client_id: UUID
    ordinal: int
    """The how manieth of its contract: part of its number."""
    cause: Cause
    previous_sha256: str
    """The document it amends: the contract, or the last amendment both signed."""
    requested_at: datetime
    account_id: UUID | None = None
    """Where to pay; None until the client's selected account has been asked for."""
    account_token: str | None = None
    state: AmendmentState = AmendmentState.REQUESTED
    document_sha256: str | None = None
    offered_at: datetime | None = None
    until: datetime | None = None
    """When it ends unless the client has signed."""
    ceremony_id: UUID | None = None
    protocol_id: str | None = None
    certificate_serial: str | None = None
    signature_sha256: str | None = None
    client_signed_at: datetime | None = None
    signed_at: datetime | None = None
    ended_at: datetime | None = None
    end_code: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can still be signed."""
        return self.state in (_S.REQUESTED, _S.OFFERED, _S.SIGNING)

    @property
    def awaits_company(self) -> bool:
        """Whether the client has signed and the company has not."""
        return self.state is _S.SIGNING and self.client_signed_at is not None

    def numbered(self, contract_number: str) -> str:
        """As it is printed: the contract's number and its own."""
        return f"{contract_number}/{self.ordinal}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """An amendment that is needed now; `account_id` None for the selected account."""

    cause: Cause
    account_id: UUID | None


class Course(StrEnum):
    """What else the news of an account may call for."""

    NOTHING = "nothing"
    ACCOUNT_RETURNED = "account_returned"
    """The contract's account is as agreed again: it goes on, held anew."""
    ACCOUNT_REMOVED = "account_removed"
    """The account the client wished for is gone: likewise."""


def after_move(
    contract: Contract,
    under_way: Amendment | None,
    *,
    account_id: UUID,
    token: str | None,
) -> Needed | Course:
    """What follows when an account became another (`token`), or is no more (None).

    Only an amendment may name another account than the last document both have signed
    (clauses 5.3, 3.4).  News that comes late, of what is agreed or offered already,
    calls for nothing.
    """
    if account_id == contract.paid_to:
        return _contract_moved(contract, under_way, token)
    if under_way is None or account_id != under_way.account_id:
        return Course.NOTHING
    if _names(under_way, account_id, token):
        return Course.NOTHING
    if token is None and under_way.cause is Cause.CLIENT_ASKED:
        return Course.ACCOUNT_REMOVED
    target = None if token is None else account_id
    return Needed(cause=under_way.cause, account_id=target)


def _contract_moved(
    contract: Contract, under_way: Amendment | None, token: str | None
) -> Needed | Course:
    forced = under_way is not None and under_way.cause is Cause.ACCOUNT_CHANGED
    if token is not None and token == contract.paid_to_token:
        return Course.ACCOUNT_RETURNED if forced else Course.NOTHING
    if under_way is not None and forced and _names(under_way, contract.paid_to, token):
        return Course.NOTHING
    target = None if token is None else contract.paid_to
    if under_way is not None and under_way.cause is Cause.CLIENT_ASKED:
        target = under_way.account_id  # the wish stands
    return Needed(cause=Cause.ACCOUNT_CHANGED, account_id=target)


def _names(amendment: Amendment, account_id: UUID, token: str | None) -> bool:
    """Whether it names, or once it is drawn up will name, the account as it is now."""
    if token is None or amendment.account_id != account_id:
        return False
    return amendment.state is _S.REQUESTED or amendment.account_token == token


def offer(
    amendment: Amendment,
    *,
    account_id: UUID,
    account_token: str,
    document_sha256: str,
    at: datetime,
    until: datetime,
) -> Amendment:
    """Its document stands ready, and the payout stands still."""
    return _become(
        amendment,
        _S.OFFERED,
        account_id=account_id,
        account_token=account_token,
        document_sha256=document_sha256,
        offered_at=at,
        until=until,
    )


def begin_signing(amendment: Amendment, *, at: datetime) -> Amendment:
    """A ceremony may be opened, the first one or another after a failed one.

    Refused: ``amendment_not_ready``, ``already_signed``, ``amendment_ended``.
    """
    if amendment.state is _S.REQUESTED:
        raise not_ready()
    if amendment.state is _S.CONCLUDED or amendment.awaits_company:
        raise Refused(
            "already_signed",
            "The amendment is signed.",
            next_step="Look at the contract's state in the cabinet.",
        )
    if not amendment.is_open or _is_over(amendment, at):
        raise ended()
    return _become(amendment, _S.SIGNING)


def hand_over(amendment: Amendment, *, ceremony_id: UUID) -> Amendment:
    """A ceremony has been opened over the amendment's own bytes."""
    if amendment.state is not _S.SIGNING or amendment.awaits_company:
        return amendment
    return replace(amendment, ceremony_id=ceremony_id)


def is_of_other_bytes(amendment: Amendment, document_sha256: str) -> bool:
    """Whether the client was about to sign other bytes: its contract is blocked."""
    return amendment.is_open and document_sha256 != amendment.document_sha256


def take_signature(amendment: Amendment, proof: Proof) -> Amendment:
    """The client has signed, if `contradiction` finds nothing in the proof (5.2).

    A proof that comes again, or after the end, changes nothing.
    """
    if not amendment.is_open or amendment.awaits_company:
        return amendment
    if amendment.state is not _S.SIGNING or contradiction(amendment, proof) is not None:
        raise Broken("An amendment was signed without having been handed to signing")
    return replace(
        amendment,
        ceremony_id=proof.ceremony_id,
        protocol_id=proof.protocol_id,
        certificate_serial=proof.certificate_serial,
        signature_sha256=proof.signature_sha256,
        client_signed_at=proof.completed_at,
    )


def contradiction(amendment: Amendment, proof: Proof) -> str | None:
    """Why a proof blocks the contract, as one of the contract itself does (3.4).

    None when it is of this client and of these very bytes, or no matter any more.
    """
    if amendment.offered_at is None or not amendment.is_open:
        return None
    if proof.document_sha256 != amendment.document_sha256:
        return "document_mismatch"
    if proof.client_id != amendment.client_id:
        return "client_mismatch"
    # An instant before the document existed would also shorten the hold.
    if proof.completed_at < amendment.offered_at:
        return "proof_predates_document"
    return None


def conclude(amendment: Amendment, *, stamped_at: datetime) -> Amendment:
    """The company has signed the same bytes, at that trusted time.

    A stamp knows whole seconds: the later of it and the client's instant counts.
    Broken unless the client has signed.
    """
    if not amendment.awaits_company or amendment.client_signed_at is None:
        raise Broken("The company signs after the client")
    signed_at = max(stamped_at, amendment.client_signed_at)
    return _become(amendment, _S.CONCLUDED, signed_at=signed_at, ended_at=signed_at)


def withdraw(amendment: Amendment, code: str, *, at: datetime) -> Amendment:
    """It ends unsigned: another came in its place, or nobody needs it any more.

    Broken when it has ended already.
    """
    if not amendment.is_open:
        raise Broken("An amendment ends once")
    return _become(amendment, _S.WITHDRAWN, ended_at=at, end_code=code)


def lapse(amendment: Amendment, *, at: datetime) -> Amendment:
    """Nobody has signed it in time."""
    return _become(amendment, _S.LAPSED, ended_at=at, end_code="amendment_expired")


def postpone(amendment: Amendment, *, since: datetime, at: datetime) -> Amendment:
    """The client was suspended from `since` to `at`: that time is not counted."""
    offered_at, until = amendment.offered_at, amendment.until
    if not amendment.is_open or offered_at is None or until is None or until <= since:
        return amendment
    stood = at - max(since, offered_at)
    return replace(amendment, until=until + max(stood, timedelta()))


def is_outdated(amendment: Amendment, *, identity_changed_at: datetime) -> bool:
    """Whether nobody signed it while it named the client as they are (3.4, 5.1)."""
    if not amendment.is_open or amendment.offered_at is None:
        return False
    if amendment.offered_at > identity_changed_at + CLOCKS_APART:
        return False
    signed_at = amendment.client_signed_at
    return signed_at is None or signed_at > identity_changed_at


def has_lapsed(amendment: Amendment, *, at: datetime) -> bool:
    """Whether its time is over; who has signed is in time."""
    open_ = amendment.is_open and not amendment.awaits_company
    return open_ and _is_over(amendment, at)


def not_ready() -> Refused:
    """The answer to whoever comes too early."""
    return Refused(
        "amendment_not_ready",
        "The amendment is being drawn up.",
        next_step="Look again in a moment.",
    )


def ended() -> Refused:
    """The answer to whoever comes too late."""
    return Refused(
        "amendment_ended",
        "The amendment has ended.",
        next_step="Look at the contract's state in the cabinet.",
    )


def _is_over(amendment: Amendment, at: datetime) -> bool:
    return amendment.until is not None and at >= amendment.until


def _become(amendment: Amendment, state: AmendmentState, **changes: Any) -> Amendment:  # noqa: ANN401 - fields
    """The only way from one state to another: by the table."""
    check_amendment(amendment.state, state)
    return replace(amendment, state=state, **changes)
