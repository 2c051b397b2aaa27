"""Several gateway processes over one database are one door."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from tests.integration.auth.factors import Member
from tests.integration.auth.gateway_process import GatewayProcess
from tests.integration.auth.stand import NOON, Stand

IDLE = timedelta(minutes=10)


@pytest.fixture(scope="module")
def started(servers: object) -> Iterator[list[GatewayProcess]]:
    """Two gateways, each a process of its own."""
    with ExitStack() as stack:
        yield [stack.enter_context(GatewayProcess(servers)) for _ in range(2)]  # type: ignore[arg-type]


@pytest.fixture
def gateways(stand: Stand, started: list[GatewayProcess]) -> list[GatewayProcess]:
    return started


@pytest.mark.clause("4.8")
@pytest.mark.catalogue("A07")
@pytest.mark.catalogue("A08")
def test_a_session_lives_and_dies_at_every_gateway_at_once(
    stand: Stand, gateways: list[GatewayProcess]
) -> None:
    """10:00.000 of silence lives everywhere, a millisecond more nowhere.

    Activity at one counts at the other, polling at neither; a logout at one is the
    end at the other.
    """
    stand.client()
    session, token = stand.session()
    one, two = gateways

    def ask(gateway: GatewayProcess, after: timedelta, *, activity: bool) -> str:
        at = NOON + after
        return str(gateway.ask("authenticate", at=at, token=token, activity=activity))

    active = ask(one, IDLE, activity=True)
    polled = ask(two, IDLE * 2, activity=False)
    millisecond = timedelta(milliseconds=1)
    late = [ask(g, IDLE * 2 + millisecond, activity=True) for g in gateways]
    in_time = ask(two, IDLE * 2, activity=True)
    stand.clock.at = NOON + IDLE * 2
    stand.gateway.end_session(stand.context(), session=session)
    after = [ask(g, IDLE * 2, activity=True) for g in gateways]

    assert (active, polled, in_time) == ("alive", "alive", "alive")
    assert late == after == ["session_required", "session_required"]


@pytest.mark.catalogue("A01")
@pytest.mark.catalogue("A02")
@pytest.mark.seeded("auth_factor_attempts_are_not_counted")
def test_hundreds_of_guesses_over_two_gateways_are_three_looks(
    stand: Stand, gateways: list[GatewayProcess]
) -> None:
    """Dozens more at paper, which has its own count; then not even the right one."""
    member = Member.of(stand)
    secret = member.enrol_totp()
    paper = member.recovery_codes()
    challenge = stand.first_factor()

    def guess(method: str, codes: list[str]) -> list[str]:
        for gateway in gateways:
            gateway.tell(
                "guess",
                at=stand.clock.now(),
                challenge_id=challenge.challenge_id,
                method=method,
                codes=codes,
            )
        return [code for gateway in gateways for code in gateway.answer()]

    guessed = (("totp", member.totp(secret), 150), ("recovery_code", paper[0], 20))
    for method, right, many in guessed:
        wrong = [f"{n:06d}" for n in range(many + 1) if f"{n:06d}" != right][:many]
        answers = guess(method, wrong)

        assert answers.count("code_wrong") == 2
        assert answers.count("factor_locked") == 2 * many - 2
        assert guess(method, [right]) == ["factor_locked"] * 2

    judged = [
        event["method"]
        for event in stand.events("second_factor_refused")
        if event["reason"] == "wrong"
    ]
    assert sorted(judged) == ["recovery_code"] * 3 + ["totp"] * 3
