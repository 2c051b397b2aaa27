"""The public API as a browser uses it: one session, cookies, problems told apart."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

TIMEOUT_S = 30.0
PAUSE_S = 0.1
PATIENCE_S = 30.0
BUSY, CONFLICT, REFUSED_FOR_A_TIME = 503, 409, 429
LATER = {CONFLICT: "request_in_progress", REFUSED_FOR_A_TIME: "too_many_requests"}
"""Codes that mean *later*; a lock (clause 4.7) has the status of the edge's limit."""

Json = dict[str, Any]


class ProblemError(Exception):
    """The platform answered with a problem (RFC 9457)."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.problem = problem

    @property
    def code(self) -> str:
        """The stable code of the problem."""
        return str(self.problem.get("code"))


class Cabinet:
    """One browser at the site: verifies its certificate, keeps its cookies.

    `address` is where it comes from, when the machine has several.
    """

    def __init__(self, url: str, ca: Path, *, address: str | None = None) -> None:
        self.url = url
        self._ca = ca
        self.address = address
        context = ssl.create_default_context(cafile=str(ca))
        self._client = httpx.Client(
            base_url=f"{url}/api/v1",
            transport=httpx.HTTPTransport(verify=context, local_address=address),
            timeout=TIMEOUT_S,
            headers={"Origin": url, "Accept-Language": "ru"},
        )
        self.token: str | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        content: bytes | None = None,
        media_type: str | None = None,
        key: str | None = None,
        seen: str | None = None,
    ) -> Json:
        """One request; asked again while the platform is busy, or we ask too often.

        Raises ProblemError for every other refusal.
        """
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if media_type:
            headers["Content-Type"] = media_type
        if key:
            headers["Idempotency-Key"] = key
        if seen:
            headers["If-Match"] = f'"{seen}"'
        end = time.monotonic() + PATIENCE_S
        while True:
            answer = self._client.request(
                method, path, json=body, content=content, headers=headers
            )
            if not _may_repeat(answer) or time.monotonic() > end:
                return _read(answer)
            time.sleep(min(float(answer.headers.get("Retry-After", "1")), 1.0))

    def absolute(self, url: str) -> Json:
        """Follow an address the outer world sent us back to."""
        return _read(self._client.get(url))

    def cookies(self) -> dict[str, str]:
        """What the browser would send to the gateway."""
        return dict(self._client.cookies)

    def another(self) -> "Cabinet":
        """A browser that has never been here."""
        return Cabinet(self.url, self._ca, address=self.address)

    def close(self) -> None:
        """Close the browser: nothing it held opens the cabinet again."""
        self._client.close()


def _may_repeat(answer: httpx.Response) -> bool:
    """Busy, or carrying out the very same request, or asked too often from here."""
    if answer.status_code in LATER:
        return bool(answer.json()["code"] == LATER[answer.status_code])
    return answer.status_code == BUSY


def _read(answer: httpx.Response) -> Json:
    if answer.is_success:
        return dict(answer.json()) if answer.content else {}
    try:
        problem = dict(answer.json())
    except ValueError:
        problem = {"code": "not_json", "detail": "no problem document"}
    raise ProblemError(answer.status_code, problem)


def until(
    ask: Callable[[], Json], good: Callable[[Json], bool], *, within_s: float = 30.0
) -> Json:
    """Ask again until the answer is good; raises TimeoutError with the last one."""
    end = time.monotonic() + within_s
    while True:
        answer = ask()
        if good(answer):
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"still {answer.get('state')}")
        time.sleep(PAUSE_S)
