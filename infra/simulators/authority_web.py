"""The public doors of the simulated НУЦ: certificates, revocations, OCSP, CRL, TSP."""

import base64

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.simulators import ocsp, tsp, web
from infra.simulators.authority import Authority, RequestRefusedError
from infra.simulators.clock import Clock, rfc3339
from infra.simulators.faults import lies_asked
from infra.simulators.profile import Kind, Subject

PEM_TYPE = "application/x-pem-file"
DER_TYPE = "application/pkix-cert"
REASONS = ("key_compromise", "certificate_hold", "unspecified")
MAX_SERIAL_DIGITS = 50


def authority_routes(authority: Authority, clock: Clock) -> list[Route]:
    """What anybody may ask a certification authority."""
    return [
        *_file_routes(authority),
        *_register_routes(authority),
        *_status_routes(authority, clock),
    ]


def _file_routes(authority: Authority) -> list[Route]:
    members = authority.members
    root, issuing = members.root.certificate, members.issuing.certificate
    files = (
        ("/ca/roots.pem", root, Encoding.PEM, PEM_TYPE),
        ("/ca/issuing.pem", issuing, Encoding.PEM, PEM_TYPE),
        ("/ca/root.cer", root, Encoding.DER, DER_TYPE),
        ("/ca/issuing.cer", issuing, Encoding.DER, DER_TYPE),
    )
    return [
        _file_route(path, certificate.public_bytes(encoding), media_type)
        for path, certificate, encoding, media_type in files
    ]


def _file_route(path: str, content: bytes, media_type: str) -> Route:
    async def show(_: Request) -> Response:
        return Response(content, media_type=media_type)

    return Route(path, show, methods=["GET"])


def _register_routes(authority: Authority) -> list[Route]:
    async def issue(request: Request) -> Response:
        body = await web.json_body(request)
        kind, subject = _kind(body), _subject(body)
        try:
            certificate = (
                authority.issue_over(_key(body), subject, kind)
                if "spki" in body
                else authority.issue(web.text(body, "csr"), subject, kind)
            )
        except RequestRefusedError as error:
            raise web.RefusedError(422, error.code) from error
        pem = certificate.public_bytes(Encoding.PEM).decode()
        return web.answer({"certificate": pem}, 201)

    async def revoke(request: Request) -> Response:
        body = await web.json_body(request)
        try:
            revocation = authority.revoke(_serial(body), _reason(body))
        except RequestRefusedError as error:
            raise web.RefusedError(404, error.code) from error
        return web.answer(
            {
                "serial": body["serial"],
                "revoked_at": rfc3339(revocation.revoked_at),
                "reason": revocation.reason.name,
            }
        )

    return [
        Route("/ca/v1/certificates", issue, methods=["POST"]),
        Route("/ca/v1/revocations", revoke, methods=["POST"]),
    ]


def _status_routes(authority: Authority, clock: Clock) -> list[Route]:
    async def answer_ocsp(request: Request) -> Response:
        der = ocsp.respond(
            await web.raw_body(request),
            authority=authority,
            now=clock.now(),
            lie=lies_asked(request) is not None,
        )
        return Response(der, media_type="application/ocsp-response")

    async def answer_tsp(request: Request) -> Response:
        der = tsp.respond(
            await web.raw_body(request),
            stamper=authority.members.stamper,
            now=clock.now(),
            lie=lies_asked(request) is not None,
        )
        return Response(der, media_type="application/timestamp-reply")

    async def show_crl(_: Request) -> Response:
        return Response(authority.crl(), media_type="application/pkix-crl")

    async def show_root_crl(_: Request) -> Response:
        return Response(authority.root_crl(), media_type="application/pkix-crl")

    return [
        Route("/ocsp", answer_ocsp, methods=["POST"]),
        Route("/tsp", answer_tsp, methods=["POST"]),
        Route("/crl", show_crl, methods=["GET"]),
        Route("/crl/root", show_root_crl, methods=["GET"]),
    ]


def _key(body: web.Json) -> bytes:
    """The SubjectPublicKeyInfo of a key for which there is no request, in base64."""
    try:
        return base64.b64decode(web.text(body, "spki"), validate=True)
    except ValueError as error:
        raise web.RefusedError(422, "key_refused") from error


def _kind(body: web.Json) -> Kind:
    try:
        return Kind(web.text(body, "kind"))
    except ValueError as error:
        raise web.RefusedError(400, "malformed", "kind") from error


def _subject(body: web.Json) -> Subject:
    iin = web.text(body, "iin", web.IIN)
    common_name = web.text(body, "common_name", web.NAME)
    organisation = _kind(body) is Kind.ORGANISATION_SIGN
    return Subject(
        iin=iin,
        common_name=common_name,
        surname=web.text(body, "surname", web.NAME),
        patronymic=web.optional_text(body, "patronymic", web.NAME),
        organization=(
            web.optional_text(body, "organization", web.NAME) or common_name
            if organisation
            else None
        ),
        bin=(web.optional_text(body, "bin", web.IIN) or iin if organisation else None),
    )


def _serial(body: web.Json) -> int:
    serial = web.text(body, "serial")
    if not (serial.isascii() and serial.isdigit() and len(serial) <= MAX_SERIAL_DIGITS):
        raise web.RefusedError(400, "malformed", "serial")
    return int(serial)


def _reason(body: web.Json) -> x509.ReasonFlags:
    reason = web.optional_text(body, "reason") or REASONS[0]
    if reason not in REASONS:
        raise web.RefusedError(400, "malformed", "reason")
    return x509.ReasonFlags[reason]
