"""Use cases of the process `auth`: codes for other services, messages, sweeps."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from kernel.context import Context
from kernel.database import Transaction
from kernel.errors import Transient
from kernel.events import Event
from kernel.events.audit import MeasureLifted, MeasureOrdered
from kernel.events.onboarding import ClientActivated, PersonalDataErased, PhoneChanged
from kernel.logging import get_logger
from kernel.values import Phone
from services.auth.domain.codes import Challenge, Claim, NumberPurpose
from services.auth.domain.devices import DEVICE_KEPT
from services.auth.domain.messages import Failure, Message, Report, Told
from services.auth.domain.sources import IDLE
from services.auth.handlers import (
    erasures,
    logins,
    measures,
    messages,
    numbers,
    proofs,
    sessions,
)
from services.auth.handlers.codes import CodeOrder
from services.auth.handlers.numbers import Moving
from services.auth.ports import SmsGateway
from services.auth.storage.erasures import SqlErasures
from services.auth.wiring.care import CareUseCases
from services.auth.wiring.desk import Desk, granted
from services.auth.wiring.staff import StaffUseCases
from services.auth.wiring.staff_passkeys import StaffPasskeyUseCases

log = get_logger(__name__)

ATTEMPTS_KEPT: Final = timedelta(days=1)
"""A count nobody has touched for so long is forgotten, unknown numbers' as well."""
CHALLENGES_KEPT: Final = timedelta(days=30)
"""A registration may take that long from its code to its activation."""
MESSAGES_FAILED: Final = Counter(
    "auth_messages_failed_total",
    "Messages that reached no phone, by reason",
    ("reason",),
)


