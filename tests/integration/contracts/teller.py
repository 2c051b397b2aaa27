"""A client with a paid-out contract, a real bank process, and the desk between them."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx

from infra.simulators.client import Person
from kernel.clock import almaty_date
from kernel.money import Money
from kernel.tls import client_context
from services.contracts.adapters.statements import HttpStatements
from services.contracts.domain.contract import Contract
from services.contracts.domain.repayment import Effect
from services.contracts.domain.schedule import Instalment
from services.contracts.domain.states import ContractState
from services.contracts.handlers import accounts, repayments
from services.contracts.handlers.repayments import Reading
from services.contracts.ports.repayments import Statements
from tests.integration.contracts.conftest import Desk, as_object
from tests.integration.contracts.test_journey import hear_scheduled, hear_settled
from tests.integration.simulators.stand import Stand
from tests.unit.contracts.builders import CLIENT


def token_of(iin: str) -> str:
    """The keyed token of an ИИН, played by its digits backwards."""
    return f"k1.{iin[::-1]}"


@dataclass
class Teller:
    """One account at the bank, one contract, and what is done about them."""

    desk: Desk
    stand: Stand
    iban: str
    person: Person
    bank: HttpStatements = field(init=False)
    contract_id: UUID = field(init=False)

    def __post_init__(self) -> None:
        self.connect()

    def connect(self) -> None:
        """Read the account `iban` from now on."""
        cert, key = self.stand.pki.pair("partner")
        self._client = httpx.Client(
            base_url=self.stand.bank_url,
            verify=client_context(self.stand.pki.ca, cert, key),
            trust_env=False,
        )
        self.bank = HttpStatements(self._client, iban=self.iban)

    def close(self) -> None:
        self._client.close()

    def pay_out(self) -> None:
        """To a contract in force, of a client whose ИИН is known by its token."""
        desk = self.desk
        self.contract_id = desk.consented()
        desk.rows(
            "UPDATE clients SET iin_token = :token RETURNING 1",
            token=token_of(self.person.iin),
        )
        hear_scheduled(desk, self.contract_id)
        desk.clock.at = desk.hold_until(self.contract_id)
        desk.confirm_release(self.contract_id)
        hear_settled(desk, self.contract_id)
        self.count()

    @property
    def contract(self) -> Contract:
        return self.desk.contract(self.contract_id)

    def state(self) -> ContractState:
        return self.contract.state

    @property
    def today(self) -> date:
        return almaty_date(self.desk.clock.now())

    def go_to(self, day: date) -> None:
        """The same hour of another day."""
        self.desk.clock.move(timedelta(days=(day - self.today).days))

    @property
    def instalments(self) -> tuple[Instalment, ...]:
        with self.desk.unit() as unit:
            kept = unit.schedules.latest(self.contract_id)
        assert kept is not None
        return kept.schedule.instalments

    def pay(
        self,
        amount: Money,
        *,
        on: date | None = None,
        purpose: str | None = None,
        **more: str,
    ) -> dict[str, Any]:
        """Money reaches the bank; nobody has read of it yet."""
        return self.stand.control.pay_in(
            self.person,
            iban=self.iban,
            amount_minor=amount.amount_minor,
            purpose=purpose or f"Погашение по договору {self.contract.number}",
            value_on=(on or self.today).isoformat(),
            **more,
        )

    def read(self, bank: Statements | None = None) -> Reading:
        reading = repayments.read_statement(
            bank=bank or self.bank,
            work=self.desk.work(),
            blind=token_of,
            clock=self.desk.clock,
            ids=self.desk.platform.ids,
        )
        self.count()
        return reading

    def count(self) -> int:
        return accounts.count_all(
            work=self.desk.work(),
            policy=self.desk.platform.policy,
            clock=self.desk.clock,
            resting={},
        )

    def debt(self, *, client_id: UUID = CLIENT) -> dict[str, Any]:
        return as_object(
            accounts.get_debt(
                client_id=client_id,
                contract_id=self.contract_id,
                iban=self.iban,
                work=self.desk.work(),
                policy=self.desk.platform.policy,
                clock=self.desk.clock,
            )
        )

    def quote(self, day: date) -> dict[str, Any]:
        return as_object(
            accounts.quote_payoff(
                client_id=CLIENT,
                contract_id=self.contract_id,
                day=day,
                work=self.desk.work(),
                policy=self.desk.platform.policy,
                clock=self.desk.clock,
            )
        )

    def order(
        self, day: date, amount: Money, effect: Effect, *, key: str | None = None
    ) -> dict[str, Any]:
        return as_object(
            accounts.order_early_repayment(
                client_id=CLIENT,
                contract_id=self.contract_id,
                day=day,
                amount=amount,
                effect=effect,
                work=self.desk.work("order_early_repayment", key=key),
                policy=self.desk.platform.policy,
                clock=self.desk.clock,
                ids=self.desk.platform.ids,
            )
        )

    def ledger(self) -> list[tuple[date, str, int]]:
        """Day, kind and sum, corrections added up, nothing left out of them."""
        rows = self.desk.rows(
            "SELECT day, kind, sum(amount_minor) AS amount FROM ledger_postings"
            " GROUP BY day, kind HAVING sum(amount_minor) <> 0 ORDER BY day, kind"
        )
        return [(row.day, row.kind, int(row.amount)) for row in rows]

    def said(self, *names: str) -> int:
        return sum(one in names for one in self.desk.said())

    def show(self) -> dict[str, Any]:
        return as_object(
            accounts.show_account(
                self.contract_id,
                work=self.desk.work(),
                policy=self.desk.platform.policy,
                clock=self.desk.clock,
            )
        )


def money(text: object) -> Money:
    return Money.from_wire(str(text))
