"""The log re-read from the database: every payload hashed, every hash compared.

Shares no code with the writer (`leaf`, `tree`, `note`, `intake`): a mistake there must
not hide itself here. The stranger's twin for exports is `tools/verify_export.py`.

Names the first bad `seq`. When somebody recomputed all hashes after an edit, the first
stored checkpoint whose root differs bounds the place: from the one before it.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple

Verify = Callable[[bytes, bytes, bytes], bool]
"""Ed25519: public key, message, signature → whether it is genuine."""

_KINDS = (
    "opened",
    "event",
    "event_ref",
    "conflict",
    "refused",
    "clock_regression",
    "gap",
    "gap_closed",
    "key_rotated",
    "erased",
    "exported",
    "read",
)
_EVENT_KINDS = (1, 2)
_EVENT_START: Final = b'{"event":{'
_EVENT_DIGEST: Final = b',"event_sha256":"'
_EVENT_KIND: Final = b'","kind":"event","received_at":"'
_EVENT_ID: Final = b'"datacontenttype":"application/json","id":"%s","keyid":"'
"""In the order of the envelope's members, so nothing inside `data` can pass for it."""
_STAMP_BYTES: Final = len("2026-11-22T10:00:00.123456Z")
_HEX_BYTES: Final = 64
_ED25519 = b"\x01"
_VKEY_BYTES = 33


class StoredRow(NamedTuple):
    """A row of the log table, nothing of it believed."""

    seq: int
    kind: int
    event_id: str | None
    event_sha256: bytes | None
    leaf_hash: bytes
    chain_hash: bytes
    leaf: bytes


class MismatchError(Exception):
    """The log is not what was signed; `seq` is the first place where it shows.

    Codes: ``row_missing``, ``leaf_changed``, ``chain_broken``, ``leaf_misplaced``,
    ``event_changed``, ``checkpoint_forged``, ``root_differs``, ``tail_missing``,
    ``unsigned_tail``, ``rolled_back``, ``forked``, ``empty``.
    """

    def __init__(self, code: str, *, seq: int, why: str) -> None:
        super().__init__(f"seq {seq}: {why}")
        self.code = code
        self.seq = seq
        self.why = why


@dataclass(frozen=True, slots=True)
class Trusted:
    """The keys, one of which must sign each checkpoint; they come from the caller."""

    origin: str
    public_keys: Mapping[bytes, bytes]
    """By key id: one, or several after a rotation."""
    verify: Verify

    @classmethod
    def of(cls, vkeys: Sequence[str], *, verify: Verify) -> "Trusted":
        """Read each `name+id+base64`; ValueError unless all are keys of one log."""
        read = [_read_vkey(vkey) for vkey in vkeys]
        names = {name for name, _, _ in read}
        if len(names) != 1:
            raise ValueError("the vkeys are not of one log")
        return cls(names.pop(), {key_id: key for _, key_id, key in read}, verify)

    def open(self, note: bytes) -> tuple[int, bytes]:
        """Size and root of a genuine note; ValueError for any other."""
        body, separator, tail = note.partition(b"\n\n")
        text = body + b"\n"
        genuine = [
            self._signed(text, line) for line in tail.decode().split("\n") if line
        ]
        if not separator or True not in genuine or False in genuine:
            raise ValueError("no genuine signature of the log's key")
        match text.decode().split("\n"):
            case [self.origin, size, encoded, ""]:
                root = _canonical_base64(encoded)
            case _:
                raise ValueError("not a checkpoint of this log")
        if not size.isdecimal() or str(int(size)) != size or root is None:
            raise ValueError("a malformed checkpoint")
        return int(size), root

    def _signed(self, text: bytes, line: str) -> bool | None:
        """Whether our key signed; None for a line of another key."""
        match line.split(" "):
            case ["—", name, encoded]:
                blob = _canonical_base64(encoded)
            case _:
                raise ValueError("a malformed signature line")
        if name != self.origin or blob is None or blob[:4] not in self.public_keys:
            return None
        return self.verify(self.public_keys[blob[:4]], text, blob[4:])


