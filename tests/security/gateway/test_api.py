"""What every operation of the API has in common, tried on every one of them."""

import asyncio
import base64
import hashlib
import json
import threading
import time
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.crypto import as_object
from kernel.errors import Refused
from services.auth.domain.languages import LANGUAGES
from services.auth.domain.passwords import login_refused
from services.auth.gateway.app import PREFIX
from services.auth.gateway.gate import CREDENTIAL_THREADS, MOST_CREDENTIALS_WAITING
from services.auth.gateway.languages import language_of
from tests.behind import ANSWERS, ID, LOAN
from tests.bodies import path_of, request_of
from tests.doors import CLIENT, IN, TOKEN, FakeDoor
from tests.openapi import Operation, operations
from tests.security.gateway.test_bad_input import problem

OPERATIONS: Final = list(operations())
WITH_JSON: Final = [
    operation
    for operation in OPERATIONS
    if "application/json"
    in operation.described.get("requestBody", {}).get("content", {})
]
STATEMENT: Final = {"challenge_id": ID, "code": "123456", "text_sha256": "5e" * 32}

every_operation = pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda operation: operation.name
)
every_json = pytest.mark.parametrize(
    "operation", WITH_JSON, ids=lambda operation: operation.name
)


def ask(
    door: FakeDoor,
    operation: Operation,
    headers: dict[str, str],
    **changes: Any,  # noqa: ANN401 - httpx's own arguments
) -> httpx.Response:
    """A good request for the operation but for what is changed."""
    request = {**request_of(operation), **changes}
    request["headers"] = {**request["headers"], **headers}
    return door.send(operation.method, path_of(operation), **request)


def described(operation: Operation, answer: httpx.Response) -> str:
    """The code of a problem, which the description must foresee."""
    code = str(problem(answer)["code"])
    assert code in operation.codes(answer.status_code)
    return code


@every_operation
def test_a_good_request_gets_what_is_described(
    fake_door: FakeDoor, operation: Operation
) -> None:
    """Or, from the twins that know no right code, a refusal that is described."""
    answer = ask(fake_door, operation, IN)
    if answer.is_success:
        assert str(answer.status_code) in operation.described["responses"]
    else:
        assert described(operation, answer) in {"login_refused", "code_wrong"}


@pytest.mark.clause("1.3b")
@pytest.mark.clause("6.1a")
@pytest.mark.clause("6.1b")
@pytest.mark.catalogue("A12")
@pytest.mark.seeded("gateway_anybody_holds_a_ceremony")
@every_operation
def test_who_has_not_the_right_gets_nothing_and_nobody_is_asked(
    fake_door: FakeDoor, operation: Operation
) -> None:
    """Every operation × nobody, a stolen cookie, a right of another kind.

    The refusal is recorded, and is the same for every one of them.
    """
    right = {
        "session": "Cookie",
        "registration": "Authorization",
        "device_check": "Authorization",
        "recovery": "Authorization",
    }
    held = {right[scheme] for scheme in operation.schemes}
    wrong: list[dict[str, str]] = [
        {},
        {"Cookie": "__Host-session=stolen"},
        {"Cookie": "__Host-session="},
        {"Authorization": "Basic dG9rZW4="},
        {name: value for name, value in IN.items() if name not in held},
    ]
    if not operation.schemes:
        return
    bodies = set()
    for headers in wrong:
        answer = ask(fake_door, operation, headers)
        assert answer.status_code == 401
        assert described(operation, answer) in {"session_required", "token_required"}
        assert answer.headers["www-authenticate"]
        bodies.add(json.dumps({**answer.json(), "request_id": ""}))
    assert len(bodies) == 1
    assert fake_door.rpc.asked == []
    assert len(fake_door.use_cases.recorded) == len(wrong)


