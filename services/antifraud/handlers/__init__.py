"""Use cases: decide, hold and let go, remember, keep lists, report to the centre."""

from services.antifraud.handlers.completing import check_day, complete, watch
from services.antifraud.handlers.deciding import decide, explain, get_decision
from services.antifraud.handlers.hearing import hear
from services.antifraud.handlers.holding import release, suspend_client
from services.antifraud.handlers.listing import (
    put_on_list,
    show_list,
    take_from_list,
)
from services.antifraud.handlers.remembering import remember
from services.antifraud.handlers.reporting import (
    close,
    follow,
    replay,
    send_reports,
)
from services.antifraud.handlers.tools import Tools

__all__ = [
    "Tools",
    "check_day",
    "close",
    "complete",
    "decide",
    "explain",
    "follow",
    "get_decision",
    "hear",
    "put_on_list",
    "release",
    "remember",
    "replay",
    "send_reports",
    "show_list",
    "suspend_client",
    "take_from_list",
    "watch",
]
