"""What holds the Procedure (Порядок): the matrix of its clauses (section 8)."""

from collections.abc import Mapping, Sequence

from kernel.clock import Clock, rfc3339
from kernel.crypto import Json
from kernel.policy import Policy
from services.audit.domain.matrix import Clause, Tested, rows_of
from services.audit.domain.telling import Telling
from services.audit.ports.governing import GoverningUnits

MOST_COUNTED = 20_000
"""Leaves counted in one transaction: bounds how long it holds its place."""


def count_evidence(*, units: GoverningUnits) -> int:
    """Count what the log has signed since the last time, a bounded part of it.

    The number of leaves that are left to count.
    """
    with units.begin() as unit:
        return unit.count_leaves(most=MOST_COUNTED)


def read_matrix(
    *,
    clauses: Sequence[Clause],
    tested: Tested,
    tellings: Mapping[str, Telling],
    policy: Policy,
    units: GoverningUnits,
    clock: Clock,
) -> Json:
    """The matrix as it stands, and how much of the log its evidence leaves out."""
    left = count_evidence(units=units)
    now = clock.now()
    with units.begin() as unit:
        counts = unit.counts()
    return {
        "at": rfc3339(now),
        "uncounted": left,
        "clauses": rows_of(
            clauses,
            tested=tested,
            policy=policy,
            tellings=tellings,
            counts=counts,
            at=now,
        ),
    }
