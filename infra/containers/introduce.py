"""`python -m infra.containers.introduce`: make us and the outer authority acquainted.

Onboarding verifies signatures against roots it was given, never fetched by itself;
contracts signs by a key the authority has certified; the audit log's writer asks the
witnesses of its policy, by which `audit` judges what they cosigned. Where the outer
world is simulated, none of it exists before it runs.
"""

import ssl
import sys

import httpx

from infra import topology
from infra.containers import places
from infra.layout import Layout, write_private
from infra.stack import company, witnesses

_TIMEOUT_S = 10
_TOLD, _SIGNING, _WITNESSED = "onboarding", "contracts", ("audit", "audit-worker")
_PUBLISHED = {"eds-roots.pem": "ca/roots.pem", "eds-issuers.pem": "ca/issuing.pem"}


def _policy(context: ssl.SSLContext) -> str:
    addresses = {
        name: places.url(topology.simulator(name)) for name in topology.WITNESSES
    }
    vkeys = {}
    for name, address in addresses.items():
        answer = httpx.get(f"{address}/vkey", verify=context, timeout=_TIMEOUT_S)
        vkeys[name] = answer.raise_for_status().text.strip()
    return witnesses.policy(vkeys, addresses)


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
    policy = _policy(context)
    for name in _WITNESSED:
        write_private(Layout(places.HANDOUTS / name).audit_policy, policy)
    print("introduce: we know the outer authority and the witnesses, and it us")
    return 0


if __name__ == "__main__":
    sys.exit(main())
