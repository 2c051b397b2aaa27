"""`replay`: what listeners lost is sent again, byte for byte, and applied once."""

import pytest

from kernel.bus import close_quietly
from kernel.errors import Refused
from kernel.operations import Operations
from kernel.outbox import UNPUBLISHED
from tests.integration.kernel.conftest import Service
from tests.integration.operators.conftest import (
    LISTENER,
    PUBLISHER,
    Cli,
    Probe,
    annulled,
    any_id,
    call_of,
    states,
)
from tests.waiting import eventually

EVENTS = (
    "SELECT id, sequence, body FROM outbox WHERE subject = :subject ORDER BY sequence"
)


def purge(listener: Service) -> int:
    """Lose everything in the listener's queue, as a broker without its disk would."""
    connection = listener.platform.broker.connect()
    lost = connection.default_channel.queue_purge(f"{LISTENER}.inbox")
    close_quietly(connection)
    return int(lost)


@pytest.mark.catalogue("F22", "F24")
@pytest.mark.seeded("replay_signs_anew", "replay_sends_nothing")
def test_a_purged_queue_is_healed_by_a_replay(
    cli: Cli,
    publishing: Probe,
    listening: Probe,
    publisher: Service,
    listener: Service,
) -> None:
    """The listener sees a gap, waits, and ends as if nothing had been lost."""
    contract = any_id()
    subject = f"contract:{contract}"

    def sent() -> bool:
        return publisher.rows(UNPUBLISHED) == []

    publisher.publish(annulled(contract, "a"))
    eventually(lambda: states(listener, subject) == ["applied"])
    listening.kill()
    publisher.publish(annulled(contract, "b"), annulled(contract, "c"))
    eventually(sent)
    assert purge(listener) >= 2
    listening.restart()
    publisher.publish(annulled(contract, "d"))
    eventually(lambda: states(listener, subject) == ["applied", "waiting"])
    before = publisher.rows(EVENTS, subject=subject)
    first, last = before[0].sequence, before[-1].sequence

    words = ("--from", str(first), "--to", str(last), "--wait")
    told = cli(PUBLISHER, "replay", *words)

    answer = {"from": first, "to": last, "events": last - first + 1, "left": 0}
    assert (told.code, told.answer) == (0, answer)
    assert told.complaint == ""  # nobody watches
    eventually(lambda: states(listener, subject) == ["applied"] * 4)
    after = publisher.rows(EVENTS, subject=subject)
    assert [(r.sequence, bytes(r.body)) for r in after] == [
        (r.sequence, bytes(r.body)) for r in before
    ]
    # The handler publishes once for each message it applies.
    caused = listener.rows("SELECT causation_id FROM outbox")
    causes = [row.causation_id for row in caused]
    assert [causes.count(row.id) for row in before] == [1] * 4


def test_a_sequence_that_is_not_there_is_refused(
    cli: Cli, publishing: Probe, publisher: Service
) -> None:
    """Nothing is sent; the refusal names what there is, as the status does."""
    publisher.publish(annulled(any_id(), "x"))
    eventually(lambda: publisher.rows(UNPUBLISHED) == [])
    status = cli(PUBLISHER, "outbox", "status")
    assert (status.code, status.answer["unpublished"]) == (0, 0)
    first, last = status.answer["first_replayable"], status.answer["last_sequence"]
    assert first == 1
    beyond = last + 100  # each command leaves a record of its own, so one is not enough
    told = cli(PUBLISHER, "replay", "--from", str(beyond))
    assert (told.code, "sequences 1 to " in told.complaint) == (5, True)
    operations = Operations(PUBLISHER, publisher.platform, None)
    for start, end in ((0, None), (1, beyond), (last, last - 1)):
        with pytest.raises(Refused) as refused:
            operations.send_again(
                call_of(publisher.platform),
                from_sequence=start,
                to_sequence=end,
            )
        assert refused.value.code == "no_such_sequence"
