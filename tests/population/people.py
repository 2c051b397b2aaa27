"""Who lives in the population, and what each of them does.

Everybody acts through the real events of the platform and the real questions of its
gates.  Nothing here knows a rule.  Honest people do odd things now and then (a new
telephone, a forgotten password, a night, a spouse's tablet), and of each kind of fraud
some are careful: they wait for days, or come from a device of their own.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from kernel.events import Event, auth, contracts, onboarding
from kernel.money import Money

BEGINNING: Final = datetime(2026, 5, 1, tzinfo=UTC)
DAYS: Final = 200
HONEST: Final = "honest"
FRAUDS: Final = ("dropper", "thief", "bot", "insider")
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_NOTHING: Final = Money(0)
_BY_DAY: Final = (8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22)
_BY_NIGHT: Final = (0, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event of the platform."""

    at: datetime
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question of a gate, and whose it was."""

    at: datetime
    operation: str
    client_id: UUID
    amount: Money
    facts: dict[str, str | int]
    who: str
    case: UUID
    """Who is behind it: one client, or the fraud that uses one."""


Step = Told | Asked


@dataclass(slots=True)
class Person:
    """One client with what identifies them."""

    client_id: UUID
    iin: str
    phone: str
    device: UUID
    network: str
    account: str
    account_id: UUID
    who: str
    case: UUID


@dataclass(slots=True)
class Town:
    """Everybody, from one seed."""

    random: Random
    steps: list[Step] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)
    staff: list[UUID] = field(default_factory=list)
    settled: list[tuple[Person, datetime]] = field(default_factory=list)
    """Honest clients with a repaid loan, and since when they rest."""

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def token(self) -> str:
        return f"k1.{self.random.getrandbits(96):x}"

    def at(
        self, hours: tuple[int, ...], *, first: int = 0, last: int = DAYS
    ) -> datetime:
        """An instant of some day, at one of these hours of Almaty."""
        day = BEGINNING + self.random.randrange(first, last) * _DAY
        hour = (self.random.choice(hours) - 5) % 24
        return day + hour * _HOUR + self.random.random() * _HOUR

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def person(self, who: str, *, case: UUID | None = None) -> Person:
        client_id = self.id()
        return Person(
            client_id=client_id,
            iin=self.token(),
            phone=self.token(),
            device=self.id(),
            network=self.random.choice(self.networks),
            account=self.token(),
            account_id=self.id(),
            who=who,
            case=case or client_id,
        )

    def tell(self, at: datetime, event: Event) -> None:
        self.steps.append(Told(at=at, event=event))

    def ask(
        self,
        at: datetime,
        kind: str,
        object_id: UUID,
        person: Person,
        amount: Money = _NOTHING,
        **facts: str | int,
    ) -> None:
        self.steps.append(
            Asked(
                at=at,
                operation=f"{kind}:{object_id}",
                client_id=person.client_id,
                amount=amount,
                facts={
                    "device_token": str(person.device),
                    "network_token": person.network,
                    "account_id": str(person.account_id),
                    **facts,
                },
                who=person.who,
                case=person.case,
            )
        )


def town(seed: int, *, honest: int, frauds: int) -> list[Step]:
    """The steps of everybody, in the order of time; ``frauds`` of each kind."""
    made = Town(Random(seed))
    made.networks = [made.token() for _ in range(max(3, honest // 40))]
    made.staff = [made.id() for _ in range(6)]
    for _ in range(honest):
        live_honestly(made)
    # Of thieves and insiders the victims are clients of old.
    victims = made.random.sample(made.settled, k=min(2 * frauds, len(made.settled)))
    for number in range(frauds):
        drop(made)
        swarm(made)
        steal(made, *victims[2 * number % len(victims)])
        betray(made, *victims[(2 * number + 1) % len(victims)])
    office(made)
    return sorted(made.steps, key=lambda step: step.at)


# What anybody does.


def register(
    town: Town, person: Person, at: datetime, *, slow: bool = True
) -> datetime:
    """Registration to the account's proof; when it is done."""
    pace = 1.0 if slow else 0.05

    def later(minutes: float) -> datetime:
        return at + minutes * pace * (0.5 + town.random.random()) * _MINUTE

    town.tell(
        later(2),
        onboarding.PhoneConfirmed(registration_id=town.id(), phone_token=person.phone),
    )
    if slow and town.chance(0.12):
        town.tell(
            later(6),
            onboarding.IdentificationFailed(
                ceremony_id=town.id(),
                client_id=person.client_id,
                operation="registration",
                code="biometrics_no_match",
            ),
        )
    town.ask(later(9), "activation", town.id(), person)
    town.tell(
        later(10),
        onboarding.ClientActivated(
            client_id=person.client_id,
            registration_id=town.id(),
            iin_token=person.iin,
            phone_token=person.phone,
        ),
    )
    admit(town, person, later(10.5))
    prove(town, person, later(13))
    return later(30)


