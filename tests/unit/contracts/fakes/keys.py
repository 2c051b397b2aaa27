"""Twins of the keys of persons, and of their ends."""

from datetime import datetime
from uuid import UUID

from services.contracts.domain.erasure import Kept


class FakeKeys:
    """Implements MakesKeys: nobody is of before there were keys."""

    def __init__(self) -> None:
        self.made: set[UUID] = set()

    def make(
        self, client_id: UUID, *, at: datetime, look_at: datetime | None = None
    ) -> None:
        del at, look_at
        self.made.add(client_id)

    def unfinished(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        del at, limit
        return ()

    def take_further(self, client_id: UUID, *, at: datetime) -> None:
        del client_id, at


class FakeEnds:
    """Implements Erasures of one client; `kept_of` is what has to stay."""

    def __init__(self) -> None:
        self.look_at: dict[UUID, datetime] = {}
        self.erased: list[UUID] = []
        self.taken_by_another = False
        self.kept_of = Kept(is_open=False, last_at=None)

    def due(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        return tuple(one for one, when in self.look_at.items() if when <= at)[:limit]

    def take(self, client_id: UUID) -> bool:
        return not self.taken_by_another and client_id not in self.erased

    def look_again(self, client_id: UUID, *, at: datetime | None) -> None:
        if at is None:
            self.look_at.pop(client_id, None)
        else:
            self.look_at[client_id] = at

    def erase(self, client_id: UUID, *, at: datetime) -> bool:
        del at
        self.look_at.pop(client_id)
        self.erased.append(client_id)
        return True

    def kept(self, client_id: UUID) -> Kept:
        del client_id
        return self.kept_of
