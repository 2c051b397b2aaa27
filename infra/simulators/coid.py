"""ЦОИД: compares the person before the camera with the state's photo.

A partner opens a session; the person is sent to our page, is compared there, and
returns with a code; the partner changes the code for a protocol signed by ЦОИД
(Procedure 4.1, 5.2). Whoever stands before the camera is told to the page as an ИИН.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import orjson

from infra.simulators.clock import Clock, rfc3339
from infra.simulators.cms import Signer, sign_detached
from infra.simulators.journal import Journal, Record
from infra.simulators.lies import distorted

MAX_ATTEMPTS = 3
COMMANDS = 3
PASS_FROM = 96_00
FAIL_FROM = 12_00
SCORE_SPREAD = 3_50
REFERENCE_SOURCE = "state_image_base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The JSON text ЦОИД signed about a photo it was sent, and the signature."""

    protocol: str
    signature: str


class SessionError(Exception):
    """The session does not allow it; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a partner asked to be checked."""

    session_id: str
    reference: str
    iin: str
    nonce: str
    document_sha256: str
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One comparison; `protocol` is the JSON text that ЦОИД signed."""

    session_id: str
    code: str
    passed: bool
    protocol: str
    signature: str


SignedT = TypeVar("SignedT", Attempt, Comparison)


class Coid:
    """Sessions, and at most three attempts in each until one passes.

    A second provider speaks the same language under a `name` of its own.
    """

    def __init__(
        self, *, data: Path, clock: Clock, signer: Signer, name: str = "coid"
    ) -> None:
        self.name = name
        self._clock = clock
        self._signer = signer
        self._sessions: dict[str, Session] = {}
        self._attempts: list[Attempt] = []
        self._journal = Journal(data / f"{name}.jsonl")
        for record in self._journal.records:
            self._learn(record)

    @property
    def able(self) -> bool:
        return not self._journal.broken

    def open(self, session: Session) -> None:
        """Remember a new session."""
        self._record("session", asdict(session))

    def session(self, session_id: str) -> Session:
        """Raises SessionError session_unknown."""
        found = self._sessions.get(session_id)
        if found is None:
            raise SessionError("session_unknown")
        return found

    def compare(self, session_id: str, *, present_iin: str, lively: bool) -> Attempt:
        """Compare who is present with whom the session is about.

        Raises SessionError: session_unknown, session_finished, attempts_exhausted.
        """
        session = self.session(session_id)
        earlier = [a for a in self._attempts if a.session_id == session_id]
        if any(attempt.passed for attempt in earlier):
            raise SessionError("session_finished")
        if len(earlier) >= MAX_ATTEMPTS:
            raise SessionError("attempts_exhausted")
        same_person = present_iin == session.iin
        protocol = self._protocol(
            session, len(earlier) + 1, same_person=same_person, lively=lively
        )
        text = canonical(protocol)
        attempt = Attempt(
            session_id=session_id,
            code=secrets.token_urlsafe(24),
            passed=same_person and lively,
            protocol=text.decode(),
            signature=self._sign(text),
        )
        self._record("attempt", asdict(attempt))
        return attempt

    def result(self, session_id: str, code: str) -> Attempt:
        """The attempt behind a code, as often as asked: answers get lost.

        Raises SessionError: session_unknown, code_unknown.
        """
        self.session(session_id)
        for attempt in self._attempts:
            if (attempt.session_id, attempt.code) == (session_id, code):
                return attempt
        raise SessionError("code_unknown")

    def compare_photo(
        self, photo: bytes, *, iin: str, nonce: str, same_person: bool
    ) -> Comparison:
        """Compare a photo with the reference of a person; nothing of it is kept.

        Whether it is the same person the director of the test has said.
        """
        text = canonical(
            {
                "protocol_id": secrets.token_hex(16),
                "nonce": nonce,
                "iin": iin,
                "photo_sha256": hashlib.sha256(photo).hexdigest(),
                "score": _score(PASS_FROM if same_person else FAIL_FROM),
                "reference_source": REFERENCE_SOURCE,
                "completed_at": rfc3339(self._clock.now()),
            }
        )
        return Comparison(protocol=text.decode(), signature=self._sign(text))

    def falsified(self, said: SignedT, fields: Sequence[str]) -> SignedT:
        """What was said with wrong fields under a genuine signature."""
        text = canonical(distorted(orjson.loads(said.protocol), fields))
        return replace(said, protocol=text.decode(), signature=self._sign(text))

    def _protocol(
        self, session: Session, attempt_no: int, *, same_person: bool, lively: bool
    ) -> dict[str, Any]:
        return {
            "protocol_id": secrets.token_hex(16),
            "session_id": session.session_id,
            "reference": session.reference,
            "nonce": session.nonce,
            "iin": session.iin,
            "document_sha256": session.document_sha256,
            "attempt_no": attempt_no,
            "score": _score(PASS_FROM if same_person else FAIL_FROM),
            "liveness_passed": lively,
            "liveness_commands": COMMANDS,
            "reference_source": REFERENCE_SOURCE,
            "completed_at": rfc3339(self._clock.now()),
        }

    def _sign(self, text: bytes) -> str:
        der = sign_detached(text, signer=self._signer, signed_at=self._clock.now())
        return base64.b64encode(der).decode()

    def _record(self, event: str, content: Record) -> None:
        record = {"event": event, **content}
        self._journal.append(record)
        self._learn(record)

    def _learn(self, record: Record) -> None:
        content = {name: value for name, value in record.items() if name != "event"}
        if record["event"] == "session":
            session = Session(**content)
            self._sessions[session.session_id] = session
        else:
            self._attempts.append(Attempt(**content))


def canonical(protocol: dict[str, Any]) -> bytes:
    """The protocol's signed bytes: sorted keys, no blanks (RFC 8785)."""
    return orjson.dumps(protocol, option=orjson.OPT_SORT_KEYS)


def _score(least_hundredths: int) -> str:
    hundredths = least_hundredths + secrets.randbelow(SCORE_SPREAD)
    return f"{hundredths // 100}.{hundredths % 100:02d}"
