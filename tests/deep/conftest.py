"""Fixtures of the long tests: wires, roles and loads of the short ones."""

from tests.faults.conftest import loan_load, prove
from tests.integration.messages.conftest import wire

__all__ = ["loan_load", "prove", "wire"]
