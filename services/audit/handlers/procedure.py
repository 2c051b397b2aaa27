"""Versions of the Procedure, its page on the site, and the calendar of reviews."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import Clock, almaty_date
from kernel.crypto import Json, sha256, sha256_hex
from kernel.errors import Broken, Refused
from kernel.events.audit import (
    ProcedureApproved,
    ProcedureMismatchFound,
    ProcedurePublished,
    ReviewDue,
    ReviewHeld,
    ReviewOpened,
    ReviewOverdue,
)
from kernel.ids import Ids
from kernel.policy import Policy
from kernel.words import refuse_unfit_words
from services.audit.domain.procedure import (
    FOUNDING_MINUTES,
    FOUNDING_ON,
    FOUNDING_SHA256,
    Cause,
    Outcome,
    Proposal,
    Review,
    Version,
    current_at,
    months_later,
    refuse_unfit,
)
from services.audit.ports.governing import Governing, GoverningUnits, ProcedureBoard

PROCEDURE: Final = "procedure_version"
"""The operation that takes four eyes."""
MOST_WORDS: Final = 4_000
"""Characters of what a review is about, and of what it led to."""
_SUBJECTS: Final = {
    Cause.YEARLY: "Порядок: ежегодный пересмотр (8.2)",
    Cause.MEASURES: "Меры информационной безопасности (8.1)",
}
_MONTHS: Final = {
    Cause.YEARLY: "procedure.review_months",
    Cause.MEASURES: "measures.review_months",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What the use cases are given."""

    units: GoverningUnits
    clock: Clock
    ids: Ids
    policy: Policy

    def today(self) -> date:
        return almaty_date(self.clock.now())


def propose_version(
    proposal: Proposal, text: bytes, *, unit: Governing, tools: Keeping
) -> str:
    """Keep the text and say what a yes would do.  Refused as `refuse_unfit`."""
    refuse_unfit(proposal, known=unit.versions(), text=text, at=tools.clock.now())
    unit.keep_text(proposal.sha256, text)
    return (
        f"the Procedure of minutes {proposal.minutes} ({proposal.sha256.hex()[:16]}…)"
        f" is in force and on the site from {proposal.effective_on}"
    )


def approve_version(
    arguments: Mapping[str, Json],
    *,
    asked_by: UUID,
    approved_by: UUID,
    unit: Governing,
    tools: Keeping,
) -> None:
    """Two agree: the version is on record for ever.  Refused as `refuse_unfit`.

    Its yearly review begins to run anew, since the whole text was just weighed.
    """
    proposal = Proposal.of(arguments)
    text = unit.text(proposal.sha256) or b""
    refuse_unfit(proposal, known=unit.versions(), text=text, at=tools.clock.now())
    _record(
        proposal.version(tools.ids.new()),
        unit=unit,
        tools=tools,
        asked_by=asked_by,
        approved_by=approved_by,
    )


def text_of(version_id: UUID, *, unit: Governing) -> Json:
    """A version's own bytes.  Refused ``procedure_unknown``."""
    for version in unit.versions():
        text = unit.text(version.sha256)
        if version.version_id == version_id and text is not None:
            return {
                "version_id": str(version_id),
                "sha256": version.sha256.hex(),
                "text_b64": base64.b64encode(text).decode(),
            }
    raise Refused(
        "procedure_unknown",
        "There is no such version.",
        next_step="List the versions.",
    )


def keep_published(
    *, founding: bytes, board: ProcedureBoard, tools: Keeping
) -> ProcedureMismatchFound | None:
    """One round of the site's page: what is in force is what it shows (8.3, 7.2b).

    1. A platform without versions records the one it was built for.
    2. The page that is missing, or shows another known version, is replaced.
    3. A page that shows anything else was changed by somebody: that is told, and the
       approved bytes are put back.

    The finding, if there was one.  What a crash leaves between commit and page is a
    page of step 2, told once more.
    """
    with tools.units.begin() as unit:
        if not unit.versions():  # step 1
            _found(founding, unit=unit, tools=tools)
        versions = unit.versions()
        current = current_at(versions, tools.clock.now())
        if current is None:
            return None
        shown = board.procedure()
        digest = None if shown is None else sha256(shown)
        if digest == current.sha256:
            return None
        text = unit.text(current.sha256)
        if text is None:
            raise Broken("a version of the Procedure has no text")
        known = {each.sha256 for each in versions}
        finding: ProcedureMismatchFound | None = None
        if shown is None or digest in known:  # step 2
            unit.publish(
                ProcedurePublished(
                    version_id=current.version_id, text_sha256=current.sha256.hex()
                )
            )
        else:  # step 3
            finding = _mismatch(current, shown, tools=tools)
            unit.publish(finding)
    board.publish_procedure(text)
    return finding


def open_review(cause: Cause, subject: str, *, by: UUID, tools: Keeping) -> Review:
    """Law or technology has changed, or the measures need a look before their day.

    Refused: ``review_returns_by_itself`` for the yearly one, ``words_unfit`` and what
    else `refuse_unfit_words` refuses.
    """
    if cause is Cause.YEARLY:
        raise Refused(
            "review_returns_by_itself",
            "The yearly review is on the calendar already.",
            next_step="List the reviews, or name what has changed.",
        )
    refuse_unfit_words(subject, most=MOST_WORDS)
    days = tools.policy.integer("procedure.change_review_days", tools.clock.now())
    with tools.units.begin() as unit:
        due_on = tools.today() + timedelta(days=days)
        return _open(cause, subject, due_on=due_on, by=by, unit=unit, tools=tools)