@pytest.mark.clause("1.3b")
@pytest.mark.catalogue("A12")
@pytest.mark.seeded("gateway_trusts_a_named_client")
@every_operation
def test_services_are_asked_in_the_name_of_the_session_only(
    fake_door: FakeDoor, operation: Operation
) -> None:
    """Whoever the address and the body may name, the assertion is the session's."""
    if operation.schemes != {"session"}:
        return
    other = str(UUID(int=0xBAD))
    named = {"X-Client-Id": other, "X-Forwarded-User": other}
    ask(fake_door, operation, {**IN, **named})
    for service, _, asked in fake_door.rpc.asked:
        assert asked["assertion"] == f"{service}:{CLIENT}"
        assert other not in str(asked)


@pytest.mark.catalogue("A13")
@pytest.mark.seeded("gateway_unknown_fields_are_taken")
@every_json
def test_no_body_takes_a_member_it_does_not_know(
    fake_door: FakeDoor, operation: Operation
) -> None:
    """State, due, role, ИИН: nobody assigns what they are not asked for."""
    good = json.loads(request_of(operation)["content"])
    for name in (
        "state",
        "hold_until",
        "role",
        "client_id",
        "amount_minor",
        "is_admin",
    ):
        content = json.dumps({**good, name: "x"}).encode()
        answer = ask(fake_door, operation, IN, content=content)
        assert described(operation, answer) == "fields_invalid"
        assert answer.json()["errors"][0]["pointer"] == f"/{name}"
        assert answer.json()["errors"][0]["code"] == "extra_forbidden"
    assert fake_door.rpc.asked == []


@pytest.mark.catalogue("B06")
@pytest.mark.seeded("gateway_json_of_any_depth")
@every_json
def test_every_body_is_read_strictly_and_soon(
    fake_door: FakeDoor, operation: Operation
) -> None:
    """400 for what has two readings, 413 for too much, within 50 ms of work each."""
    for content, code in (
        (b"[" * 60_000, "malformed_json"),
        (b'{"a":' + b"[" * 17 + b"]" * 17 + b"}", "malformed_json"),
        (b'{"a":1,"a":1}', "malformed_json"),
        (b'{"a":' + b"9" * 5000 + b"}", "malformed_json"),
        (b'{"a":NaN}', "malformed_json"),
        (b'{"a":"\\ud800"}', "malformed_json"),
        (b" " * 65_537, "too_large"),
    ):
        took_s = []
        for _ in range(3):  # the least of three: the machine has other work as well
            started = time.thread_time()
            answer = ask(fake_door, operation, IN, content=content)
            took_s.append(time.thread_time() - started)
            assert described(operation, answer) == code
        assert min(took_s) < 0.05
    assert fake_door.rpc.asked == []


@every_operation
def test_every_failure_of_the_door_is_described(
    fake_door: FakeDoor, operation: Operation
) -> None:
    """Accept, query, host, head, key: a problem each, of a code that is foreseen."""
    request = request_of(operation)
    host = ask(fake_door, operation, {**IN, "Host": "evil.example"})
    twice = f"{path_of(operation)}?x=1&x=2"
    assert described(operation, host) == "host_unknown"
    answer = ask(fake_door, operation, {**IN, "Accept": "text/csv, image/png"})
    assert described(operation, answer) == "not_acceptable"
    answer = ask(fake_door, operation, {**IN, "X-Long": "x" * 20_000})
    assert described(operation, answer) == "head_too_large"
    answer = fake_door.send(
        operation.method, twice, headers={**request["headers"], **IN}
    )
    assert described(operation, answer) == "query_duplicate"
    answer = fake_door.send("PATCH", path_of(operation), headers=IN)
    assert (answer.status_code, problem(answer)["code"]) == (405, "method_not_allowed")


