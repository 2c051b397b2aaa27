"""Use cases of appeals: the correspondence with clients."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from kernel.context import Call
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.pages import Page
from services.contracts.domain.appeals import AppealRules, AppealState, Subject
from services.contracts.domain.reading import ReadPurpose
from services.contracts.handlers import appeals
from services.contracts.handlers.appeals import Office
from services.contracts.storage.appeals import AppealRows
from services.contracts.storage.keys import KeyRing
from services.contracts.wiring.parts import Parts, client_of


@dataclass(frozen=True, slots=True)
class AppealUseCases:
    """Writing to the lender, and what the staff do about it."""

    parts: Parts

    def open(self, call: Call, subject: Subject, text: str) -> Json:
        client_id = client_of(call)
        with self._begin(call) as (tx, office):
            return tx.once(
                call,
                lambda: appeals.open_appeal(
                    office, client_id=client_id, subject=subject, text=text
                ),
            )

    def write_on(self, call: Call, appeal_id: UUID, text: str) -> Json:
        client_id = client_of(call)
        with self._begin(call) as (tx, office):
            return tx.once(
                call,
                lambda: appeals.write_on(
                    office, client_id=client_id, appeal_id=appeal_id, text=text
                ),
            )

    def list_own(self, call: Call, page: Page) -> Json:
        with self._begin(call) as (_, office):
            return appeals.list_own(office, client_id=client_of(call), page=page)

    def show_own(self, call: Call, appeal_id: UUID) -> Json:
        with self._begin(call) as (_, office):
            return appeals.show_own(
                office, client_id=client_of(call), appeal_id=appeal_id
            )

    def queue(self, call: Call, state: AppealState) -> Json:
        with self._begin(call) as (_, office):
            return appeals.queue(office, state=state)

    def read(self, call: Call, appeal_id: UUID, purpose: ReadPurpose) -> Json:
        with self._begin(call) as (_, office):
            return appeals.read(
                office, appeal_id=appeal_id, purpose=purpose, by=call.by
            )

    def answer(self, call: Call, appeal_id: UUID, text: str) -> Json:
        with self._begin(call) as (_, office):
            return appeals.answer(office, appeal_id=appeal_id, text=text, by=call.by)

    def extend(self, call: Call, appeal_id: UUID, reason: str) -> Json:
        with self._begin(call) as (_, office):
            return appeals.extend(
                office, appeal_id=appeal_id, reason=reason, by=call.by
            )

    def close(self, call: Call, appeal_id: UUID) -> Json:
        with self._begin(call) as (_, office):
            return appeals.close(office, appeal_id=appeal_id, by=call.by)

    @contextmanager
    def _begin(self, call: Call) -> Iterator[tuple[Transaction, Office]]:
        platform = self.parts.platform
        with platform.database.begin(call.context) as tx:
            yield (
                tx,
                Office(
                    register=AppealRows(
                        tx.connection,
                        keys=KeyRing(tx.connection, platform.field_keys),
                    ),
                    publish=tx.publish,
                    rules=AppealRules.at(platform.policy, tx.now),
                    ids=platform.ids,
                    now=tx.now,
                ),
            )
