#!/usr/bin/env python3
"""Verify an export of the audit log, or of a part of it, trusting nobody who made it.

    verify_export.py DIRECTORY --vkey VKEY... [--held FILE]... [--trust FILE]
                     [--policy FILE] [--fresh HOURS] [--tsa PEM]
                     [--roots PEM [--bin NUMBER]]
    verify_export.py PROOF --leaf FILE --vkey VKEY...      (one leaf, or its two codes)

One file, standard library and `cryptography` only, no network. Formats: RFC 6962
section 2.1 (tree), C2SP signed-note, tlog-checkpoint and tlog-tiles.

The verifier key, the checkpoints held from earlier (--held) and the producers' keys
(--trust) come from you, never from the export. Of a log whose key was rotated give each
key you trust: one must have signed, and none may have signed falsely. The steps:

  1. The checkpoint is a well-formed note, signed by a key you gave.
  2. Every bundle of entries is there, whole, with nothing behind its last entry.
  3. Every leaf says its own place, in an order of time that never goes back; an
     event's bytes are what their digest says; no event stands there twice; a key
     that names its successor has signed that.
  4. Every hash tile is what the entries give; no other tile exists.
  5. The root over the entries is the one the checkpoint signs.
  6. Every checkpoint you hold is a prefix of this log; so is every one in timestamps/,
     each signed by a key you gave, and none was stamped before what it covers was
     received.
  7. With --trust: every event is signed by its producer.
  8. With --policy (C2SP tlog-policy): enough witnesses cosigned the checkpoint; with
     --fresh, each that counts did so within so many hours before now. With --tsa:
     every time stamp (RFC 3161) in timestamps/ is by an authority you gave, over
     exactly the checkpoint beside it; later stamps are of longer logs.

A whole export may have a `manifest.json` of its checkpoint and of the copies for people
beside it; with --roots it must, signed by the company (10).

An export with a `manifest.json` of another form is of a part of the log: some leaves,
each with a C2SP tlog-proof. Then steps 2, 4, 5 and 6 are these, and 9 and 10 follow:

  2. The manifest lists every file with its SHA-256, and nothing else lies there.
  4. Every leaf the manifest names is there, has its proof, and belongs to the scope.
  5. Each proof leads to the root the checkpoint signs.
  6. To every checkpoint you hold, and to every one that was stamped, leads a
     consistency proof.
  8. Also: each line of `disclosures.jsonl` opens the commitment its leaf holds.
  9. Nothing of the scope is missing, as far as it can be known: of a time, no number is
     missing between its first and last leaf, and the leaves around it are of another
     time; of a thing, its producers' numbers have no gap but those the manifest owns
     up to. Behind the last number, and of kinds, the manifest's word is all there is.
  10. With --roots: the company signed the manifest and every PDF (CMS, RFC 5652), each
     with a time stamp (RFC 3161) and what НУЦ said of the certificate; with --bin, the
     company of that number. GOST is not calculated here, and ends with 1.

Ends with 0 verified, 1 error, 2 wrong usage, 3 finding. A finding names the first bad
`seq` (the number of the leaf, from 0) and why.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn
from zipfile import BadZipFile, ZipFile

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

VERIFIED, ERROR, USAGE, FINDING = 0, 1, 2, 3

TILE_WIDTH = 256
HASH_BYTES = 32
MAX_NOTE_BYTES = 64 * 1024
MAX_SIGNATURES = 100
KEY_ID_BYTES = 4
ED25519_LOG = 1
COSIGNATURE_V1 = 4
SECONDS_IN_AN_HOUR = 3600
CHAIN_START = bytes(HASH_BYTES)
MAX_TILE_BYTES = TILE_WIDTH * (2 + 65_535)

KEY_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
EVENT_PREFIX = b'{"event":'
# What follows the event's bytes; anchored at the end, nothing inside can pass for it.
EVENT_SUFFIX = re.compile(
    rb',"event_sha256":"([0-9a-f]{64})","kind":"event","received_at":"('
    + STAMP.encode()
    + rb')","seq":(0|[1-9][0-9]{0,15}),"v":1\}\Z'
)
LONGEST_LENGTH, HIGH_TAG = 4, 0x1F
SEQUENCE, SET, OID, OCTETS, TIME = 0x30, 0x31, 0x06, 0x04, 0x18
INTEGER = 0x02
CONTEXT_0 = 0xA0
SIGNED_DATA = "1.2.840.113549.1.7.2"
DATA = "1.2.840.113549.1.7.1"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SHA2 = "2.16.840.1.101.3.4.2"
MANY = 8
NEAR = timedelta(days=1)
SECOND = timedelta(seconds=1)

AGES = ("old", "new")
ROTATION = "kredit audit key rotation v1"
KINDS = frozenset(
    {
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
    }
)


class FindingError(Exception):
    """The export is not what the log's key signed; `seq` is the first bad leaf."""

    def __init__(self, why: str, *, seq: int | None = None) -> None:
        super().__init__(why if seq is None else f"first bad seq {seq}: {why}")
        self.seq = seq


class UnjudgedError(Exception):
    """Something this verifier cannot calculate; it says nothing either way."""


class UsageError(Exception):
    """What the caller gave cannot be used."""


# --- hashes: RFC 6962 section 2.1


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


@dataclass
class Tree:
    """Roots of the perfect subtrees, largest first; a size's bits are their sizes."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def add(self, hashed: bytes) -> None:
        self.size += 1
        bits = self.size
        while bits & 1 == 0:
            hashed = node_hash(self.peaks.pop(), hashed)
            bits >>= 1
        self.peaks.append(hashed)

    def root(self) -> bytes:
        if not self.peaks:
            return sha256(b"").digest()
        folded = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            folded = node_hash(peak, folded)
        return folded


# --- notes: C2SP signed-note and tlog-checkpoint


@dataclass(frozen=True)
class LogKey:
    """The key the caller trusts, and the name it must sign under."""

    name: str
    key_id: bytes
    public: Ed25519PublicKey


@dataclass(frozen=True)
class Checkpoint:
    """What a genuine note says."""

    size: int
    root: bytes


def strict_base64(text: str) -> bytes | None:
    """Bytes of the one canonical spelling; None for any other (stray low bits too)."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def parse_vkey(text: str) -> LogKey:
    """`name+hex key id+base64(type byte, public key)`."""
    name, _, rest = text.strip().partition("+")
    key_hex, _, encoded = rest.partition("+")
    blob = strict_base64(encoded)
    if not KEY_NAME.fullmatch(name) or blob is None:
        raise UsageError("--vkey: expected name+id+base64")
    if len(blob) != 1 + HASH_BYTES or blob[0] != ED25519_LOG:
        raise UsageError("--vkey: not an Ed25519 log key (type 1)")
    key_id = sha256(name.encode() + b"\n" + blob).digest()[:KEY_ID_BYTES]
    if key_hex != key_id.hex():
        raise UsageError("--vkey: the key id does not belong to this key")
    return LogKey(name, key_id, Ed25519PublicKey.from_public_bytes(blob[1:]))


def open_checkpoint(note: bytes, keys: list[LogKey], *, what: str) -> Checkpoint:
    """The checkpoint in a note that one of `keys` signed; FindingError otherwise."""
    text, lines = split_note(note, what=what)
    known = {(key.name, key.key_id): key for key in keys}
    verified = False
    for line in lines:
        name, blob = parse_signature(line, what=what)
        key = known.get((name, blob[:KEY_ID_BYTES]))
        if key is None:
            continue  # keys we do not know say nothing
        try:
            key.public.verify(blob[KEY_ID_BYTES:], text)
        except InvalidSignature as cause:
            raise FindingError(f"{what}: the log's signature is false") from cause
        verified = True
    if not verified:
        raise FindingError(f"{what}: not signed by the key you gave ({keys[0].name})")
    return parse_checkpoint(text, keys[0], what=what)


