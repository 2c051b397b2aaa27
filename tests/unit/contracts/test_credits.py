"""Which of a credit's reversals count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Money
from services.contracts.domain.credits import takes_back

CREDIT = Money(1_000)


@pytest.mark.parametrize(
    ("reversals", "counting"),
    [
        ([], []),
        ([1_000], [True]),
        ([1_001], [False]),
        ([1_001, 1_000], [False, True]),
        ([999, 1], [True, True]),
        ([999, 2, 1], [True, False, True]),
        ([600, 600, 400], [True, False, True]),
    ],
)
def test_a_reversal_counts_that_fits_into_what_is_left(
    reversals: list[int], counting: list[bool]
) -> None:
    assert takes_back(CREDIT, [Money(one) for one in reversals]) == counting


@given(st.lists(st.integers(min_value=1, max_value=1_200), max_size=8))
def test_no_more_is_taken_back_than_came(reversals: list[int]) -> None:
    """And what does not count would have been too much."""
    left = CREDIT.amount_minor
    for amount, counts in zip(
        reversals, takes_back(CREDIT, [Money(one) for one in reversals]), strict=True
    ):
        assert counts is (amount <= left)
        left -= amount if counts else 0
    assert left >= 0
