"""Commands over the bus: nameko's wire, with a deadline, an identity and a signature.

A request is nameko's ``{"args": [], "kwargs": {…}}`` with signed members beside it:
who calls which method, until when, in which context, in whose name, and by which
member of the staff.  It goes to the exchange ``rpc`` under ``<callee>.<method>``, where
the broker's topic permissions enforce the call matrix; the answer comes through the
exchange ``reply`` under a key that begins with the caller's principal, as the *broker*
saw it.

A command is at most once: it is acknowledged when it has been verified, before it
runs.  A caller that hears nothing raises Transient and may ask again under the same
idempotency key.
"""

from kernel.rpc.client import TIMEOUT_S, Publisher, RpcClient
from kernel.rpc.methods import Method, not_permitted
from kernel.rpc.wire import (
    OPERATOR,
    CallRejectedError,
    Request,
    open_request,
    reply_of,
    reply_of_error,
    sign_request,
)

__all__ = [
    "OPERATOR",
    "TIMEOUT_S",
    "CallRejectedError",
    "Method",
    "Publisher",
    "Request",
    "RpcClient",
    "not_permitted",
    "open_request",
    "reply_of",
    "reply_of_error",
    "sign_request",
]