def split_note(note: bytes, *, what: str) -> tuple[bytes, list[str]]:
    """The signed text with its final newline, and the signature lines."""
    if len(note) > MAX_NOTE_BYTES:
        raise FindingError(f"{what}: longer than {MAX_NOTE_BYTES} bytes")
    try:
        decoded = note.decode()
    except UnicodeDecodeError as cause:
        raise FindingError(f"{what}: not UTF-8") from cause
    if any(sign < " " and sign != "\n" for sign in decoded):
        raise FindingError(f"{what}: control characters")
    text, blank, tail = decoded.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise FindingError(f"{what}: not a signed note")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise FindingError(f"{what}: more than {MAX_SIGNATURES} signatures")
    return (text + "\n").encode(), lines


def parse_signature(line: str, *, what: str) -> tuple[str, bytes]:
    """`— name base64(key id, signature)`."""
    match line.split(" "):
        case ["—", name, encoded] if KEY_NAME.fullmatch(name):
            blob = strict_base64(encoded)
        case _:
            raise FindingError(f"{what}: a malformed signature line")
    if blob is None or len(blob) <= KEY_ID_BYTES:
        raise FindingError(f"{what}: a malformed signature")
    return name, blob


def parse_checkpoint(text: bytes, key: LogKey, *, what: str) -> Checkpoint:
    """Origin, size, root: exactly three lines, each in its one spelling."""
    match text.decode().split("\n"):
        case [origin, size, encoded, ""]:
            root = strict_base64(encoded)
        case _:
            raise FindingError(f"{what}: a checkpoint has exactly three lines")
    if origin != key.name:
        raise FindingError(f"{what}: the origin is {origin!r}, not {key.name!r}")
    if not DECIMAL.fullmatch(size) or root is None or len(root) != HASH_BYTES:
        raise FindingError(f"{what}: a malformed size or root")
    return Checkpoint(int(size), root)


# --- tiles: C2SP tlog-tiles


def number_path(number: int) -> str:
    """1234067 → x001/x234/067."""
    path = f"{number % 1000:03d}"
    while number >= 1000:  # noqa: PLR2004 - three decimal digits a step
        number //= 1000
        path = f"x{number % 1000:03d}/{path}"
    return path


def tile_path(level: str, number: int, width: int) -> str:
    partial = f".p/{width}" if width < TILE_WIDTH else ""
    return f"tile/{level}/{number_path(number)}{partial}"


def widths(count: int) -> Iterator[tuple[int, int]]:
    """Number and width of the tiles that hold `count` hashes or entries."""
    for number in range(count // TILE_WIDTH):
        yield number, TILE_WIDTH
    if count % TILE_WIDTH:
        yield count // TILE_WIDTH, count % TILE_WIDTH


def expected_tiles(size: int) -> set[str]:
    """Every file that must be under tile/, and there is no other."""
    paths = {tile_path("entries", n, width) for n, width in widths(size)}
    level, count = 0, size
    while count:
        paths |= {tile_path(str(level), n, width) for n, width in widths(count)}
        level, count = level + 1, count // TILE_WIDTH
    return paths


@dataclass(frozen=True)
class Export:
    """The directory or .zip; every file is read whole, and only where one must be."""

    root: Path
    archive: ZipFile | None = None

    @classmethod
    def at(cls, root: Path) -> "Export":
        """FindingError for an archive in which a name stands twice."""
        if not root.is_file():
            return cls(root)
        archive = ZipFile(root)
        names = archive.namelist()
        if len(set(names)) != len(names):
            raise FindingError("a name stands twice in the archive")
        return cls(root, archive)

    def read(self, path: str, *, seq: int | None = None) -> bytes:
        size = self.size_of(path)
        if size is None:
            raise FindingError(f"{path} is missing", seq=seq)
        if size > MAX_TILE_BYTES:
            raise FindingError(f"{path} is longer than any tile", seq=seq)
        if self.archive is None:
            return (self.root / path).read_bytes()
        try:
            return self.archive.read(path)
        except (BadZipFile, zlib.error) as cause:
            raise FindingError(f"{path} is damaged in the archive", seq=seq) from cause

    def size_of(self, path: str) -> int | None:
        if self.archive is not None:
            known = path in self.archive.namelist()
            return self.archive.getinfo(path).file_size if known else None
        file = self.root / path
        return file.stat().st_size if file.is_file() else None

    def tiles(self) -> set[str]:
        if self.archive is not None:
            names = self.archive.namelist()
            return {name for name in names if name.startswith("tile/")}
        return {
            path.relative_to(self.root).as_posix()
            for path in (self.root / "tile").rglob("*")
            if not path.is_dir()
        }

    def names(self) -> set[str]:
        """Every file there is."""
        if self.archive is not None:
            return {name for name in self.archive.namelist() if name[-1:] != "/"}
        return {
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if not path.is_dir()
        }

    def check_no_other_tiles(self, size: int) -> None:
        strange = sorted(self.tiles() - expected_tiles(size))
        if strange:
            raise FindingError(f"{strange[0]} does not belong to this checkpoint")


def split_bundle(bundle: bytes, *, first: int, width: int, path: str) -> list[bytes]:
    """Entries: 16-bit big-endian length, bytes; exactly `width` of them."""
    entries, at = [], 0
    for index in range(width):
        seq = first + index
        if len(bundle) < at + 2:
            raise FindingError(f"{path} is cut", seq=seq)
        (length,) = struct.unpack_from(">H", bundle, at)
        at += 2
        if len(bundle) < at + length:
            raise FindingError(f"{path} is cut inside an entry", seq=seq)
        entries.append(bundle[at : at + length])
        at += length
    if at != len(bundle):
        last = first + width - 1
        raise FindingError(f"{path} has bytes after its last entry", seq=last)
    return entries


class TileLevel:
    """One level of hash tiles, compared with what the entries give, hash by hash."""

    def __init__(self, export: Export, level: int, count: int) -> None:
        self.export = export
        self.level = level
        self.count = count
        """How many hashes this level has at the checkpoint's size."""
        self.number = 0
        self.hashes: list[bytes] = []
        self.path = ""
        self.tile = b""
        self.above: TileLevel | None = None

    def add(self, hashed: bytes) -> None:
        index = len(self.hashes)
        seq = self.first_seq(index)
        if index == 0:
            left = self.count - self.number * TILE_WIDTH
            self.path = tile_path(str(self.level), self.number, min(left, TILE_WIDTH))
            self.tile = self.export.read(self.path, seq=seq)
        if self.tile[index * HASH_BYTES : (index + 1) * HASH_BYTES] != hashed:
            why = f"{self.path} and the entries disagree at hash {index}"
            raise FindingError(why, seq=seq)
        self.hashes.append(hashed)
        if len(self.hashes) == TILE_WIDTH:
            self.close()

    def close(self) -> None:
        """The tile ends here; a full one gives a hash to the level above."""
        if len(self.tile) != len(self.hashes) * HASH_BYTES:
            last = self.first_seq(len(self.hashes)) - 1
            raise FindingError(f"{self.path} has bytes after its last hash", seq=last)
        if len(self.hashes) < TILE_WIDTH:
            return
        tile = Tree()
        for each in self.hashes:
            tile.add(each)
        if self.above is None:
            count = self.count // TILE_WIDTH
            self.above = TileLevel(self.export, self.level + 1, count)
        self.above.add(tile.root())
        self.hashes, self.number = [], self.number + 1

    def finish(self) -> None:
        if self.hashes:
            self.close()
        if self.above:
            self.above.finish()

    def first_seq(self, index: int) -> int:
        """The first leaf under the hash `index` of this tile."""
        width: int = TILE_WIDTH**self.level
        return (self.number * TILE_WIDTH + index) * width


# --- witnesses: C2SP tlog-policy and tlog-cosignature


@dataclass
class Policy:
    """Witnesses by key name and key id, groups by name, and who is the quorum."""

    witnesses: dict[tuple[str, bytes], str] = field(default_factory=dict)
    keys: dict[str, Ed25519PublicKey] = field(default_factory=dict)
    groups: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    quorum: str | None = None

    def met(self, names: set[str], name: str) -> bool:
        if name in self.keys:
            return name in names
        least, members = self.groups[name]
        return sum(self.met(names, member) for member in members) >= least

    def line(self, words: list[str], public_keys: set[bytes]) -> None:
        """One line; UsageError for what no policy says, or says twice."""
        known = [*self.keys, *self.groups, "none"]
        match words:
            case ["log", _, *_]:
                return
            case ["witness", name, vkey, *_] if name not in known:
                key_name, key_id, public = parse_witness(vkey)
                if public not in public_keys:
                    public_keys.add(public)
                    self.witnesses[key_name, key_id] = name
                    self.keys[name] = Ed25519PublicKey.from_public_bytes(public)
                    return
            case ["group", name, count, *members] if name not in known:
                counts = {"any": 1, "all": len(members)}
                least = counts.get(count, int(count) if count.isdecimal() else 0)
                distinct = set(members) <= set(known[:-1])
                if distinct and 1 <= least <= len(members) == len(set(members)):
                    self.groups[name] = (least, members)
                    return
            case ["quorum", name] if self.quorum is None and name in known:
                self.quorum = name
                return
        raise UsageError(f"--policy: not a line of a policy: {' '.join(words)[:60]}")


def parse_witness(vkey: str) -> tuple[str, bytes, bytes]:
    """`name+hex key id+base64(4, public key)`: a key for cosignature/v1."""
    name, _, rest = vkey.partition("+")
    key_hex, _, encoded = rest.partition("+")
    blob = strict_base64(encoded)
    if not KEY_NAME.fullmatch(name) or blob is None or len(blob) != 1 + HASH_BYTES:
        raise UsageError("--policy: expected a witness's name+id+base64")
    key_id = sha256(name.encode() + b"\n" + blob).digest()[:KEY_ID_BYTES]
    if blob[0] != COSIGNATURE_V1 or key_hex != key_id.hex():
        raise UsageError("--policy: not the key of a witness (type 4)")
    return name, key_id, blob[1:]


def load_policy(path: Path) -> Policy:
    policy, public_keys = Policy(), set[bytes]()
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words and not words[0].startswith("#"):
            policy.line(words, public_keys)
    if policy.quorum is None:
        raise UsageError("--policy: no line says the quorum")
    return policy


def check_witnesses(note: bytes, policy: Policy, *, oldest: float) -> set[str]:
    """Who cosigned, not before `oldest` (Unix time); FindingError when too few did."""
    text, lines = split_note(note, what="checkpoint")
    names, stale = set[str](), set[str]()
    for line in lines:
        key_name, blob = parse_signature(line, what="checkpoint")
        name = policy.witnesses.get((key_name, blob[:KEY_ID_BYTES]))
        if name is None:
            continue
        seconds, signature = blob[4:12], blob[12:]
        at = int.from_bytes(seconds, "big")
        signed = f"cosignature/v1\ntime {at}\n".encode() + text
        try:
            policy.keys[name].verify(signature, signed)
        except InvalidSignature as cause:
            raise FindingError(f"the cosignature of {name} is false") from cause
        (names if at >= oldest else stale).add(name)
    if policy.quorum not in {None, "none"} and not policy.met(names, policy.quorum):
        told = f"; too old: {', '.join(sorted(stale))}" if stale else ""
        cosigned = ", ".join(sorted(names)) or "nobody"
        raise FindingError(f"too few witnesses saw this: {cosigned}{told}")
    return names


# --- leaves


def refuse_float(text: str) -> NoReturn:
    raise ValueError(f"a number outside the profile: {text}")


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)


