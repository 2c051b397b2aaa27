"""Onboarding on a real database, against the simulators over real TLS.

Only auth and antifraud are played by twins: codes go nowhere and `RIGHT_CODE` is always
right; antifraud says what a test has it say.
"""

import base64
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from infra.demo.photo import portrait
from infra.simulators.client import Person
from infra.stack import Stack
from kernel.context import Context
from kernel.crypto import Json
from kernel.errors import Refused, Transient
from kernel.judged import Decision
from kernel.migrations.applying import upgrade
from kernel.money import Money
from kernel.platform import Platform
from kernel.settings import read
from kernel.values import CardToken, Iban, Iin, Phone
from services.antifraud.domain.decision import check_question
from services.onboarding import wiring
from services.onboarding.domain.consent_texts import texts_of
from services.onboarding.domain.person import IdentityDocument, Names
from services.onboarding.domain.person import Person as Claimed
from services.onboarding.handlers.ceremonies import Owner
from services.onboarding.handlers.registration import Application
from services.onboarding.ports import SentCode
from services.onboarding.settings import Settings
from services.onboarding.storage import metadata
from services.onboarding.wiring import UseCases, completing
from tests import databases
from tests.integration.simulators.stand import Stand, make_pki, running_stand
from tests.portraits.booth import running_judge

collect_ignore = [] if os.environ.get("EDS_VECTORS") else ["test_vectors.py"]

MIGRATIONS = Path(wiring.__file__).parents[1] / "migrations"
RIGHT_CODE = "123456"
CONSENTS = tuple((kind.value, text.sha256) for kind, text in texts_of("1").items())


class TwinCodes:
    """`PhoneCodes` that knows its phone by the registration it sent a code for."""

    phones: dict[UUID, Phone]
    platform: Platform[Settings]

    def send(self, phone: Phone, *, reference: UUID) -> SentCode:
        self.phones[reference] = phone
        return SentCode(challenge_id=reference, expires_at=self.platform.clock.now())

    def check(self, challenge_id: UUID, code: str) -> str:
        if code != RIGHT_CODE:
            raise Refused("code_wrong", "Wrong.", next_step="Again.")
        assert self.platform.blind_keys is not None
        return self.platform.blind_keys.token(
            "phone", self.phones[challenge_id].reveal()
        )


@dataclass
class TwinAntifraud:
    """Implements `kernel.judged.Antifraud`."""

    outcome: str | None = "allow"
    """None while it is away."""
    asked: list[str] = field(default_factory=list)

    def decide(
        self,
        *,
        operation: str,
        client_id: UUID,
        amount: Money,
        facts: Mapping[str, str | int],
    ) -> Decision:
        check_question(operation, amount, facts)  # as antifraud itself takes it
        self.asked.append(operation)
        if self.outcome is None:
            raise Transient("antifraud did not answer in time")
        return Decision(decision_id=client_id, outcome=self.outcome, score=1)


@dataclass
class Cabinet:
    """The use cases with the outer world around them."""

    use_cases: UseCases
    platform: Platform[Settings]
    owner: Engine
    stand: Stand
    antifraud: TwinAntifraud

    def context(self) -> Context:
        return self.platform.context()

    def rows(self, statement: str, **values: object) -> list[Any]:
        with self.owner.connect() as connection:
            return list(connection.execute(text(statement), values))

    def said(self, name: str) -> list[Mapping[str, Any]]:
        """The data of the events of one name, as they left with a commit."""
        found = self.rows(
            "SELECT convert_from(data, 'UTF8')::json AS data FROM outbox"
            " WHERE type = :type ORDER BY inserted",
            type=f"onboarding.{name}.v1",
        )
        return [row.data for row in found]

    def applicant(
        self, seed: str, *, kind: str = "individual_sign", photo_differs: bool = False
    ) -> "Applicant":
        """Somebody the state knows, with a certificate, whose registration begins."""
        person = self.stand.known_person(seed, photo_differs=photo_differs)
        person.enrol(self.stand.public_url, self.stand.pki.ca, kind)
        return Applicant(self, person)

    def client(self, seed: str) -> "Applicant":
        """Somebody who is registered."""
        applicant = self.applicant(seed)
        applicant.up_to_ceremony()
        applicant.pass_biometrics()
        applicant.sign()
        assert applicant.standing["state"] == "active"
        return applicant


