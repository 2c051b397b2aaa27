"""Personal data as their owner and the staff deal with them."""

from collections.abc import Callable, Mapping
from uuid import UUID

from kernel.context import Context, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.erasure import seal_by_own_keys
from kernel.events import Envelope
from kernel.events.contracts import (
    ContractAnnulled,
    ContractClosed,
    ContractReopened,
    ContractSigned,
    DocumentRead,
    InquiryRead,
)
from kernel.logging import get_logger
from kernel.pages import Page
from kernel.platform import Platform
from services.onboarding.domain.consent import ConsentKind
from services.onboarding.domain.reading import StaffPurpose
from services.onboarding.handlers import (
    consents,
    documents,
    erasures,
    exports,
    readings,
    refusals,
)
from services.onboarding.ports import Begin, Rules
from services.onboarding.settings import Settings
from services.onboarding.storage import SqlUnit

log = get_logger("onboarding")


class PersonalData:
    """What a client, and the staff, may do with a client's data."""

    def __init__(
        self,
        platform: Platform[Settings],
        *,
        begin: Callable[[Context], Begin],
        rules: Rules,
    ) -> None:
        self._platform = platform
        self._begin = begin
        self._rules = rules

    def consent_texts(self) -> Mapping[str, Json]:
        return consents.consent_texts(clock=self._platform.clock, rules=self._rules)

    def list_consents(self, context: Context, *, client_id: UUID) -> Mapping[str, Json]:
        return consents.list_consents(begin=self._begin(context), client_id=client_id)

    def give_consent(
        self, context: Context, *, client_id: UUID, kind: ConsentKind, text_sha256: str
    ) -> Mapping[str, Json]:
        return consents.give_consent(
            begin=self._begin(context),
            clock=self._platform.clock,
            rules=self._rules,
            client_id=client_id,
            kind=kind,
            text_sha256=text_sha256,
        )

    def withdraw_consent(
        self, context: Context, *, client_id: UUID, kind: ConsentKind
    ) -> Mapping[str, Json]:
        return consents.withdraw_consent(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            kind=kind,
        )

    def list_readings(
        self, context: Context, page: Page, *, client_id: UUID
    ) -> Mapping[str, Json]:
        return readings.list_readings(
            begin=self._begin(context), client_id=client_id, page=page
        )

    def export_own_data(
        self, context: Context, *, client_id: UUID
    ) -> Mapping[str, Json]:
        return exports.export_own_data(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
        )

    def show_client(self, context: Context, *, client_id: UUID) -> Mapping[str, Json]:
        return readings.show_client(begin=self._begin(context), client_id=client_id)

    def read_client(
        self,
        context: Context,
        *,
        client_id: UUID,
        purpose: StaffPurpose,
        by: StaffMember,
    ) -> Mapping[str, Json]:
        return readings.read_client(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            purpose=purpose,
            by=by,
        )

    def list_refusals(self, context: Context) -> Mapping[str, Json]:
        return refusals.list_refusals(begin=self._begin(context))

    def show_registration(
        self, context: Context, *, registration_id: UUID
    ) -> Mapping[str, Json]:
        return refusals.show_registration(
            begin=self._begin(context), registration_id=registration_id
        )

    def watch_documents(self) -> int:
        """Tell clients whose documents end; how many were told."""
        return documents.watch_documents(
            begin=self._begin(self._platform.context()),
            clock=self._platform.clock,
            rules=self._rules,
        )

    def ask_erasure(self, context: Context, *, client_id: UUID) -> Mapping[str, Json]:
        return erasures.ask_erasure(
            begin=self._begin(context),
            clock=self._platform.clock,
            ids=self._platform.ids,
            rules=self._rules,
            client_id=client_id,
        )

    def withdraw_erasure(
        self, context: Context, *, client_id: UUID
    ) -> Mapping[str, Json]:
        return erasures.withdraw_erasure(
            begin=self._begin(context),
            clock=self._platform.clock,
            rules=self._rules,
            client_id=client_id,
        )

    def show_erasure(self, context: Context, *, client_id: UUID) -> Mapping[str, Json]:
        return erasures.show_erasure(
            begin=self._begin(context),
            clock=self._platform.clock,
            rules=self._rules,
            client_id=client_id,
        )

    def erase_due(self) -> int:
        """Erase who is due; how many."""
        return erasures.erase_due(
            begin=self._begin(self._platform.context()),
            clock=self._platform.clock,
            rules=self._rules,
        )

    def seal_by_own_keys(self) -> None:
        """Go on with what is not sealed by the key of its person alone."""
        broken = seal_by_own_keys(
            self._begin(self._platform.context()), at=self._platform.clock.now()
        )
        for client_id in broken:
            log.error("sealed_field_broken", client_id=str(client_id))

    def when_contract_signed(self, tx: Transaction, event: ContractSigned) -> None:
        consents.when_contract_signed(self._unit(tx), event)

    def when_contract_annulled(self, tx: Transaction, event: ContractAnnulled) -> None:
        consents.when_contract_annulled(self._unit(tx), event, at=tx.now)

    def when_contract_closed(self, tx: Transaction, event: ContractClosed) -> None:
        consents.when_contract_closed(self._unit(tx), event, at=tx.now)

    def when_contract_reopened(self, tx: Transaction, event: ContractReopened) -> None:
        consents.when_contract_reopened(self._unit(tx), event, at=tx.now)

    def when_read(
        self, tx: Transaction, event: DocumentRead | InquiryRead, envelope: Envelope
    ) -> None:
        readings.when_read(
            self._unit(tx), event, reading_id=envelope.id, at=envelope.time
        )

    def _unit(self, tx: Transaction) -> SqlUnit:
        return SqlUnit(tx, self._platform.field_keys)
