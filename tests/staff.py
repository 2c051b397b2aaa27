"""Members of the staff for tests: tokens at once, or persons who really come in.

`token_for` signs with the stack's own staff key, as auth would, for tests of services
beside which auth does not run.  `Recruiter` goes the way of a person: invitation,
password, authenticator, rules, login.
"""

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from infra import topology
from infra.demo.staff import ADMINISTRATORS, Here, Staff
from infra.stack import Stack
from kernel.bus import Broker
from kernel.clock import Clock, ShiftedClock
from kernel.context import Context, StaffMember, fresh_context
from kernel.crypto import Json, SigningKey, TrustStore, as_object, hotp
from kernel.errors import Refused
from kernel.ids import system_ids
from kernel.rpc import RpcClient
from kernel.tokens import STAFF_LIFETIME_S, StaffTokens
from services.auth.domain.factors import TOTP_STEP_S
from services.auth.domain.roles import PERMISSIONS, Role
from tests.marks import ROOT

ANNA: Final = UUID("01930000-0000-7000-8000-00000000a001")
BORIS: Final = UUID("01930000-0000-7000-8000-00000000a002")
"""Two persons; what one asks for, the other may decide."""
EVERYTHING: Final = frozenset().union(*PERMISSIONS.values())
"""No role has all of it; tests of a service's own doings ask for no more trouble."""
PASSWORD: Final = "тёплый снег 1871"  # noqa: S105 - of persons who do not exist
AUTH: Final = "auth"


def member(
    staff_id: UUID = ANNA, permissions: Iterable[str] = EVERYTHING
) -> StaffMember:
    """A person as a verified token tells of them."""
    return StaffMember(staff_id, frozenset(permissions))


def clock_of(stack: Stack) -> Clock:
    """The clock its processes see."""
    return ShiftedClock(stack.layout.clock)


def key_of(stack: Stack, signer: str) -> SigningKey:
    """The signing key of a principal of this stack."""
    keys = stack.layout.keys
    keyid = TrustStore.load(keys / "trust.json").keyid_of(signer)
    return SigningKey.load(keys / f"{signer}.ed25519", keyid=keyid)


def token_for(
    stack: Stack,
    staff_id: UUID = ANNA,
    permissions: Iterable[str] = EVERYTHING,
    *,
    lifetime_s: int = STAFF_LIFETIME_S,
    signer: str = topology.STAFF_TOKENS,
) -> str:
    """A token as auth gives it, or as `signer` would forge it."""
    tokens = StaffTokens(key_of(stack, signer), clock_of(stack))
    return tokens.issue(staff_id, permissions, lifetime_s=lifetime_s)[0]


@dataclass
class Door:
    """The staff's own way in: principal `operator`, one call after another."""

    stack: Stack
    rpc: RpcClient
    clock: Clock

    def context(self) -> Context:
        """A fresh cause."""
        return fresh_context(system_ids(self.clock))

    def call(
        self,
        service: str,
        method: str,
        *,
        staff_token: str | None = None,
        **arguments: Any,  # noqa: ANN401 - passed on
    ) -> Mapping[str, Json]:
        """The answer, which must be an object; raises as `RpcClient.call`."""
        return as_object(
            self.rpc.call(
                service,
                method,
                context=self.context(),
                timeout_s=20,
                staff_token=staff_token,
                **arguments,
            )
        )


@contextmanager
def door_of(stack: Stack, principal: str = topology.OPERATOR) -> Iterator[Door]:
    """A connection as `principal`, closed at the end."""
    pki, clock = stack.layout.pki, clock_of(stack)
    address = f"amqps://127.0.0.1:{stack.port(topology.BROKER_SERVER)}/kredit"
    broker = Broker(
        address,
        principal,
        pki / "ca.crt",
        pki / f"{principal}.crt",
        pki / f"{principal}.key",
    )
    rpc = RpcClient(
        broker, key=key_of(stack, principal), clock=clock, ids=system_ids(clock)
    )
    try:
        yield Door(stack, rpc, clock)
    finally:
        rpc.close()


