"""The log's keys in one place: beside the writer, or in a process of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from services.audit.domain.leaf import rotation_text
from services.audit.domain.note import (
    Checkpoint,
    LogKey,
    NoteError,
    Verify,
    reopened,
    signature_line,
    signed,
)
from services.audit.domain.signing import DeniedError, Place
from services.audit.domain.tree import Frontier
from services.audit.ports import KeyHolder, SignedStore


@dataclass(frozen=True, slots=True)
class HeldKeys:
    """The keys at hand; whoever holds them signs whatever it makes. A LogSigner."""

    holders: Sequence[KeyHolder]
    """The newest first."""
    verifier: Verify

    @property
    def keys(self) -> Sequence[LogKey]:
        return [each.public for each in self.holders]

    def resume(self, note: bytes, head: Frontier) -> None:
        """The writer's own start check has said it all."""

    def note(
        self,
        checkpoint: Checkpoint,
        *,
        start: int,  # noqa: ARG002 - the writer has made the tree itself
        hashes: Sequence[bytes],  # noqa: ARG002 - likewise
    ) -> bytes:
        newest, *older = self.holders
        made = signed(checkpoint, key=newest.public, sign=newest.sign)
        text = checkpoint.text()
        return made + b"".join(
            signature_line(text, key=each.public, sign=each.sign) for each in older
        )

    def vouch(self) -> bytes:
        new, old = self.holders
        return old.sign(
            rotation_text(old_vkey=old.public.vkey, new_vkey=new.public.vkey)
        )

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        return self.verifier(public_key, message, signature)


@dataclass(slots=True)
class Signing:
    """The keys apart: they sign what goes on from what they signed, and nothing else.

    What was signed is on the disk before the signature goes out. DeniedError.
    """

    held: HeldKeys
    store: SignedStore
    _one: Lock = field(default_factory=Lock)

    def resume(self, note: bytes, peaks: Sequence[bytes]) -> int:
        """Settle where the log stands; the first time, take the place of a sealed file.

        1. The note is signed by one of our keys.
        2. The peaks are those of its root.
        3. It is what we signed last or before, unless we have signed nothing yet.
        """
        checkpoint = self._ours(note)  # step 1
        place = Place(checkpoint.size, tuple(peaks))
        if len(peaks) != checkpoint.size.bit_count() or place.root != checkpoint.root:
            raise DeniedError("these peaks are of another root")  # step 2
        with self._one:
            before = self.store.read()
            after = before.resumed(place)  # step 3
            if after != before:
                self.store.write(after)
        return checkpoint.size

    def note(
        self, checkpoint: Checkpoint, *, start: int, hashes: Sequence[bytes]
    ) -> bytes:
        """The note over a log that has grown by these leaves."""
        if checkpoint.origin != self.held.keys[0].name:
            raise DeniedError("a log of another name")
        with self._one:
            after = self.store.read().goes_on(checkpoint, start=start, hashes=hashes)
            self.store.write(after)
        return self.held.note(checkpoint, start=start, hashes=hashes)

    def vouch(self) -> bytes:
        """For the rotation that we were given, and no other."""
        if len(self.held.holders) == 1:
            raise DeniedError("there is no key before ours")
        return self.held.vouch()

    def _ours(self, note: bytes) -> Checkpoint:
        for key in self.held.keys:
            try:
                return reopened(note, key=key, verify=self.held.verifier)
            except NoteError:
                continue
        raise DeniedError("that note is not ours")
