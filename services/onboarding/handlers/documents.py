"""Watching identity documents: a client is told before one ends, and when it has."""

from typing import Final

from kernel.clock import Clock, almaty_date
from kernel.events.onboarding import DocumentExpiryNoted
from services.onboarding.ports import Begin, Rules

AT_ONCE: Final = 100
"""Documents looked at per beat; the rest waits for the next."""


def watch_documents(*, begin: Begin, clock: Clock, rules: Rules) -> int:
    """Tell of documents that end within the warning time or have ended; how many.

    Each standing of a document is told once, whoever looks at the same time.
    """
    now = clock.now()
    today = almaty_date(now)
    told = 0
    with begin() as unit:
        found = unit.documents.ending(
            today=today, until=today + rules.document_warning(today), limit=AT_ONCE
        )
        for document in found:
            standing = document.standing(today)
            if unit.documents.note(document, standing, at=now):
                unit.publish(
                    DocumentExpiryNoted(
                        client_id=document.client_id, standing=standing.value
                    )
                )
                told += 1
    return told
