"""What a borrower changes or recovers, step by step, by the public door (ADR 0013)."""

import base64
import secrets
from dataclasses import replace
from datetime import timedelta

from infra.demo.borrower import Borrower
from infra.demo.cabinet import Json, until
from infra.simulators.identities import Document


def take_number(client: Borrower, phone: str) -> None:
    """Get a SIM card: the operators know the person by this number from now on."""
    client.person.identity = replace(client.person.identity, phone=phone)
    client.control.create_person(client.person, earlier_online_microcredit=True)


def take_account(client: Borrower, iban: str) -> None:
    """Open an account at the bank."""
    client.person.identity = replace(client.person.identity, iban=iban)
    client.control.create_account(iban=iban, iin=client.person.iin)


def begin_phone_change(client: Borrower, phone: str) -> str:
    """Name the new number, type the code it got; the change's path."""
    take_number(client, phone)
    client.forget_messages()
    body, key = {"phone": phone}, secrets.token_hex(16)
    change = client.cabinet.call("POST", "/phone-changes", body, key=key)
    path = f"/phone-changes/{change['change_id']}"
    code = {"code": client.next_code()}
    client.cabinet.call("POST", f"{path}/confirmation", code)
    return path


def begin_account_change(client: Borrower, iban: str) -> str:
    """Name the new account; the change's path."""
    take_account(client, iban)
    change = begin_account_act(client, act="replace", iban=iban)
    return f"/account-changes/{change['change_id']}"


def take_document(client: Borrower, *, number: str, surname: str) -> None:
    """Get a new passport, in another name: the state knows the person by it."""
    identity = client.person.identity
    document = Document(
        kind="passport",
        number=number,
        valid_until=identity.document.valid_until + timedelta(days=3650),
    )
    client.person.identity = replace(identity, surname=surname, document=document)
    client.control.create_person(client.person, earlier_online_microcredit=True)


def begin_identity_change(client: Borrower) -> str:
    """Give names and document as they are now; the change's path."""
    identity = client.person.identity
    body = {
        "surname": identity.surname,
        "given_name": identity.given_name,
        "patronymic": identity.patronymic,
        "document": {
            "kind": identity.document.kind,
            "number": identity.document.number,
            "valid_until": identity.document.valid_until.isoformat(),
        },
    }
    key = secrets.token_hex(16)
    change = client.cabinet.call("POST", "/identity-changes", body, key=key)
    return f"/identity-changes/{change['change_id']}"


def begin_account_act(client: Borrower, **act: str) -> Json:
    """Begin to add, replace, select or remove an account, as one sees them now."""
    seen = client.cabinet.call("GET", "/accounts")["version"]
    key = secrets.token_hex(16)
    return client.cabinet.call("POST", "/account-changes", act, key=key, seen=seen)


def finish_account_act(client: Borrower, change: Json) -> None:
    """Both proofs over the change's own statement."""
    path = f"/account-changes/{change['change_id']}"
    sign(client, path, show_face(client, path))


def take_card(client: Borrower, token: str) -> None:
    """Register a card with its processor, before an account at the bank."""
    client.control.create_card(
        token=token, iban=client.person.iban, iin=client.person.iin, last4="4242"
    )


def show_face(client: Borrower, path: str) -> Json:
    """Open the ceremony of a change and stand before the camera; the ceremony."""
    ceremony = client.cabinet.call("POST", f"{path}/ceremony")
    client.show_face(ceremony)
    return ceremony


def sign(client: Borrower, path: str, ceremony: Json) -> Json:
    """Hand in the ЭЦП over the change's statement."""
    document = base64.b64decode(ceremony["document_b64"])
    cms = base64.b64encode(client.person.sign(document)).decode()
    return client.cabinet.call("PUT", f"{path}/signature", {"cms_b64": cms})


def change_phone(client: Borrower, phone: str) -> None:
    """The whole change; returns when the new number was told it is the login."""
    path = begin_phone_change(client, phone)
    sign(client, path, show_face(client, path))
    client.next_message("логин вашего")


def change_account(client: Borrower, iban: str) -> None:
    """The whole change."""
    path = begin_account_change(client, iban)
    sign(client, path, show_face(client, path))


def sign_amendment(client: Borrower) -> Json:
    """Sign what the contract's changed account needs (4.10, 5.2): both proofs."""
    path = "/amendments"

    def newest() -> Json:
        items = client.contract(path=path)["items"]
        return items[-1] if items else {"state": "none"}

    offered = until(newest, lambda a: a["state"] in {"offered", "signing"})
    opened = client.contract("POST", f"{path}/{offered['amendment_id']}/signing")
    client.pass_ceremony(opened)
    return until(newest, lambda a: a["state"] == "concluded")


def recover_password(client: Borrower, password: str) -> None:
    """Forget the password: the code, the camera, a new one."""
    client.forget_messages()
    body = {"login": client.person.phone}
    challenge = client.cabinet.call("POST", "/password-recoveries", body)
    path = "/password-recoveries"
    proof = {"challenge_id": challenge["challenge_id"], "code": client.next_code()}
    recovery = client.cabinet.call("POST", f"{path}/phone-confirmation", proof)
    path = f"{path}/{recovery['recovery_id']}"
    client.cabinet.token = recovery["token"]
    try:
        ceremony = client.cabinet.call("POST", f"{path}/ceremony")
        client.show_face(ceremony)
        done = {"ceremony_id": ceremony["ceremony_id"], "password": password}
        client.cabinet.call("POST", f"{path}/completion", done)
    finally:
        client.cabinet.token = None
    client.password = password


def recover_number(client: Borrower) -> None:
    """Lose the number: the password and the camera; the token is kept as the right."""
    credentials = {"login": client.person.phone, "password": client.password}
    _pass_by_face(
        client, client.cabinet.call("POST", "/number-recoveries", credentials)
    )


def recover_by_office_pass(client: Borrower, office_pass: str) -> None:
    """Lose number and password: the office's pass in place of the password."""
    body, path = {"office_pass": office_pass}, "/number-recoveries/by-office-pass"
    _pass_by_face(client, client.cabinet.call("POST", path, body))


def _pass_by_face(client: Borrower, recovery: Json) -> None:
    path = f"/number-recoveries/{recovery['recovery_id']}"
    client.cabinet.token = recovery["token"]
    ceremony = client.cabinet.call("POST", f"{path}/ceremony")
    client.show_face(ceremony)
    done = {"ceremony_id": ceremony["ceremony_id"]}
    client.cabinet.call("POST", f"{path}/completion", done)
