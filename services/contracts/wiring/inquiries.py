"""Use cases of inquiries: the correspondence with clients."""

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
from services.contracts.domain.inquiries import InquiryRules, InquiryState, Subject
from services.contracts.domain.reading import ReadPurpose
from services.contracts.handlers import inquiries
from services.contracts.handlers.inquiries import Office
from services.contracts.storage.inquiries import InquiryRows
from services.contracts.storage.keys import KeyRing
from services.contracts.wiring.parts import Parts, client_of

log = get_logger(__name__)

INQUIRIES_OVERDUE: Final = Gauge(
    "contracts_inquiries_overdue", "Clients who wait longer than the law allows"
)


@dataclass(frozen=True, slots=True)
class InquiryUseCases:
    """Writing to the lender, and what the staff do about it."""

    parts: Parts

    def open(self, call: Call, subject: Subject, text: str) -> Json:
        client_id = client_of(call)
        with self._begin(call.context) as (tx, office):
            return tx.once(
                call,
                lambda: inquiries.open_inquiry(
                    office, client_id=client_id, subject=subject, text=text
                ),
            )

    def write_on(self, call: Call, inquiry_id: UUID, text: str) -> Json:
        client_id = client_of(call)
        with self._begin(call.context) as (tx, office):
            return tx.once(
                call,
                lambda: inquiries.write_on(
                    office, client_id=client_id, inquiry_id=inquiry_id, text=text
                ),
            )

    def list_own(self, call: Call, page: Page) -> Json:
        with self._begin(call.context) as (_, office):
            return inquiries.list_own(office, client_id=client_of(call), page=page)

    def show_own(self, call: Call, inquiry_id: UUID) -> Json:
        with self._begin(call.context) as (_, office):
            return inquiries.show_own(
                office, client_id=client_of(call), inquiry_id=inquiry_id
            )

    def queue(self, call: Call, state: InquiryState) -> Json:
        with self._begin(call.context) as (_, office):
            return inquiries.queue(office, state=state)

    def count_overdue(self) -> int:
        """Measured by a beat, and told in the log while there are any."""
        with self._begin(self.parts.platform.context()) as (_, office):
            overdue = inquiries.count_overdue(office)
        INQUIRIES_OVERDUE.set(overdue)
        if overdue:
            log.warning("inquiries_overdue", count=overdue)
        return overdue

    def read(self, call: Call, inquiry_id: UUID, purpose: ReadPurpose) -> Json:
        with self._begin(call.context) as (_, office):
            return inquiries.read(
                office, inquiry_id=inquiry_id, purpose=purpose, by=call.by
            )

    def answer(self, call: Call, inquiry_id: UUID, text: str) -> Json:
        with self._begin(call.context) as (_, office):
            return inquiries.answer(
                office, inquiry_id=inquiry_id, text=text, by=call.by
            )

    def extend(self, call: Call, inquiry_id: UUID, reason: str) -> Json:
        with self._begin(call.context) as (_, office):
            return inquiries.extend(
                office, inquiry_id=inquiry_id, reason=reason, by=call.by
            )

    def close(self, call: Call, inquiry_id: UUID) -> Json:
        with self._begin(call.context) as (_, office):
            return inquiries.close(office, inquiry_id=inquiry_id, by=call.by)

    @contextmanager
    def _begin(self, context: Context) -> Iterator[tuple[Transaction, Office]]:
        platform = self.parts.platform
        with platform.database.begin(context) as tx:
            yield (
                tx,
                Office(
                    register=InquiryRows(
                        tx.connection,
                        keys=KeyRing(tx.connection, platform.field_keys),
                    ),
                    publish=tx.publish,
                    rules=InquiryRules.at(platform.policy, tx.now),
                    ids=platform.ids,
                    now=tx.now,
                ),
            )
