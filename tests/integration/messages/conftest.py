"""The running platform, three clients at a time, and hands on its wires."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias

import pytest

from infra import topology
from infra.demo.borrower import Borrower
from infra.demo.story import HOLD
from infra.demo.world import World
from infra.stack import Stack
from tests.e2e.test_from_registration_to_money import conclude
from tests.integration.kernel.conftest import clock, listener, publisher, tables
from tests.sweep import Sweep
from tests.waiting import eventually
from tests.wire import Wire, interests

__all__ = ["clock", "listener", "publisher", "tables"]
PATIENCE_S: Final = 90.0
Said: TypeAlias = dict[tuple[str, str], int]
"""Publisher and subject, and the last version of it."""


@pytest.fixture(scope="session")
def wire(platform: Stack) -> Wire:
    return Wire(platform)


@dataclass(slots=True)
class Loans:
    """Three loans at once: one is paid, one is refused, one loses its account."""

    world: World
    sweep: Sweep
    people: list[Borrower] = field(default_factory=list)

    def lend(self, seed: str) -> list[Borrower]:
        """From registration to the end of each; nothing is under way afterwards."""
        paid, refused, robbed = people = [
            self.world.borrower(f"{seed}-{number}") for number in range(3)
        ]
        self.people += people
        _together(conclude, people)
        refused.contract("POST", "/refusal")
        robbed.control.create_account(iban=robbed.person.iban, iin=paid.person.iin)
        self.world.move_clock(HOLD)
        _together(_release, (paid, robbed))
        paid.payout_until("paid", within_s=PATIENCE_S)
        robbed.payout_until("blocked", within_s=PATIENCE_S)
        paid.contract_until("active", within_s=PATIENCE_S)
        refused.log_in()
        assert refused.payout_until("cancelled")
        self.settled()
        return people

    def settled(self) -> None:
        """Wait until nothing of theirs is on its way, between two services neither.

        An outbox is empty as soon as the broker has confirmed, and a message in a
        listener's queue stands in no table; a reaction to it begins all anew.
        """
        said: Said = {}
        while True:
            self.sweep.settled()
            before, said = said, self._said()
            if said == before:
                return
            eventually(partial(self._heard, said), within_s=PATIENCE_S)

    def names(self, people: Iterable[Borrower]) -> tuple[set[str], set[str]]:
        """Their client ids, and the ids by which every event names one of them."""
        sql = "SELECT registration_id, client_id FROM registrations"
        found = self.sweep.rows("onboarding", sql)
        known = {row["registration_id"]: row["client_id"] for row in found}
        by = {one.registration_id: one.contract_id for one in people}
        clients = {known[registration] for registration in by}
        return clients, {*clients, *by.keys(), *by.values()}

    def _said(self) -> Said:
        """The last version of each subject in events about them, of each service."""
        _, ids = self.names(self.people)
        last = "coalesce(max(subject_version), 0) AS last"
        sql = f"SELECT subject, {last} FROM outbox WHERE {naming(ids)} GROUP BY 1"  # noqa: S608 - ids of ours
        return {
            (service, row["subject"]): row["last"]
            for service in topology.services()
            for row in self.sweep.rows(service, sql)
        }

    def _heard(self, said: Said) -> bool:
        """Whether every listener is so far; the sweep itself asks the log."""
        sql = "SELECT source, subject, last_version AS last FROM inbox_subject"
        for name in interests().keys() - {"audit"}:
            rows = self.sweep.rows(name, sql)
            heard = {(row["source"], row["subject"]): row["last"] for row in rows}
            wanted = {place: said[place] for place in said if listens(name, *place)}
            if any(heard.get(place, 0) < last for place, last in wanted.items()):
                return False
        return True

    def close(self) -> None:
        for person in self.people:
            person.cabinet.close()


def naming(ids: Iterable[str]) -> str:
    """The condition on an outbox's rows that one of these ids stands in the event."""
    return f"convert_from(data, 'UTF8') ~ '{'|'.join(ids)}'"


def listens(listener: str, publisher: str, subject: str) -> bool:
    kinds = {subject.partition(":")[0], "#"}
    wishes = interests()[listener]
    return any(wish.publisher == publisher and wish.kind in kinds for wish in wishes)


def _release(client: Borrower) -> None:
    client.next_message("подтверд", within_s=PATIENCE_S)
    client.log_in()
    client.release()


def _together(act: Callable[[Borrower], None], people: Iterable[Borrower]) -> None:
    with ThreadPoolExecutor(len(list(people))) as pool:
        list(pool.map(act, people))
