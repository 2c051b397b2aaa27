"""Between the National Bank's centre and us: real PostgreSQL, real mutual TLS."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from infra.simulators.client import Person
from kernel.crypto import canonical
from services.antifraud import handlers
from services.antifraud.adapters import HttpCentre, http_centre
from services.antifraud.domain.centre import Page
from services.antifraud.handlers.completing import line_found
from services.antifraud.ports import Decision, Report
from services.antifraud.ports.centre import Line, Told
from services.antifraud.storage import SqlCentreUnits
from tests.integration.antifraud.conftest import Desk
from tests.integration.simulators.stand import OuterPki, Stand, make_pki, running_stand

NOTICE_KINDS = ("iin", "phone", "iban")
PAYOUT = f"payout:{UUID(int=5)}"
ACCOUNT = UUID(int=5)
DAY_S = timedelta(days=1).total_seconds()
HOUR_S = timedelta(hours=1).total_seconds()
BEAT_S = 60
LATE_S = 1_800


def token(kind: str, value: str) -> str:
    """A keyed token as far as a test needs one: nobody reads the value off it."""
    return "k1." + hashlib.sha256(f"{kind} {value}".encode()).hexdigest()[:43]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> OuterPki:
    return make_pki(tmp_path_factory.mktemp("outer-pki"))


@pytest.fixture
def stand(tmp_path: Path, pki: OuterPki) -> Iterator[Stand]:
    """The outer world, with a centre that knows nothing yet."""
    with running_stand(tmp_path, pki) as running:
        yield running


@contextmanager
def centre_of(stand: Stand, shown: OuterPki, trusted: Path) -> Iterator[HttpCentre]:
    """The centre as who shows this certificate and trusts that authority sees it."""
    certificate, key = shown.pair("partner")
    centre = http_centre(
        stand.partner_url, ca=trusted, cert=certificate, key=key, token=token
    )
    yield centre
    centre._client.close()


@dataclass
class Counting:
    """The real centre, with every request counted."""

    real: HttpCentre
    asked: Counter[str] = field(default_factory=Counter)

    def post(self, body: bytes) -> str:
        self.asked["post"] += 1
        return self.real.post(body)

    def status_of(self, event_id: UUID) -> Told | None:
        self.asked["status"] += 1
        return self.real.status_of(event_id)

    def messages(self, since: datetime, until: datetime) -> Mapping[UUID, str]:
        return self.real.messages(since, until)

    def changes(self, *, after: int, limit: int) -> Page:
        self.asked["changes"] += 1
        return self.real.changes(after=after, limit=limit)


@dataclass
class Office:
    """Both sides of the line."""

    desk: Desk
    stand: Stand
    centre: Counting
    told: int = 0

    @property
    def units(self) -> SqlCentreUnits:
        platform = self.desk.platform
        return SqlCentreUnits(platform.database, platform.context())

    def hear(self) -> int:
        return handlers.hear(
            centre=self.centre, units=self.units, tools=self.desk.tools
        )

    def send(self) -> int:
        return handlers.send_reports(
            centre=self.centre, units=self.units, tools=self.desk.tools
        )

    def follow(self) -> int:
        return handlers.follow(
            centre=self.centre, units=self.units, tools=self.desk.tools
        )

    def complete(self) -> date | None:
        return handlers.complete(
            centre=self.centre, units=self.units, tools=self.desk.tools
        )

    def replay(self, name: UUID | int) -> str:
        return handlers.replay(
            name, centre=self.centre, units=self.units, tools=self.desk.tools
        )

    def line(self) -> Line:
        with self.units.begin() as unit:
            return unit.line()

    def alarms(self) -> set[str]:
        """Codes of what needs a person now."""
        found = line_found(self.line(), at=self.desk.clock.now(), late_s=LATE_S)
        return {code for code, number in found.items() if number}

    def items(self) -> list[tuple[str, str | None]]:
        return [
            (row.state, row.why)
            for row in self.desk.rows(
                "SELECT state, why FROM centre_item ORDER BY number"
            )
        ]

    def report(self, number: int, at: datetime | None = None) -> UUID:
        """Put a message into the outbox, as a decision does."""
        event_id, when = self.desk.platform.ids.new(), at or self.desk.clock.now()
        body = {
            "event_id": str(event_id),
            "kind": "attempt",
            "detected_at": when.isoformat(timespec="microseconds").replace(
                "+00:00", "Z"
            ),
            "correlation_id": f"payout:{UUID(int=number)}",
        }
        with self.units.begin() as unit:
            unit.add_report(Report(event_id=event_id, body=canonical(body)), at=when)
        return event_id

    def says(self, kind: str, **more: object) -> dict[str, object]:
        self.told += 1
        return {"kind": kind, "item_id": str(UUID(int=self.told)), **more}

    def entry(self, category: str = "dropper", **subject: str) -> dict[str, object]:
        return self.says(
            "list_entry",
            subject=subject,
            category=category,
            expires_on="2027-05-25",
        )

    def notice(self, **subject: str) -> dict[str, object]:
        return self.says("notice", subject=subject, category="investigation")

    def client(self, person: Person) -> None:
        """A person of the outer world is a client of ours."""
        self.desk.saw(
            "activation",
            f"iin:{token('iin', person.iin)}",
            f"phone:{token('phone', person.phone)}",
        )
        self.desk.saw(
            "account_named", f"account:{token('iban', person.iban)}", account_id=5
        )

    def payout(self) -> Decision:
        return self.desk.decide(PAYOUT, account_id=str(ACCOUNT))


@pytest.fixture
def office(desk: Desk, stand: Stand, pki: OuterPki) -> Iterator[Office]:
    with centre_of(stand, pki, pki.ca) as centre:
        yield Office(desk, stand, Counting(centre))


@pytest.fixture
def person(stand: Stand) -> Person:
    return stand.person("борис")
