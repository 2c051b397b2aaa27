"""What broke inside a service is not told to whoever called it (A24)."""

from typing import Any, Final

import pytest

from infra.stack import Stack
from kernel.errors import Broken
from kernel.rpc import reply_of_error
from tests.waiting import eventually
from tests.wire import Wire, hidden

BROKEN: Final = reply_of_error(Broken("whatever it was"))
ID: Final = "01930000-0000-7000-8000-000000000001"

# Service, caller, method, arguments, and the table without which the method fails.
DEFECTS: Final[tuple[tuple[str, str, str, dict[str, Any], str], ...]] = (
    (
        "auth",
        "onboarding",
        "check_code",
        {"challenge_id": ID, "code": "000000"},
        "challenges",
    ),
    (
        "onboarding",
        "contracts",
        "get_account",
        {"client_id": ID},
        "clients",
    ),
    (
        "contracts",
        "disbursement-worker",
        "read_contract",
        {"contract_id": ID},
        "contracts",
    ),
    (
        "disbursement",
        "contracts",
        "stop_payout",
        {"contract_id": ID, "client_id": ID},
        "payouts",
    ),
    ("antifraud", "operator", "get_decision", {"decision_id": ID}, "decision"),
    (
        "audit",
        "operator",
        "export_page",
        {"export_id": ID, "from_seq": 0, "limit": 1},
        "audit_export",
    ),
)


@pytest.mark.clause("1.3a")
@pytest.mark.catalogue("A24")
@pytest.mark.seeded("rpc_tells_what_broke")
@pytest.mark.parametrize(
    ("service", "caller", "method", "arguments", "table"),
    DEFECTS,
    ids=[f"{service}.{method}" for service, _, method, _, _ in DEFECTS],
)
def test_a_defect_is_told_to_the_log_alone(
    wire: Wire,
    platform: Stack,
    service: str,
    caller: str,
    method: str,
    arguments: dict[str, Any],
    table: str,
) -> None:
    """The database complains of a missing table; the caller hears one word."""
    before = wire.log(service).count("call_defect")
    with wire.calling(caller) as by, hidden(platform, service, table):
        body = by.request(service, method, arguments=arguments)
        by.send(f"{service}.{method}", body, correlation_id="defect")
        assert by.answer() == ("defect", BROKEN)
    eventually(lambda: wire.log(service).count("call_defect") > before)
