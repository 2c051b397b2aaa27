"""Use cases of the register of disclosures."""

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call, Context
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.pages import Page
from kernel.platform import Platform
from services.contracts.domain.disclosure import Asked, Secrecy, document_unfit
from services.contracts.handlers import disclosures
from services.contracts.handlers.disclosures import Agreed
from services.contracts.settings import Settings
from services.contracts.storage.disclosures import DisclosureRows
from services.contracts.storage.keys import KeyRing


@dataclass(frozen=True, slots=True)
class DisclosureUseCases:
    """Asking for a disclosure, letting it be, and looking at what was disclosed."""

    platform: Platform[Settings]

    def ask(self, call: Call, asked: Asked, document_b64: str) -> Json:
        """Ask for a disclosure; another person decides."""
        document = bytes_of(document_b64)
        asked = replace(asked, document_sha256=disclosures.digest_of(document))
        with self._begin(call.context) as (tx, register):
            effect = disclosures.ask(
                asked,
                document,
                now=tx.now,
                secrecy=self._secrecy(tx),
                register=register,
            )
            approval = approvals.request(
                tx,
                operation=disclosures.RECORD,
                arguments=disclosures.arguments_of(asked),
                effect=effect,
                by=call.by,
                policy=self.platform.policy,
                ids=self.platform.ids,
            )
        return {"approval_id": str(approval.approval_id), "effect": approval.effect}

    def record(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        """What two agree on."""
        disclosures.record(
            Agreed(
                approval_id=approval.approval_id,
                arguments=approval.arguments,
                asked_by=approval.requested_by,
                approved_by=by,
            ),
            now=tx.now,
            secrecy=self._secrecy(tx),
            register=self._register(tx),
            publish=tx.publish,
        )

    def listed(self, call: Call) -> Json:
        with self._begin(call.context) as (tx, register):
            return disclosures.listed(register=register, now=tx.now)

    def shown(self, call: Call, disclosure_id: UUID) -> Json:
        with self._begin(call.context) as (tx, register):
            return disclosures.shown(disclosure_id, register=register, now=tx.now)

    def document(self, call: Call, sha256: str) -> Json:
        with self._begin(call.context) as (_, register):
            found = disclosures.document(sha256, register=register)
        return {"document_b64": base64.b64encode(found).decode("ascii")}

    def valid(self, call: Call, disclosure_id: UUID, client_id: UUID | None) -> Json:
        with self._begin(call.context) as (tx, register):
            return disclosures.valid(
                disclosure_id, client_id, register=register, now=tx.now
            )

    def own(self, call: Call, client_id: UUID, page: Page) -> Json:
        with self._begin(call.context) as (_, register):
            return disclosures.own(client_id, page, register=register)

    @contextmanager
    def _begin(self, context: Context) -> Iterator[tuple[Transaction, DisclosureRows]]:
        with self.platform.database.begin(context) as tx:
            yield tx, self._register(tx)

    def _register(self, tx: Transaction) -> DisclosureRows:
        keys = KeyRing(tx.connection, self.platform.field_keys)
        return DisclosureRows(tx.connection, keys=keys)

    def _secrecy(self, tx: Transaction) -> Secrecy:
        return Secrecy.at(self.platform.policy, tx.now)


def bytes_of(document_b64: str) -> bytes:
    """The document that came with the question.  Refused ``document_unfit``."""
    try:
        return base64.b64decode(document_b64, validate=True)
    except binascii.Error as error:
        raise document_unfit() from error