def admit(town: Town, person: Person, at: datetime) -> None:
    town.tell(
        at,
        auth.DeviceAdmitted(
            client_id=person.client_id, device_id=person.device, ceremony_id=None
        ),
    )


def prove(town: Town, person: Person, at: datetime) -> None:
    town.tell(
        at,
        onboarding.AccountOwnershipProved(
            account_id=person.account_id,
            client_id=person.client_id,
            account_token=person.account,
            evidence_id="e",
        ),
    )


def log_in(town: Town, person: Person, at: datetime, *, wrong: int = 0) -> None:
    for number in range(wrong):
        town.tell(
            at - (wrong - number) * _MINUTE / 2,
            auth.LoginFailed(
                login_id=town.id(),
                login_token=person.phone,
                reason="wrong_password",
                attempts=number + 1,
            ),
        )
    town.tell(at, auth.LoginSucceeded(client_id=person.client_id, session_id=town.id()))


def act(town: Town, person: Person, at: datetime, times: int, every_s: float) -> None:
    """Calls of the cabinet; what people do takes seconds, what machines do less."""
    for number in range(times):
        town.tell(
            at + timedelta(seconds=number * every_s * (0.5 + town.random.random())),
            auth.OperationCalled(
                request_id=town.id(),
                client_id=person.client_id,
                action=town.random.choice(["get_schedule", "apply", "get_contract"]),
                object_id=None,
                outcome="done",
            ),
        )


def borrow(
    town: Town,
    person: Person,
    at: datetime,
    *,
    amount: int,
    refused: float = 0.1,
    repays: bool = True,
) -> datetime:
    """An application and, if it is taken, everything to the money and back."""
    application, contract, payout = town.id(), town.id(), town.id()
    money = Money(amount * 100)
    act(town, person, at - 5 * _MINUTE, town.random.randint(2, 8), 20)
    town.tell(
        at,
        contracts.ApplicationSubmitted(
            application_id=application,
            client_id=person.client_id,
            amount=money,
            term_days=30,
        ),
    )
    asked = at + timedelta(seconds=20)
    town.ask(asked, "application", application, person, money, term_days=30)
    if town.chance(refused):
        town.tell(
            asked + _MINUTE,
            contracts.ApplicationRefused(
                application_id=application, client_id=person.client_id, code="scoring"
            ),
        )
        return asked
    signed = asked + 10 * _MINUTE * (1 + town.random.random())
    town.ask(signed - _MINUTE, "signing", contract, person, money)
    town.tell(
        signed,
        contracts.ContractSigned(
            contract_id=contract,
            client_id=person.client_id,
            account_id=person.account_id,
            amount=money,
            document_sha256="0" * 64,
            ceremony_id=town.id(),
            signed_at=signed,
            account_token=person.account,
        ),
    )
    paid = signed + 24 * _HOUR + 2 * _HOUR * town.random.random()
    town.ask(paid, "payout", payout, person, money)
    if repays:
        due = paid + 30 * _DAY
        town.tell(
            due,
            contracts.CreditReceived(
                contract_id=contract,
                client_id=person.client_id,
                credit_id=town.id(),
                amount=money,
                value_on=due.date().isoformat(),
                recognised_by="number",
            ),
        )
        return due
    return paid


def name_account(town: Town, person: Person, at: datetime) -> None:
    """Another account: asked about, named, and proved by the bank."""
    change = town.id()
    town.ask(at, "account_change", change, person)
    person.account, person.account_id = town.token(), town.id()
    town.tell(
        at + 3 * _MINUTE,
        onboarding.BankAccountAdded(
            client_id=person.client_id,
            change_id=change,
            ceremony_id=town.id(),
            account_id=person.account_id,
            account_token=person.account,
        ),
    )
    prove(town, person, at + 6 * _MINUTE)


