"""Clients whose payouts are held: put straight into the databases, by the hundred.

Ten thousand registrations by the door would take a day.  So each service is given the
rows it would have: the login with two open sessions, the person with consents and an
account that is proved, the contract with its consent, the payout.  The bureau, the
state and the bank know the person.  From there on everything is the platform's own:
the orders are drawn up by the payers, and every check of the gate passes by itself.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self, TypeVar
from uuid import UUID

from infra.demo.world import World
from infra.simulators.client import Person, person_from_seed
from kernel.crypto import sha256, sha256_hex
from kernel.money import Money
from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from kernel.values import Iban, Iin, Phone
from services.auth.domain.codes import Challenge
from services.auth.domain.passwords import Login
from services.auth.domain.sessions import Session
from services.auth.settings import Settings as OfAuth
from services.auth.wiring.desk import Desk
from services.contracts.domain import contract as machine
from services.contracts.domain import texts
from services.contracts.domain.application import ApplicationState
from services.contracts.domain.contract import Contract
from services.contracts.domain.contract import Payout as PayoutOfContract
from services.contracts.handlers.views import terms_of, version_of
from services.contracts.settings import Settings as OfContracts
from services.contracts.storage.work import DatabaseUnit
from services.disbursement.domain.payout import FIRST_PAYOUT, Payout, State, Trail
from services.disbursement.settings import Settings as OfDisbursement
from services.disbursement.storage import DatabaseDesk
from services.onboarding.domain.account import (
    Account,
    AccountState,
    Destination,
    Ownership,
    OwnershipVerdict,
)
from services.onboarding.domain.consent import (
    LENDER_CHANNEL,
    ConsentAct,
    ConsentKind,
    ConsentRecord,
)
from services.onboarding.domain.consent_texts import texts_of
from services.onboarding.domain.person import (
    DocumentKind,
    IdentityDocument,
    Names,
)
from services.onboarding.domain.person import Person as PersonOfClient
from services.onboarding.domain.registration import Registration, RegistrationState
from services.onboarding.ports import Client
from services.onboarding.settings import Settings as OfOnboarding
from services.onboarding.storage.unit import SqlUnit
from tests.unit.contracts.builders import application, offered, proof, wish

S = TypeVar("S", bound=PlatformSettings)
T = TypeVar("T")

HOLD: Final = timedelta(hours=24)
ABOVE: Final = Money.of("400000")
BELOW: Final = Money.of("300000")
"""On either side of 75 МРП: the first has to be released by the client."""
CODE: Final = "270526"
LASTS: Final = timedelta(minutes=5)
_DOCUMENT: Final = "Договор".encode()
_CONSENTS: Final = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A contract whose payout is held, and with what its client acts at two doors.

    ``closed``: the bank will refuse the money, since the account is closed.
    """

    contract_id: UUID
    hold_until: datetime
    above: bool
    closed: bool
    sessions: tuple[str, str]
    challenge_id: UUID
    release_sha256: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Borrower:
    """One client of the race, by the names everybody knows them by."""

    person: Person
    client_id: UUID
    login_id: UUID
    registration_id: UUID
    account_id: UUID
    payout_id: UUID
    contract: Contract
    closed: bool

    @property
    def phone(self) -> Phone:
        return Phone(self.person.phone)


