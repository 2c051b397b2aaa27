"""The contract (договор) as a state machine, pure.

::

    offered → signing → concluded → consented ─────────────────────→ active
                                        └→ awaiting_release → released ↗
    any of them but active → annulled   (refusal, silence, rejected transfer)
    any of them but active → blocked    (a mismatch in data exchange, clause 3.4)

In `signing` the client signs, and then the company the same bytes: only that concludes
the contract.  Active, annulled and blocked are final; `states` has the whole table, and
nothing moves beside it.  Each function takes a contract and a fact or a wish and gives
the contract after it; it raises Refused for a wish the rules forbid.  A fact that
contradicts what the client signed blocks the contract: its payout never happens.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from kernel.errors import Broken, Refused, Transient
from kernel.money import Money
from kernel.policy import Policy
from services.contracts.domain import rules
from services.contracts.domain.schedule import RepaymentMethod
from services.contracts.domain.states import (
    CONSENTED,
    FINAL,
    ContractState,
    check_transition,
)
from services.contracts.domain.texts import StatementKind, StatementText

SECOND_FACTOR_LASTS: Final = timedelta(minutes=5)
CLOCK_SKEW: Final = timedelta(seconds=5)
"""How far ahead of ours the gateway's clock may be."""
NOTHING: Final = Money(0)
LENDER_CHANNEL: Final = "lender"
"""The lender's own digital channel, the only one this platform offers."""

_ONE_SECOND: Final = timedelta(seconds=1)


