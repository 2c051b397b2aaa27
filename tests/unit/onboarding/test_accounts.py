"""Several accounts, one selected: what each act needs, takes and leaves (4.10, 5.3)."""

from dataclasses import replace
from uuid import UUID

import pytest

from kernel.errors import Refused, Transient
from kernel.events.onboarding import (
    AccountOwnershipLost,
    BankAccountAdded,
    BankAccountChanged,
    BankAccountRemoved,
    BankAccountSelected,
)
from kernel.values import CardToken, Iban
from services.onboarding.domain.account import (
    Account,
    AccountState,
    Destination,
    OwnershipVerdict,
)
from services.onboarding.domain.ceremony import CeremonyState
from services.onboarding.domain.change import Act, ChangeKind, ChangeState
from services.onboarding.domain.signature import SignatureFacts
from services.onboarding.handlers import accounts, ceremonies, changes, clients
from services.onboarding.handlers.account_changes import (
    AccountWish,
    start_account_change,
)
from services.onboarding.handlers.ceremonies import Owner
from services.onboarding.handlers.changes import Which
from tests.unit.onboarding.builders import IBAN
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.journey import Applicant, look, sign
from tests.unit.onboarding.outside_twins import MOST_ACCOUNTS, blind

SECOND = Iban("KZ32125KZT2069100777")
THIRD = Iban("KZ84722C000012345678")
STRANGER = UUID(int=0xBAD)
CONTRACT = f"contract:{UUID(int=0xC0)}"


class Owned:
    """Somebody registered, with one account, who does things to accounts."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.signed = bench, 0
        applicant = Applicant(bench)
        sign(bench, applicant.up_to_ceremony(), applicant.owner)
        look(bench)
        assert applicant.activate()
        self.client_id = applicant.client_id
        self.change_id = UUID(int=0)

    @property
    def rows(self) -> tuple[Account, ...]:
        return self.bench.unit.accounts.of_client(self.client_id)

    @property
    def which(self) -> Which:
        return Which(
            change_id=self.change_id, client_id=self.client_id, kind=ChangeKind.ACCOUNT
        )

    @property
    def state(self) -> ChangeState:
        return self.bench.unit.changes.rows[self.change_id].state

    def begin(
        self,
        act: Act,
        named: Iban | CardToken | None = None,
        account_id: UUID | None = None,
        *,
        seen: str | None = None,
    ) -> UUID:
        """Begin an act; the id of the account it is upon."""
        bench = self.bench
        reply = start_account_change(
            AccountWish(
                client_id=self.client_id,
                act=act,
                account_id=account_id,
                named=named,
                seen=seen or accounts.version_of(self.rows),
            ),
            begin=bench.unit.begin,
            clock=bench.clock,
            ids=bench.ids,
            blind=blind,
            owners=bench.owners,
            rules=bench.rules,
        )
        self.change_id = UUID(str(reply["change_id"]))
        return UUID(str(reply["account_id"]))

    def finish(self) -> None:
        """Both proofs over the change's own statement."""
        shown = ceremonies.open_change_ceremony(desk=self.bench.desk, which=self.which)
        self.prove(UUID(str(shown["ceremony_id"])))

    def prove(self, ceremony_id: UUID) -> None:
        self.sign(ceremony_id)
        look(self.bench)

    def sign(self, ceremony_id: UUID) -> None:
        self.signed += 1
        facts = self.bench.signatures.of_client
        assert isinstance(facts, SignatureFacts)
        evidence = replace(
            facts.evidence,
            signature_sha256=f"{self.signed:064x}",
            signed_sha256=f"{self.signed:064x}",
        )
        self.bench.signatures.of_client = replace(facts, evidence=evidence)
        sign(self.bench, ceremony_id, Owner(token=None, client_id=self.client_id))

    def carry_through(
        self,
        act: Act,
        named: Iban | CardToken | None = None,
        account_id: UUID | None = None,
    ) -> UUID:
        found = self.begin(act, named, account_id)
        self.finish()
        assert self.state is ChangeState.APPLIED
        return found

    def open_contract(self, document: bytes, account_id: UUID | None) -> UUID:
        shown = ceremonies.open_ceremony(
            desk=self.bench.desk,
            client_id=self.client_id,
            operation=CONTRACT,
            document=document,
            account_id=account_id,
        )
        return UUID(str(shown["ceremony_id"]))

    def statement(self) -> str:
        """What the change's ceremony is over."""
        ceremonies.open_change_ceremony(desk=self.bench.desk, which=self.which)
        return next(
            row.document.decode()
            for row in self.bench.unit.ceremonies.rows.values()
            if row.operation.endswith(str(self.change_id))
        )


