"""What a command asks, whom it asks first, and how it ends."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest

from kernel.cli.__main__ import main
from kernel.errors import Broken, Refused, Transient
from tests.unit.kernel.cli.conftest import NOW, REQUEST, SECRET, STAFF, Desk, Typed

ID = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
PARKED = {
    "type": "contracts.contract_annulled.v1",
    "subject": f"contract:{ID}",
    "attempts": 8,
    "reason": "Transient",
    "waiting_behind": 2,
}
REPLAY = ["contracts", "parked", "replay", ID]
LOGIN = {
    "session": SECRET,
    "expires_at": "2026-11-29T12:30:00.000000Z",
    "staff_id": STAFF,
    "roles": ["treasurer"],
    "must_acknowledge": None,
}

TYPED = "a b c"

Out = pytest.CaptureFixture[str]


@pytest.fixture
def replaying(desk: Desk) -> Desk:
    """Somebody logged in, and a message that can be replayed."""
    desk.logged_in()
    applied = {"message_id": ID, "outcome": "applied"}
    desk.bus.answers = {"parked_show": PARKED, "replay_parked": applied}
    return desk


# --- how it ends ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"parked": []}, 0),
        ({"parked": [{"message_id": ID}]}, 3),
        (Transient("auth did not answer in time"), 1),
        (Broken("the callee failed"), 1),
        (Refused("not_permitted", "No.", next_step="Ask."), 5),
    ],
)
def test_each_end_has_its_code(desk: Desk, answer: object, code: int) -> None:
    desk.logged_in()
    desk.bus.answers["parked_list"] = answer
    assert main(["contracts", "parked", "list"]) == code
    assert desk.bus.closed


def test_who_is_not_logged_in_asks_nobody(desk: Desk, capsys: Out) -> None:
    assert main(["contracts", "parked", "list"]) == 4
    assert "Run kredit login." in capsys.readouterr().err
    assert desk.bus.asked == []


def test_who_has_not_read_the_rules_is_told_how(desk: Desk, capsys: Out) -> None:
    desk.logged_in()
    unread = Refused("rules_not_acknowledged", "Not yet.", next_step="Read them.")
    desk.bus.answers["staff_token"] = unread
    assert main(["contracts", "status"]) == 5
    assert "Run kredit rules acknowledge." in capsys.readouterr().err


@pytest.mark.parametrize("code", ["staff_session_required", "staff_token_invalid"])
def test_whose_session_auth_ended_has_to_log_in_again(desk: Desk, code: str) -> None:
    """It was idle too long, or somebody suspended them."""
    desk.logged_in()
    over = Refused(code, "Your session is over.", next_step="Log in.")
    desk.bus.answers["staff_token"] = over
    assert main(["contracts", "parked", "list"]) == 4


def test_an_error_says_what_to_do_and_under_which_id(desk: Desk, capsys: Out) -> None:
    """For people in words, for programs as JSON; nothing goes to standard output."""
    desk.logged_in()
    desk.bus.answers["parked_show"] = Refused(
        "not_parked", "It is not here.", next_step="List them.", there=3
    )
    words = ["contracts", "parked", "show", ID]
    main(words)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "kredit: It is not here. List them.",
        f"  code=not_parked, there=3, request_id={REQUEST}",
    ]
    main([*words, "--json"])
    assert json.loads(capsys.readouterr().err) == {
        "sentence": "It is not here.",
        "next_step": "List them.",
        "code": "not_parked",
        "there": 3,
        "request_id": str(REQUEST),
    }


def test_what_is_away_is_worth_another_try(desk: Desk, capsys: Out) -> None:
    desk.logged_in()
    desk.bus.answers["status"] = Transient("contracts did not answer in time")
    assert main(["contracts", "status"]) == 1
    assert "did not answer in time. Try again in 1 s.\n" in capsys.readouterr().err


# --- in whose name -------------------------------------------------------------------


@pytest.mark.seeded("cli_token_never_renewed")
def test_a_token_is_renewed_before_its_end(desk: Desk) -> None:
    """One serves many calls; a long work outlives it."""
    desk.logged_in()
    desk.bus.answers["status"] = {"ok": True}
    operator = desk.operator("contracts")
    for seconds in (0, 49, 1, 30, 60):
        desk.clock.at += timedelta(seconds=seconds)
        operator.ask("status")
    used = [one.token for one in desk.bus.asked if one.method == "status"]
    assert used == ["token 1", "token 1", "token 2", "token 2", "token 3"]
    asked = [one for one in desk.bus.asked if one.method == "staff_token"]
    assert {one.service for one in asked} == {"auth"}
    assert {one.token for one in asked} == {None}


def test_logging_in_keeps_the_session_and_shows_none_of_it(
    desk: Desk, typed: Typed, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password without echo, whatever it holds; the code as it is typed."""
    typed("a.serik\n123456\n")
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: " pass word ")
    desk.bus.answers["staff_log_in"] = LOGIN
    assert main(["login", "--json"]) == 0
    (asked,) = desk.bus.asked
    assert (asked.service, asked.arguments) == (
        "auth",
        {"login": "a.serik", "password": " pass word ", "code": "123456"},
    )
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    assert json.loads(said.out)["staff_id"] == STAFF
    assert desk.sessions.load(now=NOW).secret.reveal() == SECRET


