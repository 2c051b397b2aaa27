"""The writer's use cases: open the log, then batch after batch.

What a power cut leaves: before the commit, nothing; after it, rows and their signed
checkpoint, and messages that the broker delivers again, which the log knows by then.
A note leaves the process only after its transaction has committed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from kernel.beside import Each, one_by_one
from kernel.clock import Clock
from kernel.crypto import TrustStore, sha256, sha256_hex
from kernel.errors import Broken, Transient
from kernel.events import Envelope, EnvelopeError, Event, opened_together
from kernel.events.audit import IntegrityMismatchFound
from kernel.events.platform import MessageQuarantined
from kernel.ids import Ids
from services.audit.domain.intake import (
    Alert,
    Arrival,
    Genuine,
    Head,
    Known,
    Plan,
    Quarantined,
    Rejected,
    opening,
    plan,
    rotating,
)
from services.audit.domain.note import (
    Checkpoint,
    NoteError,
    reopened,
)
from services.audit.domain.sequences import Tally
from services.audit.handlers.following import Followed
from services.audit.ports import (
    Anchor,
    LogSigner,
    Message,
    Noticeboard,
    StoredCheckpoint,
    WriterStore,
    Writing,
)

UNKNOWN_SENDER = "-"
BLOCKED = "a finding stops the log until it is proven whole"
BLOCKED_S = 5
"""How soon a writer that is stopped looks again; what comes meanwhile waits queued."""


@dataclass(frozen=True, slots=True)
class State:
    """What the writer knows between batches; replaced after each commit."""

    head: Head
    tallies: Mapping[str, Tally]
    note: bytes


def open_log(
    *,
    store: WriterStore,
    anchor: Anchor,
    board: Noticeboard,
    signer: LogSigner,
    clock: Clock,
    policy: bytes,
    witnessed: Sequence[bytes] = (),
    followed: Followed | None = None,
) -> State:
    """The start check, and leaf 0 of a new log. Broken: never sign this database.

    1. Rebuild the tree from the stored hashes, from where `followed` stands; chain and
       numbers must be whole.
    2. Its root must be the one of the last signed checkpoint: no row more, none less.
    3. The checkpoints kept outside the database (the anchor, the published one, those
       the witnesses cosigned) must be prefixes of this log: a restored backup or a
       promoted stale replica is refused. So it is by a signer apart, which has signed
       more.
    4. An empty log is opened with leaf 0, which names its keys and policy.
    5. A key that has not signed yet is named by a leaf, for which the one before it
       vouches.
    """
    anchored = _open_note(anchor.read(), signer=signer, which="kept outside")
    published = _open_note(board.published(), signer=signer, which="published")
    outside = [each for each in (anchored, published) if each is not None]
    outside += _ours_among(witnessed, signer=signer)
    followed = followed or Followed()
    followed.follow(store.hashes(start=followed.size))  # step 1
    head = followed.head()
    stored = store.last_checkpoint()
    if head.size == 0 and stored is None and not outside:
        return _open_new(  # step 4
            store=store,
            anchor=anchor,
            board=board,
            signer=signer,
            clock=clock,
            policy=policy,
        )
    note = _check_signed(stored, head=head, signer=signer)  # step 2
    # Only leaf 0 is written before the first checkpoint goes out.
    if anchored is None and head.size > 1:
        raise Broken("the checkpoint outside is gone: put a held one at AUDIT_ANCHOR")
    for each in outside:  # step 3
        _check_outside(each, followed=followed, store=store)
    signer.resume(note, head.frontier)  # step 3, by whoever holds the key
    if not _signed_by(signer, note):
        head, note = _rotate(store, head, signer=signer, clock=clock)  # step 5
    publish_note(note, anchor=anchor, board=board, signer=signer)
    return State(head=head, tallies=store.tallies(), note=note)


def write_batch(
    messages: Sequence[Message],
    *,
    state: State,
    store: WriterStore,
    signer: LogSigner,
    trust: TrustStore,
    clock: Clock,
    ids: Ids,
    grace: timedelta,
    each: Each = one_by_one,
) -> State:
    """Make leaves of the messages; when this returns they may be acknowledged.

    Each message is verified first, and nothing in it believed before. Transient as
    `write_arrivals` says.
    """
    bodies = [(message.body, message.sender) for message in messages]
    opened = opened_together(bodies, trust=trust, each=each)
    return write_arrivals(
        [*map(arrival_of, messages, opened)],
        state=state,
        store=store,
        signer=signer,
        clock=clock,
        ids=ids,
        grace=grace,
    )


def write_arrivals(
    arrivals: Sequence[Arrival],
    *,
    state: State,
    store: WriterStore,
    signer: LogSigner,
    clock: Clock,
    ids: Ids,
    grace: timedelta,
) -> State:
    """Make leaves of what was verified.

    Transient while a finding stops the log (clause 3.4): nothing is signed then.

    1. Ask what is known of it, and plan the leaves.
    2. Rows, checkpoint, producers' numbers and alerts: one transaction.
    """
    with store.begin() as tx:
        if tx.blocked():
            raise Transient(BLOCKED, retry_after_s=BLOCKED_S)
        planned = plan(  # step 1
            state.head,
            arrivals,
            known=_known(tx, arrivals),
            notices=tx.take_notices(),
            tallies=state.tallies,
            at=clock.now(),
            grace=grace,
        )
        if not planned.rows:
            return State(planned.head, state.tallies, state.note)
        note = _note(planned, signer=signer)
        tx.append(planned, note=note)  # step 2
        for alert in planned.alerts:
            tx.publish(_event(alert, ids=ids))
    changed = {tally.producer: tally for tally in planned.tallies}
    return State(planned.head, {**state.tallies, **changed}, note)


def publish_note(
    note: bytes, *, anchor: Anchor, board: Noticeboard, signer: LogSigner
) -> None:
    """Let a committed note out: to the anchor, and to witnesses and auditors."""
    anchor.write(note)
    for key in reversed(signer.keys):
        board.announce(key.vkey)
    board.publish(note)


def arrival_of(message: Message, opened: Envelope | EnvelopeError) -> Arrival:
    """What goes into a leaf: an event, or bytes not believed and why."""
    digest = sha256(message.body)
    if isinstance(opened, EnvelopeError):
        sender = message.sender or UNKNOWN_SENDER
        return Rejected(opened.code, sender, message.body, digest)
    return Genuine(
        event_id=opened.id,
        producer=opened.source,
        sequence=opened.sequence,
        raw=message.body,
        digest=digest,
        type=opened.type,
        subject=opened.subject,
    )


def _known(tx: Writing, arrivals: Sequence[Arrival]) -> Known:
    if not arrivals:
        return Known()
    return tx.known(
        ids=[a.event_id for a in arrivals if isinstance(a, Genuine)],
        digests=[a.digest for a in arrivals if isinstance(a, Rejected)],
    )


def _note(planned: Plan, *, signer: LogSigner) -> bytes:
    """The checkpoint over the plan, signed by the key, and by the one before it."""
    head = planned.head
    checkpoint = Checkpoint(signer.keys[0].name, head.size, head.frontier.root())
    hashes = [row.leaf_hash for row in planned.rows]
    return signer.note(checkpoint, start=head.size - len(hashes), hashes=hashes)


def _rotate(
    store: WriterStore, head: Head, *, signer: LogSigner, clock: Clock
) -> tuple[Head, bytes]:
    if len(signer.keys) == 1:
        raise Broken("the last checkpoint is signed by a key that was taken away")
    new, old = (key.vkey for key in signer.keys)
    planned = rotating(
        head,
        old_vkey=old,
        new_vkey=new,
        signature=signer.vouch(),
        at=clock.now(),
    )
    note = _note(planned, signer=signer)
    with store.begin() as tx:
        if tx.blocked():
            raise Transient(BLOCKED, retry_after_s=BLOCKED_S)
        tx.append(planned, note=note)
    return planned.head, note


def _event(alert: Alert, *, ids: Ids) -> Event:
    if isinstance(alert, Quarantined):
        return MessageQuarantined(
            quarantine_id=ids.new(),
            code=alert.reason,
            sender=alert.sender,
            body_sha256=alert.digest.hex(),
        )
    return IntegrityMismatchFound(finding_id=ids.new(), seq=alert.seq, code=alert.code)


def _check_signed(
    stored: StoredCheckpoint | None, *, head: Head, signer: LogSigner
) -> bytes:
    checkpoint = _open_note(
        stored.note if stored else None, signer=signer, which="stored last"
    )
    if stored is None or checkpoint is None:
        raise Broken("the log has no signed checkpoint: it must not be signed")
    if (checkpoint.size, checkpoint.root) != (head.size, head.frontier.root()):
        raise Broken(
            f"the log has {head.size} leaves, its last checkpoint says "
            f"{checkpoint.size}, or their roots differ: it must not be signed"
        )
    return stored.note


def _check_outside(
    outside: Checkpoint, *, followed: Followed, store: WriterStore
) -> None:
    if outside.size > followed.size:
        raise Broken(
            f"the log has {followed.size} leaves, {outside.size} were published: "
            "a restored or stale database must not be signed"
        )

    def leaves(start: int, stop: int) -> Sequence[bytes]:
        return store.leaf_hashes(start=start, stop=stop)

    if outside.root != followed.root(outside.size, leaves=leaves):
        raise Broken(f"the log is another than the one published at {outside.size}")


def _open_new(
    *,
    store: WriterStore,
    anchor: Anchor,
    board: Noticeboard,
    signer: LogSigner,
    clock: Clock,
    policy: bytes,
) -> State:
    planned = opening(
        origin=signer.keys[0].name,
        vkeys=tuple(key.vkey for key in signer.keys),
        policy_sha256=sha256(policy),
        at=clock.now(),
    )
    note = _note(planned, signer=signer)
    with store.begin() as tx:
        tx.append(planned, note=note)
    publish_note(note, anchor=anchor, board=board, signer=signer)
    return State(planned.head, {}, note)


def _open_note(
    note: bytes | None, *, signer: LogSigner, which: str
) -> Checkpoint | None:
    if note is None:
        return None
    for key in signer.keys:
        try:
            return reopened(note, key=key, verify=signer.verify)
        except NoteError:
            continue
    raise Broken(f"the checkpoint {which} ({sha256_hex(note)}) is not ours")


def _ours_among(notes: Sequence[bytes], *, signer: LogSigner) -> list[Checkpoint]:
    """What a witness gives out binds us only if we signed it: nobody else stops us."""
    found = []
    for note in notes:
        try:
            found.append(_open_note(note, signer=signer, which="witnessed"))
        except Broken:
            continue
    return [each for each in found if each is not None]


def _signed_by(signer: LogSigner, note: bytes) -> bool:
    try:
        reopened(note, key=signer.keys[0], verify=signer.verify)
    except NoteError:
        return False
    return True
