"""Fixtures of the long tests: the wires and roles of the short ones."""

from tests.integration.messages.conftest import wire

__all__ = ["wire"]
