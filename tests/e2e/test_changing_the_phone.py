"""Changing number, account and identity, and coming back without a factor."""

import json
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from infra.demo import changes
from infra.demo.borrower import Borrower
from infra.demo.cabinet import ProblemError, until
from infra.demo.world import World
from infra.simulators.client import person_from_seed
from kernel.clock import parse_rfc3339
from tests.bodies import path_of, request_of
from tests.e2e.test_from_registration_to_money import conclude, register
from tests.openapi import Operation, operations
from tests.seeds import seed
from tests.staff import AUTH, Recruiter
from tests.sweep import Sweep

RIGHT = frozenset(
    {"start_phone_change", "confirm_phone_change", "open_phone_change_ceremony"}
    | {"sign_phone_change", "get_phone_change"}
)
"""All that the token of a lost number opens."""


@pytest.fixture
def borrower(world: World) -> Iterator[Borrower]:
    """Somebody new; the seed is printed when a test fails."""
    person = world.borrower(seed())
    yield person
    person.cabinet.close()


@pytest.fixture
def client(borrower: Borrower) -> Borrower:
    """Somebody who is logged in."""
    register(borrower)
    borrower.log_in()
    return borrower


def another_number() -> str:
    return person_from_seed(secrets.token_hex(8)).phone


def another_account() -> str:
    return person_from_seed(secrets.token_hex(8)).iban


def refused(act: Callable[..., object], *args: object) -> ProblemError:
    with pytest.raises(ProblemError) as problem:
        act(*args)
    return problem.value


def events_of(sweep: Sweep, service: str, name: str, client_id: str) -> list[str]:
    found = sweep.rows(
        service,
        "SELECT convert_from(data, 'UTF8') AS data FROM outbox"  # noqa: S608 - our own names
        f" WHERE type = '{service}.{name}.v1'",
    )
    return [row["data"] for row in found if client_id in row["data"]]


@pytest.mark.clause("4.4")
@pytest.mark.clause("4.10")
@pytest.mark.seeded("auth_deaf_to_changes")
def test_a_client_moves_to_a_new_number(
    world: World, client: Borrower, sweep: Sweep
) -> None:
    """Both proofs; then the new number is the login, the old one nobody's."""
    old, new = client.person.phone, another_number()
    session = client.cabinet.call("GET", "/sessions/current")
    changes.change_phone(client, new)

    dead = refused(client.cabinet.call, "GET", "/sessions/current")
    assert dead.code == "session_required"
    told = [sms["text"] for sms in client.control.sms(old)]
    assert "больше не открывает" in told[-1]
    assert not any(number[2:] in text for number in (old, new) for text in told)
    by_old = {"login": old, "password": client.password}
    by_nobody = {"login": another_number(), "password": client.password}
    answers = [
        refused(client.cabinet.call, "POST", "/sessions", body).problem
        for body in (by_old, by_nobody)
    ]
    for answer in answers:
        answer.pop("request_id")
    assert answers[0] == answers[1]
    again = client.log_in()
    assert again["client_id"] == session["client_id"]
    assert len(events_of(sweep, "auth", "login_phone_changed", again["client_id"])) == 1
    sweep.run(people=[client])


@pytest.mark.clause("4.10")
@pytest.mark.parametrize("first", ["signature", "biometrics"])
def test_one_of_the_two_proofs_leaves_the_old_number(
    client: Borrower, first: str
) -> None:
    old = client.person.phone
    path = changes.begin_phone_change(client, another_number())
    ceremony = client.cabinet.call("POST", f"{path}/ceremony")
    if first == "signature":
        step = changes.sign(client, path, ceremony)
        assert step["state"] == "signature_done"
    else:
        client.show_face(ceremony)
    assert client.cabinet.call("GET", path)["state"] == "checked"
    changes.take_number(client, old)
    client.log_in()


@pytest.mark.clause("4.10")
def test_a_signature_over_anything_else_changes_nothing(client: Borrower) -> None:
    """Over another change's statement, over other bytes, or used before."""
    stale = changes.begin_phone_change(client, another_number())
    first = changes.show_face(client, stale)
    path = changes.begin_account_change(client, another_account())
    account = client.cabinet.call("POST", f"{path}/ceremony")
    other = refused(changes.sign, client, path, first)
    assert other.code == "digest_mismatch"
    spoilt = {**account, "document_b64": "0JTQvtCz0L7QstC+0YA="}
    assert refused(changes.sign, client, path, spoilt).code == "digest_mismatch"
    changes.show_face(client, path)
    assert changes.sign(client, path, account)["state"] == "completed"
    replay = refused(changes.sign, client, path, account)
    assert replay.code == "ceremony_unknown"
    until(lambda: client.cabinet.call("GET", path), lambda c: c["state"] == "applied")
    assert client.cabinet.call("GET", stale)["state"] == "checked"


