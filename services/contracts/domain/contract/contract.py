"""One microcredit contract as it stands, and the only way from state to state."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from kernel.errors import Broken, Refused
from kernel.money import Money
from services.contracts.domain.schedule import RepaymentMethod
from services.contracts.domain.states import FINAL, ContractState, check_transition

NOTHING: Final = Money(0)

OFFER_EXPIRED: Final = "offer_expired"
"""How an offer ended that nobody signed in time."""
LENDER_CHANNEL: Final = "lender"
"""The lender's own digital channel, the only one this platform offers."""

_S = ContractState


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A wish the client states apart from signing: consent or release confirmation."""

    text_sha256: str
    channel: str
    second_factor_at: datetime
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What disbursement says of the payout."""

    payout_id: UUID
    client_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One microcredit contract.  What the client signs never changes after `offer`.

    Amendments stand beside it: documents of their own, of which the last one counts.
    """

    id: UUID
    application_id: UUID
    client_id: UUID
    account_id: UUID
    number: str
    contract_on: date
    product: str
    repayment: RepaymentMethod
    annual_percent: Decimal
    amount: Money
    term_days: int
    document_sha256: str
    offered_at: datetime
    state: ContractState = ContractState.OFFERED
    ceremony_id: UUID | None = None
    protocol_id: str | None = None
    certificate_serial: str | None = None
    signature_sha256: str | None = None
    client_signed_at: datetime | None = None
    """When the client's two proofs were complete; the company signs after that."""
    signed_at: datetime | None = None
    consented_at: datetime | None = None
    hold_until: datetime | None = None
    confirmation_required: bool | None = None
    silence_at: datetime | None = None
    suspended_since: datetime | None = None
    """Since when antifraud has suspended the client: silence is not counted."""
    payout_id: UUID | None = None
    released_at: datetime | None = None
    refusal_asked_at: datetime | None = None
    final_at: datetime | None = None
    end_code: str | None = None
    closed_at: datetime | None = None
    """When everything was repaid: documents are kept for their years from then."""
    account_token: str | None = None
    """Of the account the document names; None for contracts of before."""
    amendment_id: UUID | None = None
    """The amendment under way; while it stands nothing of this contract moves."""
    amended_account_id: UUID | None = None
    amended_token: str | None = None
    amended_sha256: str | None = None
    """The document of the last amendment both have signed."""
    hold_from: datetime | None = None
    """From when the hold is counted anew: an amendment's signing, or its end."""
    hold_from_id: UUID | None = None
    """The amendment that began the hold anew."""

    @property
    def signing(self) -> str:
        """The name antifraud knows its signing by."""
        return f"signing:{self.id}"

    @property
    def paid_to(self) -> UUID:
        """The account agreed on by the last document both have signed (clause 5.3)."""
        return self.amended_account_id or self.account_id

    @property
    def paid_to_token(self) -> str | None:
        """Its keyed token, where it is known."""
        if self.amended_account_id is not None:
            return self.amended_token
        return self.account_token

    @property
    def agreed_sha256(self) -> str:
        """The last document both have signed; before it, the one offered."""
        return self.amended_sha256 or self.document_sha256

    @property
    def is_final(self) -> bool:
        """Whether nothing can change any more."""
        return self.state in FINAL


def expire(contract: Contract, *, at: datetime) -> Contract:
    """The offer's time is over and nobody signed: there was never a contract."""
    return become(
        contract, _S.EXPIRED, final_at=at, end_code=OFFER_EXPIRED, silence_at=None
    )


def annul(contract: Contract, code: str, *, at: datetime) -> Contract:
    """The contract ends without money, fees or penalties."""
    return become(contract, _S.ANNULLED, final_at=at, end_code=code, silence_at=None)


def block(contract: Contract, code: str, *, at: datetime) -> Contract:
    """A mismatch blocks the contract (clause 3.4); its payout never happens."""
    return become(contract, _S.BLOCKED, final_at=at, end_code=code, silence_at=None)


def become(contract: Contract, state: ContractState, **changes: Any) -> Contract:  # noqa: ANN401 - fields
    """The only way from one state to another: by the table."""
    check_transition(contract.state, state)
    return replace(contract, state=state, **changes)


def known(instant: datetime | None) -> datetime:
    if instant is None:
        raise Broken("A contract in this state has that instant")
    return instant


def out_of_turn(contract: Contract, code: str, sentence: str) -> Refused:
    """The answer to a step whose turn has passed."""
    if contract.state is _S.EXPIRED:
        code, sentence = "silence_passed", "The offer has expired."
    elif contract.state is _S.ANNULLED:
        code, sentence = "contract_annulled", "The contract was annulled."
    elif contract.state is _S.BLOCKED:
        code, sentence = "contract_blocked", "The contract is blocked."
    return Refused(
        code,
        sentence,
        next_step="Look at the contract's state in the cabinet.",
        state=contract.state.value,
    )
