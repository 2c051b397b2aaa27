"""Inquiries: the client writes to the lender, and reads what the staff answered."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from kernel.errors import Refused
from services.auth.gateway.bodies import Body, Id, StrictRoute
from services.auth.gateway.gate import Here
from services.auth.gateway.inquiry_answers import InquiryPage, WholeInquiry
from services.auth.gateway.pages import Asked, page_of
from services.auth.gateway.problems import BadRequestError
from services.auth.gateway.records import PERSONAL
from services.auth.gateway.refusals import REPEATABLE, refuses
from services.auth.gateway.security import SignedIn

router = APIRouter(prefix="/inquiries", tags=["cabinet"], route_class=StrictRoute)

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


class NewInquiry(NewLetter):
    """A first letter, about one of the client's applications or contracts, or none."""

    application_id: Annotated[Id | None, Field(examples=[None])] = None
    contract_id: Annotated[Id | None, Field(examples=[None])] = None

    def subject(self) -> tuple[str, UUID | None]:
        """What it is about, and which.  Refused ``inquiry_subject_invalid``."""
        if self.application_id is not None and self.contract_id is not None:
            raise BadRequestError(
                "inquiry_subject_invalid",
                "An inquiry is about one thing.",
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
    openapi_extra=refuses(*WRITING, "inquiries_full", "inquiry_subject_invalid"),
)
async def open_inquiry(here: Here, session: SignedIn, body: NewInquiry) -> WholeInquiry:
    """Write to the lender; the answer names the day by which the staff answer."""
    about, about_id = body.subject()
    return await here.ask_for(
        WholeInquiry,
        "contracts",
        "open_inquiry",
        client_id=session.client_id,
        about=about,
        about_id=about_id,
        text=body.words(),
    )


@router.get("", openapi_extra=refuses("cursor_invalid"))
async def list_inquiries(here: Here, session: SignedIn, asked: Asked) -> InquiryPage:
    """A page of the client's inquiries, without their letters."""
    return await page_of(
        InquiryPage,
        "contracts",
        "list_own_inquiries",
        here=here,
        session=session,
        asked=asked,
    )


@router.get("/{inquiry_id}", openapi_extra=refuses("not_found") | {PERSONAL: True})
async def get_inquiry(here: Here, session: SignedIn, inquiry_id: UUID) -> WholeInquiry:
    """One inquiry with its letters, the oldest first."""
    return await here.ask_for(
        WholeInquiry,
        "contracts",
        "get_own_inquiry",
        client_id=session.client_id,
        inquiry_id=inquiry_id,
    )


@router.post(
    "/{inquiry_id}/letters",
    status_code=201,
    openapi_extra=refuses(*WRITING, "inquiry_closed", "inquiry_full"),
)
async def write_letter(
    here: Here, session: SignedIn, inquiry_id: UUID, body: NewLetter
) -> WholeInquiry:
    """Write on; after an answer the lender's limit is counted anew."""
    return await here.ask_for(
        WholeInquiry,
        "contracts",
        "write_letter",
        client_id=session.client_id,
        inquiry_id=inquiry_id,
        text=body.words(),
    )