def hold_review(
    review_id: UUID, outcome: Outcome, result: str, *, by: UUID, tools: Keeping
) -> Review:
    """Record what a review led to; the next one of its kind gets its day (8.1).

    Refused: ``review_unknown``, ``review_held``, and what `refuse_unfit_words` does.
    """
    refuse_unfit_words(result, most=MOST_WORDS)
    with tools.units.begin() as unit:
        review = _open_one(unit, review_id)
        return _hold(review, outcome, result, by=by, unit=unit, tools=tools)


def watch_reviews(*, tools: Keeping) -> list[ReviewDue | ReviewOverdue]:
    """Warn before the day of a review, and each day after it until it is held."""
    today = tools.today()
    days = tools.policy.integer("procedure.review_warning_days", tools.clock.now())
    told: list[ReviewDue | ReviewOverdue] = []
    with tools.units.begin() as unit:
        for review in unit.reviews():
            state = review.state(today)
            if state == "overdue" and review.overdue_told_on != today:
                told.append(
                    ReviewOverdue(review_id=review.review_id, due_on=review.due_on)
                )
                unit.tell_review(review.review_id, warned=True, overdue_on=today)
            elif (
                state == "open"
                and not review.warned
                and today >= review.due_on - timedelta(days=days)
            ):
                told.append(ReviewDue(review_id=review.review_id, due_on=review.due_on))
                unit.tell_review(review.review_id, warned=True, overdue_on=None)
        for event in told:
            unit.publish(event)
    return told


def _found(text: bytes, *, unit: Governing, tools: Keeping) -> None:
    if sha256_hex(text) != FOUNDING_SHA256:
        raise Broken("the Procedure that ships is not the approved one")
    version = Version(
        version_id=tools.ids.new(),
        sha256=sha256(text),
        minutes=FOUNDING_MINUTES,
        approved_on=FOUNDING_ON,
        effective_on=FOUNDING_ON,
    )
    unit.keep_text(version.sha256, text)
    _record(version, unit=unit, tools=tools, asked_by=None, approved_by=None)


def _record(
    version: Version,
    *,
    unit: Governing,
    tools: Keeping,
    asked_by: UUID | None,
    approved_by: UUID | None,
) -> None:
    if not unit.add_version(version, asked_by=asked_by, approved_by=approved_by):
        return  # another process recorded the very same just now
    unit.publish(
        ProcedureApproved(
            version_id=version.version_id,
            text_sha256=version.sha256.hex(),
            minutes=version.minutes,
            approved_on=version.approved_on,
            effective_on=version.effective_on,
            asked_by=asked_by,
            approved_by=approved_by,
        )
    )
    open_now = {review.cause: review for review in unit.reviews() if not review.held_on}
    for cause in (Cause.YEARLY, Cause.MEASURES):
        review = open_now.get(cause)
        if review is None:
            due_on = _next(cause, version.approved_on, tools=tools)
            subject = _SUBJECTS[cause]
            _open(cause, subject, due_on=due_on, by=None, unit=unit, tools=tools)
        elif cause is Cause.YEARLY and approved_by is not None:
            result = f"Новая версия, протокол {version.minutes}"
            _hold(
                review, Outcome.CHANGED, result, by=approved_by, unit=unit, tools=tools
            )


def _open(
    cause: Cause,
    subject: str,
    *,
    due_on: date,
    by: UUID | None,
    unit: Governing,
    tools: Keeping,
) -> Review:
    review = Review(
        review_id=tools.ids.new(),
        cause=cause,
        subject=subject,
        opened_on=tools.today(),
        due_on=due_on,
    )
    unit.add_review(review, opened_by=by)
    unit.publish(
        ReviewOpened(
            review_id=review.review_id,
            cause=cause.value,
            due_on=due_on,
            subject_sha256=sha256_hex(subject.encode()),
        )
    )
    return review


def _hold(
    review: Review,
    outcome: Outcome,
    result: str,
    *,
    by: UUID,
    unit: Governing,
    tools: Keeping,
) -> Review:
    today = tools.today()
    held = replace(review, held_on=today, outcome=outcome, result=result, held_by=by)
    unit.hold_review(held)
    due_on = _next(review.cause, today, tools=tools) if review.cause.returns else None
    unit.publish(
        ReviewHeld(
            review_id=review.review_id,
            outcome=outcome.value,
            held_by=by,
            result_sha256=sha256_hex(result.encode()),
            next_due_on=due_on,
        )
    )
    others = [
        each
        for each in unit.reviews()
        if each.cause is review.cause and not each.held_on
    ]
    if due_on is not None and not others:
        subject = _SUBJECTS[review.cause]
        _open(review.cause, subject, due_on=due_on, by=by, unit=unit, tools=tools)
    return held


def _next(cause: Cause, since: date, *, tools: Keeping) -> date:
    return months_later(since, tools.policy.integer(_MONTHS[cause], tools.clock.now()))


def _open_one(unit: Governing, review_id: UUID) -> Review:
    for review in unit.reviews():
        if review.review_id == review_id:
            if review.held_on is not None:
                raise Refused(
                    "review_held",
                    "The review was held; its record stays as it is.",
                    next_step="Open another one if something has changed since.",
                )
            return review
    raise Refused(
        "review_unknown",
        "There is no such review.",
        next_step="List the reviews.",
    )


def _mismatch(
    current: Version, found: bytes, *, tools: Keeping
) -> ProcedureMismatchFound:
    return ProcedureMismatchFound(
        finding_id=tools.ids.new(),
        version_id=current.version_id,
        text_sha256=current.sha256.hex(),
        found_sha256=sha256_hex(found),
    )
