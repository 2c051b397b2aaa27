"""`python -m infra.containers.introduce`: make us and the outer authority acquainted.

Onboarding verifies signatures against roots it was given, never fetched by itself;
contracts signs by a key the authority has certified. Where the outer world is
simulated, neither exists before it runs.
"""

import ssl
import sys

import httpx

from infra.containers import places
from infra.layout import Layout, write_private
from infra.stack import company

_TIMEOUT_S = 10
_TOLD, _SIGNING = "onboarding", "contracts"
_PUBLISHED = {"eds-roots.pem": "ca/roots.pem", "eds-issuers.pem": "ca/issuing.pem"}


def main() -> int:
    """Exit status 0; an outer world that does not answer ends it with a traceback."""
    given = Layout(places.HANDOUTS / _TOLD).outer
    context = ssl.create_default_context(cafile=str(given / "ca.crt"))
    for name, path in _PUBLISHED.items():
        address = f"{places.url('simulator-world.public')}/{path}"
        answer = httpx.get(address, verify=context, timeout=_TIMEOUT_S)
        write_private(given / name, answer.raise_for_status().content)
    signing = Layout(places.HANDOUTS / _SIGNING).outer
    company.enrol(
        signing, authority=places.url("simulator-world.public"), ca=signing / "ca.crt"
    )
    print("introduce: onboarding knows the outer authority, and it us")
    return 0


if __name__ == "__main__":
    sys.exit(main())