_S = ContractState


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A completed identification: biometrics and ЭЦП over some document's bytes."""

    ceremony_id: UUID
    client_id: UUID
    document_sha256: str
    protocol_id: str
    certificate_serial: str
    signature_sha256: str
    completed_at: datetime


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
    """One microcredit contract.  What the client signs never changes after `offer`."""

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
    payout_id: UUID | None = None
    released_at: datetime | None = None
    refusal_asked_at: datetime | None = None
    final_at: datetime | None = None
    end_code: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing can change any more."""
        return self.state in FINAL


def begin_signing(contract: Contract, *, at: datetime) -> Contract:
    """A ceremony may be opened, the first one or another after a failed one.

    Refused: ``already_signed``, ``contract_annulled``, ``contract_blocked``, and
    ``silence_passed`` when the offer has ended.
    """
    handed = contract.state in (_S.OFFERED, _S.SIGNING)
    if not handed or contract.client_signed_at is not None:
        raise _out_of_turn(contract, "already_signed", "The contract is signed.")
    _still_waiting(contract, at)
    return become(contract, _S.SIGNING)


def hand_over(
    contract: Contract, *, ceremony_id: UUID, document_sha256: str, at: datetime
) -> Contract:
    """A ceremony has been opened over these bytes; other bytes block the contract."""
    if contract.state is not _S.SIGNING or contract.client_signed_at is not None:
        return contract
    if document_sha256 != contract.document_sha256:
        return block(contract, "document_mismatch", at=at)
    return replace(contract, ceremony_id=ceremony_id)


def take_signature(contract: Contract, proof: Proof) -> Contract:
    """What a completed identification makes of the contract (clause 5.2).

    The client has signed, if the proof is of this client and of these very bytes;
    otherwise the contract is blocked.  A proof that comes again, or after the end,
    changes nothing.
    """
    if contract.is_final:
        return contract
    code = _contradiction(contract, proof)
    if code is not None:
        return block(contract, code, at=proof.completed_at)
    if contract.state is _S.OFFERED:
        raise Broken("A contract was signed without having been handed to signing")
    if contract.state is not _S.SIGNING or contract.client_signed_at is not None:
        return contract
    return replace(
        contract,
        ceremony_id=proof.ceremony_id,
        protocol_id=proof.protocol_id,
        certificate_serial=proof.certificate_serial,
        signature_sha256=proof.signature_sha256,
        client_signed_at=proof.completed_at,
        silence_at=None,  # the client has answered the offer
    )


def awaits_company(contract: Contract) -> bool:
    """Whether the client has signed and the company has not."""
    return contract.state is _S.SIGNING and contract.client_signed_at is not None


def conclude(
    contract: Contract,
    *,
    stamped_at: datetime,
    earlier: Money = NOTHING,
    policy: Policy,
) -> Contract:
    """The company has signed the same bytes: the contract is concluded.

    `earlier` is the sum of the client's microcredits that count together with this one.
    `stamped_at` is the trusted time of its signature.  A stamp knows whole seconds, so
    that it may stand before the client's instant by less than one: the hold is counted
    from the later.  Anything but a contract that awaits the company is left alone.
    """
    if not awaits_company(contract):
        return contract
    signed_at = max(stamped_at, _known(contract.client_signed_at))
    return become(
        contract,
        _S.CONCLUDED,
        signed_at=signed_at,
        confirmation_required=rules.confirmation_required(
            contract.amount + earlier, policy=policy, signed_at=signed_at
        ),
        silence_at=rules.silence_until(policy, signed_at),
    )


def _contradiction(contract: Contract, proof: Proof) -> str | None:
    if proof.document_sha256 != contract.document_sha256:
        return "document_mismatch"
    if proof.client_id != contract.client_id:
        return "client_mismatch"
    # An instant before the document existed would also shorten the hold.
    if proof.completed_at < contract.offered_at:
        return "proof_predates_document"
    return None


def consent(
    contract: Contract,
    statement: Statement,
    *,
    text: StatementText,
    earlier: Money = NOTHING,
    policy: Policy,
) -> Contract:
    """The additional consent (дополнительное согласие): it starts the hold (5.5).

    `earlier` as with `conclude`.  Counts at any time from the conclusion on.  Refused:
    ``not_signed``, ``already_consented``, ``silence_passed``, ``refusal_pending`` and
    what `_counts` refuses.
    """
    if contract.state in (_S.OFFERED, _S.SIGNING):
        raise Refused(
            "not_signed",
            "The contract is not signed yet.",
            next_step="Sign the contract first.",
        )
    if contract.state is not _S.CONCLUDED:
        raise _out_of_turn(contract, "already_consented", "The consent is given.")
    _still_waiting(contract, statement.given_at)
    _not_refused(contract)
    _counts(statement, text=text, policy=policy)
    until = rules.hold_until(
        contract.amount + earlier,
        policy=policy,
        signed_at=_known(contract.signed_at),
        consented_at=statement.given_at,
    )
    required = contract.confirmation_required
    return become(
        contract,
        _S.CONSENTED,
        consented_at=statement.given_at,
        hold_until=until,
        silence_at=rules.silence_until(policy, until) if required else None,
    )


def confirm_release(
    contract: Contract, statement: Statement, *, text: StatementText, policy: Policy
) -> Contract:
    """The release confirmation (повторное подтверждение) of clause 5.5.

    Counts only at or after ``hold_until``, so that it is a consent given after the
    period.  Refused: ``not_consented``, ``confirmation_not_needed``,
    ``already_released``, ``release_too_early`` (with ``seconds_left``),
    ``silence_passed``, ``refusal_pending`` and what `_counts` refuses.
    """
    if contract.state in (_S.OFFERED, _S.SIGNING, _S.CONCLUDED):
        raise Refused(
            "not_consented",
            "The additional consent is not given yet.",
            next_step="Give the additional consent first.",
        )
    if contract.state not in (_S.CONSENTED, _S.AWAITING_RELEASE):
        raise _out_of_turn(contract, "already_released", "The release is confirmed.")
    if not contract.confirmation_required:
        raise Refused(
            "confirmation_not_needed",
            "This payout needs no confirmation.",
            next_step="Wait for the payout.",
        )
    _not_before_hold(contract, statement.given_at)
    _still_waiting(contract, statement.given_at)
    _not_refused(contract)
    _counts(statement, text=text, policy=policy)
    return become(
        contract, _S.RELEASED, released_at=statement.given_at, silence_at=None
    )


def _not_before_hold(contract: Contract, at: datetime) -> None:
    left = _known(contract.hold_until) - at
    if left > timedelta(0):
        raise Refused(
            "release_too_early",
            "The cooling-off period is not over.",
            next_step="Confirm when the time left has run out, or refuse the loan.",
            # Rounded up: with a microsecond left there is still a second to wait.
            seconds_left=-(-left // _ONE_SECOND),
        )


def _still_waiting(contract: Contract, at: datetime) -> None:
    """Silence has one end, whether or not the beat has written it down yet."""
    if contract.silence_at is not None and at >= contract.silence_at:
        raise Refused(
            "silence_passed",
            "The time to answer has passed; the contract ends without payment.",
            next_step="Apply again if the loan is still needed.",
        )


def _not_refused(contract: Contract) -> None:
    """Who has refused cannot agree any more, even while the stop is under way."""
    if contract.refusal_asked_at is not None:
        raise Refused(
            "refusal_pending",
            "The loan has been refused.",
            next_step="Apply again if the loan is needed after all.",
        )


def _counts(statement: Statement, *, text: StatementText, policy: Policy) -> None:
    """Refuse a statement of another text, channel, or without a fresh second factor.

    Refused: ``text_changed``, ``channel_not_allowed``, ``second_factor_needed``.
    """
    if statement.text_sha256 != text.sha256:
        raise Refused(
            "text_changed",
            "The text shown is not the text in force.",
            next_step="Read the text again and answer it.",
        )
    at = statement.given_at
    if not rules.channel_counts(statement.channel, policy=policy, at=at):
        raise Refused(
            "channel_not_allowed",
            "A consent given in this channel does not count.",
            next_step="Use another channel.",
        )
    age = at - statement.second_factor_at
    if not -CLOCK_SKEW <= age <= SECOND_FACTOR_LASTS:
        raise Refused(
            "second_factor_needed",
            "This step needs a fresh second factor.",
            next_step="Enter a new one-time code and repeat.",
        )


def schedule(
    contract: Contract, payout: Payout, *, until: datetime, at: datetime
) -> Contract:
    """Disbursement, the arbiter of money, has scheduled the payout.

    Both have computed the hold; if they differ in it, or in whom or how much to pay,
    the contract is blocked.
    """
    if contract.is_final:
        return contract
    code = _payout_contradiction(contract, payout)
    if code is None and contract.state not in CONSENTED:
        code = "payout_without_consent"
    if code is None and until != contract.hold_until:
        code = "hold_mismatch"
    if code is not None:
        return block(contract, code, at=at)
    return replace(contract, payout_id=payout.payout_id)


def fall_due(
    contract: Contract, *, payout_id: UUID, confirmation_required: bool, at: datetime
) -> Contract:
    """The hold has passed: a payout that needs it now waits for the confirmation.

    A client who was quicker has confirmed already; disbursement may or may not have
    heard of it when it spoke, so after a release either word agrees.
    """
    if contract.is_final:
        return contract
    if payout_id != contract.payout_id:
        return block(contract, "payout_mismatch", at=at)
    if contract.state is _S.RELEASED:
        return contract
    if confirmation_required != contract.confirmation_required:
        return block(contract, "confirmation_mismatch", at=at)
    if contract.state is _S.CONSENTED and confirmation_required:
        return become(contract, _S.AWAITING_RELEASE)
    return contract


def activate(contract: Contract, payout: Payout, *, settled_at: datetime) -> Contract:
    """The money arrived.  Broken if this contract did not allow that."""
    if contract.state is _S.ACTIVE and payout.payout_id == contract.payout_id:
        return contract
    allowed = contract.state is _S.RELEASED or (
        contract.state is _S.CONSENTED and not contract.confirmation_required
    )
    if not allowed or payout.payout_id != contract.payout_id:
        raise Broken("Money moved for a contract that did not allow it")
    if _payout_contradiction(contract, payout) is not None:
        raise Broken("Money moved, but not as the contract says")
    return become(contract, _S.ACTIVE, final_at=settled_at)


def _payout_contradiction(contract: Contract, payout: Payout) -> str | None:
    if contract.payout_id not in (None, payout.payout_id):
        return "payout_mismatch"
    if payout.client_id != contract.client_id:
        return "client_mismatch"
    if payout.amount != contract.amount:
        return "amount_mismatch"
    return None


def needs_stop(contract: Contract) -> bool:
    """Whether a refusal has to be put to disbursement: from the conclusion on.

    Before it no payout can come to be, and our own row decides.
    """
    return contract.signed_at is not None and not contract.is_final


def refuse(contract: Contract, answer: str | None, *, at: datetime) -> Contract:
    """The client's refusal, by what disbursement answered to the stop.

    ``stopped``: annulled, without money, fees or penalties.  ``recorded``: the stop
    came before the payout; the refusal is remembered and disbursement asked again
    until it says ``stopped``.  Refused: ``refusal_too_late``, ``contract_active``,
    ``contract_blocked``.  Transient when the contract was signed meanwhile.
    """
    match contract.state:
        case _S.ANNULLED:
            return contract
        case _S.ACTIVE:
            raise _too_late("contract_active", "The money has been paid.")
        case _S.BLOCKED:
            raise _out_of_turn(contract, "contract_blocked", "The contract is blocked.")
        case _S.OFFERED | _S.SIGNING:
            return annul(contract, "client_refused", at=at)
    match answer:
        case "stopped":
            return annul(contract, "client_refused", at=at)
        case "recorded":
            return replace(contract, refusal_asked_at=contract.refusal_asked_at or at)
        case "too_late":
            raise _too_late("refusal_too_late", "The money is already on its way.")
        case None:
            raise Transient("The contract has changed meanwhile")
        case _:
            raise Broken("Disbursement answered a word we do not know")


def _too_late(code: str, sentence: str) -> Refused:
    return Refused(code, sentence, next_step="Repay the microcredit early.")


def reject(contract: Contract, *, payout_id: UUID, at: datetime) -> Contract:
    """The bank refused the transfer: the contract's one payout will not happen."""
    if contract.is_final or payout_id != contract.payout_id:
        return contract
    return annul(contract, "payout_rejected", at=at)


