"""What every use case of incidents is given besides its arguments."""

from dataclasses import dataclass
from datetime import datetime

from kernel.calendar import WorkingCalendar
from kernel.clock import Clock
from kernel.ids import Ids
from kernel.policy import Policy
from kernel.words import refuse_unfit_words
from services.audit.domain.incidents.notice import Terms


@dataclass(frozen=True, slots=True)
class Tools:
    """Time, ids and dated settings."""

    clock: Clock
    ids: Ids
    policy: Policy

    def terms(self, at: datetime) -> Terms:
        """The terms of notices as the settings had them at an instant."""
        return Terms.at(self.policy, at)

    @property
    def calendar(self) -> WorkingCalendar:
        """The working days as the settings have them now."""
        return self.terms(self.clock.now()).calendar

    def refuse_unfit(self, text: str) -> None:
        """As `refuse_unfit_words`, up to the length the settings allow."""
        most = self.policy.integer("incident.note_characters", self.clock.now())
        refuse_unfit_words(text, most=most)
