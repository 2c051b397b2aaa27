"""Those of the staff who lead incidents, over real tables and on the test's clock."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from kernel import approvals
from kernel.approvals import Operation
from kernel.context import Call, StaffMember
from kernel.crypto import as_object
from services.audit.domain.incidents.incident import Kind, Severity
from services.audit.wiring import UseCases, build
from services.audit.wiring.incidents import DOWNGRADE, IncidentCases
from tests.integration.audit.conftest import LogStand

ANNA = StaffMember(UUID(int=0xA), frozenset({"incidents.decide"}))
BORIS = StaffMember(UUID(int=0xB), frozenset({"incidents.decide"}))
CLIENT = UUID(int=77)
SEEN = "Somebody looked at two hundred clients within ten minutes."
DONE = "The account was suspended and its sessions were ended."
CONCLUSION = {
    "cause": "A password was reused.",
    "consequences": "The records of one client were seen.",
    "measures": DONE,
    "lesson": "A second factor for every account.",
}


@dataclass
class Desk:
    """The use cases of one process, asked as this or that person."""

    stand: LogStand
    cases: UseCases

    @classmethod
    def over(cls, stand: LogStand) -> "Desk":
        platform = stand.platform("audit")
        return cls(stand, build(replace(platform, clock=stand.clock)))

    @property
    def incidents(self) -> IncidentCases:
        return self.cases.incidents

    def call(self, by: StaffMember = ANNA) -> Call:
        return Call(
            id=self.cases.platform.ids.new(),
            caller="operator",
            method="-",
            deadline=self.stand.clock.now(),
            context=self.cases.platform.context(),
            client_id=None,
            idempotency_key=None,
            arguments_digest=b"",
            staff=by,
        )

    def opened(
        self, kind: Kind = Kind.UNAUTHORISED_ACCESS, *, minutes_ago: int = 0
    ) -> UUID:
        self.stand.clock.move(minutes_ago * 60)
        made = self.incidents.open(
            self.call(),
            kind=kind,
            severity=Severity.HIGH,
            words=SEEN,
            about=f"client:{CLIENT}",
            detected_at=None,
        )
        return UUID(str(as_object(made)["incident_id"]))

    def shown(self, incident_id: UUID, by: StaffMember = ANNA) -> dict[str, Any]:
        shown = self.incidents.show(self.call(by), incident_id=incident_id)
        return dict(as_object(shown))

    def ask_downgrade(self, incident_id: UUID, by: StaffMember = ANNA) -> UUID:
        asked = self.incidents.ask_downgrade(
            self.call(by), incident_id=incident_id, reason="A test of our own."
        )
        return UUID(str(as_object(asked)["approval_id"]))

    def approve(self, approval_id: UUID, by: StaffMember) -> None:
        cases = self.incidents
        run = Operation(
            "incidents.decide",
            lambda tx, asked, who: cases.downgrade(tx, asked, who.id),
        )
        with cases.platform.database.begin(cases.platform.context()) as tx:
            approvals.approve(
                tx, approval_id, seen=None, by=by, operations={DOWNGRADE: run}
            )

    def nobody_is_told(self) -> None:
        """As if two persons had agreed on it: what is not sent is withdrawn."""
        self.stand.as_owner("UPDATE incident_notice SET state = 'withdrawn'")

    def told(self) -> list[str]:
        """What left or will leave of incidents, in order."""
        rows = self.stand.rows("SELECT type FROM outbox ORDER BY inserted")
        return [row.type.split(".")[1] for row in rows]