@pytest.fixture
def owned(bench: Bench) -> Owned:
    return Owned(bench)


def refusal(act: object) -> str:
    assert callable(act)
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


@pytest.mark.clause("4.10")
def test_each_act_does_what_it_says_and_tells_it(owned: Owned) -> None:
    said = owned.bench.unit.said
    (first,) = owned.rows
    second = owned.carry_through(Act.ADD, SECOND)
    assert [(one.selected, one.state) for one in owned.rows] == [
        (True, AccountState.PROVED),
        (False, AccountState.UNPROVED),
    ]
    assert len(said(BankAccountAdded)) == 1
    owned.carry_through(Act.SELECT, account_id=second)
    assert [one.selected for one in owned.rows] == [False, True]
    assert len(said(BankAccountSelected)) == 1
    owned.carry_through(Act.REMOVE, account_id=first.account_id)
    assert [one.account_id for one in owned.rows] == [second]
    assert len(said(BankAccountRemoved)) == 1
    owned.carry_through(Act.REPLACE, THIRD)
    (row,) = owned.rows
    assert (row.account_id, row.destination.iban) == (second, THIRD)
    (changed,) = said(BankAccountChanged)
    assert isinstance(changed, BankAccountChanged)
    assert changed.old_account_token == blind("iban", SECOND.reveal())


@pytest.mark.clause("4.10")
@pytest.mark.parametrize("act", list(Act))
def test_a_statement_names_what_comes_and_what_goes(owned: Owned, act: Act) -> None:
    """In full: the client signs what they see."""
    second = owned.carry_through(Act.ADD, SECOND)
    value = {Act.ADD: THIRD, Act.REPLACE: THIRD}.get(act)
    owned.begin(act, value, None if act is Act.ADD else second)
    text = owned.statement()
    old = f"Прежнее значение: {(IBAN if act is Act.SELECT else SECOND).reveal()}"
    new = f"Новое значение: {(SECOND if act is Act.SELECT else THIRD).reveal()}"
    assert (old in text) is (act is not Act.ADD)
    assert (new in text) is (act is not Act.REMOVE)
    assert {word for word in ("ДОБАВЛ", "ИЗМЕН", "ВЫБОР", "УДАЛ") if word in text}


@pytest.mark.clause("5.3")
@pytest.mark.seeded("onboarding_selected_account_removed")
def test_one_is_always_selected(owned: Owned) -> None:
    (first,) = owned.rows
    owned.carry_through(Act.ADD, SECOND)
    code = refusal(lambda: owned.begin(Act.REMOVE, None, first.account_id))
    assert code == "account_selected"
    code = refusal(lambda: owned.begin(Act.SELECT, None, first.account_id))
    assert code == "change_without_difference"


def test_a_client_has_no_account_twice_and_no_more_than_the_setting_says(
    owned: Owned,
) -> None:
    assert refusal(lambda: owned.begin(Act.ADD, IBAN)) == "change_without_difference"
    owned.carry_through(Act.ADD, SECOND)
    assert refusal(lambda: owned.begin(Act.REPLACE, SECOND)) == (
        "change_without_difference"
    )
    owned.carry_through(Act.ADD, THIRD)
    assert len(owned.rows) == MOST_ACCOUNTS
    assert refusal(lambda: owned.begin(Act.ADD, Iban("KZ308562203105749999"))) == (
        "accounts_full"
    )


@pytest.mark.clause("6.1b")
def test_an_account_of_another_is_not_there(owned: Owned) -> None:
    for act in (Act.SELECT, Act.REMOVE):
        assert refusal(lambda a=act: owned.begin(a, None, STRANGER)) == (
            "account_unknown"
        )
    assert refusal(lambda: owned.begin(Act.REPLACE, SECOND, STRANGER)) == (
        "account_unknown"
    )


