"""`kredit audit search | timeline`: leaves by what they name, by time and kind."""

import argparse
import base64
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from kernel.cli import Command, Listing, Operator, progress
from kernel.crypto import Json, as_object, parse_canonical
from kernel.errors import Broken
from services.audit.cli.parts import client_of, contract_of, scope_arguments, scope_of

PAGE_LEAVES: Final = 100
COLUMNS: Final = ("seq", "received_at", "type", "subject", "sentence")


def search(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
    """The newest that answer, as many as were asked for."""
    words: dict[str, Any] = {**scope_of(arguments)}
    if arguments.user is not None:
        words["user"] = str(arguments.user)
    return _pages(operator, arguments, "search", place="before", words=words), 0


def timeline(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
    """All that is about one thing, the oldest first."""
    subject = arguments.thing
    return _pages(operator, arguments, "timeline", place="after", subject=subject), 0


def _pages(
    operator: Operator,
    arguments: argparse.Namespace,
    method: str,
    *,
    place: str,
    **asked: object,
) -> Json:
    """Page after page, until enough is found or nothing is left."""
    found: list[Json] = []
    last: Mapping[str, Json] = {}
    goes_on: Json = getattr(arguments, place)
    with progress() as tell:
        while len(found) < arguments.leaves and (not last or goes_on is not None):
            last = operator.ask(
                method,
                **asked,
                **({place: goes_on} if goes_on is not None else {}),
                limit=min(PAGE_LEAVES, arguments.leaves - len(found)),
                language=arguments.language,
            )
            leaves, goes_on = last["leaves"], last["goes_on"]
            if not isinstance(leaves, list):
                raise Broken("audit gave no leaves")
            found += [row_of(as_object(each)) for each in leaves]
            tell(f"{len(found)} leaves")
    whole = {name: last.get(name) for name in ("searched", "size")}
    return {"leaves": found, "goes_on": goes_on, **whole}


def row_of(given: Mapping[str, Json]) -> dict[str, Json]:
    """What people look for in a leaf; an event's own names stand for it."""
    raw = base64.b64decode(str(given["leaf"]), validate=True)
    leaf = as_object(parse_canonical(raw))
    event = as_object(leaf.get("event") or {})
    return {
        "seq": leaf["seq"],
        "received_at": leaf["received_at"],
        "kind": leaf["kind"],
        "type": event.get("type"),
        "subject": event.get("subject", leaf.get("subject")),
        "sentence": given.get("sentence"),
        "leaf": leaf,
    }


def _paged(parser: argparse.ArgumentParser, place: str, meaning: str) -> None:
    parser.add_argument(
        "-n", dest="leaves", type=_count, default=20, help="how many; 20"
    )
    parser.add_argument(f"--{place}", type=int, metavar="SEQ", help=meaning)
    parser.add_argument(
        "--language", choices=("ru", "kk"), default="ru", help="of the sentences"
    )


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


def _search_arguments(parser: argparse.ArgumentParser) -> None:
    scope_arguments(parser)
    parser.add_argument(
        "--user", type=UUID, metavar="ID", help="a client or a member of the staff"
    )
    _paged(parser, "before", "those older than this leaf: where a page ended")


def _timeline_arguments(parser: argparse.ArgumentParser) -> None:
    thing = parser.add_mutually_exclusive_group(required=True)
    for option, kind, meaning in (
        ("--client", client_of, "of this client"),
        ("--contract", contract_of, "of this contract"),
        ("--subject", str, "of this, as KIND:ID"),
    ):
        thing.add_argument(option, dest="thing", type=kind, metavar="ID", help=meaning)
    _paged(parser, "after", "those behind this leaf: where a page ended")


def _listing(columns: tuple[str, ...]) -> Listing:
    return Listing(
        member="leaves", id_of="seq", none="No leaf answers.", columns=columns
    )


LOOKING: Final[Mapping[str, Command]] = {
    "search": Command(
        help="find leaves; that you looked, and for what, stands in the log",
        run=search,
        arguments=_search_arguments,
        example="search --user 01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11 --from 2026-11-01",
        listing=_listing(COLUMNS),
    ),
    "timeline": Command(
        help="all that is about a client or a contract, the oldest first",
        run=timeline,
        arguments=_timeline_arguments,
        example="timeline --contract 01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d22",
        listing=_listing(COLUMNS),
    ),
}