def strict_json(raw: bytes) -> dict[str, Any]:
    """An object without floats and without repeated keys; ValueError otherwise."""
    value = json.loads(
        raw.decode(),
        object_pairs_hook=unique_keys,
        parse_float=refuse_float,
        parse_constant=refuse_float,
    )
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of fault: bad JSON
    return value


def canonical(value: object) -> bytes:
    """RFC 8785 within the log's profile: ASCII keys, integers, no floats."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


class Producers:
    """Keys of the services that speak in the log, by key id."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.keys: dict[str, tuple[str, Ed25519PublicKey]] = {}
        for row in rows:
            raw = base64.b64decode(row["public_key"], validate=True)
            key = Ed25519PublicKey.from_public_bytes(raw)
            self.keys[row["keyid"]] = (row["principal"], key)

    def check(self, event: dict[str, Any], *, seq: int) -> None:
        """The event's own signature, by a key of the very service it names."""
        principal, key = self.keys.get(str(event.get("keyid")), ("", None))
        if key is None:
            raise FindingError("its producer's key is not in your --trust", seq=seq)
        if event.get("source") != principal:
            raise FindingError("another service's key signed it", seq=seq)
        unsigned = {k: v for k, v in event.items() if k != "signature"}
        text = str(event.get("signature"))
        try:
            signature = base64.b64decode(
                text + "=" * (-len(text) % 4), altchars=b"-_", validate=True
            )
            key.verify(signature, canonical(unsigned))
        except (InvalidSignature, ValueError) as cause:
            raise FindingError("its producer's signature is false", seq=seq) from cause


@dataclass
class Leaves:
    """What is demanded of the leaves, one after the other."""

    origin: str
    producers: Producers | None
    events: int = 0
    received_at: str = ""
    seen: dict[str, int] = field(default_factory=dict)

    def check(self, raw: bytes, *, seq: int) -> None:
        try:
            leaf = strict_json(raw)
            kind = leaf.get("kind")
            if kind != "event" and canonical(leaf) != raw:
                raise ValueError("not canonical")  # noqa: TRY301 - caught as any bad JSON
        except (ValueError, RecursionError) as cause:
            raise FindingError(f"the leaf is malformed: {cause}", seq=seq) from cause
        self.check_place(leaf, seq=seq)
        if (kind == "opened") != (seq == 0):
            raise FindingError("leaf 0, and no other, opens the log", seq=seq)
        if kind == "opened" and leaf.get("origin") != self.origin:
            raise FindingError("the log was opened under another origin", seq=seq)
        if kind == "event":
            self.check_event(raw, leaf, seq=seq)
        if kind == "event_ref":
            self.count_event(str(leaf.get("event_id")), seq=seq)
        if kind == "key_rotated":
            self.check_rotation(leaf, seq=seq)

    def check_place(self, leaf: dict[str, Any], *, seq: int) -> None:
        stated = leaf.get("seq")
        if type(stated) is not int or stated != seq:
            raise FindingError(f"the leaf says it is number {stated}", seq=seq)
        if leaf.get("v") != 1 or leaf.get("kind") not in KINDS:
            raise FindingError("unknown version or kind", seq=seq)
        received_at = leaf.get("received_at")
        if not isinstance(received_at, str) or not re.fullmatch(STAMP, received_at):
            raise FindingError("a malformed time", seq=seq)
        if received_at < self.received_at:
            raise FindingError("its time lies before the previous leaf's", seq=seq)
        self.received_at = received_at

    def check_rotation(self, leaf: dict[str, Any], *, seq: int) -> None:
        """The old key says itself who comes after it; both are keys of this log."""
        try:
            old, new = (parse_vkey(str(leaf.get(f"{age}_vkey"))) for age in AGES)
        except UsageError as cause:
            raise FindingError("a malformed key in a rotation", seq=seq) from cause
        if {old.name, new.name} != {self.origin}:
            raise FindingError("a rotation to a key of another log", seq=seq)
        text = f"{ROTATION}\n{leaf['old_vkey']}\n{leaf['new_vkey']}\n".encode()
        signature = strict_base64(str(leaf.get("signature"))) or b""
        try:
            old.public.verify(signature, text)
        except InvalidSignature as cause:
            raise FindingError("the old key did not sign this", seq=seq) from cause

    def check_event(self, raw: bytes, leaf: dict[str, Any], *, seq: int) -> None:
        """The event's bytes stand unchanged between two known ends."""
        suffix = EVENT_SUFFIX.search(raw)
        event = leaf.get("event")
        if not raw.startswith(EVENT_PREFIX) or suffix is None:
            raise FindingError("not the form of an event's leaf", seq=seq)
        if not isinstance(event, dict):
            raise FindingError("the event is not an object", seq=seq)
        digest = sha256(raw[len(EVENT_PREFIX) : suffix.start()]).hexdigest()
        if digest.encode() != suffix[1]:
            raise FindingError("the event is not what its digest says", seq=seq)
        if self.producers:
            self.producers.check(event, seq=seq)
        self.count_event(str(event.get("id")), seq=seq)

    def count_event(self, event_id: str, *, seq: int) -> None:
        if event_id in self.seen:
            first = self.seen[event_id]
            raise FindingError(f"the event stands at seq {first} already", seq=seq)
        self.seen[event_id] = seq
        self.events += 1