@pytest.mark.clause("4.10")
@pytest.mark.seeded("auth_deaf_to_identities")
@pytest.mark.seeded("contracts_deaf_to_identities")
def test_a_client_records_a_new_passport_and_a_new_name(
    client: Borrower, sweep: Sweep
) -> None:
    """Nothing before the state knows it; then both proofs, and a message.

    An offer that waits for its signature has the former name: it ends.
    """
    identity = client.person.identity
    changes.take_document(client, number="N12345678", surname="Сейтова")
    known, client.person.identity = client.person.identity, identity
    client.control.create_person(client.person, earlier_online_microcredit=True)
    client.person.identity = known
    path = changes.begin_identity_change(client)
    problem = refused(client.cabinet.call, "POST", f"{path}/ceremony")
    assert problem.code == "person_not_confirmed"
    assert client.cabinet.call("GET", path)["state"] == "refused"

    client.control.create_person(client.person, earlier_online_microcredit=True)
    assert client.apply("100000.00")["state"] == "offered"
    path = changes.begin_identity_change(client)
    changes.sign(client, path, changes.show_face(client, path))
    client.next_message("сведения о вашей личности")
    client.contract_until("annulled")
    assert client.cabinet.call("GET", path)["state"] == "applied"
    client_id = client.cabinet.call("GET", "/sessions/current")["client_id"]
    (event,) = events_of(sweep, "onboarding", "identity_changed", client_id)
    assert "Сейтова" not in event
    again = refused(changes.begin_identity_change, client)
    assert again.code == "change_without_difference"
    sweep.run(people=[client])


@pytest.mark.clause("5.3")
@pytest.mark.clause("4.10")
def test_the_bank_is_asked_whose_the_new_account_is(
    client: Borrower, sweep: Sweep
) -> None:
    changes.change_account(client, another_account())
    client.next_message("счёт изменён")
    client_id = client.cabinet.call("GET", "/sessions/current")["client_id"]
    assert len(events_of(sweep, "onboarding", "bank_account_changed", client_id)) == 1
    proofs = events_of(sweep, "onboarding", "account_ownership_proved", client_id)
    assert len(proofs) == 2


@pytest.mark.clause("5.3")
@pytest.mark.clause("4.10")
def test_a_card_is_added_selected_and_the_old_account_removed(
    client: Borrower, sweep: Sweep
) -> None:
    """One whole act after the other, each with both proofs, each told by a message."""
    (first,) = client.cabinet.call("GET", "/accounts")["items"]
    token = f"tok_{secrets.token_hex(16)}"
    changes.take_card(client, token)
    number = refused(
        lambda: changes.begin_account_act(client, act="add", iban="4111111111111111")
    )
    assert number.code == "card_number_refused"
    added = changes.begin_account_act(client, act="add", card_token=token)
    changes.finish_account_act(client, added)
    client.next_message("добавлен банковский счёт или карта")
    for act, account_id, words in (
        ("select", added["account_id"], "выбран другой счёт"),
        ("remove", first["account_id"], "карта удалены"),
    ):
        client.forget_messages()
        change = changes.begin_account_act(client, act=act, account_id=account_id)
        changes.finish_account_act(client, change)
        client.next_message(words)
    (left,) = client.cabinet.call("GET", "/accounts")["items"]
    assert (left["masked"], left["selected"], left["state"]) == (
        "•••• 4242",
        True,
        "proved",
    )
    stale = {"act": "remove", "account_id": left["account_id"]}
    code = refused(
        lambda: client.cabinet.call("POST", "/account-changes", stale, seen="5f" * 16)
    ).code
    assert code == "version_stale"
    sweep.hold([{"card number": "4111111111111111", "card token": token}])


@pytest.mark.clause("4.10")
@pytest.mark.clause("5.2a")
def test_an_account_named_in_the_contract_needs_no_ceremony_of_its_own(
    client: Borrower,
) -> None:
    """Registration and contract: two ceremonies for a first loan, not three."""
    new = another_account()
    changes.take_account(client, new)
    added = changes.begin_account_act(client, act="add", iban=new)
    assert len(client.cabinet.call("GET", "/accounts")["items"]) == 1
    client.apply("100000.00", account_id=added["account_id"])
    client.sign()
    client.next_message("добавлен банковский счёт или карта")
    items = client.cabinet.call("GET", "/accounts")["items"]
    assert [item["account_id"] for item in items][1:] == [added["account_id"]]
    assert items[1]["state"] == "proved"
    assert items[0]["selected"]


