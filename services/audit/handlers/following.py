"""The log gone through by its stored hashes, and gone on with where one stopped.

Whoever waits for the writer's seat keeps up with whoever has it, so that to take over
means to look at the few rows since: a hot stand-by (audit_log.md section 2).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from kernel.errors import Broken
from services.audit.domain.following import LeafHashes, TileRoots
from services.audit.domain.intake import Head
from services.audit.domain.tree import CHAIN_START, chain_hash
from services.audit.ports import RowHashes

ADDED_AT_ONCE = 10_000


@dataclass(slots=True)
class Followed:
    """How far the log was gone through; rows that came are never read again.

    Committed rows never change. If they do behind our back, what is kept here is what
    they were, and the signed root of the last checkpoint tells the difference.
    """

    roots: TileRoots = field(default_factory=TileRoots)
    chain: bytes = CHAIN_START
    received_at: datetime | None = None

    @property
    def size(self) -> int:
        return self.roots.size

    def follow(self, rows: Iterable[RowHashes]) -> None:
        """Go on with the rows from `size` on. Broken: numbers or chain have a hole."""
        hashes: list[bytes] = []
        try:
            for row in rows:
                seq = self.roots.size + len(hashes)
                chain = chain_hash(self.chain, row.leaf_hash)
                if row.seq != seq or row.chain_hash != chain:
                    raise Broken(
                        f"the log is damaged at seq {seq}: it must not be signed"
                    )
                self.chain, self.received_at = chain, row.received_at
                hashes.append(row.leaf_hash)
                if len(hashes) == ADDED_AT_ONCE:
                    self.roots.add(hashes)
                    hashes = []
        finally:
            self.roots.add(hashes)

    def head(self) -> Head:
        """Where the log stands, for a writer to go on from."""
        return Head(self.roots.frontier(), self.chain, self.received_at)

    def root(self, size: int, *, leaves: LeafHashes) -> bytes:
        """The root when there were so many leaves; not more than `size`."""
        return self.roots.root(size, leaves=leaves)