# --- parts of the log


FORM = "kredit-audit-part-1"
WHOLE = "kredit-audit-log-1"
MANIFEST = "manifest.json"
SEAL = re.compile(r"manifest\.(cms|tst|chain-\d\.der|revocation-\d\.der)")
PROOF_HEAD = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 63


def climb(hashed: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root a proof leads to (RFC 9162 section 2.1.3.2); None: no proof of it."""
    at, last = index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            hashed = node_hash(sibling, hashed)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        at, last = at >> 1, last >> 1
    return hashed if last == 0 else None


def grows(old: Checkpoint, new: Checkpoint, path: list[bytes]) -> bool:
    """Whether `new` goes on from `old` (RFC 9162 section 2.1.4.2)."""
    if old.size in {0, new.size}:
        return not path and (old.size == 0 or old.root == new.root)
    steps = list(path)
    if old.size & (old.size - 1) == 0:
        steps.insert(0, old.root)
    if not steps:
        return False
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, step)
        at, last = at >> 1, last >> 1
    return (before, after, last) == (old.root, new.root, 0)


def proof_lines(text: bytes, head: list[str], note: bytes, *, what: str) -> list[bytes]:
    """The hashes between the head and the checkpoint, each in its one spelling."""
    start = "".join(f"{line}\n" for line in head).encode()
    if not text.startswith(start) or not text.endswith(b"\n" + note):
        raise FindingError(f"{what}: not a proof for this place and this checkpoint")
    body = text[len(start) : len(text) - len(note) - 1].decode(errors="replace")
    lines = body.split("\n")[:-1]
    hashes = [strict_base64(line) for line in lines]
    if body[-1:] not in {"", "\n"} or len(hashes) > MAX_PROOF:
        raise FindingError(f"{what}: malformed")
    if any(hashed is None or len(hashed) != HASH_BYTES for hashed in hashes):
        raise FindingError(f"{what}: a malformed hash")
    return [hashed for hashed in hashes if hashed is not None]


@dataclass(frozen=True)
class Scope:
    """What the manifest says the part is of."""

    subject: str | None
    incident: str | None
    kinds: list[str]
    first: str
    until: str

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Scope":
        known = {"subject", "incident", "kinds", "from", "until"}
        texts = [said.get(word) for word in ("subject", "incident", "from", "until")]
        kinds = said.get("kinds", [])
        if not said or said.keys() - known or not isinstance(kinds, list):
            raise FindingError("the manifest names no scope this verifier knows")
        if any(text is not None and not isinstance(text, str) for text in texts):
            raise FindingError("a malformed scope")
        subject, incident, first, until = texts
        return cls(subject, incident, kinds, first or "", until or "~")

    def in_time(self, leaf: dict[str, Any]) -> bool:
        return self.first <= str(leaf["received_at"]) < self.until

    @property
    def is_time(self) -> bool:
        return not (self.subject or self.incident or self.kinds)

    @property
    def is_thing(self) -> bool:
        timeless = not self.first and self.until == "~"
        return bool(self.subject) and not self.kinds and timeless

    def holds(self, leaf: dict[str, Any], owned: set[str]) -> bool:
        event = leaf.get("event") or {}
        if not self.in_time(leaf):
            return False
        if self.kinds and event.get("type", leaf["kind"]) not in self.kinds:
            return False
        if self.subject:
            named = thing_of(leaf, self.subject.partition(":")[0]) == self.subject
            return named or subject_of(leaf) in owned
        if self.incident:
            about = (subject_of(leaf) or "").partition(":")[2]
            named_ids = (event.get("data") or {}).values()
            return self.incident in [about, event.get("correlationid"), *named_ids]
        return True

    def owned(self, leaves: list[dict[str, Any]]) -> set[str]:
        """Subjects whose events name the thing, and no other of its kind."""
        if not self.subject:
            return set()
        kind = self.subject.partition(":")[0]
        named: dict[str, set[str]] = {}
        for leaf in leaves:
            subject, thing = subject_of(leaf), thing_of(leaf, kind)
            if subject and thing:
                named.setdefault(subject, set()).add(thing)
        return {subject for subject, all_ in named.items() if all_ == {self.subject}}


def subject_of(leaf: dict[str, Any]) -> str | None:
    found = (leaf.get("event") or leaf).get("subject")
    return found if isinstance(found, str) else None


def thing_of(leaf: dict[str, Any], kind: str) -> str | None:
    """What an event is about: its subject, or what it names in ``<kind>_id``."""
    subject = subject_of(leaf)
    if subject and subject.startswith(f"{kind}:"):
        return subject
    found = ((leaf.get("event") or {}).get("data") or {}).get(f"{kind}_id")
    return f"{kind}:{found}" if isinstance(found, str) else None


@dataclass(frozen=True)
class Part:
    """What a good part says of itself; `received` as `check_stamps` has it."""

    said: dict[str, Any]
    checkpoint: Checkpoint
    received: dict[int, tuple[int, str]]
    complete: str


def read_manifest(export: Export) -> dict[str, Any]:
    """Step 2: form, and every file as the manifest has it."""
    raw = export.read(MANIFEST)
    try:
        said = strict_json(raw)
        files, form = said["files"], said["form"]
    except (ValueError, KeyError, RecursionError) as cause:
        raise FindingError("the manifest is malformed") from cause
    if form != FORM or canonical(said) != raw or not isinstance(files, dict):
        raise FindingError("the manifest is of a form this verifier does not know")
    there = {name for name in export.names() if not SEAL.fullmatch(name)}
    for name in sorted(there ^ {*files, MANIFEST}):
        why = "is missing" if name in files else "does not belong: no manifest names it"
        raise FindingError(f"{name} {why}")
    for name, digest in sorted(files.items()):
        if sha256(export.read(name)).hexdigest() != digest:
            raise FindingError(f"{name} is not what the manifest says")
    return said


def form_of(export: Export) -> str | None:
    """What the manifest says it is of; None: there is none."""
    if export.size_of(MANIFEST) is None:
        return None
    try:
        return str(strict_json(export.read(MANIFEST)).get("form"))
    except (ValueError, RecursionError) as cause:
        raise FindingError("the manifest is malformed") from cause


def check_whole_manifest(export: Export, checkpoint: Checkpoint) -> None:
    """Beside the whole log: of this checkpoint, and each copy as it was signed."""
    raw, note = export.read(MANIFEST), export.read("checkpoint")
    said = strict_json(raw)
    files = said.get("files")
    if canonical(said) != raw or not isinstance(files, dict):
        raise FindingError("the manifest is malformed")
    signed = {"sha256": sha256(note).hexdigest(), "size": checkpoint.size}
    if said.get("checkpoint") != signed:
        raise FindingError("the manifest is of another checkpoint")
    for name, digest in sorted(files.items()):
        if sha256(export.read(name)).hexdigest() != digest:
            raise FindingError(f"{name} is not what the manifest says")


def numbers_in(said: dict[str, Any], name: str) -> list[int]:
    found = said.get(name)
    if not isinstance(found, list) or any(type(number) is not int for number in found):
        raise FindingError(f"the manifest's {name} are malformed")
    if found != sorted(set(found)):
        raise FindingError(f"the manifest's {name} are not in order")
    return found


def verify_part(
    export: Export, keys: list[LogKey], held: list[bytes], producers: Producers | None
) -> Part:
    """The steps for a part, in their order."""
    note = export.read("checkpoint")
    checkpoint = open_checkpoint(note, keys, what="checkpoint")  # 1
    said = read_manifest(export)  # 2
    signed = {"sha256": sha256(note).hexdigest(), "size": checkpoint.size}
    if said.get("checkpoint") != signed:
        raise FindingError("the manifest is of another checkpoint")
    chosen, around = (numbers_in(said, name) for name in ("leaves", "neighbours"))
    names = {f"proofs/{n}.{end}" for n in chosen + around for end in PROOF_ENDS}
    there = {name for name in export.names() if name.startswith("proofs/")}
    if {name for name in there if name.endswith(PROOF_ENDS)} != names:
        raise FindingError("the leaves are not those the manifest names")
    leaves, checked = dict[int, dict[str, Any]](), Leaves(keys[0].name, producers)
    for seq in sorted({*chosen, *around}):
        raw = export.read(f"proofs/{seq}.leaf", seq=seq)
        checked.check(raw, seq=seq)  # 3
        what = f"proofs/{seq}.tlog-proof"
        head = [PROOF_HEAD, f"index {seq}"]
        path = proof_lines(export.read(what, seq=seq), head, note, what=what)
        if seq >= checkpoint.size or (
            climb(leaf_hash(raw), seq, checkpoint.size, path) != checkpoint.root
        ):
            raise FindingError("the proof leads to another root", seq=seq)  # 5
        leaves[seq] = strict_json(raw)
    stamps = read_stamps(export, keys)
    outside = [*held, *(stamp.note for stamp in stamps)]
    check_growth(export, outside, checkpoint, keys, note)  # 6
    received = {
        stamp.checkpoint.size: (seq, str(leaves[seq]["received_at"]))
        for stamp in stamps
        for seq in sorted(leaves)
        if seq < stamp.checkpoint.size
    }
    scope = Scope.of(said.get("scope") or {})
    inside = [leaves[seq] for seq in chosen]
    owned = scope.owned(inside)
    for seq in chosen:  # 4
        if not scope.holds(leaves[seq], owned):
            raise FindingError("the leaf does not belong to the scope", seq=seq)
    check_disclosures(export, leaves)
    complete = completeness(said, scope, leaves, checkpoint.size)  # 9
    return Part(said, checkpoint, received, complete)


def check_disclosures(export: Export, leaves: dict[int, dict[str, Any]]) -> None:
    """Step 8 of a part: every value told is the one that its leaf commits to."""
    if export.size_of(DISCLOSURES) is None:
        return
    for line in export.read(DISCLOSURES).splitlines():
        try:
            told = strict_json(line)
            seq, salt = told["seq"], strict_base64(told["salt"])
            committed: Any = leaves[seq]
            for step in told["path"].split("."):
                committed = committed[step]
            opened = sha256((salt or b"") + told["value"].encode()).hexdigest()
        except (ValueError, LookupError, TypeError, AttributeError) as cause:
            raise FindingError(f"{DISCLOSURES} is malformed") from cause
        if salt is None or len(salt) != HASH_BYTES or opened != committed:
            raise FindingError("a value told is not the one logged", seq=seq)


DISCLOSURES = "disclosures.jsonl"
PROOF_ENDS = ("leaf", "tlog-proof")


def verify_one(
    proof: bytes, raw: bytes, keys: list[LogKey], producers: Producers | None
) -> str:
    """One leaf and its proof, which brings the checkpoint along."""
    head, blank, note = proof.partition(b"\n\n")
    start = rb"c2sp\.org/tlog-proof@v1\nindex (0|[1-9][0-9]{0,15})\n"
    found = re.match(start, head + b"\n")
    if not blank or found is None:
        raise FindingError("not a proof (C2SP tlog-proof)")
    seq = int(found[1])
    checkpoint = open_checkpoint(note, keys, what="checkpoint")
    path = proof_lines(proof, [PROOF_HEAD, f"index {seq}"], note, what="proof")
    Leaves(keys[0].name, producers).check(raw, seq=seq)
    if seq >= checkpoint.size or (
        climb(leaf_hash(raw), seq, checkpoint.size, path) != checkpoint.root
    ):
        raise FindingError("the proof leads to another root", seq=seq)
    return f"leaf verified: number {seq} of a log of {checkpoint.size}"


def check_growth(
    export: Export,
    held: list[bytes],
    checkpoint: Checkpoint,
    keys: list[LogKey],
    note: bytes,
) -> None:
    for kept in held:
        old = open_checkpoint(kept, keys, what="held checkpoint")
        if old.size > checkpoint.size:
            raise FindingError(
                f"you hold a checkpoint of {old.size} leaves: the log was rolled back"
            )
        path: list[bytes] = []
        if old.size not in {0, checkpoint.size}:
            what = f"consistency/{old.size}"
            head = [f"old {old.size}"]
            path = proof_lines(export.read(what), head, note, what=what)
        if not grows(old, checkpoint, path):
            raise FindingError(
                f"the log does not go on from the {old.size} leaves that you hold"
            )


def completeness(
    said: dict[str, Any], scope: Scope, leaves: dict[int, dict[str, Any]], size: int
) -> str:
    """Step 9, and in words how far it goes."""
    chosen = said["leaves"]
    if scope.is_time:
        check_whole_time(said, scope, leaves, size)
        return "every leaf of its time"
    if not scope.is_thing:
        return "by the manifest's word alone"
    found: dict[tuple[str, str], set[int]] = {}
    owned = scope.owned([leaves[seq] for seq in chosen]) | {str(scope.subject)}
    for seq in chosen:
        event = leaves[seq].get("event") or {}
        if event.get("subject") in owned and type(event.get("subjectversion")) is int:
            key = (str(event.get("source")), str(event["subject"]))
            found.setdefault(key, set()).add(event["subjectversion"])
    told = {
        (row["source"], row["subject"]): (row["last"], row["missing"])
        for row in said.get("numbers") or []
    }
    if told.keys() != found.keys():
        raise FindingError("the manifest's numbers are of other subjects")
    for key, (last, missing) in sorted(told.items()):
        gaps = sorted(set(range(1, last + 1)) - found[key])
        if gaps != missing or max(found[key]) != last:
            first = (gaps or [last])[0]
            raise FindingError(f"number {first} of {key[1]} by {key[0]} is missing")
    lacking = sum(len(missing) for _, missing in told.values())
    owned_up = f", {lacking} numbers missing by its own word" if lacking else ""
    return f"by the numbers of {len(found)} subjects{owned_up}"


def check_whole_time(
    said: dict[str, Any], scope: Scope, leaves: dict[int, dict[str, Any]], size: int
) -> None:
    chosen, around = said["leaves"], said["neighbours"]
    if not chosen:
        raise FindingError("no leaf is in the part")
    first, last = chosen[0], chosen[-1]
    for seq, expected in zip(chosen, range(first, last + 1), strict=False):
        if seq != expected:
            raise FindingError("a leaf of its time is missing", seq=expected)
    wanted = [seq for seq in (first - 1, last + 1) if 0 <= seq < size]
    if around != wanted:
        raise FindingError("the leaves around its time are missing", seq=last + 1)
    for seq in around:
        if scope.in_time(leaves[seq]):
            raise FindingError("a leaf of its time is left out", seq=seq)


# --- DER: X.690, definite lengths only


@dataclass(frozen=True)
class Node:
    """One value: its tag, its contents, and all its bytes."""

    tag: int
    body: bytes
    raw: bytes

    def inside(self) -> list["Node"]:
        return list(nodes(self.body))

    def want(self, tag: int) -> "Node":
        if self.tag != tag:
            raise FindingError("a structure is not what it should be")
        return self


def nodes(data: bytes) -> Iterator[Node]:
    at = 0
    while at < len(data):
        if len(data) < at + 2:
            raise FindingError("a structure is cut off")
        tag, length, start = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            if not 0 < count <= LONGEST_LENGTH or tag & HIGH_TAG == HIGH_TAG:
                raise FindingError("a structure is not in DER")
            length = int.from_bytes(data[start : start + count])
            start += count
        end = start + length
        if end > len(data):
            raise FindingError("a structure is cut off")
        yield Node(tag, data[start:end], data[at:end])
        at = end


def parse(data: bytes) -> Node:
    found = list(nodes(data))
    if len(found) != 1:
        raise FindingError("bytes stand behind a structure, or none is there")
    return found[0]


def dotted(node: Node) -> str:
    body = node.want(OID).body
    numbers, value = [], 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2) if numbers else 0
    head = [first, numbers[0] - 40 * first] if numbers else []
    return ".".join(map(str, [*head, *numbers[1:]]))


# --- signatures, and the certificates whose keys made them

DIGESTS: dict[str, tuple[Callable[[bytes], bytes], hashes.HashAlgorithm]] = {
    f"{SHA2}.1": (lambda d: hashlib.sha256(d).digest(), hashes.SHA256()),
    f"{SHA2}.2": (lambda d: hashlib.sha384(d).digest(), hashes.SHA384()),
    f"{SHA2}.3": (lambda d: hashlib.sha512(d).digest(), hashes.SHA512()),
}
# By the identifier of a signature: that of its hash.
SIGNED_WITH = {
    "1.2.840.113549.1.1.11": f"{SHA2}.1",
    "1.2.840.113549.1.1.12": f"{SHA2}.2",
    "1.2.840.113549.1.1.13": f"{SHA2}.3",
    "1.2.840.10045.4.3.2": f"{SHA2}.1",
    "1.2.840.10045.4.3.3": f"{SHA2}.2",
    "1.2.840.10045.4.3.4": f"{SHA2}.3",
}


def hashed(data: bytes, name: str) -> bytes:
    if name not in DIGESTS:
        raise UnjudgedError(f"the hash {name}: this verifier does not calculate it")
    return DIGESTS[name][0](data)


def made_by(
    certificate: x509.Certificate, value: bytes, data: bytes, digest: str
) -> bool:
    """Whether the certificate's key signed these bytes, hashed so."""
    if digest not in DIGESTS:
        raise UnjudgedError(f"the hash {digest}: this verifier does not calculate it")
    _, algorithm = DIGESTS[digest]
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError) as error:
        raise UnjudgedError("a key this verifier does not know") from error
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, data, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, data, ec.ECDSA(algorithm))
        else:
            raise UnjudgedError("a key of a kind this verifier does not know")
    except InvalidSignature:
        return False
    return True


