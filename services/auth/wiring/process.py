"""Use cases of the process `auth`: codes for other services, messages, sweeps."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from kernel.context import Context
from kernel.database import Transaction
from kernel.errors import Transient
from kernel.events.disbursement import PayoutDue, PayoutSettled
from kernel.events.onboarding import ClientActivated
from kernel.logging import get_logger
from kernel.values import Phone
from services.auth.domain.codes import Challenge, Claim
from services.auth.handlers import logins, messages, sessions
from services.auth.handlers.codes import CodeOrder
from services.auth.ports import SmsGateway
from services.auth.wiring.desk import Desk, granted

log = get_logger(__name__)

ATTEMPTS_KEPT: Final = timedelta(days=1)
"""A count nobody has touched for so long is forgotten, unknown numbers' as well."""
CHALLENGES_KEPT: Final = timedelta(days=30)
"""A registration may take that long from its code to its activation."""


class UseCases:
    """What the process `auth` does: codes for other services, messages, sweeps."""

    def __init__(self, desk: Desk, sms: SmsGateway) -> None:
        self._desk = desk
        self._sms = sms

    def send_code(
        self, context: Context, *, phone: Phone, reference: UUID
    ) -> Challenge:
        """Send a code that proves a number at registration (clause 4.1d)."""
        order = CodeOrder(
            purpose="registration",
            reference=reference,
            phone=phone,
            phone_token=self._desk.phone_token(phone),
        )
        with self._desk.begin(context) as (_, stores):
            sent = self._desk.send_code(order, stores, now=self._desk.now())
        return granted(sent)

    def check_code(
        self, context: Context, *, challenge_id: UUID, code: str
    ) -> Challenge:
        """Confirm a number by its code; only codes of registration are judged here."""
        claim = Claim(challenge_id=challenge_id, purpose="registration")
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

    def when_payout_due(self, tx: Transaction, event: PayoutDue) -> None:
        """Call the client back."""
        stores = self._desk.stores(tx)
        messages.when_payout_due(
            event,
            site=self._desk.site,
            now=self._desk.now(),
            ids=self._desk.platform.ids,
            logins=stores.logins,
            messages=stores.messages,
        )

    def when_payout_settled(self, tx: Transaction, event: PayoutSettled) -> None:
        """Tell the client that the money has come."""
        stores = self._desk.stores(tx)
        messages.when_payout_settled(
            event,
            site=self._desk.site,
            now=self._desk.now(),
            ids=self._desk.platform.ids,
            logins=stores.logins,
            messages=stores.messages,
        )

    def deliver_messages(self) -> int:
        """Send what is due; how many left.

        1. Lease the due messages and commit.
        2. Send each with no transaction open.
        3. Record each outcome; a crash before that sends the same `message_id` again,
           which the provider delivers once.
        """
        context, now = self._desk.platform.context(), self._desk.now()
        with self._desk.begin(context) as (_, stores):  # step 1
            due = stores.messages.take_due(now=now, until=now + messages.LEASE)
            dropped = stores.messages.drop_expired(now=now)
        if dropped:
            log.warning("messages_dropped", count=dropped)
        left = 0
        for message in due:
            failure: Transient | None = None
            try:
                self._sms.send(message)  # step 2
            except Transient as error:
                failure = error
            with self._desk.begin(context) as (tx, stores):  # step 3
                now = self._desk.now()
                if failure is None:
                    messages.message_sent(
                        message, now=now, messages=stores.messages, publish=tx.publish
                    )
                    left += 1
                else:
                    log.warning("message_postponed", why=failure.sentence)
                    messages.message_failed(message, now=now, messages=stores.messages)
        return left

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
            logins.reopen_access(now=now, attempts=stores.attempts, publish=tx.publish)

    def forget(self) -> None:
        """Remove counts and codes nobody will ask for any more."""
        now = self._desk.now()
        with self._desk.begin(self._desk.platform.context()) as (_, stores):
            stores.attempts.forget(before=now - ATTEMPTS_KEPT)
            stores.challenges.forget(before=now - CHALLENGES_KEPT)
