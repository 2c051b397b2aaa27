"""Checkpoints in signed notes: C2SP tlog-checkpoint inside C2SP signed-note.

Text: origin, size, root, each on a line of its own; a blank line; one signature line
per key. Nothing here holds a key: signatures come in and go out as bytes.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from services.audit.domain.tree import HASH_BYTES

Verify = Callable[[bytes, bytes, bytes], bool]
"""Ed25519: public key, message, signature → whether it is genuine."""

ED25519_LOG = b"\x01"
"""Signature type of a log's Ed25519 key."""
KEY_ID_BYTES = 4
MAX_NOTE_BYTES = 64 * 1024
_ORIGIN = re.compile(r"[^\s+\x00-\x1f\x7f]{1,200}")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteError(ValueError):
    """The note is malformed or not signed by the key it must carry."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log at one size: how many leaves, and the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """What is signed: three lines with their final newlines."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n".encode()


@dataclass(frozen=True, slots=True)
class LogKey:
    """The public half of a log key: its name is the log's origin."""

    name: str
    public_bytes: bytes

    def __post_init__(self) -> None:
        if not _ORIGIN.fullmatch(self.name):
            raise NoteError("a key name has no spaces, no plus and no control signs")

    @property
    def key_id(self) -> bytes:
        hashed = sha256(self.name.encode() + b"\n" + ED25519_LOG + self.public_bytes)
        return hashed.digest()[:KEY_ID_BYTES]

    @classmethod
    def of_vkey(cls, vkey: str) -> "LogKey":
        """The key a vkey names. Raises NoteError."""
        name, _, rest = vkey.partition("+")
        _, _, encoded = rest.partition("+")
        try:
            blob = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as cause:
            raise NoteError("a malformed vkey") from cause
        key = cls(name, blob[1:])
        if key.vkey != vkey:
            raise NoteError("a malformed vkey")
        return key

    @property
    def vkey(self) -> str:
        """The verifier key as C2SP and Go write it: `name+id+base64(type ‖ key)`."""
        public = base64.b64encode(ED25519_LOG + self.public_bytes).decode()
        return f"{self.name}+{self.key_id.hex()}+{public}"


def signed(
    checkpoint: Checkpoint, *, key: LogKey, sign: Callable[[bytes], bytes]
) -> bytes:
    """The note a log publishes: the checkpoint's text and the log's signature."""
    text = checkpoint.text()
    return text + b"\n" + signature_line(text, key=key, sign=sign)


def signature_line(
    text: bytes, *, key: LogKey, sign: Callable[[bytes], bytes]
) -> bytes:
    """One line of a note's signatures; a note may carry several."""
    blob = base64.b64encode(key.key_id + sign(text)).decode()
    return f"— {key.name} {blob}\n".encode()


def reopened(note: bytes, *, key: LogKey, verify: Verify) -> Checkpoint:
    """The checkpoint of a note that this very key signed.

    Lines of other keys are ignored. Raises NoteError.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise NoteError("the note is too long")
    text, separator, signatures = note.partition(b"\n\n")
    if not separator:
        raise NoteError("the note has no signatures")
    text += b"\n"
    checkpoint = parse_text(text)
    if checkpoint.origin != key.name or not any(
        _is_by(key, line, text=text, verify=verify) for line in signatures.split(b"\n")
    ):
        raise NoteError("the note is not signed by the log's key")
    return checkpoint


def _is_by(key: LogKey, line: bytes, *, text: bytes, verify: Verify) -> bool:
    prefix = f"— {key.name} ".encode()
    if not line.startswith(prefix):
        return False
    encoded = line.removeprefix(prefix)
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    if base64.b64encode(blob) != encoded:
        return False
    key_id, signature = blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:]
    return key_id == key.key_id and verify(key.public_bytes, text, signature)


def parse_text(text: bytes) -> Checkpoint:
    """A checkpoint's three lines, strictly: no extension lines, no leading zero."""
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError as cause:
        raise NoteError("the checkpoint is not UTF-8") from cause
    match lines:
        case [origin, size, root, ""]:
            pass
        case _:
            raise NoteError("a checkpoint has exactly three lines")
    if not _ORIGIN.fullmatch(origin) or not _DECIMAL.fullmatch(size):
        raise NoteError("the checkpoint's origin or size is malformed")
    return Checkpoint(origin=origin, size=int(size), root=_root(root))


def _root(text: str) -> bytes:
    try:
        root = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as cause:
        raise NoteError("the checkpoint's root is not base64") from cause
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != text:
        raise NoteError("the checkpoint's root is not canonical base64")
    return root
