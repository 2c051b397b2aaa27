"""Who of the staff may do what: explicit lists, and nothing that is not on one.

A permission opens the methods that name it, in whichever service; a role is a list of
permissions; a new member of the staff has no role (clause 6.1f).  Nothing implies
anything: an administrator who may invite people may not read a client's sessions.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

Role = Literal[
    "client-care",
    "underwriter",
    "fraud-officer",
    "treasurer",
    "security-officer",
    "auditor",
    "regulator-liaison",
    "administrator",
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

PERMISSIONS: Final[Mapping[Role, frozenset[str]]] = MappingProxyType(
    {
        "client-care": frozenset(
            {
                *("clients.look", "clients.read", "clients.end_session"),
                *("registrations.look", "locks.look"),
                *("visits.record", "visits.decide"),
                *("approvals.look", "approvals.decide"),
                *("documents.look", "documents.read"),
                *("inquiries.look", "inquiries.read", "inquiries.answer"),
                "antifraud.appeals",
                *("contracts.look", "contracts.search"),
                *("repayments.look", "repayments.read", "repayments.assign"),
            }
        ),
        "underwriter": frozenset(
            {
                *("antifraud.look", "reviews.look", "reviews.decide"),
                *("reviews.override", "approvals.look", "approvals.decide"),
                *("applications.look", "applications.decide", "contracts.look"),
            }
        ),
        "fraud-officer": frozenset(
            {
                *("antifraud.look", "antifraud.hold", "antifraud.release"),
                *("antifraud.rules", "antifraud.rules_decide", "antifraud.cases"),
                "antifraud.appeals",
                *("antifraud.risks_look", "antifraud.risks"),
                *("antifraud.investigations_look", "antifraud.investigations"),
                *("antifraud.counts", "clients.look", "clients.read"),
                *("registrations.look", "locks.look"),
                *("documents.look", "documents.read"),
                *("inquiries.look", "inquiries.read"),
                *("contracts.look", "contracts.search"),
                *("reviews.look", "reviews.decide", "reviews.override"),
                *("approvals.look", "approvals.decide"),
            }
        ),
        "treasurer": frozenset(
            {
                *("platform.look", "approvals.look", "approvals.decide"),
                *("repayments.look", "repayments.read"),
                *("repayments.assign", "repayments.decide"),
                *("accruals.decide", "payouts.look"),
                *("sending.look", "sending.halt", "sending.resume"),
                *("sending.decide", "cases.resolve", "ledger.look"),
                *("payouts.approve", "payouts.decide"),
            }
        ),
        "security-officer": frozenset(
            {
                *("sending.look", "sending.halt", "sending.decide"),
                *("approvals.look", "approvals.decide", "platform.drop_decide"),
                *("staff.look", "staff.suspend"),
                *("antifraud.look", "antifraud.rules_decide"),
                *("antifraud.risks_look", "antifraud.risks"),
                *("antifraud.risks_decide", "antifraud.investigations_look"),
                *("antifraud.investigations", "antifraud.investigations_decide"),
                *("staff.roles_decide", "staff.passkeys_decide"),
                *("clients.look", "clients.end_session", "locks.look"),
                *("platform.look", "audit.look", "audit.verify", "audit.read"),
                *("governance.look", "governance.propose", "governance.decide"),
                *("templates.look", "templates.decide"),
                *("disclosures.look", "disclosures.decide"),
                *("accruals.ask", "accruals.decide"),
                *("incidents.look", "incidents.lead", "incidents.decide"),
                "incidents.notify",
            }
        ),
        "auditor": frozenset(
            {
                *("audit.look", "audit.verify", "audit.export", "audit.read"),
                "governance.look",
                *("staff.look", "approvals.look", "platform.look"),
                *("antifraud.look", "antifraud.counts", "antifraud.risks_look"),
                "antifraud.investigations_look",
                *("documents.look", "templates.look"),
                *("inquiries.look", "contracts.look"),
                *("disclosures.look", "disclosures.ask"),
                *("repayments.look", "payouts.look"),
                *("sending.look", "ledger.look", "incidents.look"),
            }
        ),
        "regulator-liaison": frozenset(
            {
                *("audit.look", "audit.verify", "antifraud.counts"),
                "antifraud.risks_look",
                *("governance.look", "governance.propose"),
                *("templates.look", "templates.propose"),
                *("disclosures.look", "disclosures.ask", "accruals.ask"),
                *("incidents.look", "incidents.decide", "incidents.notify"),
                *("approvals.look", "approvals.decide"),
            }
        ),
        "administrator": frozenset(
            {
                *("staff.look", "staff.invite", "staff.suspend"),
                *("governance.look", "governance.decide"),
                *("staff.roles", "staff.roles_decide", "staff.passkeys_decide"),
                *("approvals.look", "approvals.decide"),
                *("platform.look", "platform.replay"),
                *("platform.drop", "platform.drop_decide"),
                *("templates.look", "templates.propose", "templates.decide"),
                *("disclosures.look", "disclosures.decide"),
            }
        ),
    }
)
"""The whole of it; `tests/unit/auth/test_roles.py` holds a copy to compare with."""


def permissions_of(roles: Iterable[Role]) -> frozenset[str]:
    """What the holder of all these roles may do."""
    return frozenset().union(*(PERMISSIONS[role] for role in roles))
