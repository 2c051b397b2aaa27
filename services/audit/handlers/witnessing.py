"""Published checkpoints are shown to outside witnesses, until enough have cosigned.

A witness cosigns only what continues what it saw before, so an operator with the log's
key cannot show two histories without their help. The network is asked outside every
transaction, and never by the writer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kernel.errors import Refused, Transient
from kernel.events.audit import IntegrityMismatchFound
from kernel.ids import Ids
from services.audit.domain.following import TileRoots
from services.audit.domain.note import Checkpoint, parse_text
from services.audit.domain.policy import (
    Cosignature,
    Policy,
    PolicyError,
    Verify,
    cosignature,
)
from services.audit.domain.proofs import add_checkpoint_body
from services.audit.ports import (
    Noticeboard,
    Units,
    WitnessBehindError,
    WitnessDoor,
)

FOLLOWED_AT_ONCE = 10_000
"""Leaf hashes read in one transaction while the log is followed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one checkpoint: who cosigned it, who did not and why."""

    size: int
    cosigned: tuple[str, ...]
    failures: tuple[tuple[str, str], ...]
    enough: bool


@dataclass(slots=True)
class Witnessing:
    """What outlives one round: the log's tile roots, and sizes the witnesses saw."""

    policy: Policy
    roots: TileRoots = field(default_factory=TileRoots)
    sizes: dict[str, int] = field(default_factory=dict)
    shown: bytes = b""
    told: set[tuple[str, str]] = field(default_factory=set)

    def round(
        self,
        *,
        doors: Sequence[WitnessDoor],
        units: Units,
        board: Noticeboard,
        verify: Verify,
        ids: Ids,
    ) -> Seen | None:
        """Show the published checkpoint, if it is a new one or was not cosigned by all.

        A witness that saw more than we have, or another log, is told as a finding: it
        stops nothing, or any witness could stop us.
        """
        note = board.published()
        if note is None or note == self.shown:
            return None
        text, _, _ = note.partition(b"\n\n")
        text += b"\n"
        checkpoint = parse_text(text)
        self._follow(checkpoint.size, units)
        lines: list[Cosignature] = []
        failures: list[tuple[str, str]] = []
        for door in doors:
            try:
                answer = self._show(door, note, checkpoint, units)
                lines += self._genuine(door, answer, text=text, verify=verify)
            except Refused as denial:
                failures.append((door.name, denial.code))
                self._tell(door.name, denial.code, checkpoint, units=units, ids=ids)
            except (Transient, PolicyError, WitnessBehindError) as error:
                failures.append((door.name, type(error).__name__))
        names = {each.witness for each in lines}
        enough = self.policy.met_by(names)
        if enough:
            board.publish_witnessed(note + b"".join(each.line for each in lines))
        if not failures:
            self.shown = note
        return Seen(checkpoint.size, tuple(sorted(names)), tuple(failures), enough)

    def _follow(self, size: int, units: Units) -> None:
        while self.roots.size < size:
            start = self.roots.size
            stop = min(size, start + FOLLOWED_AT_ONCE)
            with units.begin() as unit:
                hashes = unit.leaf_hashes(start=start, stop=stop)
            if len(hashes) != stop - start:
                raise Transient("the published checkpoint is ahead of this database")
            self.roots.add(hashes)

    def _show(
        self, door: WitnessDoor, note: bytes, checkpoint: Checkpoint, units: Units
    ) -> bytes:
        """Ask once more from the size the witness says it saw last."""
        try:
            return self._ask(door, note, checkpoint, units)
        except WitnessBehindError as behind:
            if behind.size > checkpoint.size:
                raise Refused(
                    "witness_ahead",
                    "A witness saw a longer log.",
                    next_step="Find the database that it saw.",
                ) from behind
            self.sizes[door.name] = behind.size
            return self._ask(door, note, checkpoint, units)

    def _ask(
        self, door: WitnessDoor, note: bytes, checkpoint: Checkpoint, units: Units
    ) -> bytes:
        old = self.sizes.get(door.name, 0)

        def leaves(start: int, stop: int) -> Sequence[bytes]:
            with units.begin() as unit:
                return unit.leaf_hashes(start=start, stop=stop)

        proof = self.roots.consistency(old, checkpoint.size, leaves=leaves)
        answer = door.add_checkpoint(add_checkpoint_body(old, proof, note=note))
        self.sizes[door.name] = checkpoint.size
        return answer

    def _genuine(
        self, door: WitnessDoor, answer: bytes, *, text: bytes, verify: Verify
    ) -> list[Cosignature]:
        found = [
            cosignature(line, text=text, policy=self.policy, verify=verify)
            for line in answer.split(b"\n")
            if line
        ]
        own = [each for each in found if each and each.witness == door.name]
        if not own:
            raise PolicyError("the witness answered without its own cosignature")
        return own[:1]

    def _tell(
        self, name: str, code: str, checkpoint: Checkpoint, *, units: Units, ids: Ids
    ) -> None:
        if (name, code) in self.told:
            return
        self.told.add((name, code))
        with units.begin() as unit:
            unit.publish(
                IntegrityMismatchFound(
                    finding_id=ids.new(), seq=checkpoint.size, code=code
                )
            )


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The newest checkpoint that enough witnesses cosigned, and when each did.

    `size` leaves of the log's `of`; None of a witness that did not cosign it.
    """

    size: int
    of: int
    enough: bool
    cosigned: Mapping[str, datetime | None]


def witnessed(
    note: bytes | None, *, policy: Policy | None, size: int, verify: Verify
) -> Witnessed:
    """What the published note proves of the policy's witnesses, cosignatures judged."""
    if policy is None:
        return Witnessed(0, size, enough=False, cosigned={})
    seen: dict[str, datetime | None] = dict.fromkeys(policy.witnesses)
    text, _, lines = (note or b"0\n0\n\n").partition(b"\n\n")
    for line in lines.splitlines():
        try:
            found = cosignature(line, text=text + b"\n", policy=policy, verify=verify)
        except PolicyError:
            continue  # a false cosignature counts for nothing
        if found is not None:
            seen[found.witness] = found.at
    by = frozenset(name for name, at in seen.items() if at is not None)
    return Witnessed(int(text.split(b"\n")[1]), size, policy.met_by(by), seen)
