"""Everybody's identity: certificates for the wire, keys for what is signed or sealed.

All of it is generated on the spot, 0600, never printed and never committed.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from infra import topology
from infra.layout import Layout
from infra.pki import keys
from infra.pki.certificates import Authority, Leaf

_LOCAL = ("localhost", "127.0.0.1")
_ONE_MACHINE: Mapping[str, str] = {}


def ensure(
    layout: Layout, *, now: datetime, hosts: Mapping[str, str] = _ONE_MACHINE
) -> list[str]:
    """Make what is missing, renew what is due; say what was made.

    `now` is an aware instant. `hosts` names the machine of a server's certificate
    where it is not this one. A second call at the same instant makes nothing.
    """
    layout.prepare()
    made = Authority(layout.pki, "kredit internal CA").ensure(_inner(hosts), now=now)
    outer = Authority(layout.outer, "kredit outer world CA").ensure(
        _outer(hosts), now=now
    )
    return [*made, *(f"outer/{name}" for name in outer), *keys.ensure(layout.keys)]


def _inner(hosts: Mapping[str, str]) -> Collection[Leaf]:
    return (
        *(_speaker(name) for name in topology.principals()),
        *(Leaf(name, client=True) for name in topology.migrators()),
        _server(topology.DATABASE_SERVER, hosts),
        _server(topology.BROKER_SERVER, hosts),
        Leaf(topology.WEB_TIER, client=True, server=_LOCAL),
        Leaf(topology.PUBLIC_CERTIFICATE, server=(*_LOCAL, topology.PUBLIC_HOST)),
    )


def _server(name: str, hosts: Mapping[str, str]) -> Leaf:
    elsewhere = (hosts[name],) if name in hosts else ()
    return Leaf(name, server=(*_LOCAL, *elsewhere))


def _speaker(name: str) -> Leaf:
    """A principal: client of broker and database, server of its own metrics."""
    if name == topology.OPERATOR:
        return Leaf(name, client=True)
    # The web tier knows the gateway by its name: it checks no addresses.
    own = ("gateway",) if name == "gateway" else ()
    return Leaf(name, client=True, server=(*_LOCAL, *own))


def _outer(hosts: Mapping[str, str]) -> Collection[Leaf]:
    clients = sorted(topology.PARTNER_CLIENTS & set(topology.principals()))
    return (
        _server("bank", hosts),
        _server("world", hosts),
        *(_server(name, hosts) for name in topology.WITNESSES),
        *(Leaf(name, client=True) for name in clients),
    )
