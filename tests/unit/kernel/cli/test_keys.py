"""A security key before the command line: asked in one name, and in no other."""

import io
import json
from typing import Any
from uuid import UUID

import pytest
from fido2.ctap2.pin import ClientPin
from fido2.hid import CtapHidDevice

from kernel.cli import fido
from kernel.cli.__main__ import main
from kernel.cli.fido import FidoKey, Person
from kernel.crypto import b64url, unb64url
from kernel.errors import Refused
from tests.softkey import SoftKey
from tests.unit.kernel.cli.conftest import SITE, STAFF, Desk, Typed
from tests.unit.kernel.cli.test_commands import ID, LOGIN, TYPED

ASKED = b"thirty-two bytes of the door's.."
QUESTION = {"challenge": b64url(ASKED)}
Out = pytest.CaptureFixture[str]


def client_data(credential: dict[str, Any]) -> dict[str, Any]:
    """What the key has signed of how it was asked."""
    told: dict[str, Any] = json.loads(
        unb64url(credential["response"]["clientDataJSON"])
    )
    return told


def test_a_key_signs_what_the_door_asked_in_the_door_s_name(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Login and password are asked as ever; no code is."""
    FidoKey(desk.device, SITE).register(ASKED, staff_id=UUID(STAFF), login="a.serik")
    desk.bus.answers = {"ask_staff_passkey": QUESTION, "staff_log_in": LOGIN}
    monkeypatch.setattr("sys.stdin", io.StringIO(f"a.serik\n{TYPED}\n"))
    assert main(["login", "--key"]) == 0
    question, attempt = desk.bus.asked
    assert question.arguments == {"login": "a.serik"}
    assert set(attempt.arguments) == {"login", "password", "passkey"}
    signed = client_data(attempt.arguments["passkey"])
    assert signed["origin"] == f"https://{SITE}"
    assert (signed["type"], signed["challenge"]) == ("webauthn.get", b64url(ASKED))


@pytest.mark.seeded("cli_key_asked_in_another_name")
def test_who_answers_cannot_choose_the_name_a_key_is_asked_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    """An answer that names the clients' site changes nothing: the key signs nothing."""
    FidoKey(desk.device, "creditplus.kz").register(
        ASKED, staff_id=UUID(STAFF), login="a.serik"
    )
    desk.bus.answers["ask_staff_passkey"] = QUESTION | {"site": "creditplus.kz"}
    monkeypatch.setattr("sys.stdin", io.StringIO(f"a.serik\n{TYPED}\n"))
    assert main(["login", "--key", "--json"]) == 5
    assert json.loads(capsys.readouterr().err)["code"] == "security_key_refused"
    assert [one.method for one in desk.bus.asked] == ["ask_staff_passkey"]


def test_a_key_is_added_within_the_session_of_its_holder(
    desk: Desk, capsys: Out
) -> None:
    """What it stands for is shown first; the answer is a request, not a key."""
    desk.logged_in()
    desk.bus.answers = {
        "begin_staff_passkey": QUESTION | {"staff_id": STAFF, "login": "a.serik"},
        "offer_staff_passkey": {"approval_id": ID, "effect": "a key"},
    }
    assert main(["key", "add"]) == 2
    assert main(["key", "add", "--yes", "-q"]) == 0
    assert capsys.readouterr().out.strip() == ID
    offered = desk.bus.asked[-1].arguments["passkey"]
    assert client_data(offered)["type"] == "webauthn.create"
    assert desk.device.user == {
        "id": UUID(STAFF).bytes,
        "name": "a.serik",
        "displayName": "a.serik",
    }


@pytest.mark.parametrize("number", [0, 2])
def test_one_key_is_plugged_in_or_none_is_asked(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> list[SoftKey]:
        return [SoftKey() for _ in range(number)]

    monkeypatch.setattr(CtapHidDevice, "list_devices", found)
    with pytest.raises(Refused) as refused:
        fido.plugged_in(SITE)
    assert refused.value.code == "security_key_missing"
    monkeypatch.setattr(CtapHidDevice, "list_devices", lambda: [SoftKey()])
    assert isinstance(fido.plugged_in(SITE), FidoKey)


def test_the_holder_is_asked_for_the_pin_and_told_to_touch(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    """The PIN goes to the key; it is not shown."""
    typed("")
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: "1234")
    person = Person()
    person.prompt_up()
    assert person.request_pin(ClientPin.PERMISSION.GET_ASSERTION, SITE) == "1234"
    assert capsys.readouterr().err == "Touch your security key.\n"