def fall_silent(contract: Contract, *, at: datetime) -> Contract:
    """Annul a contract whose client has been silent for too long; else unchanged."""
    if contract.is_final or contract.silence_at is None or at < contract.silence_at:
        return contract
    match contract.state:
        case _S.OFFERED | _S.SIGNING:
            return annul(contract, "offer_expired", at=at)
        case _S.CONCLUDED:
            return annul(contract, "consent_silence", at=at)
        case _:
            return annul(contract, "release_silence", at=at)


def awaited(contract: Contract) -> StatementKind | None:
    """Which statement of the client's a silence now counts against."""
    if contract.silence_at is None or contract.refusal_asked_at is not None:
        return None
    match contract.state:
        case _S.CONCLUDED:
            return "consent"
        case _S.CONSENTED | _S.AWAITING_RELEASE:
            return "release"
        case _:
            return None


def annul(contract: Contract, code: str, *, at: datetime) -> Contract:
    """The contract ends without money, fees or penalties."""
    return become(contract, _S.ANNULLED, final_at=at, end_code=code, silence_at=None)


def block(contract: Contract, code: str, *, at: datetime) -> Contract:
    """A mismatch blocks the contract (clause 3.4); its payout never happens."""
    return become(contract, _S.BLOCKED, final_at=at, end_code=code, silence_at=None)


