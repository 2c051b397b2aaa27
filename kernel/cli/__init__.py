"""The staff's command line: ``kredit <service> <noun> <verb>`` (ADR 0014).

Whoever sits before it logs in once; each command carries a short-lived token of theirs
over RPC, and nothing but RPC.  A service's own commands stand in its ``cli.py``, as the
table ``COMMANDS``.
"""

from kernel.cli.command import (
    FINDING,
    Command,
    Namespace,
    asking,
    identified,
    reason_argument,
    verdict,
)
from kernel.cli.files import read_file, write_private
from kernel.cli.operator import Operator, object_of
from kernel.cli.output import Listing, rows_of, show
from kernel.cli.terminal import ask, progress

__all__ = [
    "FINDING",
    "Command",
    "Listing",
    "Namespace",
    "Operator",
    "ask",
    "asking",
    "identified",
    "object_of",
    "progress",
    "read_file",
    "reason_argument",
    "rows_of",
    "show",
    "verdict",
    "write_private",
]
