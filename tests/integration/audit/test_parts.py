"""Parts of the log from real PostgreSQL, to the stranger's verifier."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

import pytest
from sqlalchemy import Engine, event

from kernel.crypto import Json
from services.audit.adapters.printing import ReportPrinter
from services.audit.handlers.parts import Desk, Given, export_part
from services.audit.storage.reading import ReadingUnits
from services.audit.wiring import build
from tests.integration.audit.conftest import LogStand
from tests.integration.audit.test_log import write
from tests.security.audit.exports import ExportFolder, run_tool
from tests.unit.audit.builders import Producer
from tests.unit.audit.builders import Writer as FakeWriter
from tests.unit.audit.stories import (
    ANNA,
    CAUSE,
    CONTRACT,
    LOG_ENTRY,
    FakeRegister,
    bench,
    messages_told,
)

CLIENT: dict[str, Json] = {"subject": f"client:{ANNA}"}


def told(stand: LogStand) -> Producer:
    """The story of the two clients in the real log, a day between its batches."""
    producer = Producer()
    first, second, third = messages_told(producer)
    write(stand, first, producer=producer)
    stand.clock.move(86_400)
    write(stand, second, producer=producer)
    stand.clock.move(86_400)
    write(stand, third, producer=producer)
    return producer


@pytest.mark.parametrize(
    ("words", "leaves"),
    [
        (CLIENT, [1, 3, 4, 5, 6]),
        ({"subject": f"contract:{CONTRACT}"}, [1, 3, 4, 5]),
        ({"incident": str(CAUSE)}, [6]),
        ({"kinds": ["contracts.contract_offered.v1", "opened"]}, [0, 1, 2]),
        (
            {"from": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"},
            [3, 4, 5, 6],
        ),
        ({"from": "2026-11-24T00:00:00Z"}, [7]),
    ],
)
@pytest.mark.clause("6.1d", "6.2")
def test_a_part_from_the_database_verifies_at_a_strangers(
    stand: LogStand, tmp_path: Path, words: dict[str, Json], leaves: list[int]
) -> None:
    producer = told(stand)
    given = _given(stand, words)
    assert [entry.seq for entry in given.part.entries] == leaves
    with ZipFile(BytesIO(given.archive)) as archive:
        archive.extractall(tmp_path / "part")
    known = FakeWriter(producer=producer)
    folder = ExportFolder(tmp_path / "part", known)
    [vkey] = build(stand.platform("audit")).board.announced()
    ran = run_tool(folder, "--trust", folder.trust(), vkey=vkey)
    assert ran.code == 0, ran.said
    assert ran.said.startswith(f"part verified: {len(leaves)} leaves of a log of 8")


@pytest.mark.clause("6.1e")
@pytest.mark.seeded("audit_part_believes_the_index")
def test_nobody_keeps_a_leaf_out_of_a_part_by_changing_the_index(
    stand: LogStand, owner: Engine
) -> None:
    """Of two full tiles the first, which names the client, is passed over by nobody.

    Each row is read alone where it is as it was sealed.
    """
    producer = told(stand)
    write(stand, [producer.event() for _ in range(632)], producer=producer)
    build(stand.platform("audit")).index()
    looked: list[str] = []
    for change in (
        None,
        "UPDATE audit_tile SET terms = '{}' WHERE tile = 0",
        "UPDATE audit_tile SET seal = substr(seal, 2) WHERE tile = 0",
        "UPDATE audit_tile SET seal = NULL WHERE tile = 0",
        "DELETE FROM audit_tile",
    ):
        if change is not None:
            with owner.begin() as connection:
                connection.exec_driver_sql(change)
        given = _given(stand, CLIENT, seen=looked)
        assert [entry.seq for entry in given.part.entries] == [1, 3, 4, 5, 6]
    assert looked == ["0,2", "0,2", "0,2", "0,2", "0,1,2"]


def test_a_leaf_of_the_database_is_proved_by_what_was_kept(
    stand: LogStand, tmp_path: Path
) -> None:
    """The second proof reads nothing that it need not, and the stranger believes it."""
    known = FakeWriter(producer=told(stand))
    platform = stand.platform("audit")
    cases = build(platform)
    [vkey] = cases.board.announced()
    read: list[dict[str, int]] = []

    def see(*said: object) -> None:
        if str(said[2]).startswith("SELECT audit_log.leaf_hash"):
            read.append(cast("dict[str, int]", said[3]))

    event.listen(platform.database.engine, "before_cursor_execute", see)
    for seq in (3, 5):
        leaf, proof = cases.prove(platform.context(), seq=seq, by="x")
        (tmp_path / "leaf").write_bytes(leaf)
        (tmp_path / "proof").write_bytes(proof)
        shown = ExportFolder(tmp_path / "proof", known)
        ran = run_tool(shown, "--leaf", tmp_path / "leaf", vkey=vkey)
        assert ran.code == 0, ran.said
    assert len(read) == 3  # the log once, and its only tile for each proof


@pytest.mark.clause("6.1e")
def test_that_a_part_was_taken_is_the_next_leaf(stand: LogStand) -> None:
    producer = told(stand)
    given = _given(stand, CLIENT)
    write(stand, [], producer=producer)
    [row] = stand.rows(
        "SELECT convert_from(leaf, 'UTF8') AS leaf FROM audit_log WHERE kind = 10"
    )
    assert str(given.part.export_id) in row.leaf
    assert f'"scope":{{"subject":"client:{ANNA}"}}' in row.leaf
    [said] = stand.rows("SELECT type FROM outbox")
    assert said.type == "audit.export_made.v1"
    assert stand.verify().bad_seq is None


def _given(
    stand: LogStand, words: dict[str, Json], *, seen: list[str] | None = None
) -> Given:
    platform = stand.platform("audit")
    read: list[str] = []

    def see(*said: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event
        if "unnest" in said[2] and "t (tile)" in said[2]:
            read.append(",".join(map(str, said[3]["tiles"])))

    event.listen(platform.database.engine, "before_cursor_execute", see)
    desk = Desk(
        register=FakeRegister(),
        board=build(platform).board,
        units=ReadingUnits(platform.database, platform.context(), platform.field_keys),
        clock=stand.clock,
        ids=platform.ids,
        most_leaves=100,
        bench=replace(bench(), printer=ReportPrinter()),
    )
    given = export_part(
        words, disclosure_id=LOG_ENTRY, since=(), taken_by="x", desk=desk
    )
    if seen is not None:
        seen.append(read[0])
    return given
