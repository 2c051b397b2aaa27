"""What a signer apart signs, and what it denies."""

from dataclasses import dataclass, field, replace

import pytest

from services.audit.domain.note import Checkpoint, LogKey, NoteError, reopened
from services.audit.domain.signing import (
    MOST_HASHES,
    DeniedError,
    Place,
    Signed,
)
from services.audit.domain.tree import root_of
from services.audit.handlers.signing import HeldKeys, Signing
from tests.unit.audit.builders import written
from tests.unit.audit.fakes import ORIGIN, FakeSigner, verify_ed25519

LEAVES = [bytes([n]) * 32 for n in range(200)]
OTHERS = [bytes([n, 1]) * 16 for n in range(200)]


@dataclass
class FakeStore:
    """A file in memory."""

    signed: Signed = field(default_factory=Signed)

    def read(self) -> Signed:
        return self.signed

    def write(self, signed: Signed) -> None:
        self.signed = signed


def apart(*keys: FakeSigner) -> Signing:
    return Signing(HeldKeys(keys or [FakeSigner()], verify_ed25519), FakeStore())


def ask(signing: Signing, start: int, size: int, leaves: list[bytes] = LEAVES) -> bytes:
    """Have a log of so many leaves signed, which grew from `start` on."""
    checkpoint = Checkpoint(ORIGIN, size, root_of(leaves[:size]))
    return signing.note(checkpoint, start=start, hashes=leaves[start:size])


def test_a_log_that_grows_is_signed_batch_after_batch() -> None:
    signing = apart()
    for start, size in ((0, 1), (1, 2), (2, 9), (9, 130), (130, 200)):
        note = ask(signing, start, size)
        key = signing.held.keys[0]
        assert reopened(note, key=key, verify=verify_ed25519).size == size


def test_a_batch_that_came_to_nothing_is_signed_otherwise_once_more() -> None:
    """Its transaction was rolled back; what was built on cannot be taken back."""
    signing = apart()
    ask(signing, 0, 5)
    ask(signing, 5, 9)
    ask(signing, 5, 8, LEAVES[:5] + OTHERS)
    mixed = LEAVES[:5] + OTHERS[:3] + LEAVES
    ask(signing, 8, 12, mixed)
    with pytest.raises(DeniedError, match="restored or stale"):
        ask(signing, 5, 9)


@pytest.mark.catalogue("A18")
@pytest.mark.seeded("audit_signer_signs_a_fork")
@pytest.mark.parametrize(
    ("start", "size", "leaves"),
    [
        (0, 1, LEAVES),
        (9, 12, LEAVES),
        (19, 25, LEAVES),
        (25, 30, LEAVES),
        (0, 40, OTHERS),
    ],
)
def test_an_older_place_or_another_history_is_denied(
    start: int, size: int, leaves: list[bytes]
) -> None:
    signing = apart()
    for grown in ((0, 10), (10, 20), (20, 30)):
        ask(signing, *grown)
    before = signing.store.read()
    with pytest.raises(DeniedError, match="restored or stale"):
        ask(signing, start, size, leaves)
    assert signing.store.read() == before


@pytest.mark.parametrize(
    ("checkpoint", "hashes"),
    [
        (Checkpoint(ORIGIN, 12, root_of(OTHERS[:12])), LEAVES[10:12]),
        (Checkpoint(ORIGIN, 13, root_of(LEAVES[:13])), LEAVES[10:12]),
        (Checkpoint(ORIGIN, 10, root_of(LEAVES[:10])), []),
        (Checkpoint("elsewhere/log", 12, root_of(LEAVES[:12])), LEAVES[10:12]),
        (Checkpoint(ORIGIN, 12, root_of(LEAVES[:12])), LEAVES[:1] * (MOST_HASHES + 1)),
    ],
)
def test_only_what_was_computed_here_is_signed(
    checkpoint: Checkpoint, hashes: list[bytes]
) -> None:
    signing = apart()
    ask(signing, 0, 10)
    with pytest.raises(DeniedError):
        signing.note(checkpoint, start=10, hashes=hashes)


def resumed(signing: Signing, size: int, leaves: list[bytes] = LEAVES) -> int:
    """As the writer does when it opens a log of these leaves."""
    checkpoint = Checkpoint(ORIGIN, size, root_of(leaves[:size]))
    note = signing.held.note(checkpoint, start=0, hashes=())
    return signing.resume(note, Place().grown(leaves[:size]).peaks)


def test_a_log_kept_in_a_sealed_file_so_far_is_taken_over_once() -> None:
    signing = apart()
    assert resumed(signing, 70) == 70
    ask(signing, 70, 90)
    assert resumed(signing, 90) == 90
    with pytest.raises(DeniedError, match="restored or stale"):
        resumed(signing, 70)


@pytest.mark.seeded("audit_signer_resumes_anything")
def test_a_database_of_another_time_is_denied_at_the_start() -> None:
    """Point-in-time restore, with every file beside the writer set back too."""
    signing = apart()
    for grown in ((0, 10), (10, 20), (20, 30)):
        ask(signing, *grown)
    for size, leaves in ((10, LEAVES), (40, LEAVES), (30, OTHERS)):
        with pytest.raises(DeniedError):
            resumed(signing, size, leaves)
    assert resumed(signing, 30) == 30


def test_what_another_key_signed_takes_nothing_over() -> None:
    signing, stranger = apart(), apart()
    checkpoint = Checkpoint(ORIGIN, 9, root_of(LEAVES[:9]))
    note = stranger.held.note(checkpoint, start=0, hashes=())
    with pytest.raises(DeniedError, match="not ours"):
        signing.resume(note, Place().grown(LEAVES[:9]).peaks)
    ours = signing.held.note(checkpoint, start=0, hashes=())
    with pytest.raises(DeniedError, match="another root"):
        signing.resume(ours, Place().grown(OTHERS[:9]).peaks)


def test_two_keys_sign_while_one_succeeds_the_other() -> None:
    old = FakeSigner()
    signing = apart(FakeSigner(), old)
    note = ask(signing, 0, 3)
    for key in signing.held.keys:
        assert reopened(note, key=key, verify=verify_ed25519).size == 3
    assert signing.vouch() == signing.held.vouch()
    with pytest.raises(DeniedError, match="no key before"):
        apart().vouch()


def test_the_writer_makes_the_same_log_with_a_signer_apart() -> None:
    """The same batches, roots and leaves; its key is nowhere near."""
    writer = written(300)
    signing = apart(writer.signer)
    rows = writer.log.rows
    start = 0
    for stored in writer.log.checkpoints:
        hashes = [row.leaf_hash for row in rows[start : stored.size]]
        root = root_of(row.leaf_hash for row in rows[: stored.size])
        checkpoint = Checkpoint(ORIGIN, stored.size, root)
        note = signing.note(checkpoint, start=start, hashes=hashes)
        assert note == stored.note
        start = stored.size


def test_a_vkey_has_one_spelling() -> None:
    vkey = FakeSigner().public.vkey
    assert LogKey.of_vkey(vkey).vkey == vkey
    for spoilt in (vkey[:-4], vkey.replace("+", "-"), f"x{vkey}", vkey + "="):
        with pytest.raises(NoteError):
            LogKey.of_vkey(spoilt)


def test_a_place_of_any_size_is_the_tree_of_its_leaves() -> None:
    place = Place()
    for size in range(1, 130):
        place = place.grown([LEAVES[size - 1]])
        assert (place.size, place.root) == (size, root_of(LEAVES[:size]))
    assert replace(place, peaks=place.peaks[1:]).root != place.root
