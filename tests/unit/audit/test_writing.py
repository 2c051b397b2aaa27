"""The writer: what becomes of messages, and when a log must not be signed."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kernel.crypto import sha256
from kernel.errors import Broken, Transient
from kernel.events.audit import IntegrityMismatchFound
from kernel.events.platform import MessageQuarantined
from services.audit.domain.leaf import MAX_LEAF_BYTES
from services.audit.domain.note import Checkpoint, reopened, signed
from services.audit.domain.tree import root_of
from services.audit.ports import Message, StoredCheckpoint
from tests.unit.audit.builders import Producer, Writer, written
from tests.unit.audit.fakes import FakeAnchor, FakeLog, FakeSigner, verify_ed25519


def test_a_new_log_opens_with_a_leaf_that_names_its_key() -> None:
    writer = Writer().open()
    opened = json.loads(writer.leaves[0])
    assert writer.kinds == ["opened"]
    assert opened["origin"] == writer.signer.public.name
    assert opened["vkeys"] == [writer.signer.public.vkey]
    assert writer.anchor.note == writer.board.note == writer.log.checkpoints[0].note
    assert writer.board.vkeys == (writer.signer.public.vkey,)


def test_an_event_is_stored_as_it_came() -> None:
    writer = Writer().open()
    message = writer.producer.event()
    writer.write(message)
    assert message.body in writer.leaves[1]
    assert json.loads(writer.leaves[1])["event_sha256"] == sha256(message.body).hex()


def test_every_batch_has_a_signed_checkpoint_over_all_leaves() -> None:
    writer = written(10)
    checkpoint = reopened(
        writer.log.checkpoints[-1].note,
        key=writer.signer.public,
        verify=verify_ed25519,
    )
    assert checkpoint.size == 10
    assert checkpoint.root == root_of(row.leaf_hash for row in writer.log.rows)


def test_the_same_bytes_again_are_no_news() -> None:
    """Attack 17, within a batch and between batches."""
    writer = Writer().open()
    message = writer.producer.event()
    writer.write(message, message).write(message)
    assert writer.kinds == ["opened", "event"]
    assert len(writer.log.checkpoints) == 2


def test_a_known_id_with_other_bytes_is_a_conflict_told_once() -> None:
    """Attack 18: one leaf with both digests, even if redelivered; an alert."""
    writer = Writer().open()
    first = writer.producer.event(event_id=UUID(int=5))
    second = writer.producer.event(event_id=UUID(int=5))
    writer.write(first).write(second).write(second, second)
    conflict = json.loads(writer.leaves[2])
    assert writer.kinds == ["opened", "event", "conflict"]
    assert conflict["known_sha256"] == sha256(first.body).hex()
    assert conflict["event_sha256"] == sha256(second.body).hex()
    assert [e.code for e in alerts(writer)] == ["event_id_conflict"]
    assert writer.log.parked[sha256(second.body)] == second.body


def alerts(writer: Writer) -> list[IntegrityMismatchFound]:
    return [e for e in writer.log.events if isinstance(e, IntegrityMismatchFound)]


def forged(kind: str) -> Message:
    genuine = Producer().event()
    match kind:
        case "unknown key":
            return genuine
        case "not JSON":
            return Message(b"\xff\x00", "contracts")
        case "white space":
            return Message(genuine.body + b" ", "contracts")
        case _:
            return Message(b"", None)


@pytest.mark.parametrize("kind", ["unknown key", "not JSON", "white space", "empty"])
@pytest.mark.seeded("audit_forged_message_dropped")
def test_what_cannot_be_believed_is_recorded_parked_and_told(kind: str) -> None:
    """Never dropped: digest, length and reason in a leaf; a security event."""
    writer = Writer().open()
    message = forged(kind)
    writer.write(message).write(message)
    refused = json.loads(writer.leaves[1])
    [event] = writer.log.events
    assert writer.kinds == ["opened", "refused"]
    assert refused["message_sha256"] == sha256(message.body).hex()
    assert refused["message_length"] == len(message.body)
    assert refused["reason"]
    assert writer.log.parked == {sha256(message.body): message.body}
    assert isinstance(event, MessageQuarantined)
    assert event.body_sha256 == sha256(message.body).hex()


def test_a_changed_byte_is_a_bad_signature() -> None:
    writer = Writer().open()
    genuine = writer.producer.event()
    changed = genuine.body.replace("Договор".encode(), "Догавор".encode())
    writer.write(replace(genuine, body=changed))
    assert json.loads(writer.leaves[1])["reason"] == "bad_signature"


def test_an_event_of_another_sender_is_refused() -> None:
    writer = Writer().open()
    writer.write(replace(writer.producer.event(), sender="onboarding"))
    assert json.loads(writer.leaves[1])["reason"] == "wrong_sender"
    assert json.loads(writer.leaves[1])["sender"] == "onboarding"


def test_a_message_refused_once_is_accepted_when_it_is_trusted_later() -> None:
    writer, newcomer = Writer().open(), Producer("onboarding")
    message = newcomer.event()
    writer.write(message)
    writer.producer = newcomer
    writer.write(message)
    assert writer.kinds == ["opened", "refused", "event"]


def test_an_event_too_long_for_an_entry_goes_in_by_digest() -> None:
    writer = Writer().open()
    envelope = len(writer.producer.event(data={"note": ""}).body)
    room = MAX_LEAF_BYTES - envelope - 20
    message = writer.producer.event(data={"note": "x" * room})
    writer.write(message)
    leaf = json.loads(writer.leaves[1])
    assert len(message.body) <= MAX_LEAF_BYTES
    assert leaf["kind"] == "event_ref"
    assert leaf["event_length"] == len(message.body)
    assert leaf["event_sha256"] == sha256(message.body).hex()
    assert writer.log.parked == {sha256(message.body): message.body}


def test_order_of_arrival_is_kept() -> None:
    """Attack 20: a lower number later is neither moved nor wrong."""
    writer = Writer().open()
    late, early = (writer.producer.event(sequence=n) for n in (2, 1))
    writer.write(late, early)
    assert [json.loads(leaf)["event"]["sequence"] for leaf in writer.leaves[1:]] == [
        2,
        1,
    ]
    assert writer.log.counted["contracts"].holes == ()


@pytest.mark.seeded("audit_gap_unreported")
def test_a_missing_number_is_reported_after_the_grace_time_and_closed() -> None:
    """Attack 19: what was lost between producer and log shows."""
    writer = Writer().open()
    missing = writer.producer.event(sequence=1)
    writer.write(writer.producer.event(sequence=3))
    writer.clock.move(59)
    writer.write()
    assert "gap" not in writer.kinds
    writer.clock.move(1)
    writer.write().write()
    gap = json.loads(writer.leaves[2])
    assert writer.kinds == ["opened", "event", "gap"]
    assert (gap["producer"], gap["first"], gap["last"]) == ("contracts", 1, 2)
    assert [e.code for e in alerts(writer)] == ["sequence_gap"]
    writer.write(missing)
    assert writer.kinds[3:] == ["event", "gap_closed"]
    assert json.loads(writer.leaves[4])["sequence"] == 1


def test_two_events_with_one_number_are_told() -> None:
    writer = Writer().open()
    writer.write(writer.producer.event(sequence=1, event_id=UUID(int=1)))
    writer.write(writer.producer.event(sequence=1, event_id=UUID(int=2)))
    assert [e.code for e in alerts(writer)] == ["sequence_repeated"]


@pytest.mark.seeded("audit_clock_regression_silent")
def test_a_clock_set_back_is_told_once_and_time_never_goes_back() -> None:
    """Attack 21."""
    writer = written(2)
    writer.clock.move(-3600)
    writer.grow(4).grow(5)
    times = [row.received_at for row in writer.log.rows]
    told = json.loads(writer.leaves[2])
    assert writer.kinds == ["opened", "event", "clock_regression", "event", "event"]
    assert told["clock_at"] < told["previous_at"]
    assert times == sorted(times)


def test_a_batch_whose_commit_fails_leaves_nothing_and_can_be_repeated() -> None:
    """Attack 25: the state is the caller's; redelivery makes the same leaves."""
    writer = written(3)
    message, before = writer.producer.event(), writer.anchor.note
    writer.log.fail_commit = True
    with pytest.raises(Transient):
        writer.write(message)
    assert (len(writer.log.rows), writer.anchor.note) == (3, before)
    writer.log.fail_commit = False
    writer.write(message)
    assert writer.kinds == ["opened", "event", "event", "event"]