@pytest.mark.catalogue("A24")
@pytest.mark.seeded("gateway_defects_tell_their_text")
@every_operation
def test_a_defect_behind_any_operation_tells_nothing(
    fake_door: FakeDoor, operation: Operation
) -> None:
    """Text of an exception, address of a database, query: an id and no more."""
    fake_door.rpc.failure = RuntimeError("postgresql://auth:secret@host/db SELECT")
    answer = ask(fake_door, operation, IN)
    if answer.status_code == 500:
        assert described(operation, answer) == "internal_error"
    assert "secret" not in answer.text + str(answer.headers)


@pytest.mark.seeded("gateway_speaks_english_only")
@pytest.mark.parametrize(
    ("wish", "language", "said"),
    [
        ("kk", "kk", "Сіз кабинетке кірмегенсіз"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru", "Вы не вошли в кабинет"),
        ("en-GB, kk;q=0.2", "en", "You are not logged in"),
        ("de;q=1, KK-Cyrl;q=0.5, ru;q=0.4", "kk", "Сіз кабинетке кірмегенсіз"),
        ("ru;q=0, de", "en", "You are not logged in"),
        ("", "en", "You are not logged in"),
    ],
)
def test_a_problem_is_told_in_the_language_that_is_liked_best(
    fake_door: FakeDoor, wish: str, language: str, said: str
) -> None:
    answer = fake_door.send("GET", "/contracts", headers={"Accept-Language": wish})
    found = problem(answer)
    assert found["detail"].startswith(said)
    assert answer.headers["content-language"] == language
    assert "Accept-Language" in answer.headers["vary"]
    assert found["code"] == "session_required"


def test_fields_are_told_in_the_language_too(fake_door: FakeDoor) -> None:
    answer = fake_door.send(
        "POST", "/sessions", json={}, headers={"Accept-Language": "ru"}
    )
    assert answer.json()["errors"][0]["message"] == "обязательное поле"


@given(st.text(max_size=300))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_no_wish_for_a_language_breaks_anything(wish: str) -> None:
    assert language_of(wish) in LANGUAGES


def digests(body: bytes) -> dict[str, str]:
    """Content-Digest of a body in both algorithms."""
    return {
        name: f"{name}=:{base64.b64encode(value).decode()}:"
        for name, value in (
            ("sha-256", hashlib.sha256(body).digest()),
            ("sha-512", hashlib.sha512(body).digest()),
        )
    }


@pytest.mark.clause("3.4")
@pytest.mark.seeded("gateway_digest_not_compared")
@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
@every_json
def test_a_body_other_than_its_sender_claims_is_refused_and_recorded(
    fake_door: FakeDoor, operation: Operation, algorithm: str
) -> None:
    """One flipped bit after the digest was made; nobody is asked."""
    body = request_of(operation)["content"]
    claimed = digests(body)[algorithm]
    answer = ask(
        fake_door,
        operation,
        {**IN, "Content-Digest": claimed},
        content=body + b" ",
    )
    assert described(operation, answer) == "content_digest_mismatch"
    assert fake_door.rpc.asked == []
    ((what, code),) = fake_door.use_cases.recorded
    assert what == f"{operation.method} {operation.path.removeprefix(PREFIX)}"
    assert code == "content_digest_mismatch"


@pytest.mark.clause("3.4")
@pytest.mark.seeded("gateway_digest_not_compared")
def test_a_photo_other_than_its_sender_claims_is_refused(fake_door: FakeDoor) -> None:
    (operation,) = (found for found in OPERATIONS if found.name == "put_photo")
    claimed = digests(b"another photo")["sha-256"]
    answer = ask(fake_door, operation, {**IN, "Content-Digest": claimed})
    assert described(operation, answer) == "content_digest_mismatch"
    assert fake_door.rpc.asked == []


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        ("{sha-256}", None),
        ("{sha-512}", None),
        ("{sha-512}, {sha-256}", None),
        ("md5=:AAAA:, {sha-256}", None),
        ("md5=:AAAA:", "content_digest_invalid"),
        ("sha-256=AAAA", "content_digest_invalid"),
        ("sha-256=:A:", "content_digest_invalid"),
        ("sha-256=:AAAA:", "content_digest_mismatch"),
        ("{sha-256}, sha-512=:AAAA:", "content_digest_mismatch"),
        ("", "content_digest_invalid"),
        ("x" * 2000, "content_digest_invalid"),
    ],
)
def test_a_digest_is_read_as_rfc_9530_says(
    fake_door: FakeDoor, claim: str, code: str | None
) -> None:
    """What is known is compared, what is unknown is passed over, never trusted."""
    body = json.dumps(LOAN).encode()
    for name, value in digests(body).items():
        claim = claim.replace(f"{{{name}}}", value)
    headers = {**IN, "Content-Digest": claim, "Content-Type": "application/json"}
    answer = fake_door.send("POST", "/applications", content=body, headers=headers)
    assert answer.json().get("code") == code