@pytest.mark.parametrize(
    ("act", "named", "points"),
    [
        (Act.ADD, None, False),
        (Act.ADD, SECOND, True),
        (Act.REPLACE, None, True),
        (Act.SELECT, SECOND, True),
        (Act.SELECT, None, False),
        (Act.REMOVE, None, False),
    ],
)
def test_an_act_names_what_it_needs_and_nothing_else(
    owned: Owned, act: Act, named: Iban | None, *, points: bool
) -> None:
    account_id = owned.rows[0].account_id if points else None
    code = refusal(lambda: owned.begin(act, named, account_id))
    assert code == "account_change_invalid"


@pytest.mark.seeded("onboarding_accounts_version_not_asked")
def test_who_has_not_seen_the_accounts_as_they_are_acts_on_none(owned: Owned) -> None:
    """Two devices: the second decides on what is no more so."""
    seen = accounts.version_of(owned.rows)
    owned.carry_through(Act.ADD, SECOND)
    assert refusal(lambda: owned.begin(Act.ADD, THIRD, seen=seen)) == "version_stale"
    owned.begin(Act.ADD, THIRD)


@pytest.mark.clause("5.3")
@pytest.mark.seeded("onboarding_unknown_bank_is_taken")
def test_an_account_is_with_a_bank_of_the_dated_list(owned: Owned) -> None:
    nowhere = Iban("KZ099999999999999999")
    assert refusal(lambda: owned.begin(Act.ADD, nowhere)) == "bank_unknown"


@pytest.mark.clause("5.3")
def test_a_card_is_added_by_its_token(owned: Owned) -> None:
    """Shown by its last digits; the statement names the account behind it."""
    card = owned.bench.cards.destination
    owned.begin(Act.ADD, owned.bench.cards.token)
    text = owned.statement()
    assert "•••• 4242" in text
    assert card.iban.reveal() in text
    assert owned.bench.cards.token.reveal() not in text
    owned.finish()
    shown = accounts.list_accounts(
        begin=owned.bench.unit.begin, client_id=owned.client_id
    )
    assert [dict(one)["masked"] for one in shown["items"]] == [  # type: ignore[union-attr, arg-type] # as it is shown
        IBAN.masked(),
        "•••• 4242",
    ]


@pytest.mark.clause("5.4")
@pytest.mark.parametrize(
    "verdict", [OwnershipVerdict.MISMATCH, OwnershipVerdict.UNKNOWN]
)
def test_a_card_that_is_not_the_client_s_is_not_added(
    owned: Owned, verdict: OwnershipVerdict
) -> None:
    owned.bench.cards.verdict = verdict
    token = owned.bench.cards.token
    assert refusal(lambda: owned.begin(Act.ADD, token)) == "card_not_confirmed"
    owned.bench.cards.verdict = None
    with pytest.raises(Transient):
        owned.begin(Act.ADD, token)


@pytest.mark.clause("5.4")
@pytest.mark.seeded("onboarding_moved_card_stays_proved")
def test_a_card_that_stands_before_another_account_is_proved_no_more(
    owned: Owned,
) -> None:
    account_id = owned.carry_through(Act.ADD, owned.bench.cards.token)

    def prove() -> object:
        return accounts.prove_ownership(
            begin=owned.bench.unit.begin,
            ids=owned.bench.ids,
            owners=owned.bench.owners,
            client_id=owned.client_id,
            account_id=account_id,
        )["state"]

    assert prove() == "proved"
    moved = replace(owned.bench.cards.destination, iban=SECOND)
    owned.bench.cards.destination = moved
    assert prove() == "lost"


@pytest.mark.clause("5.4")
@pytest.mark.seeded("onboarding_replaced_account_stays_proved")
def test_what_was_known_of_a_replaced_account_is_lost_with_it(owned: Owned) -> None:
    (first,) = owned.rows
    assert first.state is AccountState.PROVED
    owned.carry_through(Act.REPLACE, SECOND)
    (row,) = owned.rows
    assert row.state is AccountState.UNPROVED
    (lost,) = owned.bench.unit.said(AccountOwnershipLost)
    assert isinstance(lost, AccountOwnershipLost)
    assert (lost.account_id, lost.code) == (first.account_id, "account_changed")


