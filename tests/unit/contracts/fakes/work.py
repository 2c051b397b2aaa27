"""One transaction of the twins: a failed one leaves nothing behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from uuid import UUID

from kernel.context import jsonable
from kernel.crypto import Json
from kernel.events import Event
from tests.unit.contracts.fakes.keys import FakeEnds, FakeKeys
from tests.unit.contracts.fakes.papers import (
    FakeDocuments,
    FakeSignatures,
    FakeTemplates,
)
from tests.unit.contracts.fakes.rows import (
    FakeAmendments,
    FakeApplications,
    FakeClients,
    FakeContracts,
    FakeDisclosures,
    FakeSchedules,
    FakeVisits,
)
from tests.unit.origins import FakeOrigins


class FakeWork:
    """Implements Work and Unit: a failed transaction leaves nothing behind.

    `key` plays the Idempotency-Key of the request being served; `replies` is what the
    database keeps of earlier ones.
    """

    def __init__(self) -> None:
        self.applications = FakeApplications()
        self.origins = FakeOrigins()
        self.contracts = FakeContracts()
        self.amendments = FakeAmendments(
            lambda: {row.amendment_id for row in self.contracts.rows.values()}
        )
        self.schedules = FakeSchedules()
        self.documents = FakeDocuments()
        self.templates = FakeTemplates()
        self.signatures = FakeSignatures()
        self.clients = FakeClients()
        self.visits = FakeVisits()
        self.disclosures = FakeDisclosures()
        self.keys = FakeKeys()
        self.ends = FakeEnds()
        self.said: list[Event] = []
        self.replies: dict[str, Json] = {}
        self.key: str | None = None
        self.open = False

    @contextmanager
    def begin(self) -> Iterator["FakeWork"]:
        assert not self.open, "a transaction within a transaction"
        names = (
            "applications",
            "origins",
            "contracts",
            "amendments",
            "schedules",
            "documents",
            "templates",
            "signatures",
            "clients",
            "visits",
            "disclosures",
            "keys",
            "ends",
            "said",
            "replies",
        )
        before = {name: deepcopy(getattr(self, name)) for name in names}
        self.open = True
        try:
            yield self
        except BaseException:
            self.__dict__.update(before)
            raise
        finally:
            self.open = False

    def publish(self, event: Event) -> UUID:
        assert self.open, "an event without a commit"
        self.said.append(event)
        return UUID(int=len(self.said))

    def once(self, run: Callable[[], Json]) -> Json:
        if self.key is None:
            return run()
        if self.key not in self.replies:
            self.replies[self.key] = jsonable(run())
        return self.replies[self.key]

    def said_types(self) -> list[str]:
        """The events' names, without publisher and version."""
        return [event.TYPE.split(".")[1] for event in self.said]
