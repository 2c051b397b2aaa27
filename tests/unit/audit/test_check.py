"""The re-reading of the stored log: attacks 1 to 11 of the design on its rows."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from kernel.errors import Refused
from kernel.events.audit import IntegrityMismatchFound
from services.audit.domain.intake import Row
from services.audit.domain.leaf import Kind
from services.audit.domain.note import Checkpoint, signed
from services.audit.domain.tree import (
    CHAIN_START,
    chain_hash,
    leaf_hash,
    root_of,
)
from services.audit.handlers.reading import Verdict, verify_log
from services.audit.ports import StoredCheckpoint
from tests.unit.audit.builders import Producer, Writer, written
from tests.unit.audit.fakes import FakeSigner, FakeUnits, verify_ed25519


def verified(
    writer: Writer, *, vkey: str | None = None, held: tuple[bytes, ...] = ()
) -> Verdict:
    return verify_log(
        vkey=vkey or writer.signer.public.vkey,
        held=held,
        units=FakeUnits(writer.log),
        board=writer.board,
        by="auditor",
        verify=verify_ed25519,
        clock=writer.clock,
        ids=writer.ids,
    )


def note(writer: Writer, size: int) -> bytes:
    root = root_of(row.leaf_hash for row in writer.log.rows[:size])
    checkpoint = Checkpoint(writer.signer.public.name, size, root)
    return signed(checkpoint, key=writer.signer.public, sign=writer.signer.sign)


def rehashed(rows: list[Row]) -> list[Row]:
    """What an administrator without the key can do: every hash anew."""
    chain, made = CHAIN_START, []
    for row in rows:
        hashed = leaf_hash(row.leaf)
        chain = chain_hash(chain, hashed)
        made.append(replace(row, leaf_hash=hashed, chain_hash=chain))
    return made


def edited(row: Row) -> Row:
    return replace(row, leaf=row.leaf.replace("Договор".encode(), "Догавор".encode()))


def renumbered(row: Row, seq: int) -> Row:
    leaf = row.leaf.replace(f'"seq":{row.seq},'.encode(), f'"seq":{seq},'.encode())
    return replace(row, seq=seq, leaf=leaf)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600])
def test_an_honest_log_verifies(size: int) -> None:
    """Zero false alarms, at every boundary."""
    verdict = verified(written(size))
    assert (verdict.bad_seq, verdict.leaves, verdict.events) == (None, size, size - 1)


def test_a_log_with_every_kind_of_leaf_verifies() -> None:
    writer = written(3)
    forged = replace(writer.producer.event(), sender="x")
    writer.write(writer.producer.event(sequence=9), forged)
    writer.clock.move(61)
    writer.write().write(writer.producer.event(sequence=5))
    writer.clock.move(-999)
    writer.write()
    kinds = {Kind.GAP, Kind.GAP_CLOSED, Kind.REFUSED, Kind.CLOCK_REGRESSION}
    assert kinds <= {row.kind for row in writer.log.rows}
    assert verified(writer).bad_seq is None


Attack = Callable[[list[Row]], list[Row]]


def edit_payload(rows: list[Row]) -> list[Row]:
    return [edited(row) if row.seq == 6 else row for row in rows]


def edit_payload_and_hash(rows: list[Row]) -> list[Row]:
    bad = edited(rows[6])
    rows[6] = replace(bad, leaf_hash=leaf_hash(bad.leaf))
    return rows


def delete_in_the_middle(rows: list[Row]) -> list[Row]:
    return rows[:6] + rows[7:]


def swap(rows: list[Row]) -> list[Row]:
    a, b = replace(rows[6], seq=7), replace(rows[7], seq=6)
    return rehashed([*rows[:6], b, a, *rows[8:]])


def insert(rows: list[Row]) -> list[Row]:
    pushed = [renumbered(row, row.seq + 1) for row in rows[6:]]
    return rehashed([*rows[:6], replace(rows[3], seq=6), *pushed])


def change_digest(rows: list[Row]) -> list[Row]:
    rows[6] = replace(rows[6], event_sha256=bytes(32))
    return rows


def change_event_id(rows: list[Row]) -> list[Row]:
    rows[6] = replace(rows[6], event_id=rows[5].event_id)
    return rows


def change_kind(rows: list[Row]) -> list[Row]:
    rows[6] = replace(rows[6], kind=Kind.GAP)
    return rows


def not_json(rows: list[Row]) -> list[Row]:
    rows[6] = replace(rows[6], leaf=b"[1]")
    return rehashed(rows)


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (edit_payload, "leaf_changed"),  # 1
        (edit_payload_and_hash, "chain_broken"),  # 2
        (delete_in_the_middle, "row_missing"),  # 4
        (swap, "leaf_misplaced"),  # 8
        (insert, "leaf_misplaced"),  # 8
        (change_digest, "event_changed"),
        (change_event_id, "event_changed"),
        (change_kind, "leaf_misplaced"),
        (not_json, "leaf_misplaced"),
    ],
)
def test_the_first_bad_row_is_named(attack: Attack, code: str) -> None:
    writer = written(12)
    writer.log.rows = attack(list(writer.log.rows))
    verdict = verified(writer)
    assert (verdict.bad_seq, verdict.code) == (6, code)
    [finding] = writer.log.events
    assert isinstance(finding, IntegrityMismatchFound)
    assert (finding.seq, finding.code) == (6, code)


def test_all_hashes_recomputed_are_bounded_by_the_stored_checkpoints() -> None:
    """Attack 3: the first checkpoint whose root differs, since the one before."""
    writer = written(5).grow(9).grow(12)
    rows = [edited_fully(row) if row.seq == 6 else row for row in writer.log.rows]
    writer.log.rows = rehashed(rows)
    verdict = verified(writer)
    assert (verdict.bad_seq, verdict.code) == (5, "root_differs")
    assert "from 5 to 8" in verdict.why


def edited_fully(row: Row) -> Row:
    """An edit that also corrects the digests inside the leaf and the row."""
    bad = edited(row).leaf
    start, end = len(b'{"event":'), bad.rindex(b',"event_sha256":"')
    digest = sha256(bad[start:end])
    place = end + len(b',"event_sha256":"')
    leaf = bad[:place] + digest.hexdigest().encode() + bad[place + 64 :]
    return replace(row, leaf=leaf, event_sha256=digest.digest())


def test_deleted_renumbered_and_rehashed_differs_from_the_checkpoint() -> None:
    """Attack 5."""
    writer = written(5).grow(12)
    rest = [renumbered(row, row.seq - 1) for row in writer.log.rows[7:]]
    writer.log.rows = rehashed([*writer.log.rows[:6], *rest])
    verdict = verified(writer)
    assert verdict.bad_seq is not None
    assert verdict.code in {"root_differs", "tail_missing"}


def test_a_cut_tail_is_found_by_the_newest_checkpoint() -> None:
    """Attack 6."""
    writer = written(12)
    del writer.log.rows[9:]
    verdict = verified(writer)
    assert (verdict.bad_seq, verdict.code) == (9, "tail_missing")


def test_tail_and_checkpoints_cut_are_found_by_the_published_one() -> None:
    """Attacks 7 and 11."""
    writer = written(5).grow(12)
    del writer.log.rows[5:]
    del writer.log.checkpoints[2:]
    assert writer.log.checkpoints[-1].size == 5
    verdict = verified(writer)
    assert (verdict.bad_seq, verdict.code) == (5, "rolled_back")


def test_a_rewritten_log_with_the_true_key_is_found_by_a_held_checkpoint() -> None:
    """Attack 9."""
    signer = FakeSigner()
    ours = Writer(signer=signer).open().grow(7)
    other = Writer(signer=signer, producer=Producer("onboarding")).open().grow(12)
    assert verified(other).bad_seq is None
    verdict = verified(other, held=(note(ours, 7),))
    assert (verdict.bad_seq, verdict.code) == (0, "forked")


def test_a_held_checkpoint_of_the_same_history_agrees() -> None:
    writer = written(5).grow(12)
    assert verified(writer, held=(note(writer, 3), note(writer, 12))).bad_seq is None


def test_a_new_key_of_the_same_name_is_not_the_pinned_one() -> None:
    """Attack 10."""
    writer = written(5)
    verdict = verified(writer, vkey=FakeSigner().public.vkey)
    assert verdict.code == "checkpoint_forged"


def test_a_forged_checkpoint_row_is_found() -> None:
    writer = written(5).grow(12)
    place = next(i for i, c in enumerate(writer.log.checkpoints) if c.size == 5)
    stranger = replace(writer, signer=FakeSigner())
    writer.log.checkpoints[place] = StoredCheckpoint(5, note(stranger, 5))
    verdict = verified(writer)
    assert (verdict.bad_seq, verdict.code) == (1, "checkpoint_forged")


def test_a_misfiled_checkpoint_is_found() -> None:
    writer = written(5).grow(12)
    place = next(i for i, c in enumerate(writer.log.checkpoints) if c.size == 5)
    writer.log.checkpoints[place] = StoredCheckpoint(5, note(writer, 4))
    assert verified(writer).code == "checkpoint_forged"


def test_an_empty_log_is_a_finding() -> None:
    assert verified(Writer()).code == "empty"


@pytest.mark.parametrize("vkey", ["x", "a+00000000+AA==", "a+b", ""])
def test_a_malformed_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(Refused):
        verified(Writer(board=Writer().board), vkey=vkey or "+")


def test_a_log_whose_key_was_rotated_verifies_by_the_keys_announced() -> None:
    """Old checkpoints by the old key, new by the new; either alone is not enough."""
    writer = written(5)
    overlap = replace(writer, signer=FakeSigner(before=writer.signer), state=None)
    overlap.open().grow(9).signer.before = None
    alone = replace(overlap, state=None).open().grow(12)
    both = "\n".join(alone.board.vkeys)
    assert verified(alone, vkey=both).bad_seq is None
    assert verified(alone, vkey=alone.signer.public.vkey).code == "checkpoint_forged"
