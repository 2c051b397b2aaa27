"""The company's signatures stay good: verified anew, stamped before a stamp ages.

As onboarding does with its clients' (`onboarding.eds_restamp_days`), which verifies and
stamps these too.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from kernel.errors import Broken
from kernel.ids import Ids
from services.contracts.domain.signing import Renewal, Restamp, Signed
from services.contracts.handlers.signing import SigningDesk
from services.contracts.ports import Unit

LOOKED_AGAIN: Final = timedelta(days=1)
"""How long a signature that could not be stamped, or is broken, rests."""


UNREADABLE: Final = "unreadable"
"""What is said of a signature that a broken seal, or a missing part, hides from us."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look at ageing signatures came to, by their documents' digests.

    `broken` with its reason.
    """

    restamped: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    document: bytes
    signed: Signed
    restamps: tuple[Restamp, ...]


def renew_ageing(desk: SigningDesk, *, ids: Ids, limit: int) -> Looked:
    """Take a new stamp over signatures whose last one ends soon; at most `limit`.

    1. What was never looked at, and what ages within the dated number of days.
    2. Onboarding verifies all of it again, asking nobody, and stamps what is good.
    3. Keep the stamp with the instant at which it ages itself.

    Transient when onboarding or the time-stamping authority is away.
    """
    now = desk.clock.now()
    ahead = timedelta(days=desk.policy.integer("onboarding.eds_restamp_days", now))
    with desk.work.begin() as unit:  # step 1
        due = unit.signatures.ageing(
            ages_before=now + ahead, looked_before=now - LOOKED_AGAIN, limit=limit
        )
    restamped: list[str] = []
    broken: list[tuple[str, str]] = []
    for contract_id, sha256 in due:
        renewal = _renew(contract_id, sha256, desk, ids=ids)
        if renewal.code is not None:
            broken.append((sha256, renewal.code))
        elif renewal.restamp is not None:
            restamped.append(sha256)
    return Looked(tuple(restamped), tuple(broken))


def _renew(contract_id: UUID, sha256: str, desk: SigningDesk, *, ids: Ids) -> Renewal:
    now = desk.clock.now()
    with desk.work.begin() as unit:
        try:
            kept = _open(contract_id, sha256, unit)
        except Broken:  # one row must not stop the rest
            unit.signatures.note(sha256, ages_at=None, at=now)
            return Renewal(code=UNREADABLE, ages_at=None, restamp=None)
    renewal = desk.witness.renew(  # step 2
        kept.document, kept.signed, kept.restamps
    )
    with desk.work.begin() as unit:  # step 3
        if renewal.restamp is not None:
            unit.signatures.add_restamp(
                contract_id,
                sha256,
                renewal.restamp,
                restamp_id=ids.new(),
                number=len(kept.restamps),
                at=now,
            )
        unit.signatures.note(sha256, ages_at=renewal.ages_at, at=now)
    return renewal


def _open(contract_id: UUID, sha256: str, unit: Unit) -> _Kept:
    """Broken when a part is missing, or its seal is."""
    contract = unit.contracts.get(contract_id)
    signed = unit.signatures.get(sha256)
    if contract is None or signed is None:
        raise Broken("A signature of the company's has its contract")
    if sha256 == contract.document_sha256:
        document = unit.contracts.document(contract)
    else:
        amendment = unit.documents.get(sha256)
        if amendment is None:
            raise Broken("A signature of the company's has its document")
        document = amendment.data
    return _Kept(document, signed, tuple(unit.signatures.restamps(sha256)))
