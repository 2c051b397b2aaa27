"""The sweep: what must be true after every case, over databases, ledger and logs.

I1 one transfer per contract at most, and every paid payout has exactly one;
I2 none earlier than ``hold_until``; I3 none for a contract not released;
I4 the sums agree; I5 the audit log holds every event of every outbox, once, and its
chain verifies; I6 nothing is stuck in an outbox or an inbox, an inbox knows a message
once, and what is parked was told; I7 no personal value in any log; I8 every process is
ready, and no payout is at the bank without an end or an alarm.
"""

import json
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from infra import topology
from infra.demo.borrower import Borrower
from infra.demo.cabinet import until
from infra.demo.story import verify_export
from infra.demo.world import World
from infra.simulators.client import ControlClient
from infra.simulators.identities import Identity
from infra.stack import Stack
from kernel.clock import parse_rfc3339
from kernel.outbox import UNPUBLISHED

SETTLING_S = 60.0
_LEAF_OF_EVENT = (1, 2)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BROKEN_INBOX = """
SELECT source, subject, subject_version FROM inbox
LEFT JOIN inbox_subject USING (source, subject)
WHERE state = 'applied' AND subject_version > coalesce(last_version, 0)
UNION ALL
SELECT source, subject, count(*) FROM inbox
GROUP BY source, subject, message_id HAVING count(*) > 1
"""
_BOOKS = (
    "SELECT account, sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor"
    " END)::bigint AS minor FROM ledger_postings GROUP BY account"
)
_PARKED_UNTOLD = """
SELECT message_id FROM inbox WHERE state = 'parked' AND message_id::text NOT IN
(SELECT convert_from(data, 'UTF8')::json->>'event_id' FROM outbox
WHERE type = 'platform.message_parked.v1')
"""


