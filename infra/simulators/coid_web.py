"""ЦОИД's two doors: the partner's (mTLS), and the page the person is sent to."""

import base64
import html
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.simulators import web
from infra.simulators.coid import Attempt, Coid, Comparison, Session, SessionError
from infra.simulators.faults import lies_asked
from infra.simulators.people import PHOTO_DIFFERS, People

MAX_PHOTO_BODY_BYTES = 8 << 20
PAGE = """<!doctype html>
<html lang="ru">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>ЦОИД: симулятор</title>
<h1>Биометрическая проверка (симулятор ЦОИД)</h1>
{content}
</html>
"""
FORM = """<p>Кто стоит перед камерой?</p>
<form method="post">
<p><label>ИИН <input name="iin" inputmode="numeric" pattern="[0-9]{12}" required
autocomplete="off"></label>
<p><label>Проверка живости <select name="liveness">
<option value="passed">пройдена</option>
<option value="failed">не пройдена</option>
</select></label>
<p><button>Пройти проверку</button>
</form>"""
# No form-action: browsers apply it to the redirect that brings the person back.
PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
SENTENCES = {
    "session_unknown": "Такой проверки нет.",
    "session_finished": "Проверка уже пройдена.",
    "attempts_exhausted": "Три попытки использованы.",
}


def coid_partner_routes(coid: Coid, people: People, public_url: str) -> list[Route]:
    """Sessions and their results, for partners."""
    path = f"/{coid.name}/v1/sessions"

    async def open_session(request: Request) -> Response:
        session = _session(await web.json_body(request))
        people.person(session.iin)
        coid.open(session)
        redirect_url = f"{public_url}/{coid.name}/verify/{session.session_id}"
        return web.answer(
            {"session_id": session.session_id, "redirect_url": redirect_url}, 201
        )

    async def show_result(request: Request) -> Response:
        code = web.text(await web.json_body(request), "code")
        try:
            attempt = coid.result(request.path_params["session_id"], code)
        except SessionError as error:
            raise web.RefusedError(404, error.code) from error
        lies = lies_asked(request)
        return _result(attempt if lies is None else coid.falsified(attempt, lies))

    async def compare_photo(request: Request) -> Response:
        body = await web.json_body(request, most=MAX_PHOTO_BODY_BYTES)
        iin, photo = web.text(body, "iin", web.IIN), _photo(body)
        said = coid.compare_photo(
            photo,
            iin=iin,
            nonce=web.text(body, "nonce"),
            same_person=not people.person(iin).get(PHOTO_DIFFERS, False),
        )
        lies = lies_asked(request)
        return _result(said if lies is None else coid.falsified(said, lies))

    return [
        Route(f"/{coid.name}/v1/comparisons", compare_photo, methods=["POST"]),
        Route(path, open_session, methods=["POST"]),
        Route(path + "/{session_id}/result", show_result, methods=["POST"]),
    ]


def coid_public_routes(coid: Coid) -> list[Route]:
    """The page before the camera, for persons."""

    async def show_page(request: Request) -> Response:
        try:
            coid.session(request.path_params["session_id"])
        except SessionError as error:
            return _refusal(error)
        return _page(FORM)

    async def compare(request: Request) -> Response:
        form = parse_qs((await web.raw_body(request)).decode("ascii", "replace"))
        iin = web.text({"iin": form.get("iin", [""])[0]}, "iin", web.IIN)
        session_id = request.path_params["session_id"]
        try:
            session = coid.session(session_id)
            attempt = coid.compare(
                session_id,
                present_iin=iin,
                lively=form.get("liveness", ["passed"]) == ["passed"],
            )
        except SessionError as error:
            return _refusal(error)
        url = _way_back(session, attempt)
        return RedirectResponse(url, 303, headers=PAGE_HEADERS)

    path = f"/{coid.name}/verify" + "/{session_id}"
    return [
        Route(path, show_page, methods=["GET"]),
        Route(path, compare, methods=["POST"]),
    ]


def _session(body: web.Json) -> Session:
    return Session(
        session_id=secrets.token_hex(16),
        reference=web.text(body, "reference"),
        iin=web.text(body, "iin", web.IIN),
        nonce=web.text(body, "nonce"),
        document_sha256=web.text(body, "document_sha256", web.SHA256_HEX),
        return_url=_address(body, "return_url"),
    )


def _address(body: web.Json, field: str) -> str:
    address = web.text(body, field)
    parts = urlsplit(address)
    if parts.scheme not in ("https", "http") or not parts.netloc or parts.fragment:
        raise web.RefusedError(400, "malformed", field)
    return address


def _way_back(session: Session, attempt: Attempt) -> str:
    query = urlencode({"state": session.reference, "code": attempt.code})
    joint = "&" if urlsplit(session.return_url).query else "?"
    return f"{session.return_url}{joint}{query}"


def _photo(body: web.Json) -> bytes:
    photo = body.get("photo")
    try:
        return base64.b64decode(photo if isinstance(photo, str) else "", validate=True)
    except ValueError as error:
        raise web.RefusedError(400, "malformed", "photo") from error


def _result(said: Attempt | Comparison) -> Response:
    protocol = base64.b64encode(said.protocol.encode()).decode()
    return web.answer({"protocol": protocol, "signature": said.signature})


def _page(content: str, status: int = 200) -> Response:
    return HTMLResponse(PAGE.format(content=content), status, headers=PAGE_HEADERS)


def _refusal(error: SessionError) -> Response:
    status = 404 if error.code == "session_unknown" else 409
    return _page(f"<p>{html.escape(SENTENCES[error.code])}", status)
