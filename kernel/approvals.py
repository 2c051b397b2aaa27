"""Four eyes (clause 1.4, 6.1f): one person asks, another decides, it happens once.

1. Who asks names an operation and its arguments; what it would do is put into words
   beside them, and all of it is stored with the arguments' digest.
2. Another person, who has the operation's own permission to decide, is shown the
   effect and says yes or no before the request runs out.
3. On a yes the arguments are compared with their digest, the effect is carried out and
   the request is closed, all in one commit: a thousand yeses at once are one effect.

That the two are different persons is said here and once more by the database.  The
service's role may not change what was asked: it may write the decision alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from kernel.clock import rfc3339
from kernel.context import StaffMember
from kernel.crypto import Json, as_object, canonical, parse_canonical, sha256
from kernel.database import Transaction
from kernel.errors import Broken, Refused
from kernel.events.platform import (
    ApprovalExecuted,
    ApprovalGiven,
    ApprovalRefused,
    ApprovalRequested,
)
from kernel.ids import Ids
from kernel.policy import Policy
from kernel.tables import approvals

LISTED: Final = 100
"""So many are listed, the open ones first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What was asked, by whom, until when it can be decided, and how it was.

    ``effect`` says in words what a yes would do; ``arguments`` are what it is done
    with; ids and words, no personal data of clients.
    """

    approval_id: UUID
    operation: str
    arguments: Mapping[str, Json]
    arguments_sha256: bytes
    effect: str
    requested_by: UUID
    requested_at: datetime
    expires_at: datetime
    state: str
    decided_by: UUID | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Operation:
    """What a yes carries out, and what whoever says it needs.

    ``run`` acts within the transaction of the decision; ``then`` after its commit.
    """

    permission: str
    run: Callable[[Transaction, Approval, StaffMember], object]
    then: Callable[[], object] = lambda: None


def request(
    tx: Transaction,
    *,
    operation: str,
    arguments: Mapping[str, Json],
    effect: str,
    by: StaffMember,
    policy: Policy,
    ids: Ids,
) -> Approval:
    """Ask that an operation be carried out; the same question again is the same one.

    Refused ``approval_already_asked`` when somebody else asks the very same.
    """
    now, written = tx.now, canonical(arguments)
    digest = sha256(written)
    _close_expired(tx, operation, digest, now=now)
    asked = ApprovalRequested(
        approval_id=ids.new(),
        operation=operation,
        arguments_sha256=digest.hex(),
        requested_by=by.id,
        expires_at=now + timedelta(hours=policy.integer("approvals.hours", now)),
    )
    if _ask(tx, asked, written, effect):
        tx.publish(asked)
    row = tx.connection.execute(
        select(approvals)
        .where(approvals.c.operation == operation)
        .where(approvals.c.arguments_sha256 == digest)
        .where(approvals.c.state == "asked")
    ).one()
    if row.requested_by != by.id:
        raise Refused(
            "approval_already_asked",
            "Somebody else has asked for the very same.",
            next_step="Look at that request: you may decide it if you may decide such.",
            approval_id=str(row.approval_id),
        )
    return _approval(row)


def listed(tx: Transaction) -> list[Json]:
    """The open requests and then the decided ones, of each kind the newest first."""
    open_first = (approvals.c.state != "asked", approvals.c.requested_at.desc())
    rows = tx.connection.execute(
        select(approvals).order_by(*open_first).limit(LISTED)
    ).all()
    return [_summary(_approval(row), now=tx.now) for row in rows]


def shown(tx: Transaction, approval_id: UUID) -> Json:
    """One request with its arguments.  Refused ``approval_not_found``."""
    found = tx.connection.execute(
        select(approvals).where(approvals.c.approval_id == approval_id)
    ).one_or_none()
    if found is None:
        raise _not_found()
    approval = _approval(found)
    return {
        **_summary(approval, now=tx.now),
        "arguments": dict(approval.arguments),
        "arguments_sha256": approval.arguments_sha256.hex(),
    }


def approve(
    tx: Transaction,
    approval_id: UUID,
    *,
    seen: str | None,
    by: StaffMember,
    operations: Mapping[str, Operation],
) -> dict[str, Json]:
    """The second person says yes, and it is done within ``tx``; see the module.

    ``seen`` is the digest of the arguments as they were shown, if the caller tells it.
    A repetition by the same person answers the same.  Refused as `_decidable`, and
    ``arguments_changed``; what the operation itself refuses leaves the request open.
    """
    approval, operation = _decidable(tx, approval_id, by, operations, wanted="executed")
    written = sha256(canonical(approval.arguments))
    if written != approval.arguments_sha256 or seen not in {None, written.hex()}:
        raise Refused(
            "arguments_changed",
            "What would be done is not what was shown.",
            next_step="Show the request again, and tell the security officer.",
        )
    if approval.state == "asked":
        operation.run(tx, approval, by)
        approval = _decided(tx, approval, by, state="executed")
        name = approval.operation
        tx.publish(
            ApprovalGiven(approval_id=approval_id, operation=name, decided_by=by.id)
        )
        tx.publish(ApprovalExecuted(approval_id=approval_id, operation=name))
    return _summary(approval, now=tx.now)


def reject(
    tx: Transaction,
    approval_id: UUID,
    *,
    by: StaffMember,
    operations: Mapping[str, Operation],
) -> Json:
    """The second person says no: it will not be done.  Refused as `_decidable`."""
    approval, _ = _decidable(tx, approval_id, by, operations, wanted="rejected")
    if approval.state == "asked":
        approval = _decided(tx, approval, by, state="rejected")
        tx.publish(
            ApprovalRefused(
                approval_id=approval_id, operation=approval.operation, decided_by=by.id
            )
        )
    return _summary(approval, now=tx.now)


def own_request() -> Refused:
    """Nobody decides what they asked for, nor on themselves."""
    return Refused(
        "own_request",
        "Whoever asks, or is concerned, does not decide.",
        next_step="Let another person who may decide look at it.",
    )


def _decidable(
    tx: Transaction,
    approval_id: UUID,
    by: StaffMember,
    operations: Mapping[str, Operation],
    *,
    wanted: str,
) -> tuple[Approval, Operation]:
    """The request, locked until the commit, if this person may decide it now.

    1. It exists: else Refused ``approval_not_found``.
    2. Another person asked: else Refused ``own_request``.
    3. This one may decide such: else Refused ``not_permitted``.
    4. It is open, or was decided so by this very person: else ``already_decided``.
    5. It has not run out: else Refused ``approval_expired``.
    """
    row = tx.connection.execute(
        select(approvals)
        .where(approvals.c.approval_id == approval_id)
        # The row stays ours: of a thousand decisions at once one finds it open.
        .with_for_update()
    ).one_or_none()
    if row is None:  # step 1
        raise _not_found()
    approval = _approval(row)
    if approval.requested_by == by.id:  # step 2
        raise own_request()
    operation = operations.get(approval.operation)
    if operation is None:
        raise Broken("a request for an operation this service does not know")
    if not by.may(operation.permission):  # step 3
        raise _not_permitted(operation.permission)
    if approval.state != "asked":  # step 4
        if (approval.state, approval.decided_by) == (wanted, by.id):
            return approval, operation
        raise _already_decided(approval)
    if approval.expires_at <= tx.now:  # step 5
        raise Refused(
            "approval_expired",
            "The request has run out.",
            next_step="Whoever needs it asks anew.",
        )
    return approval, operation


def _decided(
    tx: Transaction, approval: Approval, by: StaffMember, *, state: str
) -> Approval:
    row = tx.connection.execute(
        approvals.update()
        .where(approvals.c.approval_id == approval.approval_id)
        .where(approvals.c.state == "asked")
        .values(state=state, decided_by=by.id, decided_at=tx.now)
        .returning(approvals)
    ).one()
    return _approval(row)


def _ask(
    tx: Transaction, asked: ApprovalRequested, written: bytes, effect: str
) -> bool:
    """Keep a request, unless the very same is open; whether it was kept."""
    added = tx.connection.execute(
        insert(approvals)
        .values(
            approval_id=asked.approval_id,
            operation=asked.operation,
            arguments=written,
            arguments_sha256=bytes.fromhex(asked.arguments_sha256),
            effect=effect,
            requested_by=asked.requested_by,
            requested_at=tx.now,
            expires_at=asked.expires_at,
        )
        .on_conflict_do_nothing(
            index_elements=["operation", "arguments_sha256"],
            index_where=approvals.c.state == "asked",
        )
    )
    return added.rowcount == 1


def _close_expired(
    tx: Transaction, operation: str, digest: bytes, *, now: datetime
) -> None:
    """Let a request that has run out make room for one like it."""
    tx.connection.execute(
        approvals.update()
        .where(approvals.c.operation == operation)
        .where(approvals.c.arguments_sha256 == digest)
        .where(approvals.c.state == "asked")
        .where(approvals.c.expires_at <= now)
        .values(state="expired")
    )


def _already_decided(approval: Approval) -> Refused:
    return Refused(
        "already_decided",
        "The request has been decided.",
        next_step="Look at how; to do something else, ask anew.",
        state=approval.state,
    )


def _not_permitted(permission: str) -> Refused:
    return Refused(
        "not_permitted",
        "None of your roles lets you decide this.",
        next_step=f"Leave it to somebody with the permission {permission}.",
        permission=permission,
    )


def _not_found() -> Refused:
    return Refused(
        "approval_not_found",
        "There is no such request here.",
        next_step="List the requests of this service.",
    )


def _approval(row: "Row[Any]") -> Approval:
    return Approval(
        approval_id=row.approval_id,
        operation=row.operation,
        arguments=as_object(parse_canonical(bytes(row.arguments))),
        arguments_sha256=bytes(row.arguments_sha256),
        effect=row.effect,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        state=row.state,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


def _summary(approval: Approval, *, now: datetime) -> dict[str, Json]:
    expired = approval.state == "asked" and approval.expires_at <= now
    return {
        "approval_id": str(approval.approval_id),
        "operation": approval.operation,
        "effect": approval.effect,
        "state": "expired" if expired else approval.state,
        "requested_by": str(approval.requested_by),
        "requested_at": rfc3339(approval.requested_at),
        "expires_at": rfc3339(approval.expires_at),
        "decided_by": None if approval.decided_by is None else str(approval.decided_by),
        "decided_at": (
            None if approval.decided_at is None else rfc3339(approval.decided_at)
        ),
    }