def hash_of(signature: x509.ObjectIdentifier) -> str:
    """The hash that goes with a signature of an authority."""
    if signature.dotted_string not in SIGNED_WITH:
        raise UnjudgedError(
            f"the signature {signature.dotted_string}: this verifier does not know it"
        )
    return SIGNED_WITH[signature.dotted_string]


# --- CMS: RFC 5652


@dataclass(frozen=True)
class Signature:
    """The one signer of a SignedData."""

    content_type: str
    content: bytes | None
    certificates: tuple[x509.Certificate, ...]
    digest: str
    attributes: dict[str, bytes]
    signed: bytes
    value: bytes
    signer: x509.Certificate


def read_cms(raw: bytes) -> Signature:
    outer = parse(raw).want(SEQUENCE).inside()
    if dotted(outer[0]) != SIGNED_DATA:
        raise FindingError("a signature is no SignedData")
    parts = parse(outer[1].want(CONTEXT_0).body).want(SEQUENCE).inside()
    content_info = parts[2].want(SEQUENCE).inside()
    content = None
    if len(content_info) > 1:
        content = parse(content_info[1].want(CONTEXT_0).body).want(OCTETS).body
    held = [part for part in parts[3:] if part.tag == CONTEXT_0]
    certificates = tuple(
        x509.load_der_x509_certificate(one.raw)
        for part in held
        for one in part.inside()
    )
    signers = parts[-1].want(SET).inside()
    if len(signers) != 1:
        raise FindingError("a signature has not one signer")
    info = signers[0].want(SEQUENCE).inside()
    attributes = info[3].want(CONTEXT_0)
    serial = int.from_bytes(info[1].want(SEQUENCE).inside()[1].body)
    named = [one for one in certificates if one.serial_number == serial]
    if len(named) != 1:
        raise FindingError("the signer's certificate is not there")
    return Signature(
        content_type=dotted(content_info[0]),
        content=content,
        certificates=certificates,
        digest=dotted(info[2].want(SEQUENCE).inside()[0]),
        attributes=_attributes(attributes),
        # RFC 5652, 5.4: signed under the tag of a SET, not the [0] on the wire.
        signed=bytes([SET]) + attributes.raw[1:],
        value=info[5].want(OCTETS).body,
        signer=named[0],
    )


