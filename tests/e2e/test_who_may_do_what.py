"""The matrix of rights on the whole platform: every object × everybody else (A12).

Made from the description of the API, so that a new operation is in it by itself.
"""

import itertools
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from infra.demo.borrower import Borrower
from infra.demo.world import World
from infra.simulators.client import person_from_seed
from services.auth.gateway.app import PREFIX
from tests.bodies import path_of, request_of
from tests.e2e.test_from_registration_to_money import AMOUNT, register
from tests.openapi import Operation, operations
from tests.seeds import seed

OBJECTS: Final = frozenset(
    {"registration_id", "ceremony_id", "contract_id", "application_id"}
    | {"change_id", "recovery_id", "inquiry_id"}
)
ABOUT_OBJECTS: Final = [
    operation
    for operation in operations()
    if OBJECTS & {one.get("name") for one in operation.described["parameters"]}
]
NOBODYS: Final = {name: str(UUID(int=0x7FFF << 64)) for name in OBJECTS}
"""Ids of objects that do not exist."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A caller, and the connection they ask by."""

    name: str
    client: httpx.Client

    @classmethod
    def known(
        cls,
        world: World,
        name: str,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> "Somebody":
        """Known by these headers and cookies, and by nothing else."""
        client = httpx.Client(
            base_url=f"{world.stack.url}{PREFIX}",
            verify=ssl.create_default_context(
                cafile=str(world.stack.layout.pki / "ca.crt")
            ),
            headers={"Origin": world.stack.url, **(headers or {})},
            cookies=dict(cookies or {}),
        )
        return cls(name, client)


def everybody_else(world: World, other: Borrower, chosen: str) -> list[Somebody]:
    """Nobody, another client, another's registration, words that open nothing."""
    begun = world.borrower(f"{chosen}-begun")
    begun.start_registration()
    cookies = other.cabinet.cookies()
    token = {"Authorization": f"Bearer {begun.cabinet.token}"}
    begun.cabinet.close()
    service = {"Authorization": f"Bearer gateway.e30.{'A' * 86}"}
    return [
        Somebody.known(world, "nobody"),
        Somebody.known(world, "another client", cookies=cookies),
        Somebody.known(world, "another registration", token),
        Somebody.known(world, "both", token, cookies),
        Somebody.known(world, "a service", service),
        Somebody.known(world, "a name", {"X-Client-Id": str(UUID(int=1))}, cookies),
    ]


def own_objects(owner: Borrower) -> dict[str, str]:
    """One object of each kind, all of one client."""
    application = str(owner.apply(AMOUNT)["application_id"])
    ceremony = owner.contract("POST", "/signing")["ceremony_id"]
    change = owner.cabinet.call(
        "POST", "/phone-changes", {"phone": person_from_seed("a number").phone}
    )
    credentials = {"login": owner.person.phone, "password": owner.password}
    recovery = owner.cabinet.call("POST", "/number-recoveries", credentials)
    inquiry = owner.cabinet.call("POST", "/inquiries", {"text": "Здравствуйте."})
    return {
        "inquiry_id": str(inquiry["inquiry_id"]),
        "change_id": str(change["change_id"]),
        "recovery_id": str(recovery["recovery_id"]),
        "registration_id": str(owner.registration_id),
        "ceremony_id": str(ceremony),
        "contract_id": owner.contract_id,
        "application_id": application,
    }


def asked(
    operation: Operation, who: Somebody, objects: Mapping[str, str]
) -> httpx.Response:
    """A good request for these objects."""
    request: dict[str, Any] = request_of(operation)
    request["params"] = {
        name: objects.get(name, value) for name, value in request["params"].items()
    }
    address = path_of(operation, **objects)
    return who.client.request(operation.method, address, **request)


def shown(answer: httpx.Response) -> tuple[int, str, str]:
    """All a caller can see of an answer but for the number of the request."""
    body = answer.json() if answer.content else {}
    body.pop("request_id", None)
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in {"x-request-id", "date"}
    }
    return answer.status_code, json.dumps(body), json.dumps(sorted(headers.items()))


@pytest.mark.clause("1.3b")
@pytest.mark.clause("6.1b")
@pytest.mark.clause("6.1c")
@pytest.mark.catalogue("A12")
@pytest.mark.seeded("contracts_anybodys_contract")
@pytest.mark.seeded("onboarding_anybodys_ceremony")
def test_an_object_of_somebody_else_is_as_one_that_does_not_exist(
    world: World,
) -> None:
    """Never 2xx, and the same bytes whether it exists or not."""
    chosen = seed()
    owner, other = (world.borrower(f"{chosen}-{who}") for who in ("owner", "other"))
    for client in (owner, other):
        register(client)
        client.log_in()
    objects, others = own_objects(owner), everybody_else(world, other, chosen)
    found = []
    for operation, who in itertools.product(ABOUT_OBJECTS, others):
        foreign, nobodys = (asked(operation, who, ids) for ids in (objects, NOBODYS))
        if foreign.is_success or shown(foreign) != shown(nobodys):
            found.append((operation.name, who.name, shown(foreign), shown(nobodys)))
    for who in others:
        who.client.close()

    assert found == []
    assert owner.contract()["state"] == "signing"
    for client in (owner, other):
        client.cabinet.close()
