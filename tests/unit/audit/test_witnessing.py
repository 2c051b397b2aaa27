"""Checkpoints before witnesses: the simulator judges, whose code is nobody else's."""

import base64
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from infra.simulators.clock import Clock
from infra.simulators.witness import AnswerError, Witness
from kernel.errors import Broken, Refused, Transient
from kernel.events.audit import IntegrityMismatchFound
from services.audit.domain.policy import parse_policy
from services.audit.handlers.witnessing import Seen, Witnessing
from services.audit.ports import WitnessBehindError
from tests.unit.audit.builders import Writer, written
from tests.unit.audit.fakes import FakeLog, FakeSigner, FakeUnits, verify_ed25519

NAMES = ("regulator", "auditor")


@dataclass
class Door:
    """A witness's door without the network; `away` does not answer."""

    name: str
    witness: Witness
    away: bool = False
    forge: bool = False
    asked: list[bytes] = field(default_factory=list)

    def add_checkpoint(self, body: bytes) -> bytes:
        if self.away:
            raise Transient("away")
        self.asked.append(body)
        try:
            line = self.witness.add(body)
        except AnswerError as error:
            if error.size is not None:
                raise WitnessBehindError(error.size) from error
            raise Refused("witness_denies", "No.", next_step="-") from error
        if not self.forge:
            return line.encode()
        head, name, blob = line.split(" ")
        raw = base64.b64decode(blob)
        lie = base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()
        return f"{head} {name} {lie}\n".encode()

    def last(self, origin: str) -> bytes | None:
        raise NotImplementedError


@dataclass
class Outside:
    """Two witnesses of a log, and the policy that wants both."""

    writer: Writer
    doors: list[Door]
    witnessing: Witnessing

    def round(self, writer: Writer | None = None) -> Seen | None:
        shown = writer or self.writer
        return self.witnessing.round(
            doors=self.doors,
            units=FakeUnits(shown.log),
            board=shown.board,
            verify=verify_ed25519,
            ids=shown.ids,
        )

    def again(self) -> Witnessing:
        """As after a restart: nothing is remembered."""
        return Witnessing(self.witnessing.policy)


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    writer = written(300)
    doors = [Door(n, started(n, writer, tmp_path / n)) for n in NAMES]
    lines = [f"witness {d.name} {d.witness.vkey}" for d in doors]
    policy = "\n".join([*lines, "group both all regulator auditor", "quorum both", ""])
    return Outside(writer, doors, Witnessing(parse_policy(policy)))


def started(name: str, writer: Writer, folder: Path) -> Witness:
    logs = (writer.signer.public.vkey,)
    return Witness(f"{name}.example/w1", logs=logs, folder=folder, clock=Clock())


def test_both_cosign_while_the_log_grows(outside: Outside) -> None:
    """Every size through a boundary of tiles, by a proof that the simulator checks."""
    for size in (300, 301, 511, 512, 513, 700):
        outside.writer.grow(size)
        seen = outside.round()
        assert seen == Seen(size, ("auditor", "regulator"), (), enough=True)
    note = outside.writer.board.seen
    assert note is not None
    assert note.startswith(outside.writer.board.note or b"-")
    assert note.count("— ".encode()) == 3
    assert outside.round() is None


def test_after_a_restart_the_witness_says_where_it_stopped(outside: Outside) -> None:
    outside.round()
    outside.writer.grow(310)
    outside.witnessing = outside.again()
    seen = outside.round()
    assert seen is not None
    assert seen.enough


def test_one_of_two_is_not_enough_and_is_made_up_for(outside: Outside) -> None:
    outside.doors[1].away = True
    seen = outside.round()
    assert seen == Seen(300, ("regulator",), (("auditor", "Transient"),), enough=False)
    assert outside.writer.board.seen is None
    outside.doors[1].away = False
    seen = outside.round()
    assert seen is not None
    assert seen.enough
    assert outside.writer.board.seen is not None