def _attributes(node: Node) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in node.inside():
        name, values = one.want(SEQUENCE).inside()
        if dotted(name) in found:
            raise FindingError("a signed attribute stands twice")
        found[dotted(name)] = values.want(SET).body
    return found


def check_signature(signature: Signature, content: bytes) -> None:
    """Steps a and b."""
    named = parse(signature.attributes.get(MESSAGE_DIGEST, b"")).want(OCTETS).body
    kind = dotted(parse(signature.attributes.get(CONTENT_TYPE, b"")))
    if named != hashed(content, signature.digest) or kind != signature.content_type:
        raise FindingError("a signature is over other bytes")
    if not made_by(
        signature.signer, signature.value, signature.signed, signature.digest
    ):
        raise FindingError("a signature does not hold")


# --- time stamps: RFC 3161


def stamped_at(token: Signature, value: bytes) -> datetime:
    """Step c, but for the path."""
    if token.content_type != TST_INFO or token.content is None:
        raise FindingError("a time stamp is none")
    check_signature(token, token.content)
    info = parse(token.content).want(SEQUENCE).inside()
    imprint = info[2].want(SEQUENCE).inside()
    name = dotted(imprint[0].want(SEQUENCE).inside()[0])
    if imprint[1].want(OCTETS).body != hashed(value, name):
        raise FindingError("a time stamp is over another signature")
    usage = token.signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING] or not usage.critical:
        raise FindingError("who stamped may do more, or less, than stamp")
    text = info[4].want(TIME).body.decode("ascii")
    pattern = "%Y%m%d%H%M%S.%fZ" if "." in text else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text, pattern).replace(tzinfo=UTC)


# --- certificates: RFC 5280


def check_path(
    certificate: x509.Certificate,
    pool: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
) -> list[x509.Certificate]:
    """Step d: up to one of your roots. The certificate with those above it."""
    issuers: list[x509.Certificate] = []
    current = certificate
    while current not in roots:
        if not current.not_valid_before_utc <= at + SECOND or (
            at > current.not_valid_after_utc
        ):
            raise FindingError("a certificate was not in its time")
        above = [one for one in (*pool, *roots) if _issued(current, one)]
        if not above or len(issuers) >= MANY:
            raise FindingError("a certificate does not lead to a root you gave")
        current = above[0]
        limits = current.extensions.get_extension_for_class(x509.BasicConstraints)
        if not limits.value.ca:
            raise FindingError("who issued a certificate is no authority")
        issuers.append(current)
    return [certificate, *issuers]


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    if certificate == by or certificate.issuer != by.subject:
        return False
    return made_by(
        by,
        certificate.signature,
        certificate.tbs_certificate_bytes,
        hash_of(certificate.signature_algorithm_oid),
    )


# --- revocation: RFC 6960, and CRLs of RFC 5280


Link = tuple[x509.Certificate, x509.Certificate]
"""A certificate, and who issued it."""


def check_answers(
    answers: Sequence[bytes], paths: Sequence[Link], at: datetime
) -> None:
    """Step e: every answer is about one of the paths, and one about the signer."""
    told: list[x509.Certificate] = []
    for raw in answers:
        about = [link for link in paths if _is_about(raw, link)]
        for certificate, issuer in about:
            check_good(raw, certificate, issuer, at)
            if not _is_delta(raw):  # which says nothing of what the full list has
                told.append(certificate)
        if not about:
            raise FindingError("НУЦ's answer is about another certificate")
    if paths[0][0] not in told:
        raise FindingError("nothing says that a certificate was not revoked")