def next_step(contract: Contract, *, at: datetime) -> str:
    """What the client can do, or waits for, at that instant."""
    match contract.state:
        case _S.SIGNING if contract.client_signed_at is not None:
            return "wait_for_signature"
        case _S.OFFERED | _S.SIGNING:
            return "sign"
        case _S.CONCLUDED:
            return "give_consent"
        case _S.CONSENTED | _S.AWAITING_RELEASE if at < _known(contract.hold_until):
            return "wait_for_hold"
        case _S.CONSENTED | _S.AWAITING_RELEASE if contract.confirmation_required:
            return "confirm_release"
        case _S.CONSENTED | _S.RELEASED:
            return "wait_for_payout"
        case _:
            return "none"


def become(contract: Contract, state: ContractState, **changes: Any) -> Contract:  # noqa: ANN401 - fields
    """The only way from one state to another: by the table."""
    check_transition(contract.state, state)
    return replace(contract, state=state, **changes)


def _known(instant: datetime | None) -> datetime:
    if instant is None:
        raise Broken("A contract in this state has that instant")
    return instant


def _out_of_turn(contract: Contract, code: str, sentence: str) -> Refused:
    """The answer to a step whose turn has passed."""
    if contract.state is _S.ANNULLED:
        code, sentence = "contract_annulled", "The contract was annulled."
    elif contract.state is _S.BLOCKED:
        code, sentence = "contract_blocked", "The contract is blocked."
    return Refused(
        code,
        sentence,
        next_step="Look at the contract's state in the cabinet.",
        state=contract.state.value,
    )
