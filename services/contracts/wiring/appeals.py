"""Use cases of appeals: the correspondence with clients."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from prometheus_client import Gauge

from kernel.context import Call, Context
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.logging import get_logger
from kernel.pages import Page
from services.contracts.domain.appeals import AppealRules, AppealState, Subject
from services.contracts.domain.reading import ReadPurpose
from services.contracts.handlers import appeals
from services.contracts.handlers.appeals import Office
from services.contracts.storage.appeals import AppealRows
from services.contracts.storage.keys import KeyRing
from services.contracts.wiring.parts import Parts, client_of

log = get_logger(__name__)

APPEALS_OVERDUE: Final = Gauge(
    "contracts_appeals_overdue", "Clients who wait longer than the law allows"
)


@dataclass(frozen=True, slots=True)
class AppealUseCases:
    """Writing to the lender, and what the staff do about it."""

    parts: Parts

    def open(self, call: Call, subject: Subject, text: str) -> Json:
        client_id = client_of(call)
        with self._begin(call.context) as (tx, office):
            return tx.once(
                call,
                lambda: appeals.open_appeal(
                    office, client_id=client_id, subject=subject, text=text
                ),
            )

    def write_on(self, call: Call, appeal_id: UUID, text: str) -> Json:
        client_id = client_of(call)
        with self._begin(call.context) as (tx, office):
            return tx.once(
                call,
                lambda: appeals.write_on(
                    office, client_id=client_id, appeal_id=appeal_id, text=text
                ),
            )

    def list_own(self, call: Call, page: Page) -> Json:
        with self._begin(call.context) as (_, office):
            return appeals.list_own(office, client_id=client_of(call), page=page)

    def show_own(self, call: Call, appeal_id: UUID) -> Json:
        with self._begin(call.context) as (_, office):
            return appeals.show_own(
                office, client_id=client_of(call), appeal_id=appeal_id
            )

    def queue(self, call: Call, state: AppealState) -> Json:
        with self._begin(call.context) as (_, office):
            return appeals.queue(office, state=state)

    def count_overdue(self) -> int:
        """Measured by a beat, and told in the log while there are any."""
        with self._begin(self.parts.platform.context()) as (_, office):
            overdue = appeals.count_overdue(office)
        APPEALS_OVERDUE.set(overdue)
        if overdue:
            log.warning("appeals_overdue", count=overdue)
        return overdue

    def read(self, call: Call, appeal_id: UUID, purpose: ReadPurpose) -> Json:
        with self._begin(call.context) as (_, office):
            return appeals.read(
                office, appeal_id=appeal_id, purpose=purpose, by=call.by
            )

    def answer(self, call: Call, appeal_id: UUID, text: str) -> Json:
        with self._begin(call.context) as (_, office):
            return appeals.answer(office, appeal_id=appeal_id, text=text, by=call.by)

    def extend(self, call: Call, appeal_id: UUID, reason: str) -> Json:
        with self._begin(call.context) as (_, office):
            return appeals.extend(
                office, appeal_id=appeal_id, reason=reason, by=call.by
            )

    def close(self, call: Call, appeal_id: UUID) -> Json:
        with self._begin(call.context) as (_, office):
            return appeals.close(office, appeal_id=appeal_id, by=call.by)

    @contextmanager
    def _begin(self, context: Context) -> Iterator[tuple[Transaction, Office]]:
        platform = self.parts.platform
        with platform.database.begin(context) as tx:
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