def _is_about(raw: bytes, link: Link) -> bool:
    """Whether an answer names the certificate, or a list is by its issuer."""
    certificate, issuer = link
    try:
        answer = ocsp.load_der_ocsp_response(raw)
    except ValueError:
        return x509.load_der_x509_crl(raw).issuer == issuer.subject
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise FindingError("НУЦ gave no answer about a certificate")
    return answer.serial_number == certificate.serial_number


def _is_delta(raw: bytes) -> bool:
    """Whether it is a list of changes to another list (RFC 5280, 5.2.4)."""
    try:
        listed = x509.load_der_x509_crl(raw)
    except ValueError:
        return False  # an OCSP answer
    return any(one.oid == ExtensionOID.DELTA_CRL_INDICATOR for one in listed.extensions)


def check_good(
    raw: bytes, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> None:
    """Step e for one answer."""
    try:
        answer = ocsp.load_der_ocsp_response(raw)
    except ValueError:
        _check_listed(raw, certificate, issuer, at)
        return
    if answer.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise FindingError("НУЦ did not say that a certificate was good")
    if abs(answer.produced_at_utc - at) > NEAR:
        raise FindingError("НУЦ's answer is of another time")
    responder = answer.certificates[0] if answer.certificates else issuer
    if responder != issuer:
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        if ExtendedKeyUsageOID.OCSP_SIGNING not in usage.value or not _issued(
            responder, issuer
        ):
            raise FindingError("who answered for НУЦ may not")
    digest = hash_of(answer.signature_algorithm_oid)
    if not made_by(responder, answer.signature, answer.tbs_response_bytes, digest):
        raise FindingError("НУЦ's answer was changed")


def _check_listed(
    raw: bytes, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> None:
    try:
        listed = x509.load_der_x509_crl(raw)
    except ValueError as error:
        raise FindingError("what НУЦ said of a certificate cannot be read") from error
    digest = hash_of(listed.signature_algorithm_oid)
    genuine = made_by(issuer, listed.signature, listed.tbs_certlist_bytes, digest)
    if not genuine or listed.issuer != issuer.subject:
        raise FindingError("a list of НУЦ was changed")
    if listed.last_update_utc > at + NEAR or (
        listed.next_update_utc is not None and listed.next_update_utc < at
    ):
        raise FindingError("a list of НУЦ is of another time")
    found = listed.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if found is not None:
        raise FindingError("a certificate was revoked")


# --- time stamps over checkpoints

STAMPS = "timestamps/"
STAMP_FILE = re.compile(r"timestamps/(0|[1-9][0-9]{0,18})\.(checkpoint|tsr)")
CLOCKS_DIFFER = timedelta(minutes=1)


@dataclass(frozen=True)
class Stamped:
    """A checkpoint in timestamps/, and the authority's reply over its bytes."""

    checkpoint: Checkpoint
    note: bytes
    reply: bytes


def read_stamps(export: Export, keys: list[LogKey]) -> list[Stamped]:
    """Both files of every stamp, in the order of their sizes; FindingError."""
    names = {name for name in export.names() if name.startswith(STAMPS)}
    sizes = set[int]()
    for name in sorted(names):
        found = STAMP_FILE.fullmatch(name)
        if found is None:
            raise FindingError(f"{name} does not belong there")
        sizes.add(int(found[1]))
    stamps = []
    for size in sorted(sizes):
        name = f"{STAMPS}{size}"
        note, reply = (export.read(f"{name}.{end}") for end in ("checkpoint", "tsr"))
        checkpoint = open_checkpoint(note, keys, what=f"{name}.checkpoint")
        if checkpoint.size != size:
            raise FindingError(f"{name}.checkpoint is of {checkpoint.size} leaves")
        stamps.append(Stamped(checkpoint, note, reply))
    return stamps


def token_in(reply: bytes) -> Signature:
    """The token of a reply that granted one (TimeStampResp)."""
    parts = parse(reply).want(SEQUENCE).inside()
    match parts:
        case [status, token]:
            said = status.want(SEQUENCE).inside()[0].want(INTEGER).body
        case _:
            raise FindingError("a time stamp was not granted")
    if said not in {b"\0", b"\1"}:
        raise FindingError("a time stamp was not granted")
    return read_cms(token.raw)


def check_stamps(
    stamps: Sequence[Stamped],
    authorities: list[x509.Certificate],
    received: dict[int, tuple[int, str]],
) -> list[datetime]:
    """The instants of all; FindingError. `received`: what came last below a size."""
    instants: list[datetime] = []
    for stamp in stamps:
        size = stamp.checkpoint.size
        try:
            token = token_in(stamp.reply)
            at = stamped_at(token, stamp.note)
            check_path(token.signer, token.certificates, authorities, at)
        except (ValueError, LookupError, TypeError, x509.ExtensionNotFound) as error:
            raise FindingError(f"a time stamp cannot be read: {error}") from error
        if instants and at + CLOCKS_DIFFER < instants[-1]:
            raise FindingError(
                f"the stamp over {size} leaves is older than the one over fewer"
            )
        instants.append(at)
        if size in received:
            seq, last = received[size]
            if datetime.fromisoformat(last) > at + CLOCKS_DIFFER:
                raise FindingError(
                    f"it says it came after the stamp over {size} leaves", seq=seq
                )
    return instants


# --- the company's seal


def check_seal(
    export: Export, who: str, content: bytes, roots: list[x509.Certificate]
) -> tuple[x509.Certificate, datetime]:
    """The signer of these bytes and the stamped instant; FindingError."""
    signature = read_cms(export.read(f"{who}.cms"))
    if signature.content_type != DATA or signature.content not in (None, content):
        raise FindingError(f"{who}.cms is over other bytes")
    check_signature(signature, content)
    token = read_cms(export.read(f"{who}.tst"))
    at = stamped_at(token, signature.value)
    names = sorted(export.names())
    chain = [name for name in names if name.startswith(f"{who}.chain-")]
    pool = [x509.load_der_x509_certificate(export.read(name)) for name in chain]
    if not pool or pool[0] != signature.signer or pool[-1] not in roots:
        raise FindingError(f"{who}: the chain is not from the signer to your root")
    path = check_path(signature.signer, pool, roots, at)
    stamper = check_path(token.signer, [*pool, *token.certificates], roots, at)
    told = [name for name in names if name.startswith(f"{who}.revocation-")]
    answers = [export.read(name) for name in told]
    check_answers(answers, [*pairwise(path), *pairwise(stamper)], at)
    return signature.signer, at


def check_seals(
    export: Export, roots: list[x509.Certificate], bin_: str | None
) -> datetime:
    """Every PDF and the manifest are the company's; when the manifest was stamped."""
    papers = sorted(name for name in export.names() if name.endswith(".pdf"))
    signers = []
    try:
        for name in papers:
            content = export.read(name)
            signers.append(
                check_seal(export, name.removesuffix(".pdf"), content, roots)[0]
            )
        signer, at = check_seal(export, "manifest", export.read(MANIFEST), roots)
    except (ValueError, LookupError, TypeError, x509.ExtensionNotFound) as error:
        raise FindingError(f"a signature cannot be read: {error}") from error
    unit = NameOID.ORGANIZATIONAL_UNIT_NAME
    for one in (*signers, signer):
        named = [each.value for each in one.subject.get_attributes_for_oid(unit)]
        if bin_ is not None and named != [f"BIN{bin_}"]:
            raise FindingError("a signature is another organisation's")
    return at


# --- the whole


@dataclass(frozen=True)
class Verified:
    """What may be told about a good export."""

    checkpoint: Checkpoint
    events: int
    chain: bytes
    received: dict[int, tuple[int, str]]
    """As `check_stamps` has it."""


def verify(
    export: Export, keys: list[LogKey], held: list[bytes], producers: Producers | None
) -> Verified:
    """All steps of the module's docstring, in their order."""
    # Step 1.
    checkpoint = open_checkpoint(export.read("checkpoint"), keys, what="checkpoint")
    kept = [open_checkpoint(note, keys, what="held checkpoint") for note in held]
    stamps = {each.checkpoint.size: each for each in read_stamps(export, keys)}
    for old, whose in (
        *((old, "you hold a checkpoint of") for old in kept),
        *((each.checkpoint, "there is a stamp over") for each in stamps.values()),
    ):
        if old.size > checkpoint.size:
            raise FindingError(
                f"{whose} {old.size} leaves: the log was rolled back",
                seq=checkpoint.size,
            )
    kept += [each.checkpoint for each in stamps.values()]
    export.check_no_other_tiles(checkpoint.size)
    leaves = Leaves(keys[0].name, producers)
    tree, chain = Tree(), CHAIN_START
    tiles = TileLevel(export, 0, checkpoint.size)
    roots = {0: tree.root()}
    wanted = {old.size for old in kept}
    received: dict[int, tuple[int, str]] = {}
    for leaf in read_entries(export, checkpoint.size):  # 2
        hashed = leaf_hash(leaf)
        tiles.add(hashed)  # 4
        leaves.check(leaf, seq=tree.size)  # 3
        tree.add(hashed)
        chain = sha256(chain + hashed).digest()
        if tree.size in wanted:
            roots[tree.size] = tree.root()
        if tree.size in stamps:
            received[tree.size] = (tree.size - 1, leaves.received_at)
    tiles.finish()
    check_held(kept, roots)  # 6 before 5: it tells more of where
    if tree.root() != checkpoint.root:  # 5
        raise FindingError(
            "the root over the entries is not the signed one",
            seq=max([old.size for old in kept], default=0),
        )
    if checkpoint.size == 0:
        raise FindingError("no leaf opens the log", seq=0)
    return Verified(checkpoint, leaves.events, chain, received)


def read_entries(export: Export, size: int) -> Iterator[bytes]:
    for number, width in widths(size):
        path = tile_path("entries", number, width)
        first = number * TILE_WIDTH
        bundle = export.read(path, seq=first)
        yield from split_bundle(bundle, first=first, width=width, path=path)


def check_held(kept: list[Checkpoint], roots: dict[int, bytes]) -> None:
    """The first held checkpoint that differs bounds the change from both sides."""
    good = 0
    for old in sorted(kept, key=lambda each: each.size):
        if roots[old.size] != old.root:
            raise FindingError(
                f"changed between {good} and {old.size - 1}: the checkpoint of "
                f"{old.size} leaves that you hold, or that was stamped, has another "
                "root",
                seq=good,
            )
        good = old.size


def load_trust(path: Path) -> Producers:
    try:
        return Producers(json.loads(path.read_bytes())["keys"])
    except (ValueError, KeyError, TypeError) as cause:
        raise UsageError(f"--trust: {path} is not a list of keys") from cause


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Verify an export of the audit log, offline.",
        epilog="exit status: 0 verified, 1 error, 2 wrong usage, 3 finding",
    )
    parser.add_argument("directory", type=Path, help="the export, or its .zip")
    parser.add_argument(
        "--vkey",
        required=True,
        action="append",
        help="the log's key, as you know it; repeated, if it was rotated",
    )
    parser.add_argument(
        "--held",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a checkpoint you kept from earlier; may be repeated",
    )
    parser.add_argument(
        "--trust", type=Path, metavar="FILE", help="keys of the producers (JSON)"
    )
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="witnesses you want to have seen it"
    )
    parser.add_argument(
        "--tsa",
        type=Path,
        metavar="PEM",
        help="authorities of the time stamps: the root, and those between, if any",
    )
    parser.add_argument(
        "--leaf", type=Path, metavar="FILE", help="one leaf, to its proof alone"
    )
    parser.add_argument(
        "--roots",
        type=Path,
        metavar="PEM",
        help="authorities of the company's signature",
    )
    parser.add_argument(
        "--bin", metavar="NUMBER", dest="bin_", help="the company's БИН"
    )
    parser.add_argument(
        "--fresh", type=float, metavar="HOURS", help="how old a cosignature may be"
    )
    return parser.parse_args(arguments)


