"""A command's way to the services: RPC in the name of whoever is logged in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

from kernel.bus import Broker
from kernel.cli.session import SessionFile, not_logged_in
from kernel.clock import Clock, clock_from, parse_rfc3339
from kernel.context import Context, fresh_context
from kernel.crypto import Json, SigningKey, TrustStore, as_object
from kernel.errors import Broken, Refused
from kernel.ids import system_ids
from kernel.logging import configure
from kernel.rpc import RpcClient
from kernel.settings import Stage, read, staff_site

AUTH: Final = "auth"
SESSION_OVER: Final = "staff_session_required"
"""What auth says to a session it does not know, or not any more."""
TIMEOUT_S: Final = 120.0
"""Verifying a long log takes its time."""
SOON_S: Final = 20.0
"""What every service answers comes at once, or its process is down."""
RENEWED_BEFORE: Final = timedelta(seconds=10)
"""A token is renewed this long before its end: the call has its own way to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSettings:
    """What the command line is told, as variables ``OPERATOR_…``.

    ``principal`` is the command line's own identity at the broker; who sits before it
    is told by their session, which is kept in ``session_folder``.
    """

    stage: Stage
    principal: str
    broker_url: str
    tls_ca: Path
    tls_cert: Path
    tls_key: Path
    signing_key: Path
    trust: Path
    session_folder: Path
    clock: str = "system"


class SecurityKey(Protocol):
    """An authenticator in the person's hand, for the staff's door alone.

    Both answers are those of WebAuthn.  Refused ``security_key_refused``.
    """

    def register(
        self, challenge: bytes, *, staff_id: UUID, login: str
    ) -> Mapping[str, Json]:
        """Make a key pair for a member; what proves it."""
        ...

    def answer(self, challenge: bytes, *, login: str) -> Mapping[str, Json]:
        """Sign what the door asked of whoever has this login."""
        ...


@dataclass(slots=True)
class Operator:
    """The command line with one service: one request, however many calls it takes.

    ``security_key`` finds the one at hand when it is needed, and not before.
    """

    service: str
    rpc: RpcClient
    clock: Clock
    context: Context
    sessions: SessionFile
    settings: OperatorSettings
    security_key: Callable[[], SecurityKey]
    _token: tuple[str, datetime] | None = field(default=None, repr=False)

    def call(
        self,
        method: str,
        *,
        timeout_s: float = TIMEOUT_S,
        **arguments: Any,  # noqa: ANN401 - passed on
    ) -> Json:
        """Call the service as whoever is logged in.

        Raises Refused (``not_logged_in`` among them), Transient or Broken.
        """
        return self.rpc.call(
            self.service,
            method,
            context=self.context,
            timeout_s=timeout_s,
            staff_token=self.token(),
            **arguments,
        )

    def ask(self, method: str, **arguments: Any) -> Mapping[str, Json]:  # noqa: ANN401 - passed on
        """`call` for what is answered at once, by an object."""
        return object_of(self.call(method, timeout_s=SOON_S, **arguments))

    def at_the_door(self, method: str, **arguments: Any) -> Mapping[str, Json]:  # noqa: ANN401 - passed on
        """Ask auth without a token: what leads to one."""
        return object_of(
            self.rpc.call(
                AUTH, method, context=self.context, timeout_s=SOON_S, **arguments
            )
        )

    def with_session(self, method: str, **arguments: Any) -> Mapping[str, Json]:  # noqa: ANN401 - passed on
        """Ask auth by the session itself.

        Refused: as `SessionFile.load`, also when auth has ended it.
        """
        session = self.sessions.load(now=self.clock.now())
        try:
            return self.at_the_door(
                method, session=session.secret.reveal(), **arguments
            )
        except Refused as refusal:
            if refusal.code != SESSION_OVER:
                raise
            raise not_logged_in("Your session has ended.") from refusal

    def token(self) -> str:
        """A token that will outlive the call's way: kept while it does."""
        if self._token is None or self._token[1] - RENEWED_BEFORE <= self.clock.now():
            given = self.with_session("staff_token")
            until = parse_rfc3339(str(given["expires_at"]))
            self._token = (str(given["token"]), until)
        return self._token[0]


def object_of(answer: Json) -> Mapping[str, Json]:
    """An answer that has to be an object.  Raises Broken."""
    try:
        return as_object(answer)
    except TypeError as error:
        raise Broken("the answer is misshapen") from error


def connect(service: str) -> Operator:
    """The command line of this environment.  Raises Broken when it is not usable."""
    settings = read(OperatorSettings, prefix="operator")
    # Standard output is the answer's; what goes wrong, the command itself tells.
    configure(settings.principal, "critical")
    clock = clock_from(settings.clock, stage=settings.stage)
    ids = system_ids(clock)
    trust = TrustStore.load(settings.trust)
    broker = Broker(
        settings.broker_url,
        settings.principal,
        settings.tls_ca,
        settings.tls_cert,
        settings.tls_key,
    )
    key = SigningKey.load(
        settings.signing_key, keyid=trust.keyid_of(settings.principal)
    )
    return Operator(
        service,
        RpcClient(broker, key=key, clock=clock, ids=ids),
        clock,
        fresh_context(ids),
        SessionFile(settings.session_folder),
        settings,
        partial(_security_key, settings.stage),
    )


def _security_key(stage: Stage) -> SecurityKey:
    from kernel.cli.fido import plugged_in  # noqa: PLC0415 - 0.16 s; few ask

    return plugged_in(staff_site(stage))