def change_phone(town: Town, person: Person, at: datetime) -> None:
    change, old = town.id(), person.phone
    town.ask(at, "phone_change", change, person)
    person.phone = town.token()
    town.tell(
        at + 3 * _MINUTE,
        onboarding.PhoneChanged(
            client_id=person.client_id,
            change_id=change,
            ceremony_id=town.id(),
            old_phone_token=old,
            phone_token=person.phone,
        ),
    )


def recover(town: Town, person: Person, at: datetime) -> None:
    """A forgotten password, by code and biometrics."""
    recovery = town.id()
    town.tell(at, auth.RecoveryRequested(login_id=town.id(), login_token=person.phone))
    town.tell(
        at + _MINUTE,
        auth.RecoveryOpened(
            client_id=person.client_id, recovery_id=recovery, lost="password"
        ),
    )
    town.tell(
        at + 4 * _MINUTE,
        auth.RecoveryPassed(
            client_id=person.client_id,
            recovery_id=recovery,
            lost="password",
            ceremony_id=town.id(),
        ),
    )
    town.tell(at + 4 * _MINUTE, auth.PasswordChanged(client_id=person.client_id))


def read(town: Town, person: Person, reader: UUID, at: datetime) -> None:
    town.tell(
        at,
        onboarding.PersonalDataRead(
            client_id=person.client_id, reader=str(reader), purpose="care"
        ),
    )


# Who they are.


