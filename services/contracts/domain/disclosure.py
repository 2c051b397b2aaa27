"""Microcredit secrecy: who may be told of a client, on what ground (clause 6.2).

Denied by default: a ground is a line of the dated setting `secrecy.grounds`, which
names its source (law on microfinance activity, art. 21); what no line names is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from kernel.errors import Broken, Refused
from kernel.policy import Policy
from kernel.values import refuse_unfit_reason

LARGEST_DOCUMENT: Final = 4 * 1024 * 1024
"""Bytes of the request, as it was scanned."""
_PROOFS: Final = frozenset(
    {
        *("identity", "consent", "sanction", "head_signature"),
        *("court_act", "enforcement_act", "check_act", "tax_order"),
        "death_certificate",
    }
)
_UNTOLD: Final = "untold"
_WHOLE_LOG: Final = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A case the law provides: for whom, what must be seen, and what it allows.

    ``told``: the client sees it in the history of access, unless the law forbids that.
    ``whole_log``: it covers a copy of the audit log, which names every client.
    """

    name: str
    recipient_kind: str
    proofs: frozenset[str]
    told: bool
    whole_log: bool

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read ``name:recipient kind:word:…``.  Broken when a word is not known."""
        name, kind, *words = line.split(":")
        said = frozenset(words)
        if said - _PROOFS - {_UNTOLD, _WHOLE_LOG}:
            raise Broken(f"The setting secrecy.grounds is not readable at {name}")
        return cls(
            name=name,
            recipient_kind=kind,
            proofs=said & _PROOFS,
            told=_UNTOLD not in said,
            whole_log=_WHOLE_LOG in said,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrecy:
    """What the dated settings say of disclosures at an instant."""

    grounds: Mapping[str, Ground]
    longest: timedelta

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        lines = policy.texts("secrecy.grounds", now)
        grounds = {ground.name: ground for ground in map(Ground.parse, lines)}
        days = policy.integer("secrecy.disclosure_days", now)
        return cls(grounds=grounds, longest=timedelta(days=days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A disclosure somebody asks for; without a client it is of the whole audit log.

    ``recipient`` is an institution and the number of its request, no person;
    ``proofs`` are what was seen beside the request.
    """

    ground: str
    recipient: str
    client_id: UUID | None
    document_sha256: str
    proofs: tuple[str, ...]
    days: int

    def ground_of(self, secrecy: Secrecy) -> Ground:
        """The ground it stands on, if the law provides for it.

        1. Refused ``ground_not_listed``.
        2. Refused ``proof_missing``, with what has to be seen.
        3. Refused ``scope_too_wide``: the whole log for a ground that is of one client.
        4. Refused ``expiry_unfit``, ``reason_unfit``.
        """
        ground = secrecy.grounds.get(self.ground)
        if ground is None:  # step 1
            raise ground_not_listed(sorted(secrecy.grounds))
        if missing := ground.proofs - set(self.proofs):  # step 2
            raise proof_missing(sorted(missing))
        if self.client_id is None and not ground.whole_log:  # step 3
            raise scope_too_wide()
        if not timedelta(0) < timedelta(days=self.days) <= secrecy.longest:  # step 4
            raise expiry_unfit(secrecy.longest.days)
        refuse_unfit_reason(self.recipient)
        return ground

    @property
    def scope(self) -> str:
        """What is told, in words."""
        if self.client_id is None:
            return "the whole audit log"
        return f"client {self.client_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """An entry of the register; it is only added, and runs out."""

    disclosure_id: UUID
    asked: Asked
    recipient_kind: str
    told: bool
    asked_by: UUID
    approved_by: UUID
    approved_at: datetime
    valid_until: datetime

    def covers(self, client_id: UUID | None, *, now: datetime) -> bool:
        """Whether a copy for this scope may be given out now."""
        return self.asked.client_id == client_id and now < self.valid_until


def ground_not_listed(listed: Sequence[str]) -> Refused:
    """The law does not provide for it, as far as the settings know."""
    return Refused(
        "ground_not_listed",
        "On this ground nothing is disclosed.",
        next_step=f"The grounds are: {', '.join(listed)}.",
    )


def proof_missing(missing: Sequence[str]) -> Refused:
    """The ground asks for more than the request alone."""
    return Refused(
        "proof_missing",
        "The ground asks for more than was seen.",
        next_step=f"See {', '.join(missing)} first, then say so with --proof.",
    )


def scope_too_wide() -> Refused:
    """A request about one client is no ground for all of them."""
    return Refused(
        "scope_too_wide",
        "On this ground one client is disclosed, and not the whole log.",
        next_step="Name the client.",
    )


def expiry_unfit(days: int) -> Refused:
    """A disclosure lasts some days and no more."""
    return Refused(
        "expiry_unfit",
        f"A disclosure lasts 1 to {days} days.",
        next_step="Ask for fewer days, and again when they are over.",
    )


def document_unfit() -> Refused:
    """The request is no file, or too large a one."""
    return Refused(
        "document_unfit",
        f"The request is a file of 1 to {LARGEST_DOCUMENT} bytes.",
        next_step="Scan it anew.",
    )


def unfit_for_audit() -> Refused:
    """Whoever speaks as audit wants something signed that is no copy of the log."""
    return Refused(
        "document_unfit",
        "The company signs reports of the log and their manifests alone.",
        next_step="Give what audit makes.",
    )


def document_not_found() -> Refused:
    """No request with this digest was ever given."""
    return Refused(
        "document_not_found",
        "There is no request with this digest.",
        next_step="Look at the document_sha256 of the disclosure.",
    )


def disclosure_not_found() -> Refused:
    """No such entry."""
    return Refused(
        "disclosure_not_found",
        "The register has no such entry.",
        next_step="List the disclosures.",
    )


def disclosure_not_valid() -> Refused:
    """No such entry, run out, or for something else: nothing is given out."""
    return Refused(
        "disclosure_not_valid",
        "No valid entry of the register of disclosures covers this.",
        next_step="Ask for one: kredit contracts disclosures request.",
    )
