"""The log verified by pages: what one call finds, many find, wherever they stop."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.crypto import UnsealError, sha256
from kernel.errors import Refused
from kernel.events.audit import IntegrityProven
from services.audit.domain.tree import leaf_hash
from services.audit.handlers import verifying
from services.audit.handlers.following import KeptTiles
from services.audit.handlers.patrol import Patrol
from services.audit.handlers.proving import prove_leaf
from services.audit.handlers.reading import Verdict
from services.audit.handlers.verifying import Progress, Seals, Verifying, verify_some
from services.audit.handlers.witnessing import witnessed
from tests.unit.audit.builders import Writer, written
from tests.unit.audit.fakes import FakeUnits, verify_ed25519
from tests.unit.audit.test_patrol import beat, codes

SECRET = b"the service alone"


def seal(raw: bytes) -> bytes:
    return sha256(SECRET + raw) + raw


def unseal(sealed: bytes) -> bytes:
    if sealed[:32] != sha256(SECRET + sealed[32:]):
        raise UnsealError("not ours")
    return sealed[32:]


def asked(
    writer: Writer, sealed: bytes | None, *held: bytes, vkey: str | None = None
) -> Progress:
    desk = Verifying(
        by="auditor",
        vkey=vkey,
        units=FakeUnits(writer.log),
        board=writer.board,
        verify=verify_ed25519,
        seals=Seals(seal, unseal),
        clock=writer.clock,
        ids=writer.ids,
    )
    return verify_some(sealed, held=held, desk=desk)


def verdict(writer: Writer, *held: bytes) -> Verdict:
    """By as many calls as it takes."""
    progress = asked(writer, None, *held)
    while progress.verdict is None:
        assert progress.leaves < progress.of
        progress = asked(writer, progress.sealed)
    return progress.verdict


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.audit.handlers.reading.PAGE_ROWS", 10)
    monkeypatch.setattr(verifying, "PAGES_A_CALL", 2)


def test_an_honest_log_is_whole_also_if_it_grows_in_between() -> None:
    writer = written(105)
    progress = asked(writer, None)
    assert (progress.leaves, progress.of) == (20, 105)
    writer.grow(130)
    while progress.verdict is None:
        progress = asked(writer, progress.sealed)
    assert (progress.verdict.bad_seq, progress.verdict.leaves) == (None, 105)
    assert (verdict(writer).leaves, verdict(writer).events) == (130, 129)
    assert writer.log.events == []


@pytest.mark.parametrize("seq", [5, 19, 20, 57, 104])
@pytest.mark.clause("7.2b")
def test_a_changed_leaf_is_named_on_whichever_page(seq: int) -> None:
    writer = written(105)
    row = writer.log.rows[seq]
    writer.log.rows[seq] = replace(row, leaf=row.leaf.replace(b"thing", b"think"))
    found = verdict(writer)
    assert (found.bad_seq, found.code) == (seq, "leaf_changed")
    assert codes(writer) == ["leaf_changed"]


@pytest.mark.clause("7.2b")
def test_a_checkpoint_held_from_another_history_is_found_at_the_end() -> None:
    writer = written(105)
    other = Writer(signer=writer.signer).open().grow(50)
    assert other.state is not None
    found = verdict(writer, other.state.note)
    assert (found.bad_seq, found.code) == (0, "forked")


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("audit_believes_any_verification")
def test_what_was_sealed_by_nobody_or_for_other_keys_is_refused() -> None:
    """Else a caller says that the first ten million leaves were found in order."""
    writer = written(105)
    sealed = asked(writer, None).sealed
    assert sealed is not None
    with pytest.raises(Refused, match="verification_unknown"):
        asked(writer, sealed[:-1] + b" ")
    with pytest.raises(Refused, match="verification_unknown"):
        asked(writer, sealed, vkey=writer.signer.public.vkey)


@pytest.mark.clause("3.4")
@pytest.mark.seeded("audit_lifts_what_came_after")
def test_what_was_found_since_it_began_stops_the_writer_still() -> None:
    writer = written(105)
    halfway = asked(writer, None)
    honest = writer.log.rows[3]
    writer.clock.at += timedelta(seconds=1)
    writer.log.rows[3] = replace(honest, leaf_hash=bytes(32))
    beat(Patrol(), writer)
    while halfway.verdict is None:
        halfway = asked(writer, halfway.sealed)
    assert halfway.verdict.bad_seq is None
    assert len(writer.log.stops) == 1
    writer.log.rows[3] = honest
    assert verdict(writer).bad_seq is None
    assert writer.log.stops == []
    assert isinstance(writer.log.events[-1], IntegrityProven)


def test_one_leaf_is_proved_and_the_look_is_told() -> None:
    writer = written(300)
    leaf, proof = prove_leaf(
        7,
        read_by="auditor",
        units=FakeUnits(writer.log),
        board=writer.board,
        tiles=KeptTiles(),
        ids=writer.ids,
    )
    assert leaf == writer.leaves[7]
    assert writer.state is not None
    assert proof.endswith(writer.state.note)
    assert leaf_hash(leaf) == writer.log.rows[7].leaf_hash
    writer.write()
    assert writer.kinds[-1] == "read"
    with pytest.raises(Refused, match="no_such_leaf"):
        prove_leaf(
            301,
            read_by="x",
            units=FakeUnits(writer.log),
            board=writer.board,
            tiles=KeptTiles(),
            ids=writer.ids,
        )


def test_without_a_policy_nobody_is_a_witness() -> None:
    found = witnessed(None, policy=None, size=9, verify=verify_ed25519)
    assert (found.enough, found.cosigned) == (False, {})