class Checker:
    """Takes rows and checkpoints in order and keeps what it recomputed."""

    def __init__(self, trusted: Trusted) -> None:
        self.size = 0
        self.events = 0
        self._trusted = trusted
        self._chain = bytes(32)
        self._subtrees: list[tuple[int, bytes]] = []
        self._proved_size = 0

    def saved(self) -> dict[str, object]:
        """What `resumed` goes on from; whoever keeps it must not let it be changed."""
        return {
            "size": self.size,
            "events": self.events,
            "chain": self._chain.hex(),
            "subtrees": [[height, root.hex()] for height, root in self._subtrees],
            "proved": self._proved_size,
        }

    @classmethod
    def resumed(cls, trusted: Trusted, saved: Mapping[str, Any]) -> "Checker":
        """A checker that goes on behind the last row of another."""
        checker = cls(trusted)
        checker.size, checker.events = saved["size"], saved["events"]
        checker._chain = bytes.fromhex(saved["chain"])
        checker._subtrees = [
            (height, bytes.fromhex(root)) for height, root in saved["subtrees"]
        ]
        checker._proved_size = saved["proved"]
        return checker

    def row(self, row: StoredRow) -> None:
        """Check the next row. Raises MismatchError at the first lie."""
        if row.seq != self.size:
            raise self._lie("row_missing", "the row is missing")
        hashed = sha256(b"\x00" + row.leaf).digest()
        if hashed != row.leaf_hash:
            raise self._lie("leaf_changed", "the leaf is not what its hash says")
        self._chain = sha256(self._chain + hashed).digest()
        if self._chain != row.chain_hash:
            raise self._lie("chain_broken", "the chain does not lead here")
        self._meaning(row)
        self._grow(hashed)
        self.events += row.kind in _EVENT_KINDS

    def checkpoint(self, size: int, note: bytes) -> None:
        """Compare a stored checkpoint; call when exactly `size` rows were taken."""
        try:
            signed_size, root = self._trusted.open(note)
        except ValueError as cause:
            raise self._between(
                "checkpoint_forged", f"checkpoint {size}: {cause}"
            ) from cause
        if signed_size != size or size != self.size:
            raise self._between("checkpoint_forged", f"checkpoint {size} is misfiled")
        if root != self.root():
            raise self._between(
                "root_differs",
                f"changed somewhere from {self._proved_size} to {size - 1}: "
                "the root is not the signed one",
            )
        self._proved_size = size

    def finish(self) -> None:
        """Demand that something is there and all of it is signed."""
        if self.size == 0:
            raise self._lie("empty", "the log holds nothing, not even its opening")
        if self._proved_size != self.size:
            raise self._between("unsigned_tail", "no checkpoint covers these rows")

    def held(
        self, checkpoints: Iterable[tuple[int, bytes]], *, roots: Mapping[int, bytes]
    ) -> None:
        """Compare checkpoints kept outside. `roots`: what was found at their sizes.

        Those that agree bound from below where the history is another.
        """
        agreed = [0]
        for size, root in sorted(checkpoints):
            if size > self.size:
                raise MismatchError(
                    "rolled_back",
                    seq=self.size,
                    why=f"a held checkpoint has {size} leaves, the log {self.size}",
                )
            if roots[size] != root:
                good = max(each for each in agreed if each < size or not each)
                raise MismatchError(
                    "forked",
                    seq=good,
                    why=f"changed somewhere from {good} to {size - 1}: "
                    "a held checkpoint differs",
                )
            agreed.append(size)

    def root(self) -> bytes:
        """The root over what was taken so far, folded from the right."""
        if not self._subtrees:
            return sha256(b"").digest()
        folded = self._subtrees[-1][1]
        for _, left in self._subtrees[-2::-1]:
            folded = sha256(b"\x01" + left + folded).digest()
        return folded

    def _grow(self, hashed: bytes) -> None:
        self.size += 1
        height = 0
        while self._subtrees and self._subtrees[-1][0] == height:
            hashed = sha256(b"\x01" + self._subtrees.pop()[1] + hashed).digest()
            height += 1
        self._subtrees.append((height, hashed))

    def _meaning(self, row: StoredRow) -> None:
        if _kind(row.kind) == "event":
            self._event(row)
            return
        leaf = self._parsed(row.leaf)
        if leaf.get("seq") != self.size or leaf.get("kind") != _kind(row.kind):
            raise self._lie("leaf_misplaced", "the leaf says another place or kind")

    def _event(self, row: StoredRow) -> None:
        """An event's leaf has one form, so its members stand at known places.

        Most leaves are events: to read them as JSON would take longer than all else.
        """
        leaf = row.leaf
        place = b'","seq":%d,"v":1}' % self.size
        stamp = len(leaf) - len(place) - _STAMP_BYTES
        kind = stamp - len(_EVENT_KIND)
        digest = kind - _HEX_BYTES
        end = digest - len(_EVENT_DIGEST)
        if (
            not leaf.endswith(place)
            or leaf[kind:stamp] != _EVENT_KIND
            or leaf[end:digest] != _EVENT_DIGEST
            or not leaf.startswith(_EVENT_START)
        ):
            raise self._lie("leaf_misplaced", "the leaf says another place or kind")
        # Canonical JSON nests: the event's bytes stand between two known ends.
        hashed = sha256(leaf[len(_EVENT_START) - 1 : end]).digest()
        if hashed.hex().encode() != leaf[digest:kind] or hashed != row.event_sha256:
            raise self._lie("event_changed", "the event is not what its digest says")
        if _EVENT_ID % (row.event_id or "").encode() not in leaf:
            raise self._lie("event_changed", "the row is filed under another event")

    def _parsed(self, raw: bytes) -> dict[str, object]:
        try:
            leaf = json.loads(raw)
        except (ValueError, RecursionError) as cause:
            raise self._lie("leaf_changed", "the leaf is not JSON") from cause
        if not isinstance(leaf, dict):
            raise self._lie("leaf_changed", "the leaf is not an object")
        return leaf

    def _lie(self, code: str, why: str) -> MismatchError:
        return MismatchError(code, seq=self.size, why=why)

    def _between(self, code: str, why: str) -> MismatchError:
        return MismatchError(code, seq=self._proved_size, why=why)


def _read_vkey(vkey: str) -> tuple[str, bytes, bytes]:
    """Name, key id and public key."""
    name, _, rest = vkey.partition("+")
    key_hex, _, encoded = rest.partition("+")
    blob = _canonical_base64(encoded)
    if blob is None or len(blob) != _VKEY_BYTES or not blob.startswith(_ED25519):
        raise ValueError("not the vkey of an Ed25519 log key")
    key_id = sha256(name.encode() + b"\n" + blob).digest()[:4]
    if key_id.hex() != key_hex:
        raise ValueError("the vkey's id does not belong to its key")
    return name, key_id, blob[1:]


def _kind(number: int) -> str | None:
    return _KINDS[number] if 0 <= number < len(_KINDS) else None


def _canonical_base64(text: str) -> bytes | None:
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return blob if base64.b64encode(blob).decode() == text else None
