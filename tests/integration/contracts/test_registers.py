"""The real registers' clients against the simulated world: a bad answer is none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from infra.simulators.client import FaultMode, Person
from kernel.errors import Transient
from kernel.tls import client_context
from services.contracts.adapters.registers import HttpBureau, HttpMonitoring, HttpState
from services.contracts.domain.checks import ConsentKind, StateRecord
from tests.integration.simulators.stand import OuterPki, Stand, make_pki, running_stand


@dataclass(frozen=True)
class Registers:
    """Everybody outside a decision asks, as the process builds them."""

    bureau: HttpBureau
    state: HttpState
    monitoring: HttpMonitoring

    def ask(self, register: str, iin: str) -> object:
        asks: dict[str, Callable[[], object]] = {
            "/bureau/v1/report": lambda: self.bureau.report(iin),
            "/state/v1/borrower": lambda: self.state.record(iin),
            "/state/v1/consents": lambda: self.state.consent(iin, ConsentKind.SPOUSE),
            "/monitoring/v1/checks": lambda: self.monitoring.look(iin),
        }
        return asks[register]()


NAMING: Final = ("/state/v1/borrower", "/state/v1/consents", "/monitoring/v1/checks")
"""Registers that name again whom they answer about."""
ALL: Final = ("/bureau/v1/report", *NAMING)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> OuterPki:
    return make_pki(tmp_path_factory.mktemp("registers-pki"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, pki: OuterPki) -> Iterator[Stand]:
    with running_stand(tmp_path_factory.mktemp("registers"), pki) as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Iterator[Stand]:
    yield running
    running.control.clear_faults()


@pytest.fixture
def registers(stand: Stand) -> Iterator[Registers]:
    """Mutual TLS, nothing of the machine."""
    cert, key = stand.pki.pair("partner")
    with httpx.Client(
        base_url=stand.partner_url,
        verify=client_context(stand.pki.ca, cert, key),
        trust_env=False,
    ) as client:
        yield Registers(HttpBureau(client), HttpState(client), HttpMonitoring(client))


def person(stand: Stand, seed: str, **registers: Any) -> Person:  # noqa: ANN401 - flags
    made = stand.person(seed)
    stand.control.create_person(made, **registers)
    return made


@pytest.mark.parametrize("yes", [True, False])
def test_what_the_registers_know_arrives(
    stand: Stand, registers: Registers, *, yes: bool
) -> None:
    one = person(
        stand,
        f"lending {yes}",
        married=yes,
        conscript=yes,
        listed=yes,
        spouse_consent=yes,
        additional_consent=not yes,
    )
    assert registers.state.record(one.iin) == StateRecord(
        birth_on=one.identity.birth_on, married=yes, conscript=yes
    )
    given = {kind: registers.state.consent(one.iin, kind).given for kind in ConsentKind}
    assert given == {ConsentKind.SPOUSE: yes, ConsentKind.ADDITIONAL: not yes}
    assert registers.monitoring.look(one.iin).listed is yes
    assert registers.bureau.report(one.iin).debt_burden == "0.31"


@pytest.mark.parametrize("mode", ["lose", "garble", "down"])
@pytest.mark.parametrize("register", ALL)
def test_a_broken_answer_is_none(
    stand: Stand, registers: Registers, register: str, mode: FaultMode
) -> None:
    """The application waits, and the next asking is answered."""
    one = person(stand, "broken")
    stand.control.arm_world(register, mode)
    with pytest.raises(Transient):
        registers.ask(register, one.iin)
    registers.ask(register, one.iin)


def test_an_answer_that_does_not_come_is_none(
    stand: Stand, registers: Registers
) -> None:
    """Nobody waits longer than the time-out."""
    one = person(stand, "slow")
    stand.control.arm_world("/bureau", "delay", delay_s=30)
    with pytest.raises(Transient):
        registers.ask("/bureau/v1/report", one.iin)


@pytest.mark.seeded("contracts_answer_about_anybody")
@pytest.mark.parametrize("register", NAMING)
def test_an_answer_about_somebody_else_is_none(
    stand: Stand, registers: Registers, register: str
) -> None:
    """It looks right in everything but whom it is about."""
    one = person(stand, "somebody else")
    stand.control.arm_world(register, "wrong", fields=["iin"])
    with pytest.raises(Transient):
        registers.ask(register, one.iin)


@pytest.mark.parametrize("register", ALL)
def test_an_unknown_person_is_no_answer(
    stand: Stand, registers: Registers, register: str
) -> None:
    """404 says nothing for or against the loan."""
    with pytest.raises(Transient):
        registers.ask(register, stand.person("nobody").iin)
