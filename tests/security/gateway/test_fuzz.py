"""Generated requests against the gateway, a seeded part of what `make fuzz` throws."""

from typing import Final

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.core.transport import Response

from tests.doors import HOST, IN, ORIGIN, FakeDoor
from tests.fuzz.calls import Round, described, run

EXAMPLES: Final = 6
SEED: Final = 20261123
NO_RIGHT_CODE: Final = {"log_in", "open_session", "open_by_passkey"} | {
    *("start_password_recovery", "start_number_recovery"),
    "start_recovery_by_office_pass",
}
"""The twins know no right password or code; few generated logins are numbers."""


@pytest.mark.catalogue("B11")
@pytest.mark.seeded("gateway_answers_beside_its_description")
@pytest.mark.timeout(120)
def test_no_generated_request_gets_what_is_not_described(fake_door: FakeDoor) -> None:
    """Every operation, good and spoilt requests: no 5xx, no schema breach."""
    headers = {**IN, "Origin": ORIGIN, "Host": HOST}
    description = "/api/v1/openapi.json"
    schema = schemathesis.openapi.from_asgi(
        description, fake_door.app, headers={"Host": HOST}
    )

    def send(case: Case) -> Response:
        return case.call(headers=headers)

    made = Round()
    run(schema, send, seed=SEED, examples=EXAMPLES, into=made)

    assert made.failures == []
    assert set(described()) - set(made.reached) <= NO_RIGHT_CODE
    assert made.calls >= len(described()) * EXAMPLES
