"""A port for a process that a test starts itself."""

from infra.stack import ports


def free_port() -> int:
    """One that nobody has; another at each call, as a rule."""
    return ports._find(())
