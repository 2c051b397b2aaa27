"""OpenSSL says the same of every signature, or ours is stricter for a known reason."""

import pytest

from tests.eds.crosscheck import compare, forget
from tests.eds.mutation import KINDS
from tests.eds.oracle import engine
from tests.eds.russian import profile


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget()


@pytest.mark.seeded("onboarding_signature_not_calculated")
def test_openssl_agrees_about_rsa_and_ecdsa() -> None:
    tally = compare("integration", 60, ("rsa", "ecdsa"), gost=False)
    assert tally.wrong == []
    assert sum(tally.agreed.values()) > 50


def test_gost_engine_agrees_where_it_is_installed() -> None:
    kinds = [one for one in KINDS if one.startswith("gost") and engine()]
    with profile():
        tally = compare("integration", 20 * len(kinds), kinds, gost=True)
    forget()
    assert tally.wrong == []
    assert sum(tally.agreed.values()) + sum(tally.stricter.values()) == 20 * len(kinds)