def test_every_answer_names_its_digest(fake_door: FakeDoor) -> None:
    answer = fake_door.send("GET", f"/contracts/{ID}/document", headers=IN)
    assert answer.headers["content-digest"] == digests(answer.content)["sha-256"]


@pytest.mark.seeded("gateway_cursor_opens_any_list")
def test_a_cursor_opens_one_list_of_one_client(fake_door: FakeDoor) -> None:
    """It goes on where the page ended; changed, or elsewhere, it opens nothing."""
    cursor = fake_door.send("GET", "/applications", headers=IN).json()["next"]
    fake_door.send("GET", f"/applications?limit=7&cursor={cursor}", headers=IN)
    asked = fake_door.rpc.asked[-1][2]
    assert (asked["before"], asked["limit"]) == (UUID(ID), 7)

    foreign = fake_door.gate.cursors.seal(
        UUID(ID), collection="contracts.list_applications", client_id=UUID(int=1)
    )
    changed = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    for address in (
        f"/contracts?cursor={cursor}",
        f"/applications?cursor={foreign}",
        f"/applications?cursor={changed}",
        f"/applications?cursor={cursor[:-4]}",
        f"/applications?cursor={ID}",
    ):
        answer = fake_door.send("GET", address, headers=IN)
        assert (answer.status_code, problem(answer)["code"]) == (422, "cursor_invalid")
    assert len(fake_door.rpc.asked) == 2


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1e1", "٣"])
def test_a_page_has_bounds(fake_door: FakeDoor, limit: str) -> None:
    answer = fake_door.send("GET", f"/contracts?limit={limit}", headers=IN)
    assert problem(answer)["code"] == "fields_invalid"
    assert answer.json()["errors"][0]["pointer"] == "/query/limit"


@pytest.mark.seeded("gateway_version_not_asked")
@pytest.mark.parametrize("act", ["consent", "release"])
def test_a_statement_names_the_version_it_was_decided_upon(
    fake_door: FakeDoor, act: str
) -> None:
    """428 without, 412 for a weak one or the owner's no; the ETag shown is accepted."""
    shown = fake_door.send("GET", f"/contracts/{ID}", headers=IN)
    address = f"/contracts/{ID}/{act}"

    def state(**headers: str) -> httpx.Response:
        return fake_door.send(
            "POST", address, json=STATEMENT, headers={**IN, **headers}
        )

    missing, star = state(), state(**{"If-Match": "*"})
    weak = state(**{"If-Match": f"W/{shown.headers['etag']}"})
    assert [missing.status_code, star.status_code] == [428, 428]
    assert problem(missing)["code"] == "precondition_required"
    assert (weak.status_code, problem(weak)["code"]) == (412, "version_stale")
    assert len(fake_door.rpc.asked) == 1

    assert state(**{"If-Match": shown.headers["etag"]}).status_code == 200
    asked = fake_door.rpc.asked[-1][2]
    assert asked["seen"] == shown.json()["version"]

    fake_door.rpc.failure = Refused("version_stale", "No.", next_step="-")
    assert state(**{"If-Match": '"other"'}).status_code == 412


