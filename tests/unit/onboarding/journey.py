"""Steps of a registration on twins, so that a test can begin where it matters."""

from collections.abc import Mapping
from uuid import UUID

from kernel.crypto import Json
from services.onboarding.handlers import (
    activation,
    applying,
    ceremonies,
    changes,
    photos,
    proofs,
    registration,
)
from services.onboarding.handlers.ceremonies import Owner
from services.onboarding.handlers.registration import Application
from tests.unit.onboarding.builders import PHONE, application
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.outside_twins import RIGHT_CODE, blind
from tests.unit.onboarding.pictures import png

CMS = "Y2xpZW50cyBjbXM="


class Applicant:
    """Somebody who registers, with the token of the registration."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        answer = registration.start_registration(
            begin=bench.unit.begin,
            clock=bench.clock,
            ids=bench.ids,
            secrets=bench.secret,
            codes=bench.codes,
            phone=PHONE,
        )
        self.token = str(answer["token"])
        self.registration_id = UUID(str(answer["registration_id"]))
        self.client_id = bench.unit.registrations.rows[self.registration_id].client_id

    @property
    def owner(self) -> Owner:
        return Owner(token=self.token, client_id=None)

    @property
    def state(self) -> str:
        return self.bench.unit.registrations.rows[self.registration_id].state.value

    def confirm(self, code: str = RIGHT_CODE) -> Mapping[str, Json]:
        bench = self.bench
        return registration.confirm_phone(
            begin=bench.unit.begin,
            clock=bench.clock,
            ids=bench.ids,
            codes=bench.codes,
            blind=blind,
            rules=bench.rules,
            registration_id=self.registration_id,
            token=self.token,
            code=code,
        )

    def give_data(self, given: Application | None = None) -> Mapping[str, Json]:
        bench = self.bench
        return registration.put_person(
            begin=bench.unit.begin,
            clock=bench.clock,
            ids=bench.ids,
            blind=blind,
            state_base=bench.state_base,
            owners=bench.owners,
            rules=bench.rules,
            registration_id=self.registration_id,
            token=self.token,
            application=given or application(),
        )

    def give_photo(self, raw: bytes | None = None) -> Mapping[str, Json]:
        return photos.put_photo(
            studio=self.bench.studio,
            registration_id=self.registration_id,
            token=self.token,
            raw=png() if raw is None else raw,
        )

    def open_ceremony(self) -> UUID:
        shown = ceremonies.open_registration_ceremony(
            desk=self.bench.desk,
            registration_id=self.registration_id,
            token=self.token,
        )
        return UUID(str(shown["ceremony_id"]))

    def up_to_ceremony(self, given: Application | None = None) -> UUID:
        self.confirm()
        self.give_data(given)
        self.give_photo()
        return self.open_ceremony()

    def activate(self) -> bool:
        bench = self.bench
        return activation.activate(
            begin=bench.unit.begin,
            clock=bench.clock,
            ids=bench.ids,
            blind=blind,
            owners=bench.owners,
            judge=bench.antifraud_judge,
            rules=bench.rules,
            registration_id=self.registration_id,
        )


def look(
    bench: Bench, reference: str | None = None, code: str = RIGHT_CODE
) -> Mapping[str, Json]:
    """Come back from ЦОИД."""
    standing = proofs.complete_biometrics(
        desk=bench.desk,
        protocols=bench.coid,
        signatures=bench.signatures,
        reference=bench.coid.reference if reference is None else reference,
        code=code,
    )
    return going_on(bench, standing)


def sign(
    bench: Bench, ceremony_id: UUID, owner: Owner, cms_text: str = CMS
) -> Mapping[str, Json]:
    """Hand in the ЭЦП."""
    standing = proofs.put_signature(
        desk=bench.desk,
        signatures=bench.signatures,
        timestamps=bench.signatures,
        ceremony_id=ceremony_id,
        owner=owner,
        cms_text=cms_text,
    )
    return going_on(bench, standing)


def going_on(bench: Bench, standing: Mapping[str, Json]) -> Mapping[str, Json]:
    """A change takes effect after its last proof, as the service has it."""
    kind, _, subject = str(standing["operation"]).partition(":")
    if standing["state"] == "completed" and kind in changes.KINDS:
        apply_proved(bench, UUID(subject))
    return standing


def apply_proved(bench: Bench, change_id: UUID) -> bool:
    return applying.apply_proved(
        begin=bench.unit.begin,
        clock=bench.clock,
        judge=bench.antifraud_judge,
        change_id=change_id,
    )
