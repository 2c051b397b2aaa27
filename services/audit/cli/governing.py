"""`kredit audit procedure … | settings … | reviews …`: sections 6.3 and 8."""

import argparse
import base64
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from kernel.cli import (
    FINDING,
    Command,
    Listing,
    Namespace,
    Operator,
    asking,
    object_of,
    read_file,
    rows_of,
    write_private,
)
from kernel.clock import ALMATY, rfc3339
from kernel.crypto import Json, sha256_hex
from services.audit.domain.procedure import Outcome

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_DIGEST_SHOWN: Final = 16


def _propose_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the approved text, UTF-8; - reads it")
    parser.add_argument(
        "--minutes", required=True, metavar="NUMBER", help="of the general meeting"
    )
    for option, meaning in (
        ("--approved-on", "the day of the minutes"),
        ("--effective-on", "from which day it is in force"),
    ):
        parser.add_argument(
            option, required=True, type=date.fromisoformat, metavar="DAY", help=meaning
        )


def _propose(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    text = base64.b64encode(read_file(arguments.file)).decode("ascii")
    given = {
        "minutes": arguments.minutes,
        "approved_on": arguments.approved_on.isoformat(),
        "effective_on": arguments.effective_on.isoformat(),
    }
    return operator.ask("propose_procedure", text_b64=text, **given), 0


def _propose_effect(_operator: Operator, arguments: Namespace) -> str:
    digest = sha256_hex(read_file(arguments.file))[:_DIGEST_SHOWN]
    return (
        f"Another person is asked to put {arguments.file} ({digest}…) in force from"
        f" {arguments.effective_on}, by minutes {arguments.minutes}."
    )


def _version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "version_id", type=UUID, metavar="ID", help="see `procedure list`"
    )


def _fetch_arguments(parser: argparse.ArgumentParser) -> None:
    _version(parser)
    parser.add_argument("to", type=Path, metavar="PATH", help="a new file of yours")


def _fetch(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    answer = object_of(operator.ask("procedure_text", version_id=arguments.version_id))
    write_private(arguments.to, str(answer["text_b64"]))
    return {"version_id": answer["version_id"], "sha256": answer["sha256"]}, 0


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, help="the page as the site gave it; - reads it"
    )


def _check(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """What `curl https://…/procedure` gave, beside the approved digest."""
    found = sha256_hex(read_file(arguments.file))
    versions = rows_of(operator.ask("procedure_versions")["versions"])
    same = [each for each in versions if each["in_force"] is True]
    well = [each["sha256"] for each in same] == [found]
    answer: dict[str, Json] = {"ok": well, "sha256": found}
    return answer, 0 if well else FINDING


def _key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="see `settings list`")


def _change_arguments(parser: argparse.ArgumentParser) -> None:
    _key(parser)
    parser.add_argument("value", nargs="+", help="the value, or those of a list")
    parser.add_argument(
        "--source", required=True, metavar="WORDS", help="the act or order it comes by"
    )
    parser.add_argument(
        "--from",
        dest="effective_from",
        type=datetime.fromisoformat,
        metavar="TIME",
        help="not at once: an instant with its zone, or a day of Almaty",
    )


def _change(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    at = _instant(arguments)
    given = {} if at is None else {"effective_at": at}
    answer = operator.ask(
        "propose_setting",
        key=arguments.key,
        value=arguments.value,
        source=arguments.source,
        **given,
    )
    return answer, 0


def _instant(arguments: Namespace) -> str | None:
    at: datetime | None = arguments.effective_from
    if at is None:
        return None
    return rfc3339(at if at.tzinfo is not None else at.replace(tzinfo=ALMATY))


def _change_effect(_operator: Operator, arguments: Namespace) -> str:
    when = _instant(arguments) or "once they agree"
    return (
        f"Another person is asked to let {arguments.key} be"
        f" {', '.join(arguments.value)} from {when} on, in every service."
    )


def _open_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cause", choices=("law", "technology", "measures"), help="what has changed"
    )
    parser.add_argument("subject", metavar="WORDS", help="the act or the change")


def _hold_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("review_id", type=UUID, metavar="ID", help="see `reviews list`")
    words = [outcome.value for outcome in Outcome]
    parser.add_argument("outcome", choices=words, help="what it led to")
    parser.add_argument("result", metavar="WORDS", help="what was seen and changed")


COMMANDS: Final[Mapping[str, Command]] = {
    "procedure list": Command(
        help="every version with its minutes, dates and digest",
        run=asking("procedure_versions"),
        example="procedure list",
        listing=Listing(
            member="versions",
            id_of="version_id",
            none="No version is on record.",
        ),
    ),
    "procedure fetch": Command(
        help="a version's own bytes, to a new file",
        run=_fetch,
        arguments=_fetch_arguments,
        example=f"procedure fetch {_ID} procedure.txt",
        id_of="version_id",
    ),
    "procedure check": Command(
        help="whether the page of the site is the approved text (exit 3 if not)",
        run=_check,
        arguments=_check_arguments,
        example="procedure check page.txt",
    ),
    "procedure propose": Command(
        help="ask another person to put a version on record",
        run=_propose,
        arguments=_propose_arguments,
        example="procedure propose procedure.txt --minutes 15-01-2027"
        " --approved-on 2027-01-15 --effective-on 2027-02-01",
        effect=_propose_effect,
        id_of="approval_id",
    ),
    "settings list": Command(
        help="dated settings: value in force, since when, by what, weakest allowed",
        run=asking("settings_list"),
        example="settings list",
        listing=Listing(
            member="settings",
            id_of="key",
            none="No setting has a value.",
            columns=("key", "value", "since", "clause", "floor", "changes_at"),
        ),
    ),
    "settings show": Command(
        help="all records of a setting, the oldest first",
        run=asking("settings_show", "key"),
        arguments=_key,
        example="settings show auth.lock_minutes",
        listing=Listing(
            member="records", id_of="since", none="No such setting exists."
        ),
    ),
    "settings propose": Command(
        help="ask another person to agree to a value; weaker ones are refused",
        run=_change,
        arguments=_change_arguments,
        example="settings propose auth.lock_minutes 30 --source 'order 12 of 2026'",
        effect=_change_effect,
        id_of="approval_id",
    ),
    "reviews list": Command(
        help="reviews of the Procedure and of its measures, those due first",
        run=asking("reviews_list"),
        example="reviews list",
        listing=Listing(
            member="reviews",
            id_of="review_id",
            none="No review is on the calendar.",
            columns=("review_id", "cause", "state", "due_on", "held_on", "subject"),
        ),
    ),
    "reviews open": Command(
        help="law or technology has changed: a review is due soon",
        run=asking("open_review", "cause", "subject"),
        arguments=_open_arguments,
        example="reviews open law 'law 205-VIII of 30.06.2025'",
        effect=lambda _operator, asked: f"A review is opened for: {asked.subject}",
        id_of="review_id",
    ),
    "reviews hold": Command(
        help="record what a review led to; the next one gets its day",
        run=asking("hold_review", "review_id", "outcome", "result"),
        arguments=_hold_arguments,
        example=f"reviews hold {_ID} kept 'read whole, nothing to change'",
        effect=lambda _operator, asked: (
            f"That review {asked.review_id} was held stays on record for ever."
        ),
        id_of="review_id",
    ),
}