def test_a_commit_whose_answer_was_lost_is_found_at_the_start() -> None:
    """Rows without acknowledgement: reopened, redelivered, known."""
    writer = written(3)
    message = writer.producer.event()
    writer.write(message)
    again = replace(writer, state=None).open().write(message)
    assert len(again.log.rows) == 4


def test_a_log_goes_on_where_it_stopped() -> None:
    writer = written(300)
    again = replace(writer, state=None).open().grow(301)
    assert again.log.rows[300].seq == 300
    assert again.state is not None
    assert again.state.head.frontier.root() == root_of(
        row.leaf_hash for row in again.log.rows
    )


@pytest.mark.seeded("audit_restored_backup_signed")
def test_a_restored_backup_is_never_signed() -> None:
    """Attacks 7 and 11: tail and checkpoint rows are gone, the anchor is not."""
    writer = written(9)
    backup = FakeLog(rows=writer.log.rows[:5], checkpoints=[])
    writer.grow(12)
    older = written_note(writer, size=5)
    backup.checkpoints.append(StoredCheckpoint(5, older))
    with pytest.raises(Broken, match="restored or stale"):
        replace(writer, log=backup, state=None).open()


def written_note(writer: Writer, *, size: int) -> bytes:
    """What the log's key would have signed at an earlier size."""
    root = root_of(row.leaf_hash for row in writer.log.rows[:size])
    return signed(
        Checkpoint(writer.signer.public.name, size, root),
        key=writer.signer.public,
        sign=writer.signer.sign,
    )