def test_without_a_terminal_answers_are_lines_of_standard_input(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    """A program may log in; nothing is asked where nobody reads."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"a.serik\n{TYPED}\n123456\n"))
    desk.bus.answers["staff_log_in"] = LOGIN | {"must_acknowledge": "2026-03-31"}
    assert main(["login"]) == 0
    assert desk.bus.asked[0].arguments["password"] == TYPED
    said = capsys.readouterr()
    assert said.err == ""
    assert "kredit rules acknowledge" in said.out


def test_a_login_that_is_not_answered_is_an_error(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a.serik\n"))
    assert main(["login"]) == 1
    assert desk.bus.asked == []


@pytest.mark.seeded("cli_logout_leaves_the_session")
def test_logging_out_ends_it_at_auth_and_here(desk: Desk) -> None:
    """At auth first: if that fails, the file stays for another try."""
    desk.logged_in()
    desk.bus.answers["staff_log_out"] = Transient("auth did not answer in time")
    assert main(["logout"]) == 1
    assert desk.sessions.load(now=NOW).staff_id == STAFF
    desk.bus.answers["staff_log_out"] = {}
    assert main(["logout"]) == 0
    assert desk.bus.asked[-1].arguments == {"session": SECRET}
    assert main(["whoami"]) == 4


def test_a_session_auth_has_ended_is_left_behind(desk: Desk) -> None:
    desk.logged_in()
    over = Refused("staff_session_required", "It is over.", next_step="Log in.")
    desk.bus.answers["staff_log_out"] = over
    assert main(["logout"]) == 0
    assert main(["logout"]) == 4


def test_whoami_says_what_one_may_do(desk: Desk, capsys: Out) -> None:
    desk.logged_in()
    assert main(["whoami", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "staff_id": STAFF,
        "roles": ["treasurer"],
        "permissions": ["operations.read"],
        "expires_at": "2026-11-29T12:30:00.000000Z",
    }


def test_rules_are_shown_and_acknowledged_by_a_yes(
    desk: Desk, typed: Typed, capsys: Out
) -> None:
    """Exactly the version that was read."""
    desk.logged_in()
    rules = {"version": "2026-11", "text": "Tell nobody.\nLock the screen."}
    desk.bus.answers = {"staff_rules": rules, "acknowledge_rules": {}}
    typed("y\n")
    assert main(["rules", "acknowledge"]) == 0
    assert "Tell nobody.\nLock the screen.\n" in capsys.readouterr().err
    asked = desk.bus.asked[-1]
    assert (asked.method, asked.arguments["version"]) == (
        "acknowledge_rules",
        "2026-11",
    )


# --- what changes something ----------------------------------------------------------


@pytest.mark.seeded("cli_changes_unasked")
def test_nothing_changes_before_a_yes(
    replaying: Desk, typed: Typed, capsys: Out
) -> None:
    """What will become of it is shown; anything but a yes changes nothing."""
    for answer in ("n\n", "\n", "yess\n", "Y es\n"):
        typed(answer)
        assert main(REPLAY) == 1
    assert replaying.bus.count("replay_parked") == 0
    said = capsys.readouterr().err
    assert f"contract:{ID}" in said
    assert "2 messages wait behind it" in said
    for answer in ("y\n", "YES\n"):
        typed(answer)
        assert main(REPLAY) == 0
    assert replaying.bus.count("replay_parked") == 2


@pytest.mark.seeded("cli_changes_unasked")
def test_without_a_terminal_nothing_is_confirmed(
    replaying: Desk, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    """A yes that is piped in is no person's."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\ny\n"))
    assert main(REPLAY) == 2
    assert replaying.bus.count("replay_parked") == 0
    assert "--yes" in capsys.readouterr().err
    assert main([*REPLAY, "--yes"]) == 0
    assert replaying.bus.count("replay_parked") == 1


@pytest.mark.seeded("cli_approves_what_was_not_shown")
def test_a_yes_is_to_what_was_shown(desk: Desk, typed: Typed) -> None:
    """The service compares the digest; what changed meanwhile is not approved."""
    desk.logged_in()
    shown = {"effect": "x", "requested_by": STAFF, "arguments_sha256": "ab" * 32}
    desk.bus.answers = {"approvals_show": shown, "approve": {"approval_id": ID}}
    words = ["contracts", "approvals", "approve", ID]
    typed("y\n")
    assert main(words) == 0
    assert main([*words, "--yes", "--seen", "cd" * 32]) == 0
    assert main([*words, "--yes"]) == 0
    seen = [
        one.arguments["arguments_sha256"]
        for one in desk.bus.asked
        if one.method == "approve"
    ]
    assert seen == ["ab" * 32, "cd" * 32, None]


def test_a_refused_look_ends_before_the_question(replaying: Desk) -> None:
    gone = Refused("not_parked", "It is not here.", next_step="List them.")
    replaying.bus.answers["parked_show"] = gone
    assert main(REPLAY) == 5
    assert replaying.bus.count("replay_parked") == 0


def test_progress_is_not_told_where_nobody_looks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    """On a terminal one line is drawn anew, and wiped at the end."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    desk.logged_in()
    left = iter([{"left": 2}, {"left": 0}, {"left": 2}, {"left": 0}])
    call = desk.bus.call
    desk.bus.answers["send_again"] = {"from": 1, "to": 2, "events": 2}

    def answered(service: str, method: str, **arguments: Any) -> Any:  # noqa: ANN401
        if method == "left_to_send":
            return next(left)
        return call(service, method, **arguments)

    monkeypatch.setattr(desk.bus, "call", answered)
    words = ["contracts", "replay", "--from", "1", "--to", "2", "--wait", "--yes"]
    assert main(words) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main(words) == 0
    assert capsys.readouterr().err == "\r\x1b[K2 of 2 left\r\x1b[K"
