"""Fixtures of the long tests: wires, roles and loads of the short ones."""

from tests.faults.conftest import client, loan_load, prove
from tests.integration.messages.conftest import wire

__all__ = ["client", "loan_load", "prove", "wire"]