def test_a_tail_cut_below_its_checkpoint_is_never_signed() -> None:
    """Attack 6."""
    writer = written(9)
    writer.log.rows.pop()
    with pytest.raises(Broken, match="must not be signed"):
        replace(writer, state=None).open()


def test_rows_beyond_the_last_checkpoint_are_never_signed() -> None:
    writer = written(9)
    writer.log.checkpoints.pop()
    with pytest.raises(Broken, match="must not be signed"):
        replace(writer, state=None).open()


def test_another_history_of_the_same_length_is_never_signed() -> None:
    """Attack 9 with an anchor: same key, same size, other leaves."""
    signer = FakeSigner()
    ours = Writer(signer=signer).open().grow(9)
    other = Writer(signer=signer, producer=Producer("onboarding")).open().grow(9)
    with pytest.raises(Broken, match="another"):
        replace(other, anchor=ours.anchor, state=None).open()


def test_an_anchor_of_another_key_stops_the_writer() -> None:
    """Attack 10."""
    writer = written(3)
    with pytest.raises(Broken, match="not ours"):
        replace(writer, anchor=written(3).anchor, state=None).open()


def test_a_lost_anchor_stops_the_writer() -> None:
    writer = written(3)
    writer.anchor.note = None
    with pytest.raises(Broken, match="outside is gone"):
        replace(writer, state=None).open()


