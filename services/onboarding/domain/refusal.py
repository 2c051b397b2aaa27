"""Why a registration is refused (clauses 4.1, 4.2): two tellings of one fact.

The person hears a code and a sentence that give nothing away to somebody who tries a
stranger's data, and whether to try again.  The staff see the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from kernel.errors import Refused
from services.onboarding.domain.portrait import Fault
from services.onboarding.domain.registration import (
    ALREADY_REGISTERED,
    BIOMETRICS_NEGATIVE,
    LOG_IN,
    PHONE_QUARANTINED,
    PHONE_REGISTERED,
    REGISTER_AGAIN,
)


class Outcome(StrEnum):
    """Whether this registration may go on."""

    RETRY = "retry"
    FINAL = "final"


class Reason(StrEnum):
    """What was found, for the staff alone."""

    DOCUMENT_EXPIRED = "document_expired"
    STATE_KNOWS_NOBODY = "state_knows_nobody"
    IIN_DIFFERS = "iin_differs"
    NAMES_DIFFER = "names_differ"
    DOCUMENT_NUMBER_DIFFERS = "document_number_differs"
    DOCUMENT_DATE_DIFFERS = "document_date_differs"
    UNDER_AGE = "under_age"
    PHONE_OF_ANOTHER = "phone_of_another"
    PHONE_OF_NOBODY_KNOWN = "phone_of_nobody_known"
    STATE_ASKED_TOO_OFTEN = "state_asked_too_often"
    PHONE_IS_A_LOGIN = "phone_is_a_login"
    PHONE_RESTS = "phone_rests"
    PERSON_HAS_AN_ACCOUNT = "person_has_an_account"
    PHOTO_OF_ANOTHER = "photo_of_another"
    BIOMETRICS_FAILED = "biometrics_failed"
    PHONE_NOT_SHOWN = "phone_not_shown"
    REVIEW_RAN_OUT = "review_ran_out"
    ANTIFRAUD = "antifraud"
    ANTIFRAUD_DOUBT = "antifraud_doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What the person hears."""

    code: str
    sentence: str
    next_step: str
    outcome: Outcome = Outcome.RETRY

    def refused(self, **details: str | int) -> Refused:
        """The answer; ``outcome`` says whether trying again makes sense."""
        return Refused(
            self.code,
            self.sentence,
            next_step=self.next_step,
            outcome=self.outcome.value,
            **details,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRecord:
    """One refusal as it is kept."""

    refusal_id: UUID
    registration_id: UUID
    code: str
    reason: Reason
    outcome: Outcome
    at: datetime


def _ended(code: str, next_step: str = REGISTER_AGAIN) -> Telling:
    return Telling(
        code=code,
        sentence="This registration was refused.",
        next_step=next_step,
        outcome=Outcome.FINAL,
    )


_NOT_CONFIRMED: Final = Telling(
    code="person_not_confirmed",
    sentence="The data could not be confirmed.",
    next_step="Check the data against the identity document.",
)
_PHONE_NOT_CONFIRMED: Final = Telling(
    code="phone_not_confirmed",
    sentence="It could not be confirmed that the phone number is yours.",
    next_step="Register with a number that is registered in your name.",
)
_DECLINED: Final = _ended("registration_refused")

TELLINGS: Final[Mapping[Reason, Telling]] = MappingProxyType(
    {
        Reason.DOCUMENT_EXPIRED: Telling(
            code="document_expired",
            sentence="The identity document is no longer valid.",
            next_step="Renew the document, then register.",
        ),
        Reason.STATE_KNOWS_NOBODY: _NOT_CONFIRMED,
        Reason.IIN_DIFFERS: _NOT_CONFIRMED,
        Reason.NAMES_DIFFER: _NOT_CONFIRMED,
        Reason.DOCUMENT_NUMBER_DIFFERS: _NOT_CONFIRMED,
        Reason.DOCUMENT_DATE_DIFFERS: _NOT_CONFIRMED,
        Reason.UNDER_AGE: Telling(
            code="under_age",
            sentence="Microcredits are given to adults only.",
            next_step="Come back when you are of age.",
            outcome=Outcome.FINAL,
        ),
        Reason.PHONE_OF_ANOTHER: _PHONE_NOT_CONFIRMED,
        Reason.PHONE_OF_NOBODY_KNOWN: _PHONE_NOT_CONFIRMED,
        Reason.STATE_ASKED_TOO_OFTEN: Telling(
            code="person_tries_exhausted",
            sentence="The data could not be confirmed too many times.",
            next_step="Register again with the identity document at hand.",
            outcome=Outcome.FINAL,
        ),
        Reason.PHONE_IS_A_LOGIN: _ended(PHONE_REGISTERED, LOG_IN),
        Reason.PHONE_RESTS: _ended(PHONE_QUARANTINED),
        Reason.PERSON_HAS_AN_ACCOUNT: _ended(ALREADY_REGISTERED, LOG_IN),
        Reason.PHOTO_OF_ANOTHER: _ended(Fault.PERSON.value),
        Reason.BIOMETRICS_FAILED: _ended(BIOMETRICS_NEGATIVE),
        Reason.PHONE_NOT_SHOWN: replace(_PHONE_NOT_CONFIRMED, outcome=Outcome.FINAL),
        Reason.ANTIFRAUD: _DECLINED,
        Reason.ANTIFRAUD_DOUBT: _DECLINED,
        Reason.REVIEW_RAN_OUT: Telling(
            code="review_ran_out",
            sentence="We did not finish looking at your registration in time.",
            next_step="Register again; get in touch with us if it happens twice.",
            outcome=Outcome.FINAL,
        ),
    }
)
"""Every reason has one telling; several reasons may share it."""

OF_TAKEN_NUMBERS: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        PHONE_REGISTERED: Reason.PHONE_IS_A_LOGIN,
        PHONE_QUARANTINED: Reason.PHONE_RESTS,
    }
)
