"""The browser a request comes from: its mark, and a few words about it (ADR 0010).

The mark is no key: no door opens for it (clause 4.9).  It says that this browser was
used with a login before, so that password and second factor are enough in it.
"""

from typing import Annotated, Final

from fastapi import Depends, Request, Response

from kernel.clock import rfc3339
from services.auth.domain.devices import DEVICE_KEPT, Browser, browser_words
from services.auth.gateway.entry_answers import DeviceCheckAnswer, EntryAnswer
from services.auth.gateway.gate import gate_of
from services.auth.gateway.sources import BrowserId
from services.auth.wiring import CheckDue

DEVICE_COOKIE: Final = "__Host-device"
_LONGEST_MARK: Final = 64


async def _came(request: Request, browser_id: BrowserId) -> Browser:
    mark = request.cookies.get(DEVICE_COOKIE, "")
    return Browser(
        mark=mark if 0 < len(mark) <= _LONGEST_MARK else None,
        fresh_mark=gate_of(request).use_cases.entry.new_mark(),
        words=browser_words(request.headers.get("user-agent", "")),
        browser_id=browser_id,
    )


def set_device(response: Response, mark: str) -> None:
    """Give the browser its mark; it outlives sessions and opens none."""
    response.set_cookie(
        DEVICE_COOKIE,
        mark,
        max_age=int(DEVICE_KEPT.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="strict",
    )


def check_view(due: CheckDue) -> EntryAnswer:
    """What may be told of a check, its token once."""
    return EntryAnswer(
        session_id=None,
        client_id=None,
        opened_at=None,
        idle_seconds_left=None,
        device_check=DeviceCheckAnswer(
            check_id=due.check.check_id,
            token=due.token,
            expires_at=rfc3339(due.check.expires_at),
        ),
    )


Came = Annotated[Browser, Depends(_came)]