def test_a_crash_before_the_first_anchor_is_forgiven() -> None:
    """Only leaf 0 can be there without its checkpoint outside."""
    writer = Writer().open()
    writer.anchor.note = None
    assert replace(writer, state=None).open().anchor.note is not None


@pytest.mark.parametrize("seq", [0, 4, 8])
def test_damage_of_a_stored_hash_stops_the_writer_and_is_named(seq: int) -> None:
    writer = written(9)
    writer.log.rows[seq] = replace(writer.log.rows[seq], chain_hash=bytes(32))
    with pytest.raises(Broken, match=f"seq {seq}"):
        replace(writer, state=None).open()


def test_grace_runs_on_the_log_s_time() -> None:
    """A clock set back does not report holes early."""
    writer = Writer().open()
    writer.write(writer.producer.event(sequence=2))
    writer.clock.at -= timedelta(days=1)
    writer.write()
    assert "gap" not in writer.kinds


def test_a_published_checkpoint_ahead_of_the_database_stops_the_writer() -> None:
    """Attack 7: database and anchor restored together, what was published is not."""
    writer = written(9)
    backup = FakeLog(rows=writer.log.rows[:5])
    backup.checkpoints.append(StoredCheckpoint(5, written_note(writer, size=5)))
    anchor = FakeAnchor(written_note(writer, size=5))
    with pytest.raises(Broken, match="restored or stale"):
        replace(writer, log=backup, anchor=anchor, state=None).open()


def rotated(writer: Writer) -> Writer:
    """The same log, opened by a writer that has the next key beside the old."""
    after = FakeSigner(before=writer.signer)
    return replace(writer, signer=after, state=None).open()


def test_a_new_key_is_named_once_by_the_one_before_it() -> None:
    """Both sign while both are there; afterwards the new one alone."""
    writer = written(3)
    old, overlap = writer.signer.public, rotated(writer)
    new = overlap.signer.public
    leaf = json.loads(overlap.leaves[3])
    assert overlap.kinds[3:] == ["key_rotated"]
    assert (leaf["old_vkey"], leaf["new_vkey"]) == (old.vkey, new.vkey)
    assert overlap.board.vkeys == (new.vkey, old.vkey)
    for signer in (writer.signer, overlap.signer):
        note = overlap.log.checkpoints[-1].note
        assert reopened(note, key=signer.public, verify=verify_ed25519).size == 4
    again = replace(overlap, state=None).open().grow(6)
    again.signer.before = None
    alone = replace(again, state=None).open().grow(8)
    assert alone.kinds.count("key_rotated") == 1
    assert alone.log.checkpoints[-1].note.count(b"\xe2\x80\x94") == 1


def test_a_key_that_nobody_vouches_for_signs_nothing() -> None:
    """Attack 10, by whoever can put a key where the writer finds it."""
    writer = written(3)
    with pytest.raises(Broken, match="not ours"):
        replace(writer, signer=FakeSigner(), state=None).open()


def test_an_old_key_cannot_come_back_after_its_successor() -> None:
    """The last checkpoint must be the new key's, whatever `before` says."""
    writer = written(3)
    overlap = rotated(writer).grow(6)
    overlap.signer.before = None
    alone = replace(overlap, state=None).open().grow(8)
    with pytest.raises(Broken, match="not ours"):
        replace(alone, signer=writer.signer, state=None).open()


def test_destroyed_keys_stand_in_the_log_beside_the_event_that_tells_it() -> None:
    """Attack 26: the chain stays whole, and says whose keys are gone."""
    writer = Writer(producer=Producer("contracts")).open()
    told = writer.producer.event(event_type="contracts.client_records_erased.v1")
    writer.write(told).write(told)
    erased = json.loads(writer.leaves[2])
    assert writer.kinds == ["opened", "event", "erased"]
    assert erased["subject"] == json.loads(told.body)["subject"]
    assert erased["ground"] == "contracts.client_records_erased.v1"
    assert erased["event_id"] == json.loads(told.body)["id"]
