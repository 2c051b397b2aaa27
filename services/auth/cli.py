"""The staff's commands of auth alone: clients' access, and the staff themselves.

Logins and names of persons are asked for, never arguments: a shell keeps what is
typed, and every process of the machine can read what stands in a command.
"""

import argparse
from collections.abc import Callable
from typing import Final

from kernel.cli import (
    FINDING,
    Command,
    Listing,
    Namespace,
    Operator,
    ask,
    asking,
    identified,
    reason_argument,
    rows_of,
)
from kernel.crypto import Json
from services.auth.domain.roles import ROLES

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"

_client = identified("client_id", "of the client")
_staff = identified("staff_id", "see `staff list`")


def _end_arguments(parser: argparse.ArgumentParser) -> None:
    _client(parser)
    identified("session_id", "see `sessions list`")(parser)
    reason_argument(parser)


def _end_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Session {arguments.session_id} of client {arguments.client_id} ends at once;"
        " the client has to log in again, and is told."
    )


def _visit_arguments(parser: argparse.ArgumentParser) -> None:
    _client(parser)
    reason_argument(parser)


def _visit_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Client {arguments.client_id} may begin to set another number, if another"
        " person approves; their face at ЦОИД and their ЭЦП decide. The number there"
        " is now is told."
    )


def _invite_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "roles", nargs="+", choices=ROLES, metavar="ROLE", help=", ".join(ROLES)
    )


def _invite(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """The invitation is shown this once; whoever holds it becomes the person."""
    answer = operator.ask(
        "invite_staff",
        login=ask("Login of the new member").strip(),
        name=ask("Name").strip(),
        roles=arguments.roles,
    )
    return answer, 0


def _invite_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        "Somebody new becomes a member of the staff; each of these roles waits for"
        f" another person's yes: {', '.join(arguments.roles)}."
    )


def _role_arguments(parser: argparse.ArgumentParser) -> None:
    _staff(parser)
    parser.add_argument("role", choices=ROLES, metavar="ROLE", help=", ".join(ROLES))


def _passkey_arguments(parser: argparse.ArgumentParser) -> None:
    _staff(parser)
    identified("passkey_id", "see `passkeys list`")(parser)


def _of_member(what: str) -> Callable[[Operator, Namespace], str]:
    """The effect on a member of the staff, beside the roles they have now."""

    def told(operator: Operator, arguments: Namespace) -> str:
        member = operator.ask("staff_show", staff_id=arguments.staff_id)
        role = getattr(arguments, "role", "")
        return (
            f"{member['staff_id']}, now {_listed(member['roles'])}:"
            f" {what.format(role=role)}."
        )

    return told


def _listed(roles: Json) -> str:
    """The names of roles a member holds."""
    return ", ".join(str(held["role"]) for held in rows_of(roles)) or "without a role"


def _recertify(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    report = operator.ask("recertify")
    due = [line for line in rows_of(report["roles"]) if line["due"] is True]
    return report, FINDING if due else 0


COMMANDS: Final = {
    "users show": Command(
        help="a client's login: lock, open sessions; no number, no secret",
        run=asking("users_show", "client_id"),
        arguments=_client,
        example=f"users show {_ID}",
        id_of="client_id",
    ),
    "sessions list": Command(
        help="where a client is logged in now",
        run=asking("sessions_list", "client_id"),
        arguments=_client,
        example=f"sessions list {_ID}",
        listing=Listing(
            member="sessions",
            id_of="session_id",
            none="The client is logged in nowhere.",
            columns=("session_id", "opened_at", "active_at", "browser"),
        ),
    ),
    "sessions end": Command(
        help="end one of a client's sessions",
        run=asking("end_client_session", "client_id", "session_id", "reason"),
        arguments=_end_arguments,
        example=f'sessions end {_ID} {_ID} --reason "phone reported stolen"',
        effect=_end_effect,
    ),
    "visits record": Command(
        help="a client who lost number and password was here: shows their pass once;"
        " it is good when another person has agreed",
        run=asking("record_office_visit", "client_id", "reason"),
        arguments=_visit_arguments,
        example=f'visits record {_ID} --reason "passport seen, sim card stolen"',
        effect=_visit_effect,
        id_of="approval_id",
    ),
    "locks list": Command(
        help="logins that are locked now, and until when; nobody unlocks one earlier",
        run=asking("locks_list"),
        listing=Listing(
            member="locks",
            id_of="login_id",
            none="Nobody is locked.",
            columns=("login_id", "what", "until"),
        ),
    ),
    "staff list": Command(
        help="the members of the staff",
        run=asking("staff_list"),
        listing=Listing(
            member="staff",
            id_of="staff_id",
            none="There is nobody yet.",
            columns=("staff_id", "login", "state", "roles", "last_login_at"),
        ),
    ),
    "staff show": Command(
        help="one of them, and who gave them which role",
        run=asking("staff_show", "staff_id"),
        arguments=_staff,
        example=f"staff show {_ID}",
        id_of="staff_id",
    ),
    "staff invite": Command(
        help="invite somebody: asks for login and name, shows the invitation once",
        run=_invite,
        arguments=_invite_arguments,
        example="staff invite underwriter",
        effect=_invite_effect,
        id_of="staff_id",
    ),
    "staff suspend": Command(
        help="close a member's access and end their sessions",
        run=asking("suspend_staff", "staff_id"),
        arguments=_staff,
        example=f"staff suspend {_ID}",
        effect=_of_member("every access is closed, every session ends"),
    ),
    "passkeys list": Command(
        help="the security keys of a member of the staff",
        run=asking("passkeys_list", "staff_id"),
        arguments=_staff,
        example=f"passkeys list {_ID}",
        listing=Listing(
            member="passkeys",
            id_of="passkey_id",
            none="The member has no security key.",
            columns=("passkey_id", "added_at", "used_at", "suspended_at"),
        ),
    ),
    "passkeys remove": Command(
        help="forget one of them at once; the member comes in by their code again",
        run=asking("remove_staff_passkey", "staff_id", "passkey_id"),
        arguments=_passkey_arguments,
        example=f"passkeys remove {_ID} {_ID}",
        effect=_of_member("the security key opens nothing any more"),
    ),
    "roles grant": Command(
        help="ask that a member hold a role, or hold it on; another person decides",
        run=asking("grant_role", "staff_id", "role"),
        arguments=_role_arguments,
        example=f"roles grant {_ID} treasurer",
        effect=_of_member("is to hold the role {role}, if another person approves"),
        id_of="approval_id",
    ),
    "roles revoke": Command(
        help="take a role from a member, at once",
        run=asking("revoke_role", "staff_id", "role"),
        arguments=_role_arguments,
        example=f"roles revoke {_ID} treasurer",
        effect=_of_member("the role {role} is taken away at once"),
    ),
    "roles recertify": Command(
        help="who holds which role since when, and which is due (exit 3): grant it on"
        " or revoke it",
        run=_recertify,
        listing=Listing(
            member="roles",
            id_of="staff_id",
            none="Nobody holds a role.",
            columns=("staff_id", "login", "role", "confirmed_at", "due"),
        ),
    ),
}
