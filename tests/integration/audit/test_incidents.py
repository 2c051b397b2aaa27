"""Incidents on real PostgreSQL: from the first alert to the lesson (clause 7.2)."""

import base64
from io import BytesIO
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError, ProgrammingError

from kernel.crypto import as_object
from kernel.errors import Refused
from services.audit.adapters.alarms import UNCONTAINED
from services.audit.domain.incidents.incident import Conclusion, Kind
from tests.integration.audit.conftest import LogStand
from tests.integration.audit.desk import (
    ANNA,
    BORIS,
    CLIENT,
    CONCLUSION,
    DONE,
    SEEN,
    Desk,
)
from tests.integration.audit.test_parts import told
from tests.security.audit.exports import TOOL_MODULE


@pytest.fixture
def desk(stand: LogStand) -> Desk:
    return Desk.over(stand)


def refused(code: str) -> "pytest.RaisesExc[Refused]":
    return pytest.RaisesExc(Refused, check=lambda error: error.code == code)


@pytest.mark.clause("7.1", "7.2a")
def test_every_step_of_an_incident_is_an_event(desk: Desk) -> None:
    incident_id = desk.opened()
    desk.stand.clock.move(60)
    desk.incidents.assign(desk.call(), incident_id=incident_id, to=ANNA.id)
    desk.incidents.name_client(desk.call(), incident_id=incident_id, client_id=CLIENT)
    desk.incidents.name_client(desk.call(), incident_id=incident_id, client_id=CLIENT)
    desk.incidents.add_file(desk.call(), incident_id=incident_id, content=b"a dump")
    desk.incidents.contain(desk.call(), incident_id=incident_id, text=DONE)
    desk.nobody_is_told()
    conclusion = Conclusion(**CONCLUSION)
    desk.incidents.close(desk.call(), incident_id=incident_id, conclusion=conclusion)
    assert desk.told() == [
        *("incident_opened", "incident_noted", "notice_due", "notice_due"),
        *("incident_assigned", "client_affected", "notice_due", "evidence_taken"),
        *("incident_noted", "incident_contained", "incident_closed"),
    ]
    shown = desk.shown(incident_id, BORIS)
    assert (shown["state"], shown["owner"]) == ("closed", str(ANNA.id))
    assert shown["conclusion"] == CONCLUSION
    assert shown["clients"] == [str(CLIENT)]
    assert [line["text"] for line in shown["timeline"]] == [SEEN, DONE]
    assert desk.told()[-1] == "incident_read"


@pytest.mark.clause("7.2a", "7.2b", "7.2c")
@pytest.mark.seeded("incident_closed_while_it_goes_on")
def test_an_incident_that_goes_on_or_is_nobodys_stays_open(desk: Desk) -> None:
    incident_id, conclusion = desk.opened(Kind.FRAUD), Conclusion(**CONCLUSION)
    with refused("incident_not_yours"):
        desk.incidents.close(
            desk.call(), incident_id=incident_id, conclusion=conclusion
        )
    desk.incidents.assign(desk.call(), incident_id=incident_id, to=ANNA.id)
    with refused("incident_not_contained"):
        desk.incidents.close(
            desk.call(), incident_id=incident_id, conclusion=conclusion
        )
    assert desk.shown(incident_id)["state"] == "open"


@pytest.mark.clause("7.3")
@pytest.mark.seeded("incident_detection_moves")
def test_when_it_was_detected_never_changes(desk: Desk) -> None:
    """Neither the service nor the owner of the schema moves a term."""
    incident_id = desk.opened(minutes_ago=5)
    later = "UPDATE incident SET detected_at = now() + interval '1 day'"
    engine = desk.cases.platform.database.engine
    with pytest.raises(ProgrammingError), engine.begin() as connection:
        connection.execute(text(later))
    with pytest.raises(InternalError, match="never changes"):
        desk.stand.as_owner(later)
    assert desk.shown(incident_id)["detected_at"] == "2026-11-22T10:05:00.123456Z"


