"""Slowing down who fails to log in again and again, before anything is counted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from kernel.errors import Refused
from kernel.events.auth import SourceThrottled
from services.auth.domain.rules import Allowance
from services.auth.domain.sources import login_too_often, source_id
from services.auth.ports import Publish, Sources


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket an attempt takes from: whose, and how large."""

    reach: Literal["address", "network"]
    token: str
    allowance: Allowance


def admit(
    buckets: tuple[Bucket, ...], *, now: datetime, sources: Sources, publish: Publish
) -> Refused | None:
    """Take one from every bucket; the refusal when one is empty.

    It is returned, because the event that reports it must be committed.  What was taken
    from the buckets before goes back: an attempt that is not made costs nothing.
    """
    for place, bucket in enumerate(buckets):
        wait = sources.take(bucket.token, allowance=bucket.allowance, now=now)
        if wait > timedelta():
            readmit(buckets[:place], sources=sources)
            if sources.alarm(bucket.token, now=now):
                publish(
                    SourceThrottled(
                        source_id=source_id(bucket.token),
                        source_token=bucket.token,
                        reach=bucket.reach,
                    )
                )
            return login_too_often(wait=wait)
    return None


def readmit(buckets: tuple[Bucket, ...], *, sources: Sources) -> None:
    """Put back what a right password took."""
    for bucket in buckets:
        sources.give_back(bucket.token, allowance=bucket.allowance)
