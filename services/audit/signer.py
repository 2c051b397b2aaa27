"""The process `audit-signer`: it alone has the log's keys, behind a Unix socket.

No database, no broker, no network. Whoever reaches the socket can have a log signed
that goes on from what was signed, and nothing else: no older state, no other history.
One thread a connection; writers keep theirs.
"""

import base64
import socketserver
import threading
from pathlib import Path
from typing import Final

from typing_extensions import override

from kernel import frames
from kernel.crypto import Json, as_object, canonical, parse_canonical
from kernel.errors import Broken, KernelError
from kernel.logging import get_logger
from services.audit.settings import SignerSettings
from services.audit.wiring.signing import (
    MOST_BYTES,
    DeniedError,
    Signing,
    build_signing,
    decoded,
    parse_text,
)

log = get_logger("audit.signer")

GROUP_MAY_ASK: Final = 0o660


def sign(settings: SignerSettings, stop: threading.Event) -> None:
    """Answer until `stop` is set. Broken: what was signed cannot be read."""
    signing = build_signing(settings)
    path = Path(settings.signer_socket)
    path.unlink(missing_ok=True)
    with _Server(str(path), _Asked) as server:
        path.chmod(GROUP_MAY_ASK)
        server.signing = signing
        threading.Thread(target=server.serve_forever, daemon=True).start()
        log.info("signer_ready", keys=len(signing.held.keys))
        stop.wait()
        server.shutdown()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    signing: Signing


class _Asked(socketserver.BaseRequestHandler):
    """One connection: question after question, until the other side goes."""

    server: _Server

    @override
    def handle(self) -> None:
        try:
            while True:
                raw = frames.receive(self.request, at_most=MOST_BYTES)
                frames.send(self.request, canonical(answered(self.server.signing, raw)))
        except (OSError, Broken):
            return


def answered(signing: Signing, raw: bytes) -> Json:
    """The answer to one question; what is denied says why, and is logged."""
    try:
        return _answer(signing, raw)
    except DeniedError as denial:
        log.error("signing_denied", why=str(denial))  # noqa: TRY400 - no defect
        return {"denied": str(denial)}
    except (ValueError, TypeError, KeyError):
        log.exception("signing_asked_wrongly")
        return {"denied": "no question that is answered here"}
    except KernelError as error:
        log.exception("signing_defect")
        return {"denied": str(error)}


def _answer(signing: Signing, raw: bytes) -> Json:
    said = as_object(parse_canonical(raw)) if raw else {"do": "keys"}
    match said["do"]:
        case "keys":
            return {"vkeys": [key.vkey for key in signing.held.keys]}
        case "resume":
            note = str(said["note"]).encode()
            return {"size": signing.resume(note, decoded(said["peaks"]))}
        case "note":
            checkpoint = parse_text(str(said["checkpoint"]).encode())
            start, hashes = int(str(said["start"])), decoded(said["hashes"])
            note = signing.note(checkpoint, start=start, hashes=hashes)
            return {"note": note.decode()}
        case "vouch":
            return {"signature": base64.b64encode(signing.vouch()).decode()}
        case _:
            raise ValueError("an unknown question")
