"""Documents: a client's own by their digest, and what anybody may know of one.

The digest names the bytes for ever, so it is the ETag too: who has them already gets
304 and no copy.  A printed code leads to `look_up_document`, which names no person.
"""

import base64
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.auth.gateway.answers import (
    DocumentAnswer,
    DocumentList,
    LookUpAnswer,
    Sha256,
)
from services.auth.gateway.bodies import StrictRoute
from services.auth.gateway.contracts import OUTER_ANSWER_S
from services.auth.gateway.gate import Here
from services.auth.gateway.preconditions import (
    ETAG,
    HELD_HEADER,
    NOT_MODIFIED,
    show_version,
)
from services.auth.gateway.records import PERSONAL
from services.auth.gateway.refusals import refuses
from services.auth.gateway.security import SignedIn

router = APIRouter(tags=["cabinet"], route_class=StrictRoute)

PDF: Final = "application/pdf"
_FILE: Final = {PDF: {"schema": {"type": "string", "format": "binary"}}}


@router.get("/contracts/{contract_id}/documents", openapi_extra=refuses("not_found"))
async def list_documents(
    here: Here, session: SignedIn, contract_id: UUID
) -> DocumentList:
    """The contract's documents: the contract itself and its page of evidence."""
    return await here.ask_for(
        DocumentList,
        "contracts",
        "list_documents",
        client_id=session.client_id,
        contract_id=contract_id,
    )


@router.get(
    "/contracts/{contract_id}/documents/{sha256}",
    response_model=DocumentAnswer,
    responses={
        200: {"headers": ETAG, "content": _FILE},
        NOT_MODIFIED: {"headers": ETAG},
    },
    openapi_extra=refuses("not_found") | {PERSONAL: True},
)
async def read_document(
    here: Here,
    session: SignedIn,
    request: Request,
    response: Response,
    contract_id: UUID,
    sha256: Sha256,
) -> DocumentAnswer | Response:
    """One document by its digest; the file itself for who accepts application/pdf."""
    listed = await list_documents(here, session, contract_id)
    tag = f'"{sha256}"'
    known = {one.sha256 for one in listed.items}
    if sha256 in known and _names(request.headers.get(HELD_HEADER), tag):
        return Response(status_code=NOT_MODIFIED, headers={"ETag": tag})
    document = await here.ask_for(
        DocumentAnswer,
        "contracts",
        "read_document",
        client_id=session.client_id,
        timeout_s=OUTER_ANSWER_S,
        contract_id=contract_id,
        sha256=sha256,
    )
    if document.media_type == PDF and PDF in request.headers.get("accept", ""):
        data = base64.b64decode(document.document_b64)
        return Response(data, media_type=PDF, headers={"ETag": tag})
    show_version(response, sha256)
    return document


@router.get("/documents/{digest}", openapi_extra=refuses("document_unknown"))
async def look_up_document(here: Here, digest: Sha256) -> LookUpAnswer:
    """Whether this digest is of a document of ours, and how its contract stands.

    For whoever holds a printed document; the digest is that of the file, or the one
    its printed code names.  Says nothing of a person.
    """
    return await here.ask_for(
        LookUpAnswer, "contracts", "look_up_document", digest=digest
    )


def _names(if_none_match: str | None, tag: str) -> bool:
    """RFC 9110 §13.1.2: weak comparison, for the bytes are named by the tag."""
    if if_none_match is None:
        return False
    return tag in {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
