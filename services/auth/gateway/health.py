"""Whether the process lives, and whether it can work."""

from fastapi import APIRouter, Request

from services.auth.gateway.answers import Health
from services.auth.gateway.bodies import StrictRoute
from services.auth.gateway.gate import context_of, gate_of

router = APIRouter(prefix="/health", tags=["health"], route_class=StrictRoute)


@router.get("/live")
async def live() -> Health:
    """The process answers; whoever restarts us needs no more."""
    return Health(status="live")


@router.get("/ready")
async def ready(request: Request) -> Health:
    """The database answers; otherwise 503 and a time to come back."""
    gate = gate_of(request)
    await gate.blocking(gate.use_cases.check_database, context_of(request))
    return Health(status="ready")
