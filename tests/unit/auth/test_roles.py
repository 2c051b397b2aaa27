"""Who of the staff may do what: a change of the table is a change of this copy."""

from typing import get_args

import pytest

from services.auth.domain.roles import PERMISSIONS, ROLES, Role, permissions_of

AGREED = """
client-care        antifraud.appeals inquiries.answer inquiries.look inquiries.read
                   approvals.decide approvals.look clients.end_session clients.look
                   clients.read contracts.look contracts.search documents.look
                   documents.read locks.look registrations.look repayments.assign
                   repayments.look repayments.read visits.decide visits.record
underwriter        antifraud.look applications.decide applications.look
                   contracts.look approvals.decide approvals.look reviews.decide
                   reviews.look reviews.override
fraud-officer      antifraud.rules antifraud.rules_decide antifraud.cases
                   antifraud.appeals antifraud.risks_look antifraud.risks
                   antifraud.investigations_look antifraud.investigations
                   antifraud.counts antifraud.hold antifraud.look antifraud.release
                   inquiries.look inquiries.read contracts.look contracts.search
                   approvals.decide approvals.look clients.look clients.read
                   documents.look documents.read locks.look registrations.look
                   reviews.decide reviews.look reviews.override
treasurer          accruals.decide approvals.decide approvals.look
                   payouts.approve payouts.decide platform.look
                   repayments.assign repayments.decide repayments.look
                   repayments.read sending.look sending.halt sending.resume
                   sending.decide cases.resolve ledger.look
                   payouts.look payouts.approve payouts.decide
security-officer   antifraud.look antifraud.rules_decide
                   antifraud.risks_look antifraud.risks antifraud.risks_decide
                   antifraud.investigations_look antifraud.investigations
                   antifraud.investigations_decide
                   accruals.ask accruals.decide approvals.decide approvals.look
                   audit.look audit.read audit.verify
                   governance.look governance.propose governance.decide
                   clients.end_session clients.look disclosures.decide
                   disclosures.look locks.look platform.drop_decide
                   platform.look staff.look staff.passkeys_decide staff.roles_decide
                   staff.suspend templates.decide templates.look
                   sending.look sending.halt sending.decide
                   incidents.look incidents.lead incidents.decide
                   incidents.notify
auditor            antifraud.risks_look antifraud.counts antifraud.look
                   antifraud.investigations_look
                   inquiries.look approvals.look
                   audit.export audit.look audit.read audit.verify
                   disclosures.ask disclosures.look governance.look
                   contracts.look documents.look platform.look repayments.look
                   staff.look templates.look sending.look ledger.look
                   payouts.look incidents.look
regulator-liaison  approvals.decide approvals.look incidents.look incidents.decide
                   incidents.notify
                   antifraud.risks_look
                   accruals.ask antifraud.counts audit.look audit.verify disclosures.ask
                   disclosures.look governance.look governance.propose templates.look
                   templates.propose
administrator      approvals.decide approvals.look disclosures.decide
                   disclosures.look governance.look governance.decide platform.drop
                   platform.drop_decide platform.look platform.replay staff.invite
                   staff.look staff.passkeys_decide staff.roles staff.roles_decide
                   staff.suspend templates.decide templates.look templates.propose
"""


def agreed() -> dict[str, frozenset[str]]:
    """The copy above; a line that begins with spaces goes on with the one before."""
    table: dict[str, frozenset[str]] = {}
    role = ""
    for line in AGREED.strip("\n").splitlines():
        words = line.split()
        if not line.startswith(" "):
            role, *words = words
        table[role] = table.get(role, frozenset()) | frozenset(words)
    return table


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("staff_everybody_reads_clients")
def test_the_roles_are_those_agreed_on() -> None:
    assert {role: PERMISSIONS[role] for role in ROLES} == agreed()


def test_every_role_is_a_list_and_none_has_everything() -> None:
    assert set(PERMISSIONS) == set(get_args(Role))
    everything = permissions_of(ROLES)
    assert all(PERMISSIONS[role] < everything for role in ROLES)


def test_nobody_without_a_role_may_do_anything() -> None:
    assert permissions_of([]) == frozenset()
    both = permissions_of(["underwriter", "treasurer"])
    assert both == PERMISSIONS["underwriter"] | PERMISSIONS["treasurer"]
