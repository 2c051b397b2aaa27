"""The signer apart, asked over its Unix socket, and what it keeps on its disk."""

import base64
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

from kernel import frames
from kernel.crypto import CanonicalError, Json, as_object, canonical, parse_canonical
from kernel.errors import Broken, Transient
from services.audit.adapters import verify_ed25519
from services.audit.adapters.files import replace_file
from services.audit.domain.note import Checkpoint, LogKey, NoteError
from services.audit.domain.signing import Place, Signed
from services.audit.domain.tree import HASH_BYTES, Frontier

MOST_BYTES: Final = 1024 * 1024
WAIT_S: Final = 5.0
"""For one answer: a batch is hashed and its place kept in a few milliseconds."""
AWAY_S: Final = 1
SIGNER_AWAY: Final = "the signer of the log does not answer"


class SocketSigner:
    """The keys in another process. Implements LogSigner.

    One connection, kept; a lost one is opened anew by the next call, and what is known
    of the keys is asked again, for it may have been restarted with others.
    """

    def __init__(self, path: Path, *, wait_s: float = WAIT_S) -> None:
        self._path, self._wait_s = str(path), wait_s
        self._link: socket.socket | None = None
        self._keys: tuple[LogKey, ...] = ()
        self._one = Lock()

    @property
    def keys(self) -> Sequence[LogKey]:
        if not self._keys:
            vkeys = self._ask({"do": "keys"})["vkeys"]
            try:
                self._keys = tuple(map(LogKey.of_vkey, _texts(vkeys)))
            except NoteError as cause:
                raise Broken("the signer has no key of a log") from cause
        return self._keys

    def resume(self, note: bytes, head: Frontier) -> None:
        peaks = _encoded(head.peaks)
        self._ask({"do": "resume", "note": note.decode(), "peaks": peaks})

    def note(
        self, checkpoint: Checkpoint, *, start: int, hashes: Sequence[bytes]
    ) -> bytes:
        answer = self._ask(
            {
                "do": "note",
                "checkpoint": checkpoint.text().decode(),
                "start": start,
                "hashes": _encoded(hashes),
            }
        )
        return str(answer["note"]).encode()

    def vouch(self) -> bytes:
        return base64.b64decode(str(self._ask({"do": "vouch"})["signature"]))

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        return verify_ed25519(public_key, message, signature)

    def close(self) -> None:
        """Give the connection back."""
        with self._one:
            self._let_go()

    def _ask(self, question: Mapping[str, Json]) -> Mapping[str, Json]:
        with self._one:
            try:
                link = self._linked()
                frames.send(link, canonical(question))
                raw = frames.receive(link, at_most=MOST_BYTES)
                answer = as_object(parse_canonical(raw))
            except OSError as cause:
                self._let_go()
                raise Transient(SIGNER_AWAY, retry_after_s=AWAY_S) from cause
            except (Broken, CanonicalError, TypeError) as cause:
                self._let_go()
                raise Broken("the signer gave an answer of another shape") from cause
        if "denied" in answer:
            raise Broken(f"the signer denies: {answer['denied']}")
        return answer

    def _linked(self) -> socket.socket:
        if self._link is None:
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._link = link
            link.settimeout(self._wait_s)
            link.connect(self._path)
        return self._link

    def _let_go(self) -> None:
        if self._link is not None:
            self._link.close()
        self._link, self._keys = None, ()


class SignedFile:
    """What was signed, in one file, replaced atomically. Implements SignedStore."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: Signed | None = None

    def read(self) -> Signed:
        if self._known is None:
            self._known = self._read()
        return self._known

    def write(self, signed: Signed) -> None:
        said = {"latest": _said(signed.latest), "settled": _said(signed.settled)}
        replace_file(self._path, canonical(said))
        self._known = signed

    def _read(self) -> Signed:
        try:
            said = as_object(parse_canonical(self._path.read_bytes()))
            return Signed(_place(said["settled"]), _place(said["latest"]))
        except FileNotFoundError:
            return Signed()
        except (OSError, ValueError, TypeError, KeyError) as cause:
            raise Broken("what was signed cannot be read: nothing is signed") from cause


def decoded(text: Json) -> tuple[bytes, ...]:
    """Hashes, one after the other in base64. ValueError."""
    raw = base64.b64decode(str(text), validate=True)
    if len(raw) % HASH_BYTES:
        raise ValueError("not a row of hashes")
    return tuple(raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES))


def _encoded(hashes: Sequence[bytes]) -> str:
    return base64.b64encode(b"".join(hashes)).decode()


def _said(place: Place) -> Mapping[str, Json]:
    return {"peaks": _encoded(place.peaks), "size": place.size}


def _place(said: Json) -> Place:
    known = as_object(said)
    place = Place(int(str(known["size"])), decoded(known["peaks"]))
    if place.size.bit_count() != len(place.peaks):
        raise ValueError("peaks of another size")
    return place


def _texts(value: Json) -> list[str]:
    if not isinstance(value, list) or not value:
        raise Broken("the signer named no key")
    return [str(each) for each in value]
