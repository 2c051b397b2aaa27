"""Wrong answers that look right: another amount, another account, another person.

Every lie passes a check of form: the other ИИН has a right check digit, the other
IBAN a right remainder. Only a comparison with what was asked can find it.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from infra.simulators.identities import another_iban, another_iin

Json = dict[str, Any]

AMOUNT_STEP_MINOR = 100
OTHER_VERDICT = {"match": "mismatch", "mismatch": "match", "unknown": "match"}
OTHER_STATUS = {"accepted": "rejected", "settled": "rejected", "rejected": "settled"}


def _other_score(score: str) -> str:
    return str(100 - Decimal(score))


def _other_text(value: str) -> str:
    # Reversed, a UUID or a hash keeps its alphabet and its length.
    return value[::-1]


def _not(value: bool) -> bool:  # noqa: FBT001 - the table calls all lies alike
    return not value


# In this order: the first field that an answer has is the lie told by default.
LIES: dict[str, Callable[[Any], Any]] = {
    "amount_minor": lambda amount: amount + AMOUNT_STEP_MINOR,
    "available_minor": lambda amount: -amount,
    "iin": another_iin,
    "verdict": lambda verdict: OTHER_VERDICT[verdict],
    "stop_credit": _not,
    "score": _other_score,
    "creditor_iban": another_iban,
    "debtor_iban": another_iban,
    "creditor_card": _other_text,
    "counterparty_iban": another_iban,
    "currency": lambda _: "USD",
    "status": lambda status: OTHER_STATUS[status],
    "earlier_online_microcredit": _not,
    "days_overdue": lambda days: days + 91,
    "debt_burden": lambda _: "0.99",
    "listed": _not,
    "given": _not,
    "married": _not,
    "conscript": _not,
    "liveness_passed": _not,
    "accepted": _not,
    "surname": lambda _: "ПОДМЕНА",
    "birth_on": lambda _: "1901-01-01",
    "phones": lambda _: [],
    "nonce": _other_text,
    "document_sha256": _other_text,
    "photo_sha256": _other_text,
    "end_to_end_id": _other_text,
    "order_id": _other_text,
    "reference": _other_text,
}


def distorted(body: Json, fields: Sequence[str] = ()) -> Json:
    """The body with the named fields wrong; without names, the first it has.

    A statement (`entries`) is wrong in its last entry; for it the names `missing`,
    `extra` and `duplicate` spoil the list itself.
    """
    entries = body.get("entries")
    if isinstance(entries, list):
        return {**body, "entries": _distorted_entries(entries, fields)}
    wrong = dict(body)
    for field in fields or _first_known(body):
        if wrong.get(field) is not None and field in LIES:
            wrong[field] = LIES[field](wrong[field])
    return wrong


def _first_known(body: Json) -> list[str]:
    return [field for field in LIES if body.get(field) is not None][:1]


def _distorted_entries(entries: list[Json], fields: Sequence[str]) -> list[Json]:
    if not entries:
        return entries
    *others, last = entries
    if "missing" in fields:
        return others
    if "duplicate" in fields:
        return [*entries, last]
    if "extra" in fields:
        return [*entries, _invented(last)]
    return [*others, distorted(last, fields)]


def _invented(entry: Json) -> Json:
    names = ("entry_id", "end_to_end_id")
    return {**entry, **{name: _other_text(entry[name]) for name in names}}