class Invariants(ABC):
    """The invariants over a platform; `run` raises AssertionError naming the first."""

    @abstractmethod
    def rows(self, database: str, sql: str) -> list[dict[str, Any]]:
        """Rows of a query by the database's superuser."""

    @abstractmethod
    def ledger(self) -> list[dict[str, Any]]:
        """The bank's ledger: one entry is one transfer."""

    @abstractmethod
    def logs(self) -> dict[str, str]:
        """Everything that every process has said, by its name."""

    def run(self, *, people: Iterable[Borrower]) -> None:
        """`hold` for borrowers that stand before us."""
        self.hold(personal_values(one.person.identity, one.password) for one in people)

    def hold(self, values: Iterable[Mapping[str, str]]) -> None:
        """Wait until the platform has settled, then look at everything.

        `values` are what of each person must stand in no log.
        """
        self.settled()
        self.one_transfer_each()
        self.never_early()
        self.every_event_logged()
        self.inboxes_are_whole()
        self.no_personal_data(values)

    def settled(self) -> None:
        """I6, I8: outboxes empty, nothing waits or fails in an inbox or at the bank."""
        until(
            lambda: {"state": self._unsettled()},
            lambda answer: answer["state"] == {},
            within_s=SETTLING_S,
        )

    def _unsettled(self) -> dict[str, object]:
        stuck = {
            service: self.rows(
                service,
                "SELECT state, count(*) FROM inbox"
                " WHERE state IN ('waiting', 'failed') GROUP BY state",
            )
            + self.rows(service, UNPUBLISHED)
            for service in topology.services()
        }
        if left := {name: rows for name, rows in stuck.items() if rows}:
            return dict(left)
        beside = {
            "not logged": len(self._not_logged()),
            "at the bank, no alarm": len(self._at_bank() - self._alarmed()),
        }
        return {name: count for name, count in beside.items() if count}

    def _at_bank(self) -> set[str]:
        """I8: payouts whose order may be at the bank, without an end."""
        sql = "SELECT payout_id FROM payouts WHERE state IN ('sending', 'unknown')"
        return {row["payout_id"] for row in self.rows("disbursement", sql)}

    def _alarmed(self) -> set[str]:
        """Payouts for which the payer has called a person."""
        alarms = (
            line
            for name, text in self.logs().items()
            if name.startswith("disbursement-worker")
            for line in text.splitlines()
            if "payout_alarm" in line
        )
        return {found for line in alarms for found in _UUID.findall(line)}

    def inboxes_are_whole(self) -> None:
        """I6: each message known once, never ahead of its subject, parked ones told."""
        for service in topology.services():
            assert self.rows(service, _BROKEN_INBOX) == []
            assert self.rows(service, _PARKED_UNTOLD) == []

    def one_transfer_each(self) -> None:
        """I1, I4: ledger and payouts agree, line by line and to the tiyn."""
        payouts = self.rows(
            "disbursement", "SELECT state, amount_minor, order_key FROM payouts"
        )
        ledger = self.ledger()
        paid = Counter(p["order_key"] for p in payouts if p["state"] == "paid")
        transfers = Counter(line["idempotency_key"] for line in ledger)
        assert transfers == paid
        assert all(count == 1 for count in transfers.values())
        paid_minor = sum(p["amount_minor"] for p in payouts if p["state"] == "paid")
        assert sum(line["amount_minor"] for line in ledger) == paid_minor
        posted = self.rows("disbursement", _BOOKS)
        books = {row["account"]: row["minor"] for row in posted}
        assert books.get("loan", 0) == paid_minor
        assert sum(books.values()) == 0

    def never_early(self) -> None:
        """I2, I3: by the bank's own time, and only with consent and release."""
        agreed = {
            row["order_key"]: row
            for row in self.rows(
                "disbursement",
                "SELECT order_key, hold_until, consented_at IS NOT NULL AS consented,"
                " NOT release_required OR released_at >= hold_until AS released"
                " FROM payouts WHERE order_key IS NOT NULL",
            )
        }
        for line in self.ledger():
            payout = agreed[line["idempotency_key"]]
            assert parse_rfc3339(line["accepted_at"]) >= parse_rfc3339(
                payout["hold_until"]
            )
            assert (payout["consented"], payout["released"]) == (True, True)

    def every_event_logged(self) -> None:
        """I5: the log holds each published event exactly once, and no other.

        What was published since the platform had settled (a minute's digest of reads,
        a call of the staff) is on its way.
        """
        published = self._published()
        until(
            lambda: {"state": len(published - set(self._logged()))},
            lambda answer: answer["state"] == 0,
            within_s=SETTLING_S,
        )
        logged = self._logged()
        assert [i for i, n in Counter(logged).items() if n > 1] == []
        assert set(logged) - self._published() == set()

    def _not_logged(self) -> set[str]:
        return self._published() - set(self._logged())

    def _published(self) -> set[str]:
        return {
            row["id"]
            for service in topology.services()
            for row in self.rows(service, "SELECT id FROM outbox")
        }

    def _logged(self) -> list[str]:
        kinds = ", ".join(map(str, _LEAF_OF_EVENT))
        sql = f"SELECT event_id FROM audit_log WHERE kind IN ({kinds})"  # noqa: S608 - numbers
        return [row["event_id"] for row in self.rows("audit", sql)]

    def no_personal_data(self, values: Iterable[Mapping[str, str]]) -> None:
        """I7: no ИИН, phone, account, name or password of these people in any log."""
        texts = self.logs()
        for person in values:
            for kind, value in person.items():
                found = [
                    n
                    for n, text in texts.items()
                    if re.search(value, text, re.IGNORECASE)
                ]
                assert (kind, found) == (kind, [])


def personal_values(identity: Identity, password: str) -> dict[str, str]:
    """What of a person must stand in no log, by its kind."""
    return {
        "iin": identity.iin,
        "phone": identity.phone.removeprefix("+"),
        "iban": identity.iban,
        "document": identity.document.number,
        "password": password,
        "name": f"{identity.surname} {identity.given_name}",
    }


def as_json(sql: str) -> str:
    """A query whose one answer is every row of `sql`, as JSON."""
    return f"SELECT coalesce(json_agg(r), '[]') FROM ({sql}) r"  # noqa: S608 - the test's own words


@dataclass(frozen=True, slots=True)
class Sweep(Invariants):
    """The invariants over one private stack."""

    stack: Stack
    control: ControlClient

    @override
    def hold(self, values: Iterable[Mapping[str, str]]) -> None:
        """I8 first: each process says that it is ready; I5 last: a stranger agrees."""
        self.stack.wait_ready(*(process.name for process in topology.runnable()))
        # A bare super() looks for the class as it was before it had slots.
        super(Sweep, self).hold(values)
        assert "chain verified" in verify_export(World(self.stack))

    @override
    def rows(self, database: str, sql: str) -> list[dict[str, Any]]:
        text = self.stack.servers.database.run_sql(as_json(sql), database=database)
        found: list[dict[str, Any]] = json.loads(text)
        return found

    @override
    def ledger(self) -> list[dict[str, Any]]:
        return self.control.ledger()

    @override
    def logs(self) -> dict[str, str]:
        return {
            path.name: path.read_text(errors="replace")
            for path in self.stack.layout.logs.rglob("*")
            if path.is_file()
        }
