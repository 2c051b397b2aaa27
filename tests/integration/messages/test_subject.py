"""A message acts upon the subject in whose order it stands, or not at all."""

from uuid import UUID

import pytest

from kernel.bus import Received
from kernel.events.contracts import ContractAnnulled
from tests.integration.kernel.conftest import PUBLISHER, Service
from tests.wire import fresh_ids, unsent


@pytest.mark.clause("3.4")
@pytest.mark.catalogue("A15", "F22")
@pytest.mark.seeded("inbox_believes_any_subject")
def test_data_of_another_subject_are_put_aside(
    publisher: Service, listener: Service
) -> None:
    """Signed by its true publisher; the order of one contract would hide another's."""
    heard: list[UUID] = []

    def handle(_tx: object, event: object, _envelope: object) -> None:
        assert isinstance(event, ContractAnnulled)
        heard.append(event.contract_id)

    inbox = listener.inbox({ContractAnnulled.TYPE: handle})
    key = publisher.platform.signing_key
    one, other = fresh_ids().new(), fresh_ids().new()
    data = ContractAnnulled(contract_id=one, client_id=one, reason="x").to_data()
    for subject in (other, one):
        body = unsent(
            ContractAnnulled,
            source=PUBLISHER,
            keyid=key.keyid,
            subject=f"contract:{subject}",
            data=data,
        ).signed(key)
        inbox.receive(
            Received(body=body, sender=PUBLISHER, properties={}, delivery_tag=1)
        )
    assert heard == [one]
    codes = listener.rows("SELECT code FROM quarantine")
    assert [row.code for row in codes] == ["schema"]
