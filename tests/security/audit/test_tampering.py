"""A seeded part of the tampering campaign (`make faults n=tamper`): catalogue A18."""

from pathlib import Path

import pytest

from tests.tampering.campaign import ATTACKS, HONEST, run

SEEDS = ("1", "2", "3")
HONEST_SEEDS = tuple(str(number) for number in range(20))


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.clause("3.2b", "3.3c", "6.1e")
@pytest.mark.catalogue("A18")
@pytest.mark.seeded(
    "audit_check_skips_chain",
    "audit_check_skips_digest",
    "audit_check_skips_held",
    "audit_check_skips_kind",
    "audit_check_skips_notes",
    "audit_check_skips_number",
    "audit_check_skips_root",
    "audit_check_skips_tail",
    "audit_check_skips_unsigned",
    "audit_start_ignores_published",
    "audit_start_skips_root",
    "audit_verifier_skips_digest",
    "audit_verifier_skips_order",
    "audit_verifier_skips_place",
    "audit_verifier_skips_producers",
    "audit_verifier_skips_repeats",
    "audit_verifier_skips_root",
    "audit_verifier_skips_tiles",
)
def test_what_was_spoilt_is_found_and_the_first_bad_leaf_named(
    attack: str, tmp_path: Path
) -> None:
    for seed in SEEDS:
        folder = tmp_path / seed
        folder.mkdir()
        assert run(attack, seed=seed, folder=folder) is None, seed


@pytest.mark.parametrize("seed", HONEST_SEEDS)
@pytest.mark.parametrize("name", HONEST)
def test_what_nobody_spoilt_is_found_whole(
    name: str, seed: str, tmp_path: Path
) -> None:
    """No false alarm: restarts, repetitions, holes, disorder, a clock set back."""
    assert run(name, seed=seed, folder=tmp_path) is None
