"""One transaction with the stores of onboarding on it."""

from uuid import UUID

from kernel.crypto import FieldKeys
from kernel.database import Transaction
from kernel.events import Event
from services.onboarding.storage.ceremonies import SqlCeremonies
from services.onboarding.storage.clients import SqlAccounts, SqlClients
from services.onboarding.storage.registrations import SqlRegistrations


class SqlUnit:
    """`ports.Unit` on a transaction of the kernel."""

    def __init__(self, transaction: Transaction, keys: FieldKeys) -> None:
        connection = transaction.connection
        self._transaction = transaction
        self.registrations = SqlRegistrations(connection, keys)
        self.clients = SqlClients(connection, keys)
        self.accounts = SqlAccounts(connection, keys)
        self.ceremonies = SqlCeremonies(connection, keys)

    def publish(self, event: Event) -> UUID:
        """Let the event leave with the commit."""
        return self._transaction.publish(event)
