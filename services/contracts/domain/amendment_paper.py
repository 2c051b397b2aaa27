"""What stands on an amendment's pages: whom it amends, what was and what becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.contracts.domain.document import (
    Language,
    Paper,
    composed,
    day,
    identity_of,
    name_of,
)
from services.contracts.domain.editions import Template
from services.contracts.domain.texts import Borrower


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an amendment changes.  Holds personal data."""

    number: str
    amended_on: date
    contract_number: str
    contract_on: date
    contract_sha256: str
    previous_sha256: str
    old_account: str
    new_account: str


def amendment_paper(template: Template, change: Change, borrower: Borrower) -> Paper:
    """The amendment in both languages (clauses 5.1, 5.2).

    The new account stands in the file once more as plain text: the ceremony over the
    document covers it (4.10).  So do the digests of what it changes.
    """

    def fields(language: Language) -> Mapping[str, str]:
        return {
            "template": template.name,
            "number": change.number,
            "amended_on": day(change.amended_on),
            "contract_number": change.contract_number,
            "contract_on": day(change.contract_on),
            "contract_sha256": change.contract_sha256,
            "previous_sha256": change.previous_sha256,
            "name": name_of(borrower),
            "iin": borrower.iin,
            "identity": identity_of(borrower, language),
            "old_account": change.old_account,
            "new_account": change.new_account,
        }

    paper = composed(template, title=change.number, fields=fields, grids={})
    return replace(
        paper,
        account=change.new_account,
        amends=(change.contract_sha256, change.previous_sha256),
    )
