"""The public door: HTTP in, use cases and RPC behind it, problems out.

A process of its own with its own certificate, broker user and database role: it can
judge who is at the door, and can neither make logins nor read messages.
"""

from kernel.platform import Platform
from services.auth.gateway.app import build_app
from services.auth.gateway.gate import Gate
from services.auth.gateway.server import run
from services.auth.settings import Settings
from services.auth.wiring import build_gateway

__all__ = ["build_app", "gate_for", "serve"]


def serve(platform: Platform[Settings]) -> None:
    """Serve the public API until the process is told to stop."""
    gate = gate_for(platform)
    run(build_app(gate), platform.settings)
    gate.close()


def gate_for(platform: Platform[Settings]) -> Gate:
    """What the process answers with, and under which names it is called."""
    settings = platform.settings
    site = settings.public_host
    hosts = {site, "127.0.0.1", "localhost"}
    origins = {f"https://{site}"}
    if settings.stage != "production":  # a browser on this machine, without web tier
        origins |= {f"https://{host}:{settings.port}" for host in hosts}
    return Gate(
        use_cases=build_gateway(platform),
        rpc=platform.rpc,
        assertions=platform.assertions,
        new_context=platform.context,
        hosts=frozenset(hosts),
        origins=frozenset(origins),
    )
