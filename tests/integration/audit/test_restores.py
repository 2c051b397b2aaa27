"""Backups and points in time of a real cluster, beside the checkpoints outside it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typing_extensions import override

from kernel.errors import Broken
from kernel.platform import Platform
from kernel.settings import read
from services.audit.adapters.archive import ArchiveFolder
from services.audit.handlers.archiving import Archiving
from services.audit.settings import Settings
from services.audit.storage.reading import ReadingUnits
from services.audit.wiring import build
from tests.integration.audit.clusters import Cluster, restored, started
from tests.integration.audit.conftest import SERVICE, LogStand
from tests.integration.audit.test_log import write
from tests.security.audit.exports import ExportFolder, run_tool
from tests.unit.audit.builders import Producer
from tests.unit.audit.builders import Writer as FakeWriter


@dataclass
class StandAt(LogStand):
    """The same processes before another server."""

    cluster: Cluster | None = None

    @override
    def platform(self, process: str) -> Platform[Settings]:
        assert self.cluster is not None
        env = dict(self.servers.env(process))
        usual, here = Cluster.of(self.servers).port, self.cluster.port
        url = env["AUDIT_DATABASE_URL"].replace(f":{usual}/", f":{here}/")
        settings = read(
            Settings, prefix=SERVICE, environ={**env, "AUDIT_DATABASE_URL": url}
        )
        platform = Platform.open(settings)
        self.opened.append(platform)
        return platform


@pytest.fixture
def folder(stand: LogStand) -> Iterator[Path]:
    """Where the server's own user may write."""
    home = stand.servers.layout.postgres
    made = home / "restores"
    made.mkdir(mode=0o711)
    (made / "wal").mkdir(mode=0o700)
    owner = home.stat()
    for each in (made, made / "wal"):
        shutil.chown(each, owner.st_uid, owner.st_gid)
    yield made
    shutil.rmtree(made)


@pytest.mark.clause("3.3c", "7.2b")
@pytest.mark.seeded("audit_restored_backup_signed")
def test_a_point_in_time_is_refused_and_the_newest_goes_on(
    stand: LogStand, folder: Path
) -> None:
    """Attack 11, by PostgreSQL's own means.

    1. A server archives its WAL; a base backup is taken from it while it runs.
    2. Events, a point in time, more events: those alone the published checkpoint knows.
    3. Restored to the point: whole in itself, yet shorter than what was published; the
       verification says so, and the writer does not sign it.
    4. Restored to the end of the WAL: the same log, which goes on.
    """
    producer, usual = Producer(), Cluster.of(stand.servers)
    archiving = {
        "archive_mode": "on",
        "archive_command": f"test ! -f {folder}/wal/%f && cp %p {folder}/wal/%f",
    }
    with started(usual, usual.back_up(folder / "a"), settings=archiving) as first:
        at_first = StandAt(stand.servers, stand.owner, stand.clock, cluster=first)
        write(at_first, [producer.event() for _ in range(4)], producer=producer)
        base = first.back_up(folder / "base")  # step 1
        write(at_first, [producer.event() for _ in range(4)], producer=producer)
        first.sql("SELECT pg_create_restore_point('nine')")
        write(at_first, [producer.event() for _ in range(4)], producer=producer)
        first.writes_its_wal_out()
        at_first.close()
    recovering = {"restore_command": f"cp {folder}/wal/%f %p"}
    to_point = {**recovering, "recovery_target_name": "nine"}
    to_point["recovery_target_action"] = "promote"
    with started(usual, restored(base, folder / "b"), settings=to_point) as older:
        at_older = StandAt(stand.servers, stand.owner, stand.clock, cluster=older)
        verdict = at_older.verify()  # step 3
        assert (verdict.code, verdict.bad_seq, verdict.leaves) == ("rolled_back", 9, 9)
        with pytest.raises(Broken, match="restored or stale"):
            write(at_older, [producer.event()], producer=producer)
        at_older.close()
    with started(usual, restored(base, folder / "c"), settings=recovering) as newest:
        at_newest = StandAt(stand.servers, stand.owner, stand.clock, cluster=newest)
        assert (at_newest.verify().bad_seq, at_newest.verify().leaves) == (None, 13)
        write(at_newest, [producer.event()], producer=producer)  # step 4
        assert at_newest.verify().leaves == 14
        at_newest.close()


@pytest.mark.clause("3.3c")
def test_cold_storage_from_the_database_verifies_at_a_strangers(
    stand: LogStand, tmp_path: Path
) -> None:
    """The tool knows nothing of archives: it is an export like any other."""
    producer = Producer()
    write(stand, [producer.event() for _ in range(299)], producer=producer)
    reader = build(stand.platform("audit"))
    platform = reader.platform
    archive, archiving = ArchiveFolder(tmp_path / "cold"), Archiving()
    for leaves in (300, 500, 513):
        more = leaves - (archive_size(archive) or 300)
        write(stand, [producer.event() for _ in range(more)], producer=producer)
        archiving.step(
            archive=archive,
            units=ReadingUnits(
                platform.database, platform.context(), platform.field_keys
            ),
            board=reader.board,
            most=9,
        )
        known = FakeWriter(producer=producer)
        folder = ExportFolder(tmp_path / "cold", known)
        [vkey] = reader.board.announced()
        ran = run_tool(folder, "--trust", folder.trust(), vkey=vkey)
        assert ran.code == 0, ran.said
        assert archive_size(archive) == leaves


def archive_size(archive: ArchiveFolder) -> int:
    note = archive.note()
    return int(note.split(b"\n")[1]) if note else 0
