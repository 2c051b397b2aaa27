"""Small twins of the ports: dictionaries, and a list of what was said."""

from tests.unit.contracts.fakes.bench import (
    Bench,
)
from tests.unit.contracts.fakes.neighbours import (
    FakeAntifraud,
    FakeDisbursement,
    FakeOnboarding,
    FakeSigner,
    FakeWitness,
    signed,
)
from tests.unit.contracts.fakes.papers import (
    FakeDocuments,
    FakePrinter,
    FakeSignatures,
    FakeTemplates,
)
from tests.unit.contracts.fakes.registers import (
    FakeBureau,
    FakeMonitoring,
    FakeState,
)
from tests.unit.contracts.fakes.rows import (
    FakeApplications,
    FakeClients,
    FakeContracts,
    FakeDisclosures,
    FakeSchedules,
    FakeVisits,
)
from tests.unit.contracts.fakes.time import (
    FakeClock,
    FakeIds,
)
from tests.unit.contracts.fakes.work import (
    FakeWork,
)

__all__ = [
    "Bench",
    "FakeAntifraud",
    "FakeApplications",
    "FakeBureau",
    "FakeClients",
    "FakeClock",
    "FakeContracts",
    "FakeDisbursement",
    "FakeDisclosures",
    "FakeDocuments",
    "FakeIds",
    "FakeMonitoring",
    "FakeOnboarding",
    "FakePrinter",
    "FakeSchedules",
    "FakeSignatures",
    "FakeSigner",
    "FakeState",
    "FakeTemplates",
    "FakeVisits",
    "FakeWitness",
    "FakeWork",
    "signed",
]