@pytest.mark.clause("7.2a")
def test_a_closed_incident_stays_as_it_is(desk: Desk) -> None:
    incident_id = desk.opened()
    desk.incidents.assign(desk.call(), incident_id=incident_id, to=ANNA.id)
    desk.incidents.contain(desk.call(), incident_id=incident_id, text=DONE)
    desk.nobody_is_told()
    conclusion = Conclusion(**CONCLUSION)
    desk.incidents.close(desk.call(), incident_id=incident_id, conclusion=conclusion)
    with refused("incident_closed"):
        desk.incidents.contain(desk.call(), incident_id=incident_id, text=DONE)
    with pytest.raises(InternalError, match="never changes"):
        desk.stand.as_owner("UPDATE incident SET closed_at = NULL")
    for table in ("incident_entry", "incident_evidence", "incident_custody"):
        engine = desk.cases.platform.database.engine
        with pytest.raises(ProgrammingError), engine.begin() as connection:
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - ours


@pytest.mark.clause("1.3a")
@pytest.mark.seeded("incident_words_in_clear")
def test_words_and_evidence_are_sealed(desk: Desk) -> None:
    incident_id = desk.opened()
    desk.incidents.add_file(desk.call(), incident_id=incident_id, content=b"a dump")
    rows = desk.stand.rows(
        "SELECT text_sealed AS sealed FROM incident_entry"
        " UNION ALL SELECT content_sealed FROM incident_evidence"
    )
    kept = b"".join(bytes(row.sealed) for row in rows)
    assert SEEN.encode() not in kept
    assert b"a dump" not in kept


@pytest.mark.clause("7.1")
@pytest.mark.seeded("incident_evidence_read_untold")
def test_evidence_keeps_who_had_it_and_proves_itself(
    desk: Desk, tmp_path: Path
) -> None:
    """A leaf that is evidence is judged by a stranger's program, without us."""
    told(desk.stand)
    incident_id = desk.opened()
    desk.incidents.add_leaf(desk.call(), incident_id=incident_id, leaf=5)
    [kept] = desk.shown(incident_id)["evidence"]
    given = desk.incidents.read_evidence(
        desk.call(BORIS),
        incident_id=incident_id,
        evidence_id=UUID(kept["evidence_id"]),
    )
    content = base64.b64decode(str(as_object(given)["content_b64"]))
    with ZipFile(BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    [vkey] = desk.cases.board.announced()
    proof, leaf = tmp_path / "proofs/5.tlog-proof", tmp_path / "proofs/5.leaf"
    arguments = [str(proof), "--leaf", str(leaf), "--vkey", vkey]
    assert TOOL_MODULE.main(arguments) == 0
    leaf.write_bytes(leaf.read_bytes() + b" ")
    assert TOOL_MODULE.main(arguments) == 3
    [kept] = desk.shown(incident_id)["evidence"]
    hands = [(each["by"], each["act"]) for each in kept["custody"]]
    assert hands == [(str(ANNA.id), "taken"), (str(BORIS.id), "read")]


@pytest.mark.clause("7.3")
@pytest.mark.seeded("incident_downgraded_untold")
def test_only_two_persons_leave_an_incident_unreported(desk: Desk) -> None:
    incident_id = desk.opened()
    asked = desk.ask_downgrade(incident_id)
    with refused("own_request"):
        desk.approve(asked, ANNA)
    assert desk.shown(incident_id)["reportable"] is True
    desk.approve(asked, BORIS)
    assert desk.shown(incident_id)["reportable"] is False
    assert "incident_downgraded" in desk.told()
    with refused("incident_not_reportable"):
        desk.ask_downgrade(incident_id)


@pytest.mark.clause("7.2a")
def test_what_goes_on_for_too_long_is_an_alarm(desk: Desk) -> None:
    """From a Sunday two working days: until the end of Tuesday."""
    desk.opened()
    desk.stand.clock.move(2 * 86_400)
    desk.incidents.watch()
    assert UNCONTAINED._value.get() == 0
    desk.stand.clock.move(86_400)
    desk.incidents.watch()
    assert UNCONTAINED._value.get() == 1
