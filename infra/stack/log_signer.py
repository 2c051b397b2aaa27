"""The audit log's signer in one stack: a user and a folder of its own."""

from infra import topology
from infra.layout import Layout
from infra.stack import apart

KEY = "log.ed25519"


def prepare(layout: Layout) -> None:
    """Give it its folders, and the key that is its alone. Idempotent."""
    name = topology.LOG_SIGNER
    home = layout.log_signer
    apart.folder(home, name)
    apart.folder(layout.log_signer_socket.parent, name)
    key = (layout.keys / "audit-log.ed25519").read_bytes()
    apart.give(home / KEY, key, name)