class Applicant:
    """A person of the simulators who registers, step by step."""

    def __init__(self, cabinet: Cabinet, person: Person) -> None:
        self.cabinet = cabinet
        self.person = person
        answer = cabinet.use_cases.start_registration(
            cabinet.context(), phone=Phone(person.phone)
        )
        self.registration_id = UUID(str(answer["registration_id"]))
        self.token = str(answer["token"])
        self.ceremony: Mapping[str, Json] = {}
        self.named: Iban | CardToken = Iban(person.iban)

    @property
    def standing(self) -> Mapping[str, Json]:
        return self.cabinet.use_cases.get_registration(
            self.cabinet.context(),
            registration_id=self.registration_id,
            token=self.token,
        )

    @property
    def client_id(self) -> UUID:
        return UUID(str(self.standing["client_id"]))

    @property
    def document(self) -> bytes:
        return base64.b64decode(str(self.ceremony["document_b64"]))

    @property
    def ceremony_id(self) -> UUID:
        return UUID(str(self.ceremony["ceremony_id"]))

    def confirm_phone(self) -> None:
        self.cabinet.use_cases.confirm_phone(
            self.cabinet.context(),
            registration_id=self.registration_id,
            token=self.token,
            code=RIGHT_CODE,
        )

    def claimed(self, **changed: object) -> Claimed:
        """Who the person says to be; by default the truth."""
        identity = self.person.identity
        card = identity.document
        said = Claimed(
            names=Names.parse(
                identity.surname, identity.given_name, identity.patronymic
            ),
            iin=Iin(identity.iin),
            document=IdentityDocument.parse(card.kind, card.number, card.valid_until),
        )
        return replace(said, **changed)  # type: ignore[arg-type] # test data

    def give_data(self, claimed: Claimed | None = None) -> None:
        self.cabinet.use_cases.put_person(
            self.cabinet.context(),
            registration_id=self.registration_id,
            token=self.token,
            application=Application(
                person=claimed or self.claimed(),
                named=self.named,
                consents=CONSENTS,
            ),
        )

    def give_photo(self, raw: bytes | None = None) -> Mapping[str, Json]:
        """By default one that nothing is wrong with."""
        return self.cabinet.use_cases.put_photo(
            self.cabinet.context(),
            registration_id=self.registration_id,
            token=self.token,
            raw=portrait() if raw is None else raw,
        )

    def open_ceremony(self) -> None:
        self.ceremony = self.cabinet.use_cases.open_registration_ceremony(
            self.cabinet.context(),
            registration_id=self.registration_id,
            token=self.token,
        )

    def up_to_ceremony(self) -> None:
        self.confirm_phone()
        self.give_data()
        self.give_photo()
        self.open_ceremony()

    def open_contract(
        self, document: bytes, operation: str, account_id: UUID | None = None
    ) -> None:
        """A ceremony over a document of contracts'."""
        self.ceremony = self.cabinet.use_cases.open_ceremony(
            self.cabinet.context(),
            by="contracts",
            client_id=self.client_id,
            operation=operation,
            document=document,
            account_id=account_id,
        )

    def owner(self) -> Owner:
        if str(self.ceremony["operation"]).startswith("registration:"):
            return Owner(token=self.token, client_id=None)
        return Owner(token=None, client_id=self.client_id)

    def look(self) -> Mapping[str, Json]:
        """Show the ceremony anew."""
        self.ceremony = self.cabinet.use_cases.get_ceremony(
            self.cabinet.context(), ceremony_id=self.ceremony_id, owner=self.owner()
        )
        return self.ceremony

    def pass_biometrics(
        self, *, present_iin: str | None = None, lively: bool = True
    ) -> Mapping[str, Json]:
        """Stand before ЦОИД's camera and come back."""
        back = self.person.pass_biometrics(
            str(self.ceremony["biometrics_url"]), present_iin=present_iin, lively=lively
        )
        query = parse_qs(urlsplit(back).query)
        return self.cabinet.use_cases.complete_biometrics(
            self.cabinet.context(), reference=query["state"][0], code=query["code"][0]
        )

    def sign(self, cms: bytes | None = None) -> Mapping[str, Json]:
        """Hand in an ЭЦП; by default a good one."""
        signed = self.person.sign(self.document) if cms is None else cms
        return self.cabinet.use_cases.put_signature(
            self.cabinet.context(),
            ceremony_id=self.ceremony_id,
            owner=self.owner(),
            cms_text=base64.b64encode(signed).decode(),
        )


@pytest.fixture(scope="session")
def outer_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Bank, state, ЦОИД and НУЦ."""
    pki = make_pki(tmp_path_factory.mktemp("onboarding-pki"))
    with running_stand(tmp_path_factory.mktemp("onboarding-world"), pki) as stand:
        yield stand


@pytest.fixture(scope="session")
def photo_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The photo judge, a process of its own."""
    with running_judge(tmp_path_factory.mktemp("photo")) as judge:
        yield judge.path


def _environment(servers: Stack, stand: Stand, photo_socket: Path) -> dict[str, str]:
    certificate, key = stand.pki.pair("partner")
    outside = {
        "COID_URL": stand.partner_url,
        "STATE_URL": stand.partner_url,
        "CA_URL": stand.public_url,
        "BANK_URL": stand.bank_url,
        "PHOTO_SOCKET": str(photo_socket),
        "OUTER_CA": str(stand.pki.ca),
        "OUTER_CERT": str(certificate),
        "OUTER_KEY": str(key),
        "EDS_ROOTS": str(stand.authority_file("/ca/roots.pem")),
        "EDS_ISSUERS": str(stand.authority_file("/ca/issuing.pem")),
        "CLOCK": f"shifted:{stand.clock_file}",
    }
    return servers.env("onboarding") | {
        f"ONBOARDING_{name}": value for name, value in outside.items()
    }


@pytest.fixture(scope="session")
def owner_engine(servers: Stack) -> Iterator[Engine]:
    """The schema's owner, after a migration."""
    engine = databases.owner_engine(servers, "onboarding")
    upgrade(engine, directory=MIGRATIONS, metadata=metadata)
    yield engine
    engine.dispose()


@pytest.fixture
def cabinet(
    servers: Stack,
    outer_world: Stand,
    photo_socket: Path,
    owner_engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Cabinet]:
    """Use cases as the process builds them, on an empty database."""
    environ = _environment(servers, outer_world, photo_socket)
    settings = read(Settings, prefix="onboarding", environ=environ)
    platform = Platform.open(settings)
    twin = TwinCodes()
    twin.platform, twin.phones = platform, {}
    monkeypatch.setattr(wiring, "AuthCodes", lambda *_args, **_named: twin)
    antifraud = TwinAntifraud()
    monkeypatch.setattr(completing, "RpcAntifraud", lambda *_args: antifraud)
    monkeypatch.setattr(type(platform), "rpc", None)
    use_cases = wiring.build(platform)
    made = Cabinet(use_cases, platform, owner_engine, outer_world, antifraud)
    yield made
    made.use_cases.close()
    platform.database.close()
    outer_world.control.clear_faults()
    outer_world.clock_file.unlink(missing_ok=True)
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with owner_engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
