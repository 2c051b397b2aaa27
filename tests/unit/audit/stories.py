"""A log that tells of two clients, as services tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from kernel.crypto import Json, sha256
from kernel.errors import Refused
from services.audit.adapters.printing import tellings
from services.audit.domain.report import Person, Report
from services.audit.handlers.packing import Bench
from services.audit.handlers.parts import Desk
from services.audit.ports import Message, Sealed
from tests.unit.audit.builders import Producer, Writer, written
from tests.unit.audit.fakes import FakeUnits

ANNA, BORIS = UUID(int=0xA11A), UUID(int=0xB0B1)
CONTRACT, OTHER = UUID(int=0xC01), UUID(int=0xC02)
PAYOUT = UUID(int=0xFA1)
IIN, SALT = "931002451325", bytes(range(32))
CAUSE = UUID(int=0xCA5E)
ENTRY, LOG_ENTRY = UUID(int=8), UUID(int=9)


def told(writer: Writer | None = None) -> Writer:
    """The story in a log of fakes, a day between its three batches.

    Of a new log leaf 0 opens it; 1, 3, 4, 5 and 6 are Anna's, 2 and 7 Boris's.
    """
    made = writer or written(1)
    for number, batch in enumerate(messages_told(made.producer)):
        made.clock.move(86_400 if number else 0)
        made.write(*batch)
    return made


def messages_told(producer: Producer) -> list[list[Message]]:
    """Anna's contract is offered, signed and held; Boris's is offered in between."""
    anna, boris = {"client_id": str(ANNA)}, {"client_id": str(BORIS)}
    contract, payout = f"contract:{CONTRACT}", f"payout:{PAYOUT}"
    of_contract = {"contract_id": str(CONTRACT)}
    changed = "identity_changed"
    return [
        [
            event(producer, "contract_offered", contract, 1, anna),
            event(producer, "contract_offered", f"contract:{OTHER}", 1, boris),
        ],
        [
            event(producer, "contract_signed", contract, 2, anna),
            event(producer, "payout_scheduled", payout, 1, {**anna, **of_contract}),
            event(producer, "payout_held", payout, 2, of_contract),
            event(producer, changed, f"client:{ANNA}", 1, cause=CAUSE),
        ],
        [event(producer, changed, f"client:{BORIS}", 1)],
    ]


def event(
    producer: Producer,
    what: str,
    subject: str,
    version: int,
    data: Mapping[str, Json] | None = None,
    *,
    cause: UUID | None = None,
) -> Message:
    """What the producer says of the subject, which the data name too."""
    kind, _, thing = subject.partition(":")
    return producer.event(
        event_type=f"{producer.name}.{what}.v1",
        subject=subject,
        version=version,
        cause=cause,
        data={f"{kind}_id": thing, **(data or {})},
    )


@dataclass
class FakeRegister:
    """One entry for Anna, one for the whole log."""

    asked: list[UUID | None] = field(default_factory=list)
    told: bool = True

    def refuse_uncovered(
        self, disclosure_id: UUID, client_id: UUID | None = None
    ) -> bool:
        self.asked.append(client_id)
        if (disclosure_id, client_id) not in {(ENTRY, ANNA), (LOG_ENTRY, None)}:
            raise Refused("disclosure_not_valid", "None.", next_step="Ask for one.")
        return self.told


def desk_of(writer: Writer, *, most_leaves: int = 2_000) -> Desk:
    """What gives parts of this log out."""
    return Desk(
        register=FakeRegister(),
        board=writer.board,
        units=FakeUnits(writer.log),
        clock=writer.clock,
        ids=writer.ids,
        most_leaves=most_leaves,
        bench=bench(),
    )


def bench() -> Bench:
    """The true sentences, on plain pages, under a seal of wax."""
    return Bench(
        people=FakePeople(),
        tellings=tellings(),
        printer=FakePrinter(),
        seal=FakeSeal(),
    )


class FakePeople:
    """Anna is known; Boris was erased."""

    def person(self, client_id: UUID) -> Person | None:
        if client_id != ANNA:
            return None
        return Person(client_id=ANNA, names="Серикова Анна", iin=IIN, iin_salt=SALT)


class FakePrinter:
    """Pages of words."""

    def print(self, report: Report) -> bytes:
        return repr(report).encode()


class FakeSeal:
    """A digest for a signature."""

    def seal(self, document: bytes) -> Sealed:
        wax = sha256(document)
        return Sealed(cms=wax, stamp=wax, chain=(wax,), revocation=())
