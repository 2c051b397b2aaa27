"""What a client may settle alone: the language of messages."""

from fastapi import APIRouter

from services.auth.domain.languages import Language
from services.auth.gateway.answers import LanguageAnswer
from services.auth.gateway.bodies import Body, StrictRoute
from services.auth.gateway.gate import Here
from services.auth.gateway.security import LookedIn, SignedIn

router = APIRouter(prefix="/profile", tags=["cabinet"], route_class=StrictRoute)


class ChosenLanguage(Body):
    """The language we write to the client in."""

    language: Language


@router.get("/language")
async def get_language(here: Here, session: LookedIn) -> LanguageAnswer:
    """The language of messages."""
    language = await here.gate.blocking(
        here.gate.use_cases.language_of, here.context, session=session
    )
    return LanguageAnswer(language=language)


@router.put("/language", status_code=204)
async def choose_language(here: Here, session: SignedIn, body: ChosenLanguage) -> None:
    """Choose it; the next message comes in it."""
    await here.gate.blocking(
        here.gate.use_cases.choose_language,
        here.context,
        session=session,
        language=body.language,
    )
