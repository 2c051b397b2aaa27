"""Every method that staff can call names the permission it takes (clause 6.1f)."""

import ast
from pathlib import Path
from typing import Final

import pytest

from kernel.operations import PERMISSIONS as OF_EVERY_SERVICE
from kernel.operations import Operations
from services.auth.domain.roles import PERMISSIONS, ROLES
from tests.style.test_rooms import SERVICES

ENTRANCE: Final = frozenset(
    {
        *("staff_log_in", "staff_token", "staff_rules", "acknowledge_rules"),
        *("staff_log_out", "activate_staff", "confirm_staff_factor"),
        *("ask_staff_passkey", "begin_staff_passkey", "offer_staff_passkey"),
    }
)
"""What somebody may call who has no token yet: nothing else, and of auth alone."""
OF_DROPS: Final = "platform.drop_decide"
GRANTED: Final = frozenset().union(*PERMISSIONS.values())


def decorated(service: Path, name: str) -> dict[str, dict[str, str]]:
    """The methods of a service's door under ``@name(…)``, with its words."""
    found = {}
    door = [service / "service.py", *sorted((service / "service").glob("*.py"))]
    text = "\n".join(path.read_text() for path in door if path.exists())
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef):
            continue
        for mark in node.decorator_list:
            match mark:
                case ast.Call(func=ast.Name(id=called)) if called == name:
                    found[node.name] = {
                        str(k.arg): ast.unparse(k.value).strip("'")
                        for k in mark.keywords
                    }
    return found


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_a_method_is_for_services_for_a_permission_or_the_entrance(
    service: Path,
) -> None:
    for method, given in decorated(service, "answers").items():
        assert "operator" not in given.get("callers", ""), method
        ways = [way for way in ("callers", "permission", "entrance") if given.get(way)]
        assert ways != [], method
        assert (method in ENTRANCE) == bool(given.get("entrance")), method
        assert method not in OF_EVERY_SERVICE, method
    assert service.name == "auth" or not ENTRANCE & set(decorated(service, "answers"))


def test_what_every_service_answers_has_a_permission() -> None:
    methods = {n for n in vars(Operations) if not n.startswith("_")}
    assert methods == set(OF_EVERY_SERVICE)
    assert all(OF_EVERY_SERVICE.values())


def test_every_permission_is_granted_by_a_role_and_opens_something() -> None:
    """None is out of everybody's reach, none is left over."""
    asked = set(OF_EVERY_SERVICE.values()) | {OF_DROPS}
    for service in SERVICES:
        for name in ("answers", "executes"):
            for given in decorated(service, name).values():
                asked |= {given["permission"]} if "permission" in given else set()
    assert asked == GRANTED


def test_whoever_may_decide_has_something_to_decide() -> None:
    """The door to decisions alone opens none: each operation asks for its own."""
    decided = {OF_DROPS} | {
        given["permission"]
        for service in SERVICES
        for given in decorated(service, "executes").values()
    }
    for role in ROLES:
        held = PERMISSIONS[role]
        assert ("approvals.decide" in held) == bool(held & decided), role