def told_of(
    export: Export,
    keys: list[LogKey],
    held: list[bytes],
    producers: Producers | None,
    *,
    of_part: bool,
) -> tuple[str, dict[int, tuple[int, str]]]:
    """What was verified, in words, and when it was received; FindingError."""
    if of_part:
        part = verify_part(export, keys, held, producers)
        told = (
            f"part verified: {len(part.said['leaves'])} leaves of a log of "
            f"{part.checkpoint.size}, root {part.checkpoint.root.hex()}, "
            f"complete: {part.complete}"
        )
        return told, part.received
    done = verify(export, keys, held, producers)
    if form_of(export) == WHOLE:
        check_whole_manifest(export, done.checkpoint)
    told = (
        f"chain verified: {done.events} events in {done.checkpoint.size} leaves, "
        f"root {done.checkpoint.root.hex()}, chain {done.chain.hex()}"
    )
    return told, done.received


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    try:
        keys = [parse_vkey(vkey) for vkey in options.vkey]
        if len({key.name for key in keys}) != 1:
            raise UsageError("--vkey: keys of different logs")  # noqa: TRY301 - reported below
        producers = load_trust(options.trust) if options.trust else None
        held = [path.read_bytes() for path in options.held]
        policy = load_policy(options.policy) if options.policy else None
        if options.fresh is not None and policy is None:
            raise UsageError("--fresh says how old what --policy wants may be")  # noqa: TRY301 - reported below
        oldest = 0.0
        if options.fresh is not None:
            oldest = time.time() - options.fresh * SECONDS_IN_AN_HOUR
        if not options.directory.exists():
            raise FileNotFoundError(f"{options.directory} is not there")  # noqa: TRY301
        if options.leaf:
            if options.held or options.policy or options.roots or options.tsa:
                raise UsageError("--leaf goes with --vkey and --trust alone")  # noqa: TRY301 - reported below
            proof, raw = options.directory.read_bytes(), options.leaf.read_bytes()
            print(verify_one(proof, raw, keys, producers))
            return VERIFIED
        export = Export.at(options.directory)
        form = form_of(export)
        of_part = form is not None and form != WHOLE
        told, received = told_of(export, keys, held, producers, of_part=of_part)
        seal = "not checked (no --roots)"
        if options.roots:
            roots = x509.load_pem_x509_certificates(options.roots.read_bytes())
            sealed_at = check_seals(export, roots, options.bin_)
            seal = f"stamped {sealed_at:%Y-%m-%dT%H:%M:%SZ}"
        stamps = read_stamps(export, keys)
        stamped = f"{len(stamps)}, not checked (no --tsa)"
        if options.tsa:
            authorities = x509.load_pem_x509_certificates(options.tsa.read_bytes())
            instants = check_stamps(stamps, authorities, received)
            newest = f", the newest {instants[-1]:%Y-%m-%dT%H:%M:%SZ}" if stamps else ""
            stamped = f"{len(stamps)}{newest}"
        seen = "not asked (no --policy)"
        if policy:
            note = export.read("checkpoint")
            names = check_witnesses(note, policy, oldest=oldest)
            seen = ", ".join(sorted(names)) or "none wanted"
    except FindingError as finding:
        print(f"FINDING {finding}")
        return FINDING
    except UsageError as mistake:
        print(f"usage: {mistake}", file=sys.stderr)
        return USAGE
    except Exception as error:  # noqa: BLE001 - whatever fails must not end with 0
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
        return ERROR
    signatures = "checked" if producers else "not checked (no --trust)"
    print(
        f"{told}, {len(held)} held checkpoints, producer signatures {signatures}, "
        f"witnesses {seen}, time stamps {stamped}"
        + (f", company's signature {seal}" if form else "")
    )
    return VERIFIED


if __name__ == "__main__":
    sys.exit(main())