@dataclass
class Person:
    """Somebody with a password and an authenticator."""

    door: Door
    login: str
    staff_id: UUID
    secret: bytes = field(repr=False)
    recovery_codes: list[str] = field(repr=False)
    password: str = field(default=PASSWORD, repr=False)
    session: str = field(default="", repr=False)
    last_step: int = 0
    """Of the authenticator: nothing up to it is shown again."""

    def code(self) -> str:
        """What the authenticator shows; of the paper, if that was used already."""
        step = int(self.door.clock.now().timestamp()) // TOTP_STEP_S
        if step <= self.last_step:
            return self.recovery_codes.pop()
        self.last_step = step
        return hotp(self.secret, step)

    def log_in(self) -> Mapping[str, Json]:
        """Password and a code that no earlier login has used."""
        given = self.door.call(
            AUTH,
            "staff_log_in",
            login=self.login,
            password=self.password,
            code=self.code(),
        )
        self.session = str(given["session"])
        return given

    def acknowledge(self) -> None:
        rules = self.door.call(AUTH, "staff_rules", session=self.session)
        self.door.call(
            AUTH,
            "acknowledge_rules",
            session=self.session,
            version=str(rules["version"]),
        )

    def token(self) -> str:
        return str(self.door.call(AUTH, "staff_token", session=self.session)["token"])

    def present(self) -> str:
        """A token of this person, who logs in anew when the session has ended."""
        try:
            return self.token()
        except Refused as refusal:
            if refusal.code != "staff_session_required":
                raise
            self.log_in()
            return self.token()

    def ask(self, service: str, method: str, **arguments: Any) -> Mapping[str, Json]:  # noqa: ANN401 - passed on
        """Call as this person."""
        token = self.present()
        return self.door.call(service, method, staff_token=token, **arguments)


def bootstrap(stack: Stack, *logins: str) -> "subprocess.CompletedProcess[str]":
    """The owner's command, run as the owner runs it."""
    return subprocess.run(
        [sys.executable, "-m", "services.auth", "staff-bootstrap", "--json", *logins],
        cwd=ROOT,
        env=stack.env(AUTH) | {"PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def secret_of(shown: str) -> bytes:
    """What an authenticator makes of the letters it is given."""
    return base64.b32decode(shown + "=" * (-len(shown) % 8))


def take_up(door: Door, login: str, invitation: str) -> Person:
    """Choose a password, enrol, log in and acknowledge: a member of the staff."""
    given = door.call(AUTH, "activate_staff", invitation=invitation, password=PASSWORD)
    codes = given["recovery_codes"]
    assert isinstance(codes, list)
    person = Person(
        door,
        login,
        ANNA,
        secret_of(str(given["secret"])),
        [str(code) for code in codes],
    )
    door.call(AUTH, "confirm_staff_factor", invitation=invitation, code=person.code())
    person.staff_id = UUID(str(person.log_in()["staff_id"]))
    person.acknowledge()
    return person


@dataclass
class Recruiter:
    """The first two administrators of a stack, and whoever they let in."""

    door: Door
    first: Person
    second: Person

    @classmethod
    def begin(cls, door: Door) -> "Recruiter":
        """As the owner does it on the first day."""
        told = bootstrap(door.stack, "anna", "boris")
        assert told.returncode == 0, told.stderr
        invited = json.loads(told.stdout)["invitations"]
        people = [take_up(door, one["login"], one["invitation"]) for one in invited]
        return cls(door, *people)

    @classmethod
    def join(cls, door: Door) -> "Recruiter":
        """The administrators a demonstration has made, or makes now.

        They go by their paper here: what their authenticators show is the
        demonstration's to use.
        """
        known = Staff(Here(door.stack)).members()
        people = []
        for login in ADMINISTRATORS:
            told = known[login]
            person = Person(
                door,
                login,
                ANNA,
                secret_of(told.secret),
                list(told.recovery_codes),
                password=told.password,
                last_step=sys.maxsize,
            )
            person.staff_id = UUID(str(person.log_in()["staff_id"]))
            people.append(person)
        return cls(door, *people)

    def recruit(self, login: str, *roles: Role) -> Person:
        """One administrator invites, the other agrees to each role.

        A stack serves many tests: what each calls somebody gets an ending of its own.
        """
        name, login = login.title(), f"{login}-{secrets.token_hex(4)}"
        given = self.first.ask(
            AUTH, "invite_staff", login=login, roles=list(roles), name=name
        )
        asked = given["approvals"]
        assert isinstance(asked, list)
        for approval_id in asked:
            self.second.ask(AUTH, "approve", approval_id=str(approval_id))
        return take_up(self.door, login, str(given["invitation"]))
