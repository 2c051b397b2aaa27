"""Who must have seen a checkpoint: C2SP tlog-policy, and cosignatures by that policy.

A policy reaches a verifier out of band; the writer's own copy says whom to ask. A
cosignature (C2SP tlog-cosignature, `cosignature/v1`) signs a time and the checkpoint's
text, but not the witness's name: therefore no public key may stand there twice.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

Verify = Callable[[bytes, bytes, bytes], bool]
"""Ed25519: public key, message, signature → whether it is genuine."""

COSIGNATURE_V1 = b"\x04"
_KEY_BYTES = 32
_TIME_BYTES = 8
_BLOB_BYTES = 4 + _TIME_BYTES + 64
_WITH_URL = 4


class PolicyError(ValueError):
    """The policy is malformed, or says two things at once."""


@dataclass(frozen=True, slots=True)
class Witness:
    """An outside party that cosigns: its name in the policy, its key, its address."""

    name: str
    key_name: str
    public_key: bytes
    url: str | None

    @property
    def key_id(self) -> bytes:
        named = self.key_name.encode() + b"\n" + COSIGNATURE_V1 + self.public_key
        return sha256(named).digest()[:4]


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A genuine line of a witness: when it saw the checkpoint."""

    witness: str
    at: datetime
    line: bytes


@dataclass(frozen=True, slots=True)
class Policy:
    """Witnesses, groups of them, and the one whose consent is the quorum."""

    witnesses: Mapping[str, Witness]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    """By name: how many of which members."""
    quorum: str | None

    def met_by(self, names: AbstractSet[str]) -> bool:
        """Whether these witnesses together are the quorum."""
        return self.quorum is None or self._met(self.quorum, names)

    def _met(self, name: str, names: AbstractSet[str]) -> bool:
        if name in self.witnesses:
            return name in names
        least, members = self.groups[name]
        return sum(self._met(member, names) for member in members) >= least


def parse_policy(text: str) -> Policy:
    """Read a policy file; names are defined before their use. Raises PolicyError."""
    reading = _Reading()
    for line in text.splitlines():
        words = line.split()
        if words and not words[0].startswith("#"):
            reading.line(words)
    if not reading.decided:
        raise PolicyError("exactly one line says the quorum")
    return Policy(reading.witnesses, reading.groups, reading.quorum)


@dataclass(slots=True)
class _Reading:
    """What the lines so far have said."""

    witnesses: dict[str, Witness] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str | None = None
    decided: bool = False

    def line(self, words: list[str]) -> None:
        match words:
            case ["log", _] | ["log", _, _]:
                pass
            case ["witness", name, vkey, *rest] if len(words) <= _WITH_URL:
                self._witness(name, vkey, url=rest[0] if rest else None)
            case ["group", name, count, *members] if members:
                self._group(name, count, tuple(members))
            case ["quorum", name] if not self.decided:
                self.decided = True
                self.quorum = None if name == "none" else self._known(name)
            case _:
                raise PolicyError("a line that no policy has")

    def _witness(self, name: str, vkey: str, *, url: str | None) -> None:
        key_name, public_key = _parse_vkey(vkey)
        if public_key in {each.public_key for each in self.witnesses.values()}:
            raise PolicyError("a public key stands there twice")
        witness = Witness(self._new(name), key_name, public_key, url)
        self.witnesses[name] = witness

    def _group(self, name: str, count: str, members: tuple[str, ...]) -> None:
        for member in members:
            self._known(member)
        if len(set(members)) != len(members):
            raise PolicyError("a member stands there twice")
        if count.isascii() and count.isdecimal():
            least = int(count)
        elif count in {"any", "all"}:
            least = 1 if count == "any" else len(members)
        else:
            least = 0
        if not 1 <= least <= len(members):
            raise PolicyError("a group needs a number of its members")
        self.groups[self._new(name)] = (least, members)

    def _new(self, name: str) -> str:
        if name == "none" or name in self.witnesses or name in self.groups:
            raise PolicyError("a name stands there twice")
        return name

    def _known(self, name: str) -> str:
        if name not in self.witnesses and name not in self.groups:
            raise PolicyError("a name that nobody has")
        return name


def cosigned_text(text: bytes, *, time: int) -> bytes:
    """What a witness signs: when (seconds since 1970), and the checkpoint's text."""
    return f"cosignature/v1\ntime {time}\n".encode() + text


def cosignature(
    line: bytes, *, text: bytes, policy: Policy, verify: Verify
) -> Cosignature | None:
    """The genuine cosignature on a note's line; None when it is anybody else's.

    Raises PolicyError when it is under a key of the policy and false.
    """
    match line.decode(errors="replace").split(" "):
        case ["—", key_name, encoded]:
            blob = _strict_base64(encoded)
        case _:
            return None
    if blob is None or len(blob) != _BLOB_BYTES:
        return None
    for witness in policy.witnesses.values():
        if (witness.key_name, witness.key_id) == (key_name, blob[:4]):
            time = int.from_bytes(blob[4:12], "big")
            signed = cosigned_text(text, time=time)
            if not verify(witness.public_key, signed, blob[12:]):
                raise PolicyError(f"a false cosignature of {witness.name}")
            at = datetime.fromtimestamp(time, tz=UTC)
            return Cosignature(witness.name, at, line + b"\n")
    return None


def _parse_vkey(vkey: str) -> tuple[str, bytes]:
    name, _, rest = vkey.partition("+")
    key_hex, _, encoded = rest.partition("+")
    blob = _strict_base64(encoded)
    if not name or blob is None or len(blob) != 1 + _KEY_BYTES:
        raise PolicyError("a malformed vkey")
    if blob[:1] != COSIGNATURE_V1:
        raise PolicyError("not the vkey of a witness (type 4)")
    if sha256(name.encode() + b"\n" + blob).digest()[:4].hex() != key_hex:
        raise PolicyError("a vkey whose id does not belong to its key")
    return name, blob[1:]


def _strict_base64(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None
