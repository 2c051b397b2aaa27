"""Who did what and who looked at what can be told afterwards (clauses 6.1d, 6.1e)."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson
import pytest

from kernel.errors import Broken, Refused, Transient
from services.auth.gateway import reads
from services.auth.gateway.reads import Minutes, Part, Read, ReadLog
from tests.behind import ID
from tests.bodies import path_of, request_of
from tests.doors import CLIENT, IN, NOON, FakeDoor
from tests.integration.auth.stand import MovableClock
from tests.openapi import Operation, operations
from tests.security.gateway.conftest import Door
from tests.security.gateway.test_bad_input import problem

OPERATIONS: Final = list(operations())
COMING_IN: Final = frozenset(
    {"log_in", "open_session", "open_by_passkey"}
    | {"open_check_ceremony", "complete_check"}
    | {"start_password_recovery", "prove_recovery_phone", "open_password_ceremony"}
    | {"set_recovered_password", "start_number_recovery", "open_number_ceremony"}
    | {"allow_number_change", "start_recovery_by_office_pass"}
)
"""They have events of their own, which tell more."""
SHOWING: Final = frozenset(
    {"get_document", "read_document", "get_ceremony", "get_inquiry", "get_appeal"}
    | {"get_registration_appeal"}
)
LOG: Final = UUID(int=7)


def is_told(operation: Operation) -> bool:
    """Whether each of its requests is an event."""
    unsafe = operation.method != "GET" and operation.name not in COMING_IN
    return unsafe or operation.name in SHOWING


@pytest.mark.clause("6.1e")
@pytest.mark.clause("7.1")
@pytest.mark.seeded("gateway_acts_leave_no_trace")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda found: found.name)
def test_acts_and_looks_at_personal_data_are_events(
    fake_door: FakeDoor, operation: Operation
) -> None:
    """Who, which operation, on which object, how it ended; a look is a line too."""
    request = request_of(operation)
    request["headers"] |= IN
    answer = fake_door.send(operation.method, path_of(operation), **request)
    told = [call.action for call in fake_door.use_cases.called]
    assert told == ([operation.name] if is_told(operation) else [])
    for call in fake_door.use_cases.called:
        assert call.outcome == "done"
        assert str(call.request_id) == answer.headers["x-request-id"]
        assert call.object_id == (UUID(ID) if "_id}" in operation.path else None)
        by_client = operation.schemes - {"recovery"} == {"session"}
        assert call.client_id == (CLIENT if by_client else None)
    looked = operation.method == "GET" and "/health/" not in operation.path
    assert len(fake_door.noted) == int(looked)


@pytest.mark.clause("6.1e")
@pytest.mark.seeded("gateway_shows_what_it_cannot_record")
def test_personal_data_are_not_shown_when_that_cannot_be_recorded(
    fake_door: FakeDoor,
) -> None:
    """The look is refused for a while; an act that is done stays done."""
    fake_door.use_cases.away = True
    look = fake_door.send("GET", f"/contracts/{ID}/document", headers=IN)
    act = fake_door.send("POST", f"/contracts/{ID}/refusal", headers=IN)
    assert (look.status_code, problem(look)["code"]) == (503, "temporarily_unavailable")
    assert "document_b64" not in look.text
    assert act.status_code == 200


def test_an_act_that_was_refused_says_why(fake_door: FakeDoor) -> None:
    fake_door.rpc.failure = Refused("refusal_too_late", "No.", next_step="-")
    fake_door.send("POST", f"/contracts/{ID}/refusal", headers=IN)
    (call,) = fake_door.use_cases.called
    assert (call.action, call.outcome) == ("refuse_contract", "refusal_too_late")


@pytest.mark.clause("6.1e")
@pytest.mark.seeded("gateway_acts_leave_no_trace")
def test_an_act_of_a_client_is_an_event_of_the_database(door: Door) -> None:
    headers = door.cookie()
    door.send("POST", f"/contracts/{ID}/refusal", headers=headers)
    (event,) = door.stand.events("operation_called")
    assert (event["action"], event["outcome"]) == ("refuse_contract", "done")
    assert event["object_id"] == ID


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOON)


@pytest.fixture
def log(tmp_path: Path, clock: MovableClock) -> Iterator[ReadLog]:
    """A log of its own, in `tmp_path`."""
    made = ReadLog(tmp_path, log_id=LOG, clock=clock)
    yield made
    made.close()


def noted(log: ReadLog, count: int) -> None:
    for number in range(count):
        log.note(
            Read(
                request_id=UUID(int=number),
                client_id=CLIENT,
                object_id=None,
                what="GET /contracts",
                status=200 if number else 404,
            )
        )


@pytest.mark.clause("6.1e")
@pytest.mark.seeded("gateway_reads_are_not_chained")
def test_a_part_of_the_log_is_told_by_its_digest(tmp_path: Path, log: ReadLog) -> None:
    """Exactly the bytes added since the part before, and each names the one before."""
    assert log.seal() is None
    parts = []
    for count in (3, 5):
        noted(log, count)
        part = log.seal()
        assert part is not None
        parts.append(part)
    (file,) = tmp_path.iterdir()
    written, start, before = file.read_bytes(), 0, None
    for part, count in zip(parts, (3, 5), strict=True):
        bytes_of_part = written[start : start + part.length]
        assert part.sha256 == hashlib.sha256(bytes_of_part).hexdigest()
        assert part.previous_sha256 == before
        assert part.counts == (
            "GET /contracts 200 " + str(count - 1),
            "GET /contracts 404 1",
        )
        assert len(bytes_of_part.splitlines()) == part.lines == count
        start, before = start + part.length, part.sha256
    assert [part.number for part in parts] == [1, 2]
    assert start == len(written)
    line = orjson.loads(written.splitlines()[0])
    assert set(line) == {
        "at", "request_id", "client_id", "object_id", "what", "status",
    }  # fmt: skip


def test_a_file_turns_over_and_goes_when_its_time_is_up(
    tmp_path: Path,
    log: ReadLog,
    clock: MovableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A part lies in one file; the file being written never goes."""
    monkeypatch.setattr(reads, "MOST_FILE_BYTES", 300)
    for _ in range(3):
        noted(log, 2)
        log.seal()
        clock.move(seconds=60)
    assert len(list(tmp_path.iterdir())) == 3
    noted(log, 1)
    clock.move(days=400 * 366)
    log.forget()
    assert len(list(tmp_path.iterdir())) == 1


def test_parts_wait_in_order_while_they_cannot_be_told(log: ReadLog) -> None:
    told: list[int] = []
    away = True

    def publish(part: Part) -> None:
        if away:
            raise Transient("away")
        told.append(part.number)

    minutes = Minutes(log, publish)
    for _ in range(2):
        noted(log, 1)
        minutes.pass_one()
    assert told == []
    away = False
    with minutes.passing(every_s=0.01):
        noted(log, 1)
    assert told == [1, 2, 3]


def test_a_disk_that_takes_no_line_is_a_defect_that_is_logged(tmp_path: Path) -> None:
    log = ReadLog(tmp_path / "away", log_id=LOG, clock=MovableClock(NOON))
    with pytest.raises(Broken):
        noted(log, 1)
    assert log.seal() is None
