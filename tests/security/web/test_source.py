"""The gateway learns where a visitor comes from by the web tier's word alone."""

import pytest

from tests.security.web.conftest import Site

FORGED = "10.66.66.66"


@pytest.mark.catalogue("A22")
@pytest.mark.seeded("web_passes_a_forged_source")
@pytest.mark.seeded("web_names_no_source")
def test_a_forged_source_is_written_over(site: Site) -> None:
    """Whatever the visitor says of themselves (ASVS 4.1.3, 15.3.4)."""
    forged = {
        "X_Real_IP": FORGED,
        "x_real_ip": FORGED,
        "X_Forwarded_For": f"{FORGED}, 127.0.0.1",
        "Forwarded": f"for={FORGED}",
        "True_Client_IP": FORGED,
        "X_Client_IP": FORGED,
    }
    for own in ("127.0.0.1", "127.0.0.7"):
        answer = site.visitor(own).ask("GET", "/api/v1/mirror", **forged).json()
        assert answer["source"] == f"{own}/32"
        said = [value for name, value in answer["headers"] if name == "x-real-ip"]
        assert said == [own]