class UseCases:
    """What the process `auth` does: codes for other services, messages, sweeps."""

    def __init__(self, desk: Desk, sms: SmsGateway, staff: StaffUseCases) -> None:
        self._desk = desk
        self._sms = sms
        self.staff = staff
        self.care = CareUseCases(desk)
        self.staff_passkeys = StaffPasskeyUseCases(desk)

    def send_code(
        self, context: Context, *, phone: Phone, purpose: NumberPurpose, reference: UUID
    ) -> Challenge:
        """Send a code that proves a number that is no login yet (4.1d, 4.10)."""
        order = CodeOrder(
            purpose=purpose,
            reference=reference,
            phone=phone,
            phone_token=self._desk.phone_token(phone),
        )
        with self._desk.begin(context) as (_, stores):
            sent = self._desk.send_code(order, stores, now=self._desk.now())
        return granted(sent)

    def check_code(
        self,
        context: Context,
        *,
        challenge_id: UUID,
        code: str,
        purpose: NumberPurpose = "registration",
    ) -> Challenge:
        """Confirm a number by its code; no code of a login is judged here."""
        claim = Claim(challenge_id=challenge_id, purpose=purpose)
        with self._desk.begin(context) as (_, stores):
            judged = self._desk.check_code(claim, code, stores, now=self._desk.now())
        return granted(judged)

    def when_client_activated(self, tx: Transaction, event: ClientActivated) -> None:
        """Make the client's login."""
        stores = self._desk.stores(tx)
        logins.when_client_activated(
            event,
            ids=self._desk.platform.ids,
            logins=stores.logins,
            challenges=stores.challenges,
        )

    def when_phone_changed(
        self, tx: Transaction, event: PhoneChanged, *, happened_at: datetime
    ) -> None:
        """Move the client's login to the new number."""
        stores = self._desk.stores(tx)
        numbers.when_phone_changed(
            event,
            happened_at=happened_at,
            by=Moving(
                now=self._desk.now(),
                site=self._desk.site,
                ids=self._desk.platform.ids,
                logins=stores.logins,
                attempts=stores.attempts,
                challenges=stores.challenges,
                devices=stores.devices,
                sessions=stores.sessions,
                languages=stores.languages,
                messages=stores.messages,
                publish=tx.publish,
            ),
        )

    def when_client_concerned(
        self, tx: Transaction, event: Event, *, happened_at: datetime
    ) -> None:
        """Tell the client of a fact of another service."""
        stores, now = self._desk.stores(tx), self._desk.now()
        messages.when_client_concerned(
            event,
            happened_at=happened_at,
            site=self._desk.site,
            now=now,
            former_since=self._left_after(now),
            ids=self._desk.platform.ids,
            logins=stores.logins,
            languages=stores.languages,
            messages=stores.messages,
        )

    def when_measure_ordered(self, tx: Transaction, event: MeasureOrdered) -> None:
        """Do at once what an incident demands of this service."""
        stores = self._desk.stores(tx)
        measures.when_measure_ordered(
            event,
            logins=stores.logins,
            sessions=stores.sessions,
            at=self._desk.office(tx),
        )

    def when_measure_lifted(self, tx: Transaction, event: MeasureLifted) -> None:
        """Undo what an incident has demanded of this service."""
        measures.when_measure_lifted(
            event, logins=self._desk.stores(tx).logins, at=self._desk.office(tx)
        )

    def when_personal_data_erased(
        self, tx: Transaction, event: PersonalDataErased
    ) -> None:
        """Remove the person's login."""
        stores = self._desk.stores(tx)
        erasures.when_personal_data_erased(
            event,
            now=self._desk.now(),
            logins=stores.logins,
            sessions=stores.sessions,
            erasures=SqlErasures(tx.connection),
            publish=tx.publish,
        )

    def deliver_messages(self) -> int:
        """Send what is due; how many left.

        1. Lease the due messages and commit.
        2. Send each with no transaction open.
        3. Record each outcome; a crash before that sends the same `message_id` again,
           which the provider delivers once.
        """
        context, now = self._desk.platform.context(), self._desk.now()
        with self._desk.begin(context) as (tx, stores):  # step 1
            due = stores.messages.take_due(now=now, until=now + messages.LEASE)
            expired = messages.drop_expired(
                now=now, messages=stores.messages, publish=tx.publish
            )
        if expired:
            _alarm("expired", expired)
        return sum(self._deliver(context, message) for message in due)

    def _left_after(self, now: datetime) -> datetime:
        """Since when a number must have been left to be told of accounts."""
        days = self._desk.platform.policy.integer("auth.former_number_days", now)
        return now - timedelta(days=days)

    def _deliver(self, context: Context, message: Message) -> bool:
        left = True
        try:
            self._sms.send(message)  # step 2
        except Transient as error:
            log.warning("message_not_sent", why=error.sentence)
            left = False
        failure: Failure | None = None
        with self._desk.begin(context) as (tx, stores):  # step 3
            now, outgoing, publish = self._desk.now(), stores.messages, tx.publish
            if left:
                messages.message_sent(
                    message, now=now, messages=outgoing, publish=publish
                )
            else:
                failure = messages.message_not_sent(
                    message, now=now, messages=outgoing, publish=publish
                )
        if failure is not None:
            _alarm(failure)
        return left

    def follow_messages(self) -> int:
        """Ask the operator what became of messages; of how many it was said.

        In the same three steps; an answer that is lost is asked for again.
        """
        context, now = self._desk.platform.context(), self._desk.now()
        with self._desk.begin(context) as (_, stores):  # step 1
            due = stores.messages.take_unreported(now=now, until=now + messages.LEASE)
        return sum(self._follow(context, told) for told in due)

    def _follow(self, context: Context, told: Told) -> bool:
        report: Report | None = None
        try:
            report = self._sms.report(told.message_id)  # step 2
        except Transient as error:
            log.warning("report_not_given", why=error.sentence)
        with self._desk.begin(context) as (tx, stores):  # step 3
            messages.message_reported(
                told,
                report,
                now=self._desk.now(),
                messages=stores.messages,
                publish=tx.publish,
            )
        if report == "undelivered":
            _alarm("undelivered")
        return report in {"delivered", "undelivered"}

    def sweep(self) -> None:
        """End stale sessions and locks that have run out (clauses 4.7, 4.8)."""
        now = self._desk.now()
        with self._desk.begin(self._desk.platform.context()) as (tx, stores):
            sessions.end_stale_sessions(
                now=now,
                rules=self._desk.rules(now),
                sessions=stores.sessions,
                publish=tx.publish,
            )
            logins.tell_locks(now=now, attempts=stores.attempts, publish=tx.publish)
            logins.reopen_access(now=now, attempts=stores.attempts, publish=tx.publish)
            proofs.reopen_factors(
                now=now, attempts=stores.factor_attempts, publish=tx.publish
            )
        self.staff.sweep(self._desk.platform.context())

    def forget(self) -> None:
        """Remove counts, codes and browsers nobody will ask for any more."""
        now = self._desk.now()
        with self._desk.begin(self._desk.platform.context()) as (_, stores):
            stores.attempts.forget(before=now - ATTEMPTS_KEPT)
            stores.sources.forget(before=now - IDLE)
            stores.challenges.forget(before=now - CHALLENGES_KEPT)
            stores.languages.forget(before=now - CHALLENGES_KEPT)
            stores.passkeys.forget(before=now)
            stores.devices.forget(before=now - DEVICE_KEPT)
            stores.office_passes.forget(before=now)
            stores.logins.forget_former(before=self._left_after(now))
        self.staff.forget(self._desk.platform.context(), before=now - ATTEMPTS_KEPT)


def _alarm(reason: Failure, count: int = 1) -> None:
    """A client was not reached: counted, and said aloud."""
    MESSAGES_FAILED.labels(reason).inc(count)
    log.error("messages_failed", reason=reason, count=count)
