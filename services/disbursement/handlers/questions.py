"""Asking other services: whatever goes wrong is an answer too, and never "yes"."""

from collections.abc import Callable
from typing import TypeVar

from kernel.errors import Broken, Refused, Transient
from services.disbursement.domain.gate import Unanswered

Answer = TypeVar("Answer")


def answer_of(about: str, ask: Callable[[], Answer]) -> Answer | Unanswered:
    """The answer, or how it failed: refused, unavailable or unreadable."""
    try:
        return ask()
    except Refused:
        return Unanswered(f"{about}_refused")
    except Transient:
        return Unanswered(f"{about}_unavailable")
    except Broken:
        return Unanswered(f"{about}_unreadable")
