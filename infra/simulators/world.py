"""The outer world except the bank: one process, a door for partners, one for all.

`python -m infra.simulators.world`; the API is described in README.md. Partners (mTLS)
reach SMS, state data, the credit bureau, ЦОИД, the anti-fraud centre and the bodies
that are told of incidents; the public door serves ЦОИД's page and the certification
authority.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.routing import Route
from starlette.types import ASGIApp

from infra.simulators import web
from infra.simulators.authority import Authority
from infra.simulators.authority_web import authority_routes
from infra.simulators.centre import Centre, centre_control_routes, centre_routes
from infra.simulators.clock import Clock
from infra.simulators.coid import Coid
from infra.simulators.coid_web import coid_partner_routes, coid_public_routes
from infra.simulators.faults import FaultBook, FaultGate, control_routes
from infra.simulators.messages import Messages, message_control_routes, message_routes
from infra.simulators.ncanode import ncanode_routes
from infra.simulators.people import People, people_control_routes, people_routes
from infra.simulators.serving import Listener, start
from infra.simulators.settings import WorldSettings, world_settings
from infra.simulators.supervisors import (
    Supervisors,
    supervisor_control_routes,
    supervisor_routes,
)

NAME = "simulator-world"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Every outer system of this process."""

    clock: Clock
    authority: Authority
    people: People
    messages: Messages
    centre: Centre
    supervisors: Supervisors
    coid: Coid
    other: Coid

    def able(self) -> bool:
        """False when a journal failed; only a restart may go on."""
        systems = (
            self.authority,
            self.people,
            self.messages,
            self.centre,
            self.supervisors,
            self.coid,
            self.other,
        )
        return all(system.able for system in systems)


def create(settings: WorldSettings) -> World:
    """The world as its data folder remembers it."""
    clock, data = Clock(settings.common.clock_file), settings.data
    authority = Authority(data=data, clock=clock, public_url=settings.public_url)
    return World(
        clock=clock,
        authority=authority,
        people=People(data),
        messages=Messages(data, clock),
        centre=Centre(data, clock),
        supervisors=Supervisors(data, clock),
        coid=Coid(data=data, clock=clock, signer=authority.members.coid),
        other=Coid(
            data=data, clock=clock, signer=authority.members.other, name="other"
        ),
    )


def build(env: Mapping[str, str]) -> list[Listener]:
    """The partner listener and the public one. Raises SettingsError."""
    settings = world_settings(env)
    world, book = create(settings), FaultBook()
    token = settings.common.control_token
    control = [
        *people_control_routes(world.people, token),
        *message_control_routes(world.messages, token),
        *centre_control_routes(world.centre, token),
        *supervisor_control_routes(world.supervisors, token),
        *control_routes(book, token),
        web.ready_route(NAME, world.able),
    ]
    partner = [
        *message_routes(world.messages),
        *people_routes(world.people),
        *coid_partner_routes(world.coid, world.people, settings.public_url),
        *coid_partner_routes(world.other, world.people, settings.public_url),
        *centre_routes(world.centre),
        *supervisor_routes(world.supervisors),
        *ncanode_routes(world.authority, world.clock),
    ]
    public = [
        *coid_public_routes(world.coid),
        *coid_public_routes(world.other),
        *authority_routes(world.authority, world.clock),
    ]
    return [
        _listener(
            settings,
            settings.partner_port,
            _app([*partner, *control], world, book),
            partners_only=True,
        ),
        _listener(
            settings,
            settings.public_port,
            _app([*public, *control], world, book),
            partners_only=False,
        ),
    ]


def _app(routes: Sequence[Route], world: World, book: FaultBook) -> ASGIApp:
    return web.Dated(FaultGate(web.application(routes), book), world.clock)


def _listener(
    settings: WorldSettings, port: int, app: ASGIApp, *, partners_only: bool
) -> Listener:
    return Listener(
        app=app,
        host=settings.common.host,
        port=port,
        tls=settings.common.tls,
        partners_only=partners_only,
    )


if __name__ == "__main__":
    start(NAME, build)
