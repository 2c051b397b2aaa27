"""What the National Bank's centre tells: lists and notices, each once (6.1g iv)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.crypto import canonical
from kernel.errors import Refused, Transient
from services.antifraud.domain.centre import (
    BY,
    LIST,
    WATCHED,
    Change,
    Delisting,
    Feed,
    ItemState,
    Listing,
    Notice,
    Page,
    Standing,
    Unfit,
    answer_to,
    rest_after,
    standing,
    without_gaps,
)
from services.antifraud.domain.lists import Entry
from services.antifraud.handlers.holding import suspend_client
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports import Report, Unit
from services.antifraud.ports.centre import (
    Centre,
    CentreUnit,
    CentreUnits,
    UnreadableError,
)

PAGES_AT_ONCE: Final = 10
UNREADABLE_TRIES: Final = 3
"""So often one single change is asked for before it is parked unread."""
CLIENTS_AT_MOST: Final = 100


def hear(*, centre: Centre, units: CentreUnits, tools: Tools) -> int:
    """Take what the centre tells beyond what was heard; how many changes.

    A page and how far we have heard leave in one commit, so each change counts once,
    wherever we are stopped.  While the centre is away the feed rests, and nothing of
    it is lost: it goes on where it was.
    """
    taken = 0
    for _ in range(PAGES_AT_ONCE):
        with units.begin() as unit:
            feed = unit.feed()
        at = tools.clock.now()
        if feed.rests(at):
            break
        try:
            page = _page(centre, feed, tools=tools)
        except Transient:
            longest = tools.policy.integer("antifraud.centre_rest_s", at)
            rest = rest_after(feed.failures, longest_s=longest)
            with units.begin() as unit:
                unit.feed_failed(feed, next_at=at + rest)
            raise
        count = _take_page(page, feed, units=units, tools=tools)
        taken += count
        if not count or page.changes[-1].number >= page.last:
            break
    return taken


def _page(centre: Centre, feed: Feed, *, tools: Tools) -> Page:
    """The next page; what makes one unreadable is closed in on until it stands alone.

    Raises Transient when the centre is away, or says less than it did.
    """
    limit = tools.policy.integer("antifraud.centre_page", tools.clock.now())
    while True:
        try:
            page = centre.changes(after=feed.after, limit=limit)
        except UnreadableError:
            number = feed.after + 1
            if limit > 1:
                limit = max(limit // 4, 1)
            elif feed.failures < UNREADABLE_TRIES:
                raise
            else:
                unread = Change(number, Unfit("unreadable"))
                return Page((unread,), last=max(feed.last, number))
        else:
            if page.last < feed.after:
                raise Transient("the centre has forgotten what it told")
            return Page(without_gaps(page, after=feed.after), page.last)


def _take_page(page: Page, feed: Feed, *, units: CentreUnits, tools: Tools) -> int:
    at = tools.clock.now()
    after = page.changes[-1].number if page.changes else feed.after
    heard = Feed(after=after, last=page.last, heard_at=at)
    with units.begin() as unit:
        if not unit.feed_heard(feed, heard):
            return 0
        for change in page.changes:
            take(change, unit=unit, tools=tools)
    return len(page.changes)


def take(change: Change, *, unit: CentreUnit, tools: Tools) -> ItemState:
    """Do what a change says, once; what cannot be done is parked for a person."""
    at = tools.clock.now()
    known = None if change.item_id is None else unit.digest_of(change.item_id)
    if known is None:
        why = _apply(change, unit=unit, tools=tools)
        state = ItemState.PARKED if why else ItemState.APPLIED
    elif known == change.digest:
        why, state = None, ItemState.REPEATED
    else:
        why, state = "conflict", ItemState.PARKED
    unit.save_item(change, state=state, why=why, at=at)
    return state


def _apply(change: Change, *, unit: CentreUnit, tools: Tools) -> str | None:
    """Why it could not be done; None when it was."""
    at = tools.clock.now()
    match change.says:
        case Unfit(why):
            return why
        case Listing() as listing:
            days = tools.policy.integer("antifraud.centre_list_days", at)
            claims = standing(listing, today=almaty_date(at), days=days)
            unit.add_standings(claims, at=at)
            for each in claims:
                _relist(each.key, unit=unit, tools=tools)
        case Delisting() as delisting:
            ended = unit.end_standings(delisting.listing_id, at=at)
            for key in ended:
                _relist(key, unit=unit, tools=tools)
            return None if ended else "listing_unknown"
        case Notice() as notice:
            _suspend(notice, unit=unit, tools=tools)
    return None


def _relist(key: str, *, unit: CentreUnit, tools: Tools) -> None:
    """Let a name stand on the list as long as any listing claims it."""
    at = tools.clock.now()
    found = unit.standing_of(key, at=at)
    if found is None:
        unit.end_entries(of=LIST, keys=[key], at=at, by=BY)
    else:
        unit.add_entries([_entry(found, of=LIST, at=at, tools=tools)])


def _entry(claim: Standing, *, of: str, at: datetime, tools: Tools) -> Entry:
    return Entry(
        entry_id=tools.ids.new(),
        of=of,
        entity=claim.entity,
        key=claim.key,
        expires_at=claim.expires_at,
        reason=claim.category,
        source=f"centre:{claim.item_id}",
        added_at=at,
        added_by=BY,
    )


def _suspend(notice: Notice, *, unit: CentreUnit, tools: Tools) -> None:
    """Hold all operations of whoever is named, and answer the centre.

    Somebody who is no client yet is watched: a person looks when they come.
    """
    at = tools.clock.now()
    keys = [key for _, key in notice.keys]
    clients = unit.clients_of(keys, limit=CLIENTS_AT_MOST)
    for client_id in clients:
        _hold(client_id, notice, unit=unit, tools=tools)
    if not clients:
        days = tools.policy.integer("antifraud.centre_watch_days", at)
        watched = Listing(
            item_id=notice.item_id,
            keys=notice.keys,
            category=notice.category,
            expires_on=None,
        )
        claims = standing(watched, today=almaty_date(at), days=days)
        unit.add_entries(
            [_entry(each, of=WATCHED, at=at, tools=tools) for each in claims]
        )
    event_id = tools.ids.new()
    answer = answer_to(notice, event_id=event_id, clients=clients, at=at)
    unit.add_report(Report(event_id=event_id, body=canonical(answer)), at=at)


def _hold(client_id: UUID, notice: Notice, *, unit: Unit, tools: Tools) -> None:
    ground = f"centre:{notice.item_id} {notice.category}"
    try:
        suspend_client(
            client_id, ground=ground, by=BY, units=_Within(unit), tools=tools
        )
    except Refused as refused:
        if refused.code != "already_suspended":
            raise


@dataclass(frozen=True, slots=True)
class _Within:
    """Lets a use case work in a unit that is open: one commit with the notice."""

    unit: Unit

    @contextmanager
    def begin(self) -> Iterator[Unit]:
        yield self.unit


def hear_again(
    number: int, *, centre: Centre, units: CentreUnits, tools: Tools
) -> ItemState:
    """Ask the centre anew for a change that was parked, and judge it anew.

    Nothing clear was kept of it.  Refused: ``not_parked``.
    """
    with units.begin() as unit:
        found = unit.item(number)
    if found is None or found.state != ItemState.PARKED:
        raise not_parked()
    try:
        page = centre.changes(after=number - 1, limit=1)
    except UnreadableError:
        page = Page((Change(number, Unfit("unreadable")),), last=number)
    told = {change.number: change for change in page.changes}
    change = told.get(number, Change(number, Unfit("number_missing")))
    with units.begin() as unit:
        return take(change, unit=unit, tools=tools)


def not_parked() -> Refused:
    """Nothing of that name waits for a person."""
    return Refused(
        "not_parked",
        "Nothing of that name waits for a person.",
        next_step="Look at `centre messages`.",
    )
