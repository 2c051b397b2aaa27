"""The life of a contract under chance, ten thousand times."""

from hypothesis import HealthCheck, settings

from tests.unit.contracts.life import ContractLife

TestContractLife = ContractLife.TestCase
TestContractLife.settings = settings(
    max_examples=10_000,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
