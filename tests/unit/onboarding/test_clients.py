"""Clear values are given for a purpose, and each reading is recorded."""

from collections.abc import Callable
from uuid import UUID

import pytest

from kernel.errors import Refused, Transient
from kernel.events.onboarding import (
    AccountOwnershipLost,
    AccountOwnershipProved,
    PersonalDataRead,
)
from services.onboarding.domain.account import (
    Account,
    AccountState,
    Destination,
    OwnershipVerdict,
    state_after,
)
from services.onboarding.handlers import accounts, clients
from services.onboarding.ports import Client
from tests.unit.onboarding.builders import (
    CLIENT,
    IBAN,
    IIN,
    PHONE,
    STRANGER,
    consents,
    person,
)
from tests.unit.onboarding.fakes import Bench

ACCOUNT = UUID("01890000-0000-7000-8000-0000000000a1")


@pytest.fixture
def client(bench: Bench) -> Bench:
    """The bench with an active client who has an account."""
    bench.unit.clients.rows[CLIENT] = Client(
        client_id=CLIENT,
        registration_id=UUID(int=1),
        iin_token="iin",  # noqa: S106 - a twin of a token
        phone=PHONE,
        phone_token="phone",  # noqa: S106 - a twin of a token
    )
    bench.unit.registrations.persons[CLIENT] = person()
    bench.unit.consents.acts[CLIENT] = list(consents())
    bench.unit.accounts.rows[ACCOUNT] = Account(
        account_id=ACCOUNT,
        client_id=CLIENT,
        destination=Destination(iban=IBAN),
        token="iban",  # noqa: S106 - a twin of a token
        state=AccountState.UNPROVED,
    )
    return bench


def _prove(bench: Bench) -> dict[str, object]:
    answer = accounts.prove_ownership(
        begin=bench.unit.begin,
        ids=bench.ids,
        owners=bench.owners,
        client_id=CLIENT,
        account_id=ACCOUNT,
    )
    return dict(answer)


def _readings(bench: Bench) -> list[tuple[str, str]]:
    return [
        (event.reader, event.purpose)
        for event in bench.unit.said(PersonalDataRead)
        if isinstance(event, PersonalDataRead)
    ]


def _ask(
    bench: Bench, name: str, client_id: UUID = CLIENT, purpose: str = "payout"
) -> dict[str, object]:
    asked: dict[str, Callable[[], object]] = {
        "person": lambda: clients.get_person(
            begin=bench.unit.begin,
            clock=bench.clock,
            client_id=client_id,
            reader="r",
            purpose=purpose,
        ),
        "contact": lambda: clients.get_contact(
            begin=bench.unit.begin,
            clock=bench.clock,
            client_id=client_id,
            reader="r",
            purpose=purpose,
        ),
        "payout": lambda: clients.get_payout_account(
            begin=bench.unit.begin,
            clock=bench.clock,
            client_id=client_id,
            account_id=ACCOUNT,
            reader="r",
            purpose=purpose,
        ),
    }
    answer = asked[name]()
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("person", ("iin", IIN.reveal())),
        ("contact", ("phone", PHONE.reveal())),
        ("payout", ("iban", IBAN.reveal())),
    ],
)
def test_reading_in_clear_is_recorded(
    client: Bench, name: str, value: tuple[str, str]
) -> None:
    assert value[1] == _ask(client, name)[value[0]]
    assert _readings(client) == [("r", "payout")]


@pytest.mark.parametrize("name", ["person", "contact", "payout"])
@pytest.mark.parametrize("purpose", ["", "x", "because I can"])
def test_no_purpose_no_data(client: Bench, name: str, purpose: str) -> None:
    with pytest.raises(Refused) as refused:
        _ask(client, name, purpose=purpose)
    assert refused.value.code == "purpose_missing"
    assert _readings(client) == []


@pytest.mark.parametrize("name", ["person", "contact", "payout"])
def test_unknown_client_has_no_data(client: Bench, name: str) -> None:
    with pytest.raises(Refused) as refused:
        _ask(client, name, client_id=STRANGER)
    assert refused.value.code == "client_unknown"


def test_account_is_shown_masked(client: Bench) -> None:
    shown = clients.get_account(
        begin=client.unit.begin, clock=client.clock, client_id=CLIENT
    )
    assert shown["masked_iban"] == "***338"
    assert IBAN.reveal() not in str(shown)


def test_account_of_another_client_does_not_exist(client: Bench) -> None:
    other = client.unit.clients.rows[CLIENT]
    client.unit.clients.rows[STRANGER] = other
    client.unit.registrations.persons[STRANGER] = person()
    with pytest.raises(Refused) as refused:
        _ask(client, "payout", client_id=STRANGER)
    assert refused.value.code == "account_unknown"


def test_match_proves_the_account_once(client: Bench) -> None:
    assert (_prove(client)["verdict"], _prove(client)["state"]) == ("match", "proved")
    assert len(client.unit.said(AccountOwnershipProved)) == 1
    assert len(client.unit.accounts.checks) == 2


def test_mismatch_takes_the_proof_away(client: Bench) -> None:
    _prove(client)
    client.bank.verdict = OwnershipVerdict.MISMATCH
    assert _prove(client)["state"] == "lost"
    (event,) = client.unit.said(AccountOwnershipLost)
    assert isinstance(event, AccountOwnershipLost)
    assert event.code == "ownership_mismatch"


def test_silence_of_the_bank_proves_nothing(client: Bench) -> None:
    client.bank.verdict = None
    with pytest.raises(Transient):
        _prove(client)
    assert AccountState.UNPROVED is client.unit.accounts.rows[ACCOUNT].state


@pytest.mark.parametrize(
    ("state", "verdict", "becomes"),
    [
        ("unproved", "match", "proved"),
        ("unproved", "mismatch", "unproved"),
        ("unproved", "unknown", "unproved"),
        ("proved", "match", "proved"),
        ("proved", "mismatch", "lost"),
        ("proved", "unknown", "proved"),
        ("lost", "match", "proved"),
        ("lost", "mismatch", "lost"),
        ("lost", "unknown", "lost"),
    ],
)
def test_what_an_answer_makes_of_an_account(
    state: str, verdict: str, becomes: str
) -> None:
    found = state_after(AccountState(state), OwnershipVerdict(verdict))
    assert becomes == found.value
