"""NCALayer on a person's own computer: signs what a page asks for, with a soft key.

The WebSocket protocol of НУЦ's program, as pages use it: a greeting with the version,
then JSON requests of the module `kz.gov.pki.knca.basics`. Where the real one shows a
window for key and password, `willing` answers for the person.
"""

import base64
import json
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from infra.simulators.client import Person

PORT = 13579
"""Where pages look for it, on 127.0.0.1."""
MODULE = "kz.gov.pki.knca.basics"
SIGNING_OF_PERSONS = {"1.3.6.1.5.5.7.3.4", "1.2.398.3.3.4.1.1"}
MOST_BYTES = 16 << 20

Json = dict[str, Any]


class Ncalayer:
    """Listens while it is entered; `port` 0 takes a free one.

    `certificate` is its TLS pair (chain, key) for 127.0.0.1.
    """

    def __init__(
        self, person: Person, *, certificate: tuple[Path, Path], port: int = PORT
    ) -> None:
        self.person = person
        self.willing = True
        self.asked: list[Json] = []
        """Every request to sign, without its document."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self._server: Server = serve(
            self._talk, "127.0.0.1", port, ssl=context, max_size=MOST_BYTES
        )
        self.port = int(self._server.socket.getsockname()[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()

    def _talk(self, page: ServerConnection) -> None:
        page.send(json.dumps({"result": {"version": "1.4"}}))
        try:
            for message in page:
                page.send(json.dumps(self._answer(json.loads(message))))
        except ConnectionClosed:
            return

    def _answer(self, request: Json) -> Json:
        if request.get("module") != MODULE or request.get("method") != "sign":
            return _failure("MODULE_NOT_FOUND")
        args = request["args"]
        document = base64.b64decode(args.pop("data"), validate=True)
        self.asked.append(args)
        wanted = set(args["signerParams"]["extKeyUsageOids"])
        signing = args["signingParams"]
        if args["format"] != "cms" or not wanted <= SIGNING_OF_PERSONS:
            return _failure("NO_SUITABLE_KEY")
        if signing != {
            "decode": True,
            "encapsulate": False,
            "digested": False,
            "tsaProfile": {},
        }:
            return _failure("UNSUPPORTED")
        if not self.willing:
            return {"status": True, "body": {}}
        cms = base64.encodebytes(self.person.sign(document)).decode()
        return {"status": True, "body": {"result": [cms]}}


def _failure(code: str) -> Json:
    return {"status": False, "code": code, "message": code}
