"""The log's keys in a process of their own, beside a real writer."""

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

import pytest

from infra.layout import ROOT
from infra.leash import leashed
from kernel.errors import Broken, Transient
from services.audit.adapters.signing import SocketSigner
from services.audit.wiring import Writer, build_writer
from services.audit.worker import work
from tests.integration.audit.conftest import LogStand
from tests.integration.audit.test_log import OFF, put
from tests.unit.audit.builders import Producer
from tests.waiting import eventually


@dataclass
class Apart:
    """A signer's process, its socket and its memory."""

    folder: Path
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    @property
    def state(self) -> Path:
        return self.folder / "signed"

    def start(self, **more: str) -> None:
        self.process = subprocess.Popen(
            leashed([sys.executable, "-m", "services.audit", "sign"]),
            cwd=ROOT,
            env=self.env | more,
        )
        eventually(self.answers, told=lambda: "the signer does not answer")

    def answers(self) -> bool:
        signer = SocketSigner(self.socket, wait_s=2)
        try:
            return bool(signer.keys)
        except (Transient, Broken):  # however it says so, it is not there yet
            return False
        finally:
            signer.close()

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None


@pytest.fixture
def apart(stand: LogStand) -> Iterator[Apart]:
    """Told nothing but its key and its places; a short path, for it is a socket's."""
    folder = Path(mkdtemp(prefix="signer-"))
    writer = stand.servers.env("audit-worker")
    env = {
        "PATH": "/usr/bin:/bin",
        "AUDIT_ORIGIN": writer["AUDIT_ORIGIN"],
        "AUDIT_LOG_KEY": writer["AUDIT_LOG_KEY"],
        "AUDIT_SIGNER_SOCKET": str(folder / "socket"),
        "AUDIT_SIGNER_STATE": str(folder / "signed"),
    }
    made = Apart(folder, env)
    made.start()
    yield made
    made.end()
    shutil.rmtree(folder)


def writer_of(stand: LogStand, apart: Apart) -> Writer:
    """A writer that has no key."""
    platform = stand.platform("audit-worker")
    settings = replace(platform.settings, signer_socket=str(apart.socket), log_key=None)
    return build_writer(replace(platform, settings=settings, clock=stand.clock))


@pytest.mark.clause("3.2b")
@pytest.mark.seeded("audit_signer_forgets")
def test_what_was_signed_outlives_signer_and_database(
    stand: LogStand, apart: Apart
) -> None:
    """Both killed and the database set back, with all that the writer keeps."""
    producer, writer = Producer(), writer_of(stand, apart)
    with writer.seat() as store:
        state = writer.open_log(store)
        early = state.note
        for _ in range(3):
            more = [producer.event() for _ in range(30)]
            state = put(writer, store, state, more, producer)
    assert stand.verify().bad_seq is None
    writer.close()
    apart.end()
    apart.start()
    again = writer_of(stand, apart)
    with again.seat() as store:
        state = again.open_log(store)
        state = put(again, store, state, [producer.event()], producer)
    assert state.head.size == 92
    stand.as_owner(
        *OFF,
        "DELETE FROM audit_log WHERE seq > 0",
        "DELETE FROM audit_checkpoint WHERE size > 1",
    )
    again.anchor.write(early)
    again.board.publish(early)
    again.board.flush()
    again.close()
    apart.end()
    apart.start()
    last = writer_of(stand, apart)
    with last.seat() as store, pytest.raises(Broken, match="restored or stale"):
        last.open_log(store)
    last.close()


@pytest.mark.catalogue("F43")
@pytest.mark.seeded("audit_signer_away_ends_the_writer")
def test_a_signer_killed_under_load_costs_time_and_no_event(
    stand: LogStand, apart: Apart
) -> None:
    """Killed three times while events come; each of them is in the log once."""
    platform = stand.platform("audit-worker")
    settings = replace(platform.settings, signer_socket=str(apart.socket), log_key=None)
    stop = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work(replace(platform, settings=settings), stop)
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    speaker = stand.speaker()
    sent = 0
    for _ in range(3):
        speaker.say(speaker.messages(200))
        apart.end()
        speaker.say(speaker.messages(200))
        sent += 400
        apart.start()

    def written() -> bool:
        [row] = stand.rows(
            "SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM audit_log"
            " WHERE kind = 1 AND convert_from(leaf, 'UTF8') LIKE '%\"contracts\"%'"
        )
        assert row.n == row.ids
        return bool(failed) or bool(row.n >= sent)

    try:
        eventually(written, told=stand.told)
    finally:
        stop.set()
        thread.join(timeout=20)
    assert failed == []
    assert stand.verify().bad_seq is None


def test_a_key_succeeds_another_without_a_new_writer(
    stand: LogStand, apart: Apart, tmp_path: Path
) -> None:
    """The signer restarts with both keys; the writer opens the log again, as ever."""
    producer, writer = Producer(), writer_of(stand, apart)
    with writer.seat() as store:
        state = writer.open_log(store)
        put(writer, store, state, [producer.event()], producer)
    newer = tmp_path / "newer.ed25519"
    command = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(newer)]
    subprocess.run(command, check=True, capture_output=True)
    apart.end(signal.SIGTERM)
    both = {
        "AUDIT_LOG_KEY": str(newer),
        "AUDIT_LOG_KEY_BEFORE": apart.env["AUDIT_LOG_KEY"],
    }
    apart.start(**both)
    with writer.seat() as store:
        with pytest.raises(Transient):
            writer.open_log(store)
        state = writer.open_log(store)
        state = put(writer, store, state, [producer.event()], producer)
    writer.close()
    assert state.note.count("— ".encode()) == 2
    kinds = [row.kind for row in stand.rows("SELECT kind FROM audit_log ORDER BY seq")]
    assert kinds.count(1) == 2
    assert stand.verify().bad_seq is None
