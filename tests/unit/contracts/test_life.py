"""The life of a contract under chance, for a short while; `tests/deep` has longer."""

from hypothesis import settings

from tests.unit.contracts.life import ContractLife

TestContractLife = ContractLife.TestCase
TestContractLife.settings = settings(
    max_examples=300, stateful_step_count=40, derandomize=True, deadline=None
)
