"""The services whose word the gate needs, asked over the bus."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import orjson
from pydantic import (
    AwareDatetime,
    Field,
)

from kernel import judging
from kernel.context import Context
from kernel.crypto import Json
from kernel.errors import Broken, Transient
from kernel.events import WireMoney
from kernel.rpc import RpcClient
from services.disbursement.adapters.answers import Answer, Schema, read_as
from services.disbursement.domain.gate import (
    AccountFacts,
    AntifraudDecision,
    ContractFacts,
    Decision,
    Ownership,
    OwnershipProof,
    StopCredit,
)
from services.disbursement.domain.payout import Payout
from services.disbursement.ports import Contexts


class _AccountAnswer(Answer):
    account_token: Annotated[str, Field(min_length=1, max_length=200)]
    iban: Annotated[str, Field(min_length=20, max_length=34)]
    iin: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    # Onboarding of before does not say it: the account behind the card is paid.
    card: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class _ProofAnswer(Answer):
    verdict: Ownership
    evidence_id: Annotated[str, Field(min_length=1, max_length=200)]
    checked_at: AwareDatetime


class _ContractAnswer(Answer):
    state: Annotated[str, Field(max_length=40)]
    amount: WireMoney
    # Contracts of before does not say it: the payout waits.
    term_days: Annotated[int, Field(ge=1)] | None = None
    document_sha256: str
    account_id: UUID
    client_id: UUID
    consented: bool
    released: bool
    # Contracts before amendments says neither.
    amending: bool = False
    hold_from: AwareDatetime | None = None


class _StopCreditAnswer(Answer):
    stop_credit: bool
    evidence_id: Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class _Peer:
    """One of our own services, asked over the bus in the payout's own context."""

    rpc: RpcClient
    contexts: Contexts

    def _asked(
        self, payout: Payout, schema: type[Schema], call: Callable[[Context], Json]
    ) -> Schema:
        """Raises Refused, Transient, or Broken for an answer of another shape."""
        found = read_as(schema, orjson.dumps(call(self.contexts(payout.trail))))
        if found is None:
            raise Broken(f"{schema.__name__}: an answer of another shape")
        return found


class RpcAccounts(_Peer):
    """`Accounts` by onboarding."""

    __slots__ = ()

    def read(self, payout: Payout) -> AccountFacts:
        """Read for the purpose "payout"; onboarding records the reading."""
        answer = self._asked(
            payout,
            _AccountAnswer,
            lambda context: self.rpc.call(
                "onboarding",
                "get_payout_account",
                context=context,
                client_id=payout.client_id,
                account_id=payout.account_id,
                purpose="payout",
            ),
        )
        return AccountFacts(
            account_token=answer.account_token,
            iban=answer.iban,
            iin=answer.iin,
            card=answer.card,
        )

    def prove(self, payout: Payout) -> OwnershipProof:
        """Onboarding asks the holder's bank now."""
        answer = self._asked(
            payout,
            _ProofAnswer,
            lambda context: self.rpc.call(
                "onboarding",
                "prove_ownership",
                context=context,
                client_id=payout.client_id,
                account_id=payout.account_id,
            ),
        )
        return OwnershipProof(
            verdict=answer.verdict,
            evidence_id=answer.evidence_id,
            checked_at=answer.checked_at,
        )


class RpcAntifraud(_Peer):
    """`Antifraud` by its service."""

    __slots__ = ()

    def decide(self, payout: Payout) -> AntifraudDecision:
        """About the operation ``payout:<id>``."""
        decided = judging.RpcAntifraud(self.rpc, self.contexts(payout.trail)).decide(
            operation=f"payout:{payout.payout_id}",
            client_id=payout.client_id,
            amount=payout.amount,
            facts={
                "contract_id": str(payout.contract_id),
                "account_id": str(payout.account_id),
                "account_token": payout.account_token or "",
            },
        )
        return AntifraudDecision(
            decision_id=decided.decision_id, outcome=Decision(decided.outcome)
        )


class RpcContracts(_Peer):
    """`Contracts` by its service."""

    __slots__ = ()

    def read(self, payout: Payout) -> ContractFacts:
        """State, amount, digest and account as contracts has them."""
        answer = self._asked(
            payout,
            _ContractAnswer,
            lambda context: self.rpc.call(
                "contracts",
                "read_contract",
                context=context,
                contract_id=payout.contract_id,
            ),
        )
        if answer.term_days is None:
            raise Transient("contracts does not say the term yet")
        return ContractFacts(
            state=answer.state,
            amount=answer.amount,
            term_days=answer.term_days,
            document_sha256=answer.document_sha256,
            account_id=answer.account_id,
            client_id=answer.client_id,
            consented=answer.consented,
            released=answer.released,
            amending=answer.amending,
            hold_from=answer.hold_from,
        )

    def ask_stop_credit(self, payout: Payout) -> StopCredit:
        """Contracts asks the bureau now and keeps the report's number."""
        answer = self._asked(
            payout,
            _StopCreditAnswer,
            lambda context: self.rpc.call(
                "contracts",
                "ask_stop_credit",
                context=context,
                contract_id=payout.contract_id,
            ),
        )
        return StopCredit(stands=answer.stop_credit, evidence_id=answer.evidence_id)
