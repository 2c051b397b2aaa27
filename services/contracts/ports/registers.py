"""The registers of others that are asked before a contract is offered."""

from typing import Protocol

from services.contracts.domain.checks import (
    ConsentKind,
    CreditReport,
    GivenConsent,
    ListCheck,
    StateRecord,
)


class Bureau(Protocol):
    """The credit bureau (кредитное бюро)."""

    def report(self, iin: str) -> CreditReport:
        """The person's credit report.  Raises Transient when none can be had."""
        ...


class StateRegisters(Protocol):
    """The state's registers of persons, marriages, conscripts and consents."""

    def record(self, iin: str) -> StateRecord:
        """What they say of a borrower.  Raises Transient when they do not answer."""
        ...

    def consent(self, iin: str, kind: ConsentKind) -> GivenConsent:
        """Whether a consent stands.  Raises Transient when they do not answer."""
        ...


class Monitoring(Protocol):
    """The financial monitoring agency (АФМ)."""

    def look(self, iin: str) -> ListCheck:
        """Whether the person is listed.  Raises Transient when it does not answer."""
        ...