@pytest.mark.catalogue("F08")
@pytest.mark.clause("5.3")
@pytest.mark.clause("5.5")
def test_a_change_of_account_while_a_payout_waits_pays_neither(
    world: World, client_with_payout: Borrower
) -> None:
    """Before both have signed the amendment; after it, and a hold anew, the new one."""
    client = client_with_payout
    old, new = client.person.iban, another_account()
    promised = client.payout()["hold_until"]
    client.forget_messages()
    changes.change_account(client, new)
    client.payout_until("amending")
    assert client.contract()["next_step"] == "amendment"
    client.next_message("дополнительное соглашение")
    assert refused(client.state, "release").code == "text_not_due"
    amended = changes.sign_amendment(client)
    client.next_message("на другой счёт")
    held = client.payout_until("held")
    assert parse_rfc3339(held["hold_until"]) >= (
        parse_rfc3339(amended["signed_at"]) + timedelta(hours=24)
    )
    assert held["hold_until"] > promised
    kinds = [one["kind"] for one in client.contract(path="/documents")["items"]]
    assert kinds.count("amendment") == 1
    assert kinds.count("evidence") == 2
    # A changed account is new to antifraud for a week: a person would look until then.
    world.move_clock(timedelta(days=8))
    client.next_message("подтверд")
    client.log_in()
    client.release()
    client.payout_until("paid")
    paid = [line["creditor_iban"] for line in client.control.ledger()]
    assert (paid.count(new), paid.count(old)) == (1, 0)


@pytest.fixture
def client_with_payout(borrower: Borrower) -> Borrower:
    """Somebody whose payout waits out its hold."""
    conclude(borrower)
    return borrower


@pytest.mark.clause("4.7")
@pytest.mark.clause("4.3")
def test_a_forgotten_password_is_recovered_and_no_lock_is_lifted(
    world: World, client: Borrower
) -> None:
    old = client.password
    for attempt in range(3):
        refused(client.log_in, f"не тот пароль {attempt}")
    changes.recover_password(client, f"Новый берег {secrets.token_hex(4)}")
    dead = refused(client.cabinet.call, "GET", "/sessions/current")
    assert dead.code == "session_required"
    assert refused(client.log_in).status == 429
    world.move_clock(timedelta(minutes=15, seconds=1))
    assert refused(client.log_in, old).code == "login_refused"
    client.log_in()


@pytest.mark.clause("4.10")
@pytest.mark.clause("6.1b")
@pytest.mark.seeded("gateway_lost_number_opens_the_cabinet")
def test_a_lost_number_opens_its_own_change_and_nothing_else(client: Borrower) -> None:
    """Password and camera; every other operation answers the token as nobody."""
    client.change_browser()
    changes.recover_number(client)
    opened = {
        operation.name
        for operation in operations()
        if {"session", "recovery"} & operation.schemes and _opens(client, operation)
    }
    assert opened == RIGHT
    changes.change_phone(client, another_number())
    gone = refused(
        client.cabinet.call, "POST", "/phone-changes", {"phone": "+77010000000"}
    )
    assert gone.code == "session_required"
    client.cabinet.token = None
    client.log_in()


@pytest.mark.clause("4.10")
@pytest.mark.clause("6.1f")
def test_who_lost_number_and_password_comes_back_by_the_office(
    client: Borrower, recruiter: Recruiter
) -> None:
    """Two of the staff, a pass, a face and an ЭЦП; then a forgotten password."""
    client_id = client.cabinet.call("GET", "/sessions/current")["client_id"]
    first, second = (
        recruiter.recruit(login, "client-care") for login in ("eva", "farid")
    )
    seen = first.ask(
        AUTH, "record_office_visit", client_id=client_id, reason="passport seen"
    )
    office_pass = str(seen["office_pass"])
    client.change_browser()
    early = refused(changes.recover_by_office_pass, client, office_pass)
    assert early.code == "pass_not_valid"
    second.ask(AUTH, "approve", approval_id=str(seen["approval_id"]))
    changes.recover_by_office_pass(client, office_pass)
    changes.change_phone(client, another_number())
    client.cabinet.token = None
    changes.recover_password(client, f"Новый берег {secrets.token_hex(4)}")
    client.log_in()


def _opens(client: Borrower, operation: Operation) -> bool:
    """Whether the token gets beyond the question who is asking."""
    request = request_of(operation)
    query = urlencode(request["params"])
    body = json.loads(request["content"]) if "content" in request else None
    try:
        client.cabinet.call(
            operation.method, f"{path_of(operation)}?{query}", body, seen="5f" * 16
        )
    except ProblemError as problem:
        return problem.code not in {
            *("session_required", "token_required", "recovery_not_found"),
            "ceremony_unknown",
        }
    return True
