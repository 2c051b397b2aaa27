"""The log re-read again and again at a set pace, from the start of the process on.

A finding is told, and stops the writer (clauses 3.4, 7.2b): what cannot be trusted
must not be signed further. The stop ends when somebody has the whole log verified and
nothing is found, see `reading.verify_log`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kernel.clock import Clock
from kernel.events.audit import IntegrityMismatchFound
from kernel.ids import Ids
from services.audit.domain.check import MismatchError, StoredRow, Trusted, Verify
from services.audit.domain.index import Tile, Tiling
from services.audit.domain.tiles import TILE_WIDTH
from services.audit.handlers.reading import Walk, entry_of
from services.audit.ports import Block, Noticeboard, Unit, Units

TRIPWIRES = "tripwires_changed"
INDEX = "index_differs"


@dataclass(slots=True)
class Patrol:
    """Where the round stands; one per process."""

    walk: Walk | None = None
    ended_at: datetime | None = None
    """When the last whole round ended."""
    tiling: Tiling = field(default_factory=Tiling)
    tiles: list[Tile] = field(default_factory=list)
    """What the index must hold of the leaves walked since it was last looked at."""
    index_told: bool = False
    """That the index differs was told in this round."""
    tripped: frozenset[str] = field(default_factory=frozenset)
    """Tables whose tripwires were told to be changed, each once while it lasts."""

    def beat(
        self,
        *,
        rows: int,
        rest: timedelta,
        units: Units,
        board: Noticeboard,
        verify: Verify,
        clock: Clock,
        ids: Ids,
    ) -> int | None:
        """Check the next rows, `rows` or a page more; after a whole round, rest.

        The number of leaves of a round that ended whole, None in between.
        """
        vkeys = board.announced()
        if not vkeys or self._resting(clock.now(), rest):
            return None
        published = board.published()
        with units.begin() as unit:
            try:
                if self.walk is None:
                    self._look_at_tripwires(unit, ids=ids)
                    self.tiling, self.tiles = Tiling(), []
                    self.index_told = False
                    self.walk = Walk.begin(
                        unit,
                        outside=[published] if published else [],
                        trusted=Trusted.of(vkeys, verify=verify),
                    )
                leaves = self._go_on(self.walk, rows=rows, unit=unit)
                self._look_at_index(unit, ids=ids)
                self.ended_at = None if leaves is None else clock.now()
            except MismatchError as lie:
                leaves, self.walk = None, None
                found = Block(
                    block_id=ids.new(),
                    seq=lie.seq,
                    code=lie.code,
                    found_at=clock.now(),
                )
                if unit.block(found):
                    unit.publish(
                        IntegrityMismatchFound(
                            finding_id=found.block_id, seq=lie.seq, code=lie.code
                        )
                    )

        return leaves

    def _resting(self, now: datetime, rest: timedelta) -> bool:
        """A clock that was set back ends the rest: it must not make it longer."""
        return self.ended_at is not None and (
            self.ended_at <= now < self.ended_at + rest
        )

    def _go_on(self, walk: Walk, *, rows: int, unit: Unit) -> int | None:
        until = walk.checker.size + rows
        while walk.checker.size < until:
            if walk.page(unit, self._see):
                self.walk = None
                return walk.checker.size
        return None

    def _see(self, row: StoredRow) -> None:
        tile = self.tiling.add(entry_of(row))
        if tile is not None:
            self.tiles.append(tile)

    def _look_at_index(self, unit: Unit, *, ids: Ids) -> None:
        """It proves nothing, so it stops nothing: told once a round, and set right."""
        indexed = unit.indexed_tiles()
        for tile in self.tiles:
            if tile.number >= indexed or unit.tile(tile.number) == tile:
                continue
            unit.index(tile)
            if not self.index_told:
                first = tile.number * TILE_WIDTH
                unit.publish(
                    IntegrityMismatchFound(finding_id=ids.new(), seq=first, code=INDEX)
                )
            self.index_told = True
        self.tiles = []

    def _look_at_tripwires(self, unit: Unit, *, ids: Ids) -> None:
        """They prove nothing, so they stop nothing; but nobody changes them unseen."""
        changed = frozenset(unit.changed_tripwires())
        for _ in sorted(changed - self.tripped):
            unit.publish(
                IntegrityMismatchFound(
                    finding_id=ids.new(), seq=unit.size(), code=TRIPWIRES
                )
            )
        self.tripped = changed