def live_honestly(town: Town) -> None:
    """One to four loans within half a year, and now and then something odd."""
    person = town.person(HONEST)
    household = town.settled[-1][0] if town.settled and town.chance(0.04) else None
    if household is not None:
        person.device = household.device
    began = town.at(_BY_DAY, last=DAYS - 60)
    at = register(town, person, began)
    for _ in range(town.random.choice([1, 1, 2, 2, 3, 4])):
        hours = _BY_NIGHT if town.chance(0.05) else ()
        if hours:
            at = at.replace(hour=(town.random.choice(hours) - 5) % 24)
        odd(town, person, at - 2 * _HOUR)
        wrong = town.random.choice([0, 0, 0, 0, 1, 1, 2, 3, 7])
        log_in(town, person, at - 6 * _MINUTE, wrong=wrong)
        amount = town.random.choice([30, 50, 80, 100, 150, 200, 300]) * 1_000
        at = borrow(town, person, at, amount=amount)
        if town.chance(0.03):
            at = borrow(town, person, at + 20 * _MINUTE, amount=amount // 2)
        if town.chance(0.3):
            read(town, person, town.random.choice(town.staff), at - _HOUR)
        at += (2 + 20 * town.random.random()) * _DAY
    town.settled.append((person, at))


def odd(town: Town, person: Person, at: datetime) -> None:
    """What honest people do too."""
    if town.chance(0.05):
        person.device = town.id()
        admit(town, person, at - town.random.random() * 5 * _DAY)
    if town.chance(0.05):
        recover(town, person, at - town.random.random() * 3 * _DAY)
    if town.chance(0.03):
        change_phone(town, person, at - town.random.random() * 10 * _DAY)
    if town.chance(0.03):
        name_account(town, person, at - town.random.random() * 10 * _DAY)
    if town.chance(0.1):
        person.network = town.random.choice(town.networks)


def drop(town: Town) -> None:
    """A dropper's handler: hired persons, each real, with one device between them."""
    case, careful = town.id(), town.chance(0.25)
    device, network = town.id(), town.token()
    account = town.token() if town.chance(0.3) else None
    at = town.at(_BY_DAY, first=20)
    for _ in range(town.random.randint(3, 8)):
        person = town.person("dropper", case=case)
        person.device = town.id() if careful and town.chance(0.7) else device
        person.network = network
        if account is not None:
            person.account = account
        done = register(town, person, at)
        if careful:
            done += town.random.random() * 3 * _DAY
        log_in(town, person, done)
        amount = town.random.choice([200, 300, 400, 500]) * 1_000
        borrow(town, person, done + 5 * _MINUTE, amount=amount, repays=False)
        at += (0.2 + town.random.random() * (20 if careful else 3)) * _HOUR


def steal(town: Town, victim: Person, rests: datetime) -> None:
    """Somebody takes a client's cabinet: a new device, number, account, and money."""
    careful = town.chance(0.25)
    rest = 2 * _DAY if careful else 20 * _MINUTE
    person = Person(
        client_id=victim.client_id,
        iin=victim.iin,
        phone=victim.phone,
        device=town.id(),
        network=town.token(),
        account=victim.account,
        account_id=victim.account_id,
        who="thief",
        case=town.id(),
    )
    hours = _BY_NIGHT if town.chance(0.5) else _BY_DAY
    at = max(town.at(hours, first=60), rests + _DAY)
    recover(town, person, at)
    admit(town, person, at + 6 * _MINUTE)
    log_in(town, person, at + 7 * _MINUTE, wrong=town.random.choice([0, 2, 5]))
    at += rest
    if town.chance(0.6):
        change_phone(town, person, at)
        at += rest
    if town.chance(0.8):
        name_account(town, person, at)
        at += rest
    amount = town.random.choice([300, 400, 500, 700]) * 1_000
    borrow(town, person, at, amount=amount, refused=0.0, repays=False)


def swarm(town: Town) -> None:
    """A machine that registers and applies, from few addresses, faster than people."""
    case, careful = town.id(), town.chance(0.25)
    network, device = town.token(), town.id()
    at = town.at((*_BY_DAY, *_BY_NIGHT), first=10)
    for _ in range(town.random.randint(3, 6)):
        person = town.person("bot", case=case)
        person.network = network
        if town.chance(0.5):
            person.device = device
        done = register(town, person, at, slow=careful)
        log_in(town, person, done)
        act(town, person, done, town.random.randint(30, 90), 8 if careful else 1)
        for number in range(1 if careful else town.random.randint(1, 4)):
            borrow(
                town,
                person,
                done + (1 + 4 * number) * _MINUTE,
                amount=town.random.choice([100, 200]) * 1_000,
                refused=0.5,
                repays=False,
            )
        at += (60 if careful else 4) * town.random.random() * _MINUTE


def betray(town: Town, victim: Person, rests: datetime) -> None:
    """One of the staff looks for clients who rest, and moves one to another number."""
    case, insider = town.id(), town.id()
    at = max(town.at(_BY_DAY, first=60), rests + _DAY)
    looked = town.random.sample(town.settled, k=min(len(town.settled), 25))
    careful = town.chance(0.25)
    for number, (other, _) in enumerate(looked):
        spread = _DAY if careful else 5 * _MINUTE
        read(town, other, insider, at - number * spread)
    read(town, victim, insider, at - _HOUR)
    town.tell(
        at,
        auth.OfficeVisitRecorded(
            client_id=victim.client_id,
            reason="phone lost",
            recorded_by=insider,
            approved_by=town.random.choice(town.staff),
        ),
    )
    person = Person(
        client_id=victim.client_id,
        iin=victim.iin,
        phone=victim.phone,
        device=town.id(),
        network=town.token(),
        account=victim.account,
        account_id=victim.account_id,
        who="insider",
        case=case,
    )
    change_phone(town, person, at + _HOUR)
    admit(town, person, at + 2 * _HOUR)
    name_account(town, person, at + 3 * _HOUR)
    rest = 2 * _DAY if careful else 5 * _HOUR
    amount = town.random.choice([300, 400, 500]) * 1_000
    borrow(town, person, at + rest, amount=amount, refused=0.0, repays=False)


def office(town: Town) -> None:
    """An ordinary day of client care: a few readings each, a visit now and then."""
    for reader in town.staff:
        for _ in range(DAYS // 4):
            person, _ = town.random.choice(town.settled)
            read(town, person, reader, town.at(_BY_DAY))
    for person, rests in town.random.sample(town.settled, k=len(town.settled) // 50):
        at = rests + _DAY
        town.tell(
            at,
            auth.OfficeVisitRecorded(
                client_id=person.client_id,
                reason="phone lost",
                recorded_by=town.random.choice(town.staff),
                approved_by=town.random.choice(town.staff),
            ),
        )
        change_phone(town, person, at + _HOUR)
        borrow(town, person, at + 3 * _DAY, amount=60_000)
