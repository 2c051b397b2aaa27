"""The whole log verified some pages a call, by who may stop and go on where they were.

What is known between two calls is given to the caller, sealed: nobody but the service
can have made it, and any process of the service can go on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kernel.clock import Clock, parse_rfc3339, rfc3339
from kernel.crypto import UnsealError, as_object, canonical, parse_canonical, sha256_hex
from kernel.errors import Refused
from kernel.events.audit import IntegrityMismatchFound, IntegrityProven
from kernel.ids import Ids
from services.audit.domain.check import Checker, MismatchError, Trusted, Verify
from services.audit.handlers.reading import Verdict, Walk, trusted_by
from services.audit.ports import Noticeboard, Unit, Units

PAGES_A_CALL: Final = 10


@dataclass(frozen=True, slots=True)
class Seals:
    """Closes what is given out of hand, and opens it again (UnsealError)."""

    seal: Callable[[bytes], bytes]
    unseal: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is; `verdict` at the end, `sealed` before it."""

    leaves: int
    of: int
    sealed: bytes | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifying:
    """Who verifies, by which keys, and with what."""

    by: str
    vkey: str | None
    units: Units
    board: Noticeboard
    verify: Verify
    seals: Seals
    clock: Clock
    ids: Ids


def verify_some(
    sealed: bytes | None, *, held: Iterable[bytes], desk: Verifying
) -> Progress:
    """Verify the next pages, from the start when nothing is given.

    As `reading.verify_log` does in one; a log found whole by its own keys may be
    written again, if the finding that stopped it is older than this verification.
    Refused: ``vkey_missing``, ``vkey_invalid``, ``verification_unknown``.
    """
    vkeys = desk.vkey.split() if desk.vkey else desk.board.announced()
    trusted = trusted_by(vkeys, verify=desk.verify)
    published = desk.board.published()
    outside = [*held, *([published] if published else [])]
    with desk.units.begin() as unit:
        checker, walk = Checker(trusted), None
        begun_at = desk.clock.now()
        try:
            if sealed is None:
                walk = Walk.begin(unit, outside=outside, trusted=trusted)
            else:
                walk, begun_at = _opened(sealed, trusted=trusted, desk=desk)
            checker = walk.checker
            for _ in range(PAGES_A_CALL):
                if walk.page(unit):
                    if desk.vkey is None:
                        _lift(unit, begun_at, leaves=checker.size, desk=desk)
                    verdict = Verdict(checker.size, checker.events, checker.root())
                    return Progress(checker.size, walk.stop, verdict=verdict)
        except MismatchError as lie:
            told = IntegrityMismatchFound(
                finding_id=desk.ids.new(), seq=lie.seq, code=lie.code
            )
            unit.publish(told)
            found = (checker.size, checker.events, checker.root())
            verdict = Verdict(*found, lie.seq, lie.code, lie.why)
            stop = walk.stop if walk else 0
            return Progress(checker.size, stop, verdict=verdict)
    return Progress(checker.size, walk.stop, sealed=_closed(walk, begun_at, desk=desk))


def _lift(unit: Unit, begun_at: datetime, *, leaves: int, desk: Verifying) -> None:
    """What was found since may be in leaves that had been gone through by then."""
    for block in unit.blocks():
        if block.found_at > begun_at:
            continue
        unit.lift(block.block_id, at=desk.clock.now(), by=desk.by)
        unit.publish(IntegrityProven(finding_id=block.block_id, leaves=leaves))


def _closed(walk: Walk, begun_at: datetime, *, desk: Verifying) -> bytes:
    said: dict[str, Any] = {
        "begun_at": rfc3339(begun_at),
        "checker": walk.checker.saved(),
        "held": [[size, root.hex()] for size, root in walk.held],
        "keys": _keys(desk),
        "roots": [[size, root.hex()] for size, root in walk.roots.items()],
        "stop": walk.stop,
        "unsigned": walk.unsigned,
    }
    return desk.seals.seal(canonical(said))


def _opened(
    sealed: bytes, *, trusted: Trusted, desk: Verifying
) -> tuple[Walk, datetime]:
    try:
        said: Any = as_object(parse_canonical(desk.seals.unseal(sealed)))
    except UnsealError as cause:
        raise _unknown() from cause
    if said["keys"] != _keys(desk):
        raise _unknown()
    walk = Walk(
        Checker.resumed(trusted, said["checker"]),
        said["stop"],
        said["unsigned"],
        [(size, bytes.fromhex(root)) for size, root in said["held"]],
        {size: bytes.fromhex(root) for size, root in said["roots"]},
    )
    return walk, parse_rfc3339(said["begun_at"])


def _keys(desk: Verifying) -> str:
    return sha256_hex((desk.vkey or "").encode())


def _unknown() -> Refused:
    return Refused(
        "verification_unknown",
        "This is no verification that was begun here, by these keys, by you.",
        next_step="Begin anew.",
    )
