"""No card number passes the door: not in a body, an address or a header (5.3).

It is refused before anything is read from the request, counted or recorded: of such a
request only its code is left.
"""

import re
from decimal import Decimal
from typing import Final
from urllib.parse import unquote

from fastapi import Request

from kernel.cards import card_number_refused, holds_card_number
from services.auth.gateway.problems import BadRequestError

_MANY_DIGITS: Final = re.compile(rb"[0-9](?:[ .+%-]*[0-9]){12}")
"""Hardly a request has so many digits in a row: the others are not looked at twice."""


def refuse_card_number_around(request: Request) -> None:
    """Raises BadRequestError ``card_number_refused`` for address and headers."""
    scope = request.scope
    given = [scope["path"].encode(), scope["query_string"]]
    given += [value for _, value in scope["headers"]]
    for text in given:
        if _MANY_DIGITS.search(text):
            plain = text.decode("latin-1")
            _refuse(plain)
            _refuse(unquote(plain.replace("+", " ")))


def refuse_card_number_in(value: object) -> None:
    """Raises BadRequestError ``card_number_refused`` for a parsed body."""
    match value:
        case str():
            _refuse(value)
        case bool() | None:
            return
        case int() | Decimal():
            _refuse(str(value))
        case dict():
            for key, item in value.items():
                _refuse(key)
                refuse_card_number_in(item)
        case list():
            for item in value:
                refuse_card_number_in(item)


def _refuse(text: str) -> None:
    if holds_card_number(text):
        refused = card_number_refused()
        raise BadRequestError(
            refused.code, refused.sentence, next_step=refused.next_step
        )
