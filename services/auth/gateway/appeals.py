"""Appeals: the client writes to the lender, and reads what the staff answered."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from kernel.errors import Refused
from services.auth.gateway.appeal_answers import AppealPage, WholeAppeal
from services.auth.gateway.bodies import Body, Id, StrictRoute
from services.auth.gateway.gate import Here
from services.auth.gateway.pages import Asked, page_of
from services.auth.gateway.problems import BadRequestError
from services.auth.gateway.records import PERSONAL
from services.auth.gateway.refusals import REPEATABLE, refuses
from services.auth.gateway.security import SignedIn

router = APIRouter(prefix="/appeals", tags=["cabinet"], route_class=StrictRoute)

MOST_CHARACTERS: Final = 10_000
"""More than any letter may have; how many it may, `contracts` says by its settings."""
WRITING: Final = (
    *REPEATABLE,
    "attachments_refused",
    "letter_unfit",
    "letters_too_often",
    "not_found",
)


class NewLetter(Body):
    """What the client writes: words alone.

    ``attachments`` is there to be refused with a word: files are not taken here.
    """

    text: Annotated[
        str, Field(min_length=1, max_length=MOST_CHARACTERS, examples=["Здравствуйте."])
    ]
    attachments: Annotated[
        list[str], Field(default_factory=list, max_length=20, examples=[[]])
    ]

    def words(self) -> str:
        """The text alone.  Refused ``attachments_refused``."""
        if self.attachments:
            raise Refused(
                "attachments_refused",
                "Files are not taken here, and nothing was sent.",
                next_step="Write without them; bring papers to an office.",
            )
        return self.text


class NewAppeal(NewLetter):
    """A first letter, about one of the client's applications or contracts, or none."""

    application_id: Annotated[Id | None, Field(examples=[None])] = None
    contract_id: Annotated[Id | None, Field(examples=[None])] = None

    def subject(self) -> tuple[str, UUID | None]:
        """What it is about, and which.  Refused ``appeal_subject_invalid``."""
        if self.application_id is not None and self.contract_id is not None:
            raise BadRequestError(
                "appeal_subject_invalid",
                "An appeal is about one thing.",
                next_step="Name an application, a contract, or neither.",
            )
        if self.contract_id is not None:
            return "contract", self.contract_id
        if self.application_id is not None:
            return "application", self.application_id
        return "other", None


@router.post(
    "",
    status_code=201,
    openapi_extra=refuses(*WRITING, "appeals_full", "appeal_subject_invalid"),
)
async def open_appeal(here: Here, session: SignedIn, body: NewAppeal) -> WholeAppeal:
    """Write to the lender; the answer names the day by which the staff answer."""
    about, about_id = body.subject()
    return await here.ask_for(
        WholeAppeal,
        "contracts",
        "open_appeal",
        client_id=session.client_id,
        about=about,
        about_id=about_id,
        text=body.words(),
    )


@router.get("", openapi_extra=refuses("cursor_invalid"))
async def list_appeals(here: Here, session: SignedIn, asked: Asked) -> AppealPage:
    """A page of the client's appeals, without their letters."""
    return await page_of(
        AppealPage,
        "contracts",
        "list_own_appeals",
        here=here,
        session=session,
        asked=asked,
    )


@router.get("/{appeal_id}", openapi_extra=refuses("not_found") | {PERSONAL: True})
async def get_appeal(here: Here, session: SignedIn, appeal_id: UUID) -> WholeAppeal:
    """One appeal with its letters, the oldest first."""
    return await here.ask_for(
        WholeAppeal,
        "contracts",
        "get_own_appeal",
        client_id=session.client_id,
        appeal_id=appeal_id,
    )


@router.post(
    "/{appeal_id}/letters",
    status_code=201,
    openapi_extra=refuses(*WRITING, "appeal_closed", "appeal_full"),
)
async def write_letter(
    here: Here, session: SignedIn, appeal_id: UUID, body: NewLetter
) -> WholeAppeal:
    """Write on; after an answer the lender's limit is counted anew."""
    return await here.ask_for(
        WholeAppeal,
        "contracts",
        "write_letter",
        client_id=session.client_id,
        appeal_id=appeal_id,
        text=body.words(),
    )
