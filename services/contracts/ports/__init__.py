"""What contracts needs from outside, in its own words.

Handlers know these and nothing behind them: PostgreSQL, the bus and HTTP live in
storage and adapters, small twins in the tests.
"""

from services.contracts.ports.amendments import Amendments
from services.contracts.ports.applications import Applications, TraceLine, Visit, Visits
from services.contracts.ports.clients import Clients, Erasures
from services.contracts.ports.contracts import (
    Contracts,
    KeptSchedule,
    Reminder,
    Schedules,
)
from services.contracts.ports.disclosures import Disclosures
from services.contracts.ports.documents import (
    Approvers,
    CompanySignatures,
    Documents,
    Filed,
    Printer,
    Templates,
)
from services.contracts.ports.history import History, Said, Stated
from services.contracts.ports.inquiries import Inquiries
from services.contracts.ports.neighbours import (
    Ceremony,
    CompanySigner,
    Disbursement,
    NamedAccount,
    Onboarding,
    Witness,
)
from services.contracts.ports.registers import Bureau, Monitoring, StateRegisters
from services.contracts.ports.unit import Judges, Publish, Unit, Work

__all__ = [
    "Amendments",
    "Applications",
    "Approvers",
    "Bureau",
    "Ceremony",
    "Clients",
    "CompanySignatures",
    "CompanySigner",
    "Contracts",
    "Disbursement",
    "Disclosures",
    "Documents",
    "Erasures",
    "Filed",
    "History",
    "Inquiries",
    "Judges",
    "KeptSchedule",
    "Monitoring",
    "NamedAccount",
    "Onboarding",
    "Printer",
    "Publish",
    "Reminder",
    "Said",
    "Schedules",
    "StateRegisters",
    "Stated",
    "Templates",
    "TraceLine",
    "Unit",
    "Visit",
    "Visits",
    "Witness",
    "Work",
]