def test_a_refusal_of_the_loan_needs_no_version(fake_door: FakeDoor) -> None:
    """Whoever wants out does not lose a race for it."""
    answer = fake_door.send("POST", f"/contracts/{ID}/refusal", headers=IN)
    assert answer.status_code == 200


def test_a_request_in_progress_says_when_to_come_back(fake_door: FakeDoor) -> None:
    fake_door.rpc.failure = Refused("request_in_progress", "No.", next_step="-")
    answer = fake_door.send(
        "POST",
        "/applications",
        json=LOAN,
        headers={**IN, "Idempotency-Key": "k-1"},
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    assert fake_door.rpc.asked[0][2]["idempotency_key"] == "k-1"


def test_an_answer_that_is_not_what_is_described_does_not_leave(
    fake_door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member that is missing is our defect; one that is new stays inside."""
    whole = as_object(ANSWERS["disbursement", "get_payout"])
    for members, status in (({**whole, "iban": "KZ"}, 200), ({"state": "held"}, 500)):
        monkeypatch.setitem(ANSWERS, ("disbursement", "get_payout"), members)
        answer = fake_door.send("GET", f"/contracts/{ID}/payout", headers=IN)
        assert answer.status_code == status
        assert "iban" not in answer.text


@pytest.mark.catalogue("A14")
@pytest.mark.seeded("gateway_takes_every_login")
def test_five_hundred_logins_at_once_hold_up_nobody_else(
    fake_door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four are worked on, 64 wait; the others hear at once when to come back."""
    at_work, go_on = [], threading.Event()

    def slow(*_: object, **__: object) -> None:
        at_work.append(threading.get_ident())
        go_on.wait(timeout=20)
        raise login_refused()

    monkeypatch.setattr(fake_door.use_cases, "log_in", slow)
    credentials = {"login": "+77011234567", "password": "x"}
    turned_away = 500 - MOST_CREDENTIALS_WAITING

    async def all_at_once() -> tuple[list[httpx.Response], httpx.Response]:
        async with fake_door.client() as client:
            logins = [
                asyncio.create_task(client.post("/sessions", json=credentials))
                for _ in range(500)
            ]
            answered = asyncio.Semaphore(0)
            for login in logins:
                login.add_done_callback(lambda _: answered.release())
            async with asyncio.timeout(10):
                for _ in range(turned_away):
                    await answered.acquire()
            other = await asyncio.wait_for(client.get("/contracts", headers=IN), 1)
            assert sum(login.done() for login in logins) == turned_away
            assert len(at_work) == CREDENTIAL_THREADS
            go_on.set()
            return list(await asyncio.gather(*logins)), other

    answers, other = asyncio.run(all_at_once())
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) == turned_away
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert other.status_code == 200


TEXTS: Final = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=60
) | st.sampled_from(
    [
        "Иванов\u200b",
        "\u202eвонавИ",
        "Иванoв",
        "И\u0306",
        "Й",
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "a" * 60,
        "+" + "7" * 59,
        "\uff17\uff17\uff10\uff11",
    ]
)


@pytest.mark.catalogue("B10")
@given(TEXTS)
@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_text_whatever_breaks_the_door(fake_door: FakeDoor, text: str) -> None:
    """Homoglyphs, directions, joins, digits of other scripts: an answer below 500."""
    for method, address, body in (
        ("POST", "/sessions", {"login": text, "password": text}),
        ("POST", "/registrations", {"phone": text}),
        ("POST", "/applications", LOAN | {"amount": text}),
    ):
        answer = fake_door.send(method, address, json=body, headers=IN)
        assert answer.status_code < 500


def test_the_token_of_the_twin_opens_it(fake_door: FakeDoor) -> None:
    """Else the matrix above would prove nothing."""
    assert TOKEN in IN["Cookie"]
    assert fake_door.send("GET", "/contracts", headers=IN).status_code == 200