@pytest.mark.clause("5.2b")
@pytest.mark.parametrize("act", [Act.REPLACE, Act.REMOVE])
@pytest.mark.seeded("onboarding_contract_of_the_old_account")
def test_a_contract_that_names_the_account_as_it_was_is_signed_no_more(
    owned: Owned, act: Act
) -> None:
    second = owned.carry_through(Act.ADD, SECOND)
    document = f"to {SECOND.reveal()}".encode()
    ceremony_id = owned.open_contract(document, second)
    owned.carry_through(act, THIRD if act is Act.REPLACE else None, second)
    ceremony = owned.bench.unit.ceremonies.rows[ceremony_id]
    assert ceremony.state is CeremonyState.FAILED
    code = refusal(lambda: owned.open_contract(document, second))
    assert code == ("account_changed" if act is Act.REPLACE else "account_unknown")


def test_a_contract_to_another_account_goes_on(owned: Owned) -> None:
    second = owned.carry_through(Act.ADD, SECOND)
    first = owned.rows[0].account_id
    ceremony_id = owned.open_contract(f"to {IBAN.reveal()}".encode(), first)
    owned.carry_through(Act.REPLACE, THIRD, second)
    ceremony = owned.bench.unit.ceremonies.rows[ceremony_id]
    assert ceremony.state is CeremonyState.OPEN


@pytest.mark.clause("4.10")
@pytest.mark.clause("5.2b")
def test_an_account_named_in_a_contract_is_added_by_its_ceremony(owned: Owned) -> None:
    """Two ceremonies for a first loan, not three; one proof adds nothing."""
    account_id = owned.begin(Act.ADD, SECOND)
    ceremony_id = owned.open_contract(f"to {SECOND.reveal()}".encode(), account_id)
    owned.sign(ceremony_id)
    assert len(owned.rows) == 1
    look(owned.bench)
    assert [one.account_id for one in owned.rows][1:] == [account_id]
    (added,) = owned.bench.unit.said(BankAccountAdded)
    assert isinstance(added, BankAccountAdded)
    assert added.ceremony_id == ceremony_id
    assert changes.applied_by(owned.bench.unit, CONTRACT) is not None


@pytest.mark.clause("4.10")
@pytest.mark.seeded("onboarding_covers_any_document")
def test_a_document_that_does_not_name_the_account_covers_nothing(
    owned: Owned,
) -> None:
    account_id = owned.begin(Act.ADD, SECOND)
    code = refusal(lambda: owned.open_contract(b"to somebody", account_id))
    assert code == "account_changed"
    ceremony_id = owned.open_contract(f"to {SECOND.reveal()}".encode(), None)
    owned.prove(ceremony_id)
    assert len(owned.rows) == 1


def test_an_account_given_up_meanwhile_leaves_the_contract_unsigned(
    owned: Owned,
) -> None:
    account_id = owned.begin(Act.ADD, SECOND)
    ceremony_id = owned.open_contract(f"to {SECOND.reveal()}".encode(), account_id)
    owned.sign(ceremony_id)
    owned.begin(Act.ADD, THIRD)
    assert refusal(lambda: look(owned.bench)) == "change_superseded"
    assert len(owned.rows) == 1


def test_an_account_is_named_in_a_contract_within_its_hour(owned: Owned) -> None:
    """An application may name it as long; then a contract would not be signed."""
    account_id = owned.begin(Act.ADD, SECOND)

    def shown() -> object:
        return clients.get_account(
            begin=owned.bench.unit.begin,
            clock=owned.bench.clock,
            client_id=owned.client_id,
            account_id=account_id,
        )["state"]

    assert shown() == "proposed"
    owned.bench.clock.move(hours=1)
    assert refusal(shown) == "account_unknown"
    document = f"to {SECOND.reveal()}".encode()
    assert refusal(lambda: owned.open_contract(document, account_id)) == (
        "change_expired"
    )
    assert refusal(lambda: owned.open_contract(document, STRANGER)) == (
        "account_unknown"
    )


def test_a_destination_is_packed_and_unpacked(owned: Owned) -> None:
    for destination in (Destination(iban=SECOND), owned.bench.cards.destination):
        assert Destination.unpacked(destination.packed()) == destination
