"""What somebody looks for in the log; each word narrows what is found."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from kernel.crypto import Json
from services.audit.domain.index import ids_of, term
from services.audit.domain.leaf import stamp
from services.audit.domain.scope import Entry, Scope, scope_unfit

_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Question:
    """The words of a scope, and ``user``: the id of a client or a member of the staff.

    A leaf answers it if the scope takes it and it names the user in any place.
    """

    scope: Scope | None
    user: str | None

    @classmethod
    def parse(cls, words: Mapping[str, Json]) -> Self:
        """As it is asked, at least one word.  Refused ``scope_unfit``."""
        user = words.get("user")
        if user is not None and not (isinstance(user, str) and _ID.fullmatch(user)):
            raise scope_unfit()
        rest = {word: value for word, value in words.items() if word != "user"}
        return cls(Scope.parse(rest) if rest or user is None else None, user)

    def words(self) -> dict[str, Json]:
        """What `parse` reads."""
        said = self.scope.words() if self.scope else {}
        return {**said, **({"user": self.user} if self.user else {})}

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids that must all stand in a leaf that answers."""
        scope = self.scope
        thing = scope.subject.partition(":")[2] if scope and scope.subject else None
        incident = scope.incident if scope else None
        return tuple(each for each in (self.user, thing, incident) if each)

    @property
    def texts(self) -> tuple[str, ...]:
        """What stands in the bytes of each leaf that answers."""
        kinds = self.scope.kinds if self.scope else ()
        return (*self.ids, *(kinds if len(kinds) == 1 else ()))

    @property
    def terms(self) -> tuple[tuple[int, ...], ...]:
        """A tile may answer if it has one term of each of these."""
        kinds = self.scope.kinds if self.scope else ()
        alternatives = [(each,) for each in self.ids] + ([kinds] if kinds else [])
        return tuple(tuple(map(term, each)) for each in alternatives)

    @property
    def begins_at(self) -> datetime | None:
        return self.scope.begins_at if self.scope else None

    @property
    def ends_at(self) -> datetime | None:
        return self.scope.ends_at if self.scope else None

    def fits(self, entry: Entry) -> bool:
        """Whether the leaf itself answers; what the index said is not asked."""
        if self.user is not None and self.user not in ids_of(entry):
            return False
        scope = self.scope
        return scope is None or (scope.names(entry) and scope.within(entry))


def not_before(entry: Entry, instant: datetime) -> bool:
    """Whether the log received it at the instant or later."""
    return stamp(instant) <= entry.received_at
