"""The staff from the owner's first command to a day's work: each role, each method."""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import pytest

from infra import topology
from kernel.cli.fido import FidoKey
from kernel.crypto import unb64url
from kernel.errors import Broken, Refused
from kernel.operations import PERMISSIONS as OF_EVERY_SERVICE
from kernel.settings import read, staff_site
from services.auth.domain.roles import PERMISSIONS, ROLES, Role
from services.auth.settings import Settings
from tests.marks import ROOT
from tests.softkey import SoftKey
from tests.staff import AUTH, PASSWORD, Person, Recruiter, bootstrap
from tests.style.test_permissions import decorated
from tests.sweep import Sweep
from tests.waiting import eventually

NOTHING: Final = UUID(int=0)
PEOPLE: Final = (*ROLES, None)
"""Everybody there can be, somebody without any role among them."""


@pytest.fixture(scope="module")
def people(recruiter: Recruiter) -> dict[Role | None, Person]:
    """One person for every role, and one who has none."""
    return {
        role: recruiter.recruit(role, role) if role else recruiter.recruit("nobody")
        for role in PEOPLE
    }


def methods(service: str) -> Mapping[str, str]:
    """What staff may call at a service, by the permission it takes."""
    own = decorated(ROOT / "services" / service, "answers")
    return {
        **OF_EVERY_SERVICE,
        **{n: given["permission"] for n, given in own.items() if "permission" in given},
    }


def refused(person: Person, service: str, method: str, token: str) -> str | None:
    """The code of the refusal when called with no arguments worth anything.

    What a person may call is either answered, or breaks for want of its arguments:
    nothing is changed on the way.
    """
    try:
        person.door.rpc.call(
            service,
            method,
            context=person.door.context(),
            timeout_s=20,
            staff_token=token,
            nothing=True,
        )
    except Refused as refusal:
        return refusal.code
    except Broken:
        return None
    raise AssertionError("a call with an argument too many was carried out")


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("staff_permission_not_asked")
@pytest.mark.parametrize("service", topology.services())
def test_each_role_may_call_what_its_list_says_and_nothing_else(
    people: dict[Role | None, Person], service: str
) -> None:
    """The whole matrix of roles and methods, deny by default."""
    for role in PEOPLE:
        person = people[role]
        allowed = PERMISSIONS[role] if role else frozenset()
        token = person.token()
        found = {
            method: refused(person, service, method, token)
            for method in methods(service)
        }
        wanted = {
            method: None if permission in allowed else "not_permitted"
            for method, permission in methods(service).items()
        }
        assert found == wanted, role


@pytest.mark.clause("1.4")
@pytest.mark.seeded("staff_bootstrap_twice")
def test_the_owners_command_works_once(recruiter: Recruiter) -> None:
    """From then on an administrator invites, and another agrees."""
    told = bootstrap(recruiter.door.stack, "mallory", "eve")
    assert (told.returncode, "[staff_exists]" in told.stderr) == (5, True)
    listed: Any = recruiter.first.ask(AUTH, "staff_list")["staff"]
    logins = {person["login"] for person in listed}
    assert {"anna", "boris"} <= logins
    assert "mallory" not in logins


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("approval_by_one_person")
def test_a_role_is_granted_by_four_eyes_over_the_wire(recruiter: Recruiter) -> None:
    """Asked, shown with its effect, agreed to by another: then the token has it."""
    anna, boris = recruiter.first, recruiter.second
    carla = recruiter.recruit("carla")
    asked = anna.ask(AUTH, "grant_role", staff_id=str(carla.staff_id), role="treasurer")
    approval_id = str(asked["approval_id"])
    with pytest.raises(Refused, match="own_request"):
        anna.ask(AUTH, "approve", approval_id=approval_id)
    with pytest.raises(Refused, match="not_permitted"):
        carla.ask(AUTH, "approve", approval_id=approval_id)
    shown = boris.ask(AUTH, "approvals_show", approval_id=approval_id)
    assert shown["effect"] == f"{carla.login} holds the role treasurer"
    done = boris.ask(
        AUTH,
        "approve",
        approval_id=approval_id,
        arguments_sha256=shown["arguments_sha256"],
    )
    assert done["state"] == "executed"
    assert carla.ask("contracts", "status")["service"] == "contracts"


@pytest.mark.clause("6.1a")
@pytest.mark.clause("6.1f")
def test_a_member_comes_in_by_a_security_key_over_the_wire(
    recruiter: Recruiter,
) -> None:
    """Asked in the name this platform's command line knows, let in by another."""
    gulia = recruiter.recruit("gulia", "treasurer")
    door = gulia.door
    stage = read(Settings, prefix=AUTH, environ=door.stack.env(AUTH)).stage
    key = FidoKey(SoftKey(), staff_site(stage))
    asked = door.call(AUTH, "begin_staff_passkey", session=gulia.session)
    made = key.register(
        unb64url(str(asked["challenge"])), staff_id=gulia.staff_id, login=gulia.login
    )
    offered = door.call(
        AUTH, "offer_staff_passkey", session=gulia.session, passkey=dict(made)
    )
    recruiter.second.ask(AUTH, "approve", approval_id=str(offered["approval_id"]))
    asked = door.call(AUTH, "ask_staff_passkey", login=gulia.login)
    answer = key.answer(unb64url(str(asked["challenge"])), login=gulia.login)
    proof: dict[str, Any] = {
        "login": gulia.login,
        "password": PASSWORD,
        "passkey": dict(answer),
    }
    gulia.session = str(door.call(AUTH, "staff_log_in", **proof)["session"])
    assert gulia.ask("contracts", "status")["service"] == "contracts"
    with pytest.raises(Refused, match="login_refused"):
        door.call(AUTH, "staff_log_in", **proof)


@pytest.mark.seeded("staff_suspended_goes_on")
def test_a_suspended_member_gets_no_more_tokens(recruiter: Recruiter) -> None:
    dora = recruiter.recruit("dora", "treasurer")
    dora.ask("audit", "status")
    recruiter.first.ask(AUTH, "suspend_staff", staff_id=str(dora.staff_id))
    with pytest.raises(Refused, match="staff_session_required"):
        dora.token()
    with pytest.raises(Refused, match="login_refused"):
        dora.log_in()


@pytest.mark.clause("6.1d")
@pytest.mark.seeded("staff_calls_not_recorded")
def test_the_audit_log_knows_what_the_staff_did(
    recruiter: Recruiter, sweep: Sweep
) -> None:
    """In the very log that strangers verify: who, what, where, how it ended."""
    erik = recruiter.recruit("erik", "underwriter")
    with pytest.raises(Refused, match="not_permitted"):
        erik.ask("disbursement", "status")
    called = (
        "SELECT id::text AS id, convert_from(data, 'UTF8') AS data FROM outbox"
        " WHERE type = 'platform.staff_called.v1' ORDER BY inserted DESC LIMIT 1"
    )
    (row,) = sweep.rows("disbursement", called)
    told = json.loads(row["data"])
    assert (told["staff_id"], told["method"], told["outcome"]) == (
        str(erik.staff_id),
        "status",
        "not_permitted",
    )
    logged = "SELECT event_id::text AS id FROM audit_log WHERE kind = 1"
    eventually(lambda: row["id"] in {r["id"] for r in sweep.rows("audit", logged)})