@pytest.mark.seeded("audit_cosignature_unverified")
def test_a_false_cosignature_counts_for_nothing(outside: Outside) -> None:
    """Attack 13."""
    outside.doors[0].forge = True
    seen = outside.round()
    assert seen is not None
    assert seen.failures == (("regulator", "PolicyError"),)
    assert not seen.enough


@pytest.mark.clause("3.2b")
@pytest.mark.seeded("audit_witness_denial_untold")
def test_another_history_is_denied_and_told_once(outside: Outside) -> None:
    """Attacks 9 and 12: the holder of the key shows a fork, or an older log."""
    outside.round()
    fork = Writer(signer=outside.writer.signer, ids=outside.writer.ids).open()
    fork.clock.move(5)
    fork.grow(400)
    outside.witnessing = outside.again()
    for _ in range(2):
        seen = outside.round(fork)
        assert seen is not None
        assert seen.cosigned == ()
    assert fork.board.seen is None
    assert codes(fork) == ["witness_denies"] * 2


def test_a_witness_that_saw_more_is_told(outside: Outside) -> None:
    """Attack 11: an older log under the true key, as after a restored backup."""
    outside.round()
    older = Writer(signer=outside.writer.signer, ids=outside.writer.ids).open().grow(9)
    outside.witnessing = outside.again()
    seen = outside.round(older)
    assert seen is not None
    assert {why for _, why in seen.failures} == {"witness_ahead"}
    assert codes(older) == ["witness_ahead"] * 2


def codes(writer: Writer) -> list[str]:
    return [e.code for e in writer.log.events if isinstance(e, IntegrityMismatchFound)]


@pytest.mark.seeded("audit_witnesses_unasked_at_start")
def test_a_database_older_than_what_a_witness_saw_is_never_signed(
    outside: Outside,
) -> None:
    """Attack 7, when even anchor and published checkpoint were set back."""
    outside.round()
    seen = outside.writer.board.seen or b""
    older = Writer(signer=outside.writer.signer).open().grow(9)
    with pytest.raises(Broken, match="must not be signed"):
        replace(older, state=None).open(witnessed=[seen])
    with pytest.raises(Broken, match="must not be signed"):
        replace(older, log=FakeLog(), anchor=type(older.anchor)(), state=None).open(
            witnessed=[seen]
        )


def test_what_we_never_signed_stops_nobody() -> None:
    """A witness that lies at the start is not believed."""
    writer = written(5)
    stranger = Writer(signer=FakeSigner()).open().grow(9)
    lies = [stranger.board.note or b"", b"", b"\xff\n\n"]
    replace(writer, state=None).open(witnessed=lies)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"old 1\n\nx\n", 400),
        (b"old 01\n\n%b", 400),
        (b"old 1\n\n%b", 409),
        (b"old 400\n\n%b", 400),
        (b"old 0\nAAAA\n\n%b", 400),
        (b"old 0\n" + base64.b64encode(bytes(32)) + b"\n\n%b", 422),
    ],
)
def test_the_simulated_witness_answers_as_the_standard_says(
    outside: Outside, body: bytes, status: int
) -> None:
    note = outside.writer.board.note or b""
    with pytest.raises(AnswerError) as refused:
        outside.doors[0].witness.add(body.replace(b"%b", note))
    assert refused.value.status == status


def test_a_simulated_witness_remembers_and_knows_only_its_logs(
    outside: Outside, tmp_path: Path
) -> None:
    outside.round()
    door = outside.doors[0]
    stranger = written(3)
    with pytest.raises(AnswerError, match="403"):
        door.witness.add(b"old 0\n\n" + (stranger.board.note or b""))
    other = Writer(signer=FakeSigner("elsewhere.example/log")).open()
    with pytest.raises(AnswerError, match="404"):
        door.witness.add(b"old 0\n\n" + (other.board.note or b""))
    assert (tmp_path / "regulator" / "cosigned.jsonl").read_bytes().count(b"\n") == 1
