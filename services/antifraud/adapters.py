"""The National Bank's centre over HTTPS with our certificate; alarms."""

from pathlib import Path
from typing import Final

import httpx
from prometheus_client import Gauge
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kernel.errors import Broken, Transient
from kernel.logging import get_logger
from kernel.tls import client_context

log = get_logger("antifraud")

TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
MAX_ANSWER_BYTES: Final = 16 * 1024
PATH: Final = "/centre/v1/messages"
"""Under the root of the centre's listener."""


OVERDUE: Final = Gauge(
    "antifraud_analysis_overdue_days",
    "Days since the regular analysis of the rules was due; 0 while it is not",
)


ENDING: Final = Gauge(
    "antifraud_suspensions_past_their_end",
    "Suspensions whose term has ended and on which nobody has decided",
)
TRIPPED: Final = Gauge(
    "antifraud_rules_tripped", "Rules that ask for a look only until two arm them"
)

CASES: Final = Gauge(
    "antifraud_cases_overdue", "Cases that are open after the day they were due on"
)

APPEALS: Final = Gauge(
    "antifraud_appeals_overdue", "Appeals that wait longer than the law allows"
)


class LoggedAlarms:
    """`Alarms` by an error line and a number the monitoring reads."""

    def analysis_overdue(self, *, days: int) -> None:
        OVERDUE.set(days)
        if days:
            log.error("antifraud_analysis_overdue", days=days)

    def suspensions_ending(self, *, soon: int, over: int) -> None:
        ENDING.set(over)
        if soon:
            log.warning("antifraud_suspensions_end_soon", count=soon)
        if over:
            log.error("antifraud_suspensions_past_their_end", count=over)

    def cases_overdue(self, *, count: int) -> None:
        CASES.set(count)
        if count:
            log.error("antifraud_cases_overdue", count=count)

    def appeals_overdue(self, *, count: int) -> None:
        APPEALS.set(count)
        if count:
            log.error("antifraud_appeals_overdue", count=count)

    def rule_tripped(self, *, rule: str, judged: int, stopped: int) -> None:
        log.error("antifraud_rule_tripped", rule=rule, judged=judged, stopped=stopped)

    def rules_tripped(self, *, count: int) -> None:
        TRIPPED.set(count)


class _Acknowledgement(BaseModel):
    """What the centre answers; nothing else of it is used."""

    model_config = ConfigDict(extra="ignore", strict=True)

    ack_id: str = Field(min_length=1, max_length=200)


class HttpCentre:
    """Implements Centre."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def post(self, body: bytes) -> str:
        try:
            status, answer = self._ask(body)
        except httpx.HTTPError as cause:
            raise Transient("the anti-fraud centre is away") from cause
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Transient("the anti-fraud centre is not able right now")
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise Transient("the anti-fraud centre asks for patience")
        if not httpx.codes.is_success(status):
            raise Broken(f"the anti-fraud centre refused a message: {status}")
        try:
            return _Acknowledgement.model_validate_json(answer).ack_id
        except ValidationError as cause:
            # Whether it was taken is unknown; the same bytes may safely go again.
            raise Transient("the centre's answer is no acknowledgement") from cause

    def _ask(self, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"}
        with self._client.stream("POST", PATH, content=body, headers=headers) as reply:
            answer = b""
            for piece in reply.iter_bytes():
                answer += piece
                if len(answer) > MAX_ANSWER_BYTES:
                    raise Transient("the centre's answer is too long")
            return reply.status_code, answer


def http_centre(url: str, *, ca: Path, cert: Path, key: Path) -> HttpCentre:
    """The centre at this address; connects at the first message."""
    tls = client_context(ca, cert, key)
    return HttpCentre(httpx.Client(base_url=url, verify=tls, timeout=TIMEOUT))