@dataclass
class Ready:
    """Puts clients ready on one running stack.  `seed` names the people."""

    world: World
    seed: str
    _iins: set[str] = field(default_factory=set)
    _count: int = 0

    def __post_init__(self) -> None:
        """Become each of the services that own the rows."""
        stack, self._open = self.world.stack, ExitStack()

        def become(settings: type[S], principal: str, service: str) -> Platform[S]:
            read_as = read(settings, prefix=service, environ=stack.env(principal))
            return self._open.enter_context(closing(Platform.open(read_as)))

        self.auth = become(OfAuth, "auth", "auth")
        self.gateway = become(OfAuth, "gateway", "auth")
        self.onboarding = become(OfOnboarding, "onboarding", "onboarding")
        self.contracts = become(OfContracts, "contracts", "contracts")
        self.disbursement = become(OfDisbursement, "disbursement", "disbursement")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @property
    def now(self) -> datetime:
        """As every process of the stack reads it."""
        return self.contracts.clock.now()

    def put(self, holds: Sequence[datetime], *, closed_every: int) -> list[Held]:
        """A client for each end of a hold; every other has to release the payout."""
        control = self.world.control()
        people = [
            self._borrower(until, closed=number % closed_every == closed_every - 1)
            for number, until in enumerate(holds)
        ]
        for one in people:
            person = one.person
            control.create_person(person)
            control.create_account(iban=person.iban, iin=person.iin, closed=one.closed)
        self._enter_onboarding(people)
        self._enter_contracts(people)
        tokens = self._enter_auth(people)
        self._enter_disbursement(people)
        return [
            self._held(one, sessions, challenge_id)
            for one, (sessions, challenge_id) in zip(people, tokens, strict=True)
        ]

    def _borrower(self, hold_until: datetime, *, closed: bool) -> _Borrower:
        ids, place = self.contracts.ids, self._count
        self._count += 1
        client_id, account_id, payout_id = ids.new(), ids.new(), ids.new()
        return _Borrower(
            person=self._person(place),
            client_id=client_id,
            login_id=ids.new(),
            registration_id=ids.new(),
            account_id=account_id,
            payout_id=payout_id,
            contract=self._contract(
                ABOVE if place % 2 == 0 else BELOW,
                hold_until=hold_until,
                client_id=client_id,
                account_id=account_id,
                payout_id=payout_id,
            ),
            closed=closed,
        )

    def _person(self, place: int) -> Person:
        """Nobody has another's ИИН or number, however many there are."""
        drawn = 0
        while True:
            person = person_from_seed(f"{self.seed}-{place}-{drawn}")
            if person.iin not in self._iins:
                break
            drawn += 1
        self._iins.add(person.iin)
        person.identity = replace(person.identity, phone=f"+7700{place:07}")
        return person

    def _contract(
        self, amount: Money, *, hold_until: datetime, payout_id: UUID, **whose: UUID
    ) -> Contract:
        """Signed and consented to a day before the end of its hold, and scheduled."""
        policy, consented_at = self.contracts.policy, hold_until - HOLD
        signed_at = consented_at - timedelta(minutes=5)
        ids, offered_at = self.contracts.ids, signed_at - timedelta(minutes=5)
        contract_id = ids.new()
        contract = offered(
            id=contract_id,
            application_id=ids.new(),
            number=f"KSK-{contract_id.hex}",
            amount=amount,
            document_sha256=sha256_hex(_DOCUMENT),
            contract_on=offered_at.date(),
            offered_at=offered_at,
            **whose,
        )
        contract = machine.take_signature(
            machine.begin_signing(contract, at=offered_at),
            proof(
                ceremony_id=ids.new(),
                client_id=contract.client_id,
                document_sha256=contract.document_sha256,
                completed_at=signed_at,
            ),
        )
        contract = machine.conclude(contract, stamped_at=signed_at, policy=policy)
        text = texts.consent_text(terms_of(contract))
        contract = machine.consent(
            contract, wish(text, at=consented_at), text=text, policy=policy
        )
        return machine.schedule(
            contract,
            PayoutOfContract(
                payout_id=payout_id, client_id=contract.client_id, amount=amount
            ),
            until=hold_until,
            at=consented_at,
        )

    def _enter_onboarding(self, people: Iterable[_Borrower]) -> None:
        platform = self.onboarding
        token = _blind(platform)
        database, consents = platform.database, texts_of(_CONSENTS)
        with database.begin(platform.context()) as tx:
            unit = SqlUnit(tx, platform.field_keys)
            for one in people:
                identity, at = one.person.identity, one.contract.offered_at
                iin_token = token("iin", identity.iin)
                unit.registrations.add(
                    Registration(
                        registration_id=one.registration_id,
                        client_id=one.client_id,
                        state=RegistrationState.ACTIVE,
                        token_sha256=sha256(one.registration_id.bytes),
                        phone=one.phone,
                        challenge_id=one.registration_id,
                        started_at=at,
                        expires_at=at + HOLD,
                    )
                )
                unit.registrations.add_person(
                    one.client_id,
                    PersonOfClient(
                        names=Names(
                            surname=identity.surname,
                            given_name=identity.given_name,
                            patronymic=identity.patronymic,
                        ),
                        iin=Iin(identity.iin),
                        document=IdentityDocument(
                            kind=DocumentKind(identity.document.kind),
                            number=identity.document.number,
                            valid_until=identity.document.valid_until,
                        ),
                    ),
                    iin_token=iin_token,
                    at=at,
                )
                for kind in ConsentKind:
                    unit.consents.add(
                        one.client_id,
                        ConsentRecord(
                            kind=kind,
                            act=ConsentAct.GIVEN,
                            version=_CONSENTS,
                            text_sha256=consents[kind].sha256,
                            channel=LENDER_CHANNEL,
                            at=at,
                        ),
                    )
                # Before there is a client: afterwards only both proofs add an account.
                account = Account(
                    account_id=one.account_id,
                    client_id=one.client_id,
                    destination=Destination(iban=Iban(identity.iban)),
                    token=token("iban", identity.iban),
                    state=AccountState.UNPROVED,
                    selected=True,
                    proved_at=None,
                )
                assert unit.accounts.add(account, at=at)
                assert unit.accounts.record(
                    account,
                    Ownership(
                        verdict=OwnershipVerdict.MATCH,
                        evidence_id=one.account_id.hex,
                        checked_at=at,
                    ),
                    check_id=platform.ids.new(),
                    becomes=AccountState.PROVED,
                )
                assert unit.clients.add(
                    Client(
                        client_id=one.client_id,
                        registration_id=one.registration_id,
                        iin_token=iin_token,
                        phone=one.phone,
                        phone_token=token("phone", one.phone.reveal()),
                    ),
                    at=at,
                )

    def _enter_contracts(self, people: Iterable[_Borrower]) -> None:
        platform = self.contracts
        token = _blind(platform)
        with platform.database.begin(platform.context()) as tx:
            unit = DatabaseUnit(tx, field_keys=platform.field_keys)
            for one in people:
                contract = one.contract
                unit.clients.activate(
                    one.client_id,
                    iin_token=token("iin", one.person.iin),
                    at=contract.offered_at,
                )
                unit.clients.put_account(
                    one.account_id, one.client_id, owned=True, at=contract.offered_at
                )
                asked = application(
                    id=contract.application_id,
                    client_id=one.client_id,
                    amount=contract.amount,
                    submitted_at=contract.offered_at - timedelta(minutes=1),
                )
                assert unit.applications.add(asked)
                assert unit.applications.save(
                    replace(
                        asked,
                        state=ApplicationState.OFFERED,
                        account_id=one.account_id,
                        contract_id=contract.id,
                    ),
                    was=ApplicationState.SUBMITTED,
                )
                unit.contracts.add(contract, _DOCUMENT)

    def _enter_auth(
        self, people: Sequence[_Borrower]
    ) -> list[tuple[tuple[str, str], UUID]]:
        """Their logins; the tokens of two sessions, and the challenge of the release.

        The gateway makes sessions and no logins, the service logins and no sessions.
        """
        service, door = Desk.of(self.auth), Desk.of(self.gateway)
        logins = [
            Login(
                login_id=one.login_id,
                client_id=one.client_id,
                phone=one.phone,
                phone_token=service.phone_token(one.phone),
            )
            for one in people
        ]
        with service.begin(self.auth.context()) as (_, stores):
            for login in logins:
                stores.logins.add(login)
        made: list[tuple[tuple[str, str], UUID]] = []
        with door.begin(self.gateway.context()) as (_, stores):
            for one, login in zip(people, logins, strict=True):
                at = _known(one.contract.hold_until)
                tokens = (door.tokens.new(), door.tokens.new())
                for token in tokens:
                    session = Session(
                        session_id=self.gateway.ids.new(),
                        login_id=login.login_id,
                        client_id=login.client_id,
                        opened_at=at,
                        active_at=at,
                    )
                    stores.sessions.add(session, door.tokens.digest(token))
                challenge_id = self.gateway.ids.new()
                stores.challenges.add(
                    Challenge(
                        challenge_id=challenge_id,
                        purpose="release",
                        reference=one.contract.id,
                        client_id=one.client_id,
                        phone=one.phone,
                        phone_token=login.phone_token,
                        code_token=door.codes.token(challenge_id, CODE),
                        issued_at=at,
                        expires_at=at + LASTS,
                    )
                )
                made.append((tokens, challenge_id))
        return made

    def _enter_disbursement(self, people: Iterable[_Borrower]) -> None:
        """Last: from here on the payers have work."""
        platform = self.disbursement
        desk = DatabaseDesk(
            platform.database,
            keys=platform.field_keys,
            contexts=lambda _: platform.context(),
            account=platform.settings.company_iban,
        )
        with desk.open() as work:
            witnessed = work.witness.read()
            assert witnessed is not None, "nobody counts the time"
            from_ns = witnessed.counted_ns - HOLD // timedelta(microseconds=1) * 1000
            for one in people:
                contract = one.contract
                payout = Payout(
                    payout_id=one.payout_id,
                    contract_id=contract.id,
                    client_id=contract.client_id,
                    account_id=contract.account_id,
                    number=FIRST_PAYOUT,
                    amount=contract.amount,
                    document_sha256=contract.document_sha256,
                    signed_at=_known(contract.signed_at),
                    state=State.CONCLUDED,
                    trail=Trail(platform.ids.new(), None),
                )
                work.payouts.conclude(payout)
                assert work.payouts.move(
                    payout,
                    State.CONSENTED,
                    consented_at=_known(contract.consented_at),
                    hold_until=_known(contract.hold_until),
                    witnessed_from_ns=from_ns,
                    release_required=_known(contract.confirmation_required),
                    next_at=platform.clock.now(),
                )

    def _held(
        self, one: _Borrower, sessions: tuple[str, str], challenge_id: UUID
    ) -> Held:
        contract = one.contract
        return Held(
            contract_id=contract.id,
            hold_until=_known(contract.hold_until),
            above=_known(contract.confirmation_required),
            closed=one.closed,
            sessions=sessions,
            challenge_id=challenge_id,
            release_sha256=texts.release_text(terms_of(contract)).sha256,
            seen=version_of(contract),
        )


def _blind(platform: Platform[S]) -> Callable[[str, str], str]:
    """Keyed tokens, of which services know each other's values."""
    assert platform.blind_keys is not None
    return platform.blind_keys.token


def _known(value: T | None) -> T:
    assert value is not None
    return value
