"""The commands of no service: who sits before the command line.

Passwords, codes and invitations are asked for, never arguments: what stands in a
command can be read by every process of the machine (CWE-214).
"""

import argparse
from typing import Final
from uuid import UUID

from kernel.cli.command import Command, Namespace
from kernel.cli.operator import SESSION_OVER, Operator
from kernel.cli.session import Session
from kernel.cli.terminal import ask, ask_secret
from kernel.clock import parse_rfc3339, rfc3339
from kernel.crypto import Json, unb64url
from kernel.errors import Refused
from kernel.values import Secret


def _login_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key", action="store_true", help="by your security key in place of a code"
    )


def _login(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """Password and second factor for a session; the file of an older one goes."""
    login, password = ask("Login").strip(), ask_secret("Password").reveal()
    proof: dict[str, Json]
    if arguments.key:
        asked = operator.at_the_door("ask_staff_passkey", login=login)
        challenge = unb64url(str(asked["challenge"]))
        answer = operator.security_key().answer(challenge, login=login)
        proof = {"passkey": dict(answer)}
    else:
        proof = {"code": ask("Code").strip()}
    given = operator.at_the_door(
        "staff_log_in", login=login, password=password, **proof
    )
    roles = given["roles"]
    session = Session(
        secret=Secret(str(given["session"])),
        expires_at=parse_rfc3339(str(given["expires_at"])),
        staff_id=str(given["staff_id"]),
        roles=tuple(map(str, roles)) if isinstance(roles, list) else (),
    )
    operator.sessions.save(session)
    told: dict[str, Json] = {
        "staff_id": session.staff_id,
        "roles": list(session.roles),
        "expires_at": given["expires_at"],
        "must_acknowledge": given["must_acknowledge"],
    }
    if given["must_acknowledge"] is not None:
        told["next_step"] = "Read the rules: kredit rules acknowledge"
    return told, 0


def _add_key(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    """The key at hand, if another person agrees."""
    asked = operator.with_session("begin_staff_passkey")
    made = operator.security_key().register(
        unb64url(str(asked["challenge"])),
        staff_id=UUID(str(asked["staff_id"])),
        login=str(asked["login"]),
    )
    return operator.with_session("offer_staff_passkey", passkey=dict(made)), 0


def _add_key_effect(_operator: Operator, _arguments: Namespace) -> str:
    return (
        "The security key that is plugged in becomes yours, if another person approves;"
        " from then on the codes of your authenticator open nothing."
    )


def _logout(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    """End it at auth first: a file that is gone would leave a session alive."""
    session = operator.sessions.to_end()
    try:
        operator.at_the_door("staff_log_out", session=session.secret.reveal())
    except Refused as refusal:
        if refusal.code != SESSION_OVER:
            raise
    operator.sessions.forget()
    return {"staff_id": session.staff_id, "logged_in": False}, 0


def _whoami(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    given = operator.with_session("staff_token")
    session = operator.sessions.load(now=operator.clock.now())
    return {
        "staff_id": session.staff_id,
        "roles": list(session.roles),
        "permissions": given["permissions"],
        "expires_at": rfc3339(session.expires_at),
    }, 0


def _rules(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    return operator.with_session("staff_rules"), 0


def _rules_effect(operator: Operator, _arguments: Namespace) -> str:
    rules = operator.with_session("staff_rules")
    return (
        f"{rules['text']}\n\nYou have read version {rules['version']} and keep to it."
    )


def _acknowledge(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    version = operator.with_session("staff_rules")["version"]
    return operator.with_session("acknowledge_rules", version=version), 0


def _accept(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    """A password for an invitation; what it gives is shown this once."""
    invitation, password = ask_secret("Invitation"), ask_secret("New password")
    if ask_secret("The same again").reveal() != password.reveal():
        raise Refused(
            "passwords_differ",
            "The two passwords are not the same.",
            next_step="Type it again.",
        )
    given = operator.at_the_door(
        "activate_staff", invitation=invitation.reveal(), password=password.reveal()
    )
    return given, 0


def _confirm(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    """The first code of the authenticator: only now can the person log in."""
    given = operator.at_the_door(
        "confirm_staff_factor",
        invitation=ask_secret("Invitation").reveal(),
        code=ask("Code").strip(),
    )
    return given, 0


PERSON: Final = {
    "login": Command(
        help="log in: asks for login, password and code",
        run=_login,
        arguments=_login_arguments,
        example="login --key",
        id_of="staff_id",
    ),
    "key add": Command(
        help="within five minutes of a login, ask to come in by your security key",
        run=_add_key,
        effect=_add_key_effect,
        id_of="approval_id",
    ),
    "logout": Command(help="end the session", run=_logout, id_of="staff_id"),
    "whoami": Command(
        help="who is logged in, until when, and what that permits",
        run=_whoami,
        id_of="staff_id",
    ),
    "rules show": Command(
        help="the rules every member of the staff acknowledges", run=_rules
    ),
    "rules acknowledge": Command(
        help="say that you have read them; before that nothing else is open",
        run=_acknowledge,
        effect=_rules_effect,
    ),
    "invitation accept": Command(
        help="choose a password; shows the authenticator's secret and recovery codes",
        run=_accept,
    ),
    "invitation confirm": Command(
        help="prove that the authenticator works: asks for its first code",
        run=_confirm,
    ),
}
"""By their words; no service's name stands before them."""
