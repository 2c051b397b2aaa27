"""One transaction with the stores of onboarding on it."""

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from kernel.context import Call, jsonable
from kernel.crypto import FieldKeys, Json, as_object
from kernel.database import Transaction
from kernel.events import Event
from kernel.origins import SqlOrigins
from services.onboarding.domain.change import OPEN
from services.onboarding.storage.accounts import SqlAccounts
from services.onboarding.storage.archive import SqlArchive
from services.onboarding.storage.ceremonies import SqlCeremonies
from services.onboarding.storage.changes import SqlChanges
from services.onboarding.storage.clients import SqlClients
from services.onboarding.storage.consents import SqlConsents, SqlObligations
from services.onboarding.storage.documents import SqlDocuments
from services.onboarding.storage.dossiers import SqlDossiers
from services.onboarding.storage.erasures import SqlErasures
from services.onboarding.storage.keys import KeyRing
from services.onboarding.storage.photos import SqlPhotos
from services.onboarding.storage.questions import SqlQuestions
from services.onboarding.storage.readings import SqlReadings
from services.onboarding.storage.registrations import FINISHED, SqlRegistrations
from services.onboarding.storage.review_tables import origins
from services.onboarding.storage.reviews import SqlReviews
from services.onboarding.storage.tables import changes, registrations

_OPEN: Final = [state.value for state in OPEN]


def _is_over(thing: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether a registration, or a change, waits for no answer of antifraud's."""
    registered = select(registrations.c.registration_id).where(
        registrations.c.registration_id == thing,
        registrations.c.state.in_(FINISHED),
    )
    changed = select(changes.c.change_id).where(
        changes.c.change_id == thing, changes.c.state.not_in(_OPEN)
    )
    return or_(registered.exists(), changed.exists())


class SqlUnit:
    """`ports.Unit` on a transaction of the kernel."""

    def __init__(
        self, transaction: Transaction, keys: FieldKeys, call: Call | None = None
    ) -> None:
        connection = transaction.connection
        ring = KeyRing(connection, keys)
        self._transaction, self._call = transaction, call
        self.registrations = SqlRegistrations(connection, ring)
        self.photos = SqlPhotos(connection, ring)
        self.reviews = SqlReviews(connection)
        self.questions = SqlQuestions(connection)
        self.origins = SqlOrigins(transaction, origins, _is_over)
        self.clients = SqlClients(connection, ring)
        self.accounts = SqlAccounts(connection, ring)
        self.ceremonies = SqlCeremonies(connection, ring)
        self.changes = SqlChanges(connection, ring)
        self.consents = SqlConsents(connection)
        self.obligations = SqlObligations(connection)
        self.readings = SqlReadings(connection)
        self.documents = SqlDocuments(connection)
        self.dossiers = SqlDossiers(connection, ring)
        self.archive = SqlArchive(connection, ring)
        self.keys = ring
        self.erasures = SqlErasures(connection)

    def once(self, run: Callable[[], Mapping[str, Json]]) -> Mapping[str, Json]:
        """Run an act once per Idempotency-Key of the request it belongs to."""
        if self._call is None:
            return run()
        return as_object(self._transaction.once(self._call, lambda: jsonable(run())))

    def publish(self, event: Event) -> UUID:
        """Let the event leave with the commit."""
        return self._transaction.publish(event)
