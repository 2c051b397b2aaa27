"""The composition root: builds the use cases of onboarding from its settings."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import UUID

from kernel.context import Call, Context
from kernel.crypto import BlindKeys, Json, b64url, random_bytes
from kernel.errors import Broken
from kernel.platform import Platform
from kernel.values import Phone
from services.onboarding.adapters import codes
from services.onboarding.adapters.codes import AuthCodes
from services.onboarding.domain.ceremony import parse_operation
from services.onboarding.domain.person import Identity
from services.onboarding.handlers import (
    account_changes,
    accounts,
    ceremonies,
    changes,
    identity_changes,
    photos,
    proofs,
    registration,
)
from services.onboarding.handlers.account_changes import AccountWish
from services.onboarding.handlers.ceremonies import Desk, Owner
from services.onboarding.handlers.changes import Which
from services.onboarding.handlers.photos import Studio
from services.onboarding.handlers.registration import Application
from services.onboarding.ports import Begin
from services.onboarding.settings import Settings
from services.onboarding.storage import SqlUnit
from services.onboarding.wiring.appeals import RegistrationAppeals
from services.onboarding.wiring.clients import ClientData
from services.onboarding.wiring.completing import Completing
from services.onboarding.wiring.evidence import Evidence
from services.onboarding.wiring.outside import Outside, outside_of
from services.onboarding.wiring.personal_data import PersonalData
from services.onboarding.wiring.reviews import ReviewDesk
from services.onboarding.wiring.rules import DatedRules


class UseCases:
    """What onboarding can do, one method per act; `context` says what caused it."""

    def __init__(
        self,
        platform: Platform[Settings],
        *,
        outside: Outside,
        blind: BlindKeys,
        rules: DatedRules,
    ) -> None:
        self._platform = platform
        self._outside = outside
        self._blind = blind.token
        self._rules = rules
        self.clients = ClientData(
            platform, begin=self._begin, outside=outside, blind=blind.token
        )
        self.evidence = Evidence(
            platform, begin=self._begin, outside=outside, rules=rules
        )
        self.personal = PersonalData(platform, begin=self._begin, rules=rules)
        self.appeals = RegistrationAppeals(platform, begin=self._begin)
        self.reviews = ReviewDesk(platform, begin=self._begin, rules=rules)
        self.completing = Completing(
            platform,
            begin=self._begin,
            outside=outside,
            blind=blind.token,
            rules=rules,
            clients=self.clients,
        )

    def close(self) -> None:
        """Let all connections to the outside go."""
        self._outside.close()

    def start_registration(
        self, context: Context, *, phone: Phone
    ) -> Mapping[str, Json]:
        return registration.start_registration(
            begin=self._begin(context),
            clock=self._platform.clock,
            ids=self._platform.ids,
            secrets=_secret,
            codes=self._codes(context, codes.REGISTRATION),
            phone=phone,
        )

    def confirm_phone(
        self, context: Context, *, registration_id: UUID, token: str, code: str
    ) -> Mapping[str, Json]:
        return registration.confirm_phone(
            begin=self._begin(context),
            clock=self._platform.clock,
            ids=self._platform.ids,
            codes=self._codes(context, codes.REGISTRATION),
            blind=self._blind,
            rules=self._rules,
            registration_id=registration_id,
            token=token,
            code=code,
        )

    def start_phone_change(
        self, call: Call, *, client_id: UUID, phone: Phone
    ) -> Mapping[str, Json]:
        return changes.start_phone_change(
            client_id=client_id,
            phone=phone,
            begin=self._begin(call.context, call),
            clock=self._platform.clock,
            ids=self._platform.ids,
            blind=self._blind,
            codes=self._codes(call.context, codes.PHONE_CHANGE),
        )

    def confirm_phone_change(
        self, context: Context, *, which: Which, code: str
    ) -> Mapping[str, Json]:
        clock = self._platform.clock
        return changes.confirm_phone_change(
            begin=self._begin(context),
            clock=clock,
            codes=self._codes(context, codes.PHONE_CHANGE),
            quarantine=self._rules.quarantine(clock.now()),
            which=which,
            code=code,
        )

    def start_account_change(
        self, call: Call, *, wish: AccountWish
    ) -> Mapping[str, Json]:
        return account_changes.start_account_change(
            wish,
            begin=self._begin(call.context, call),
            clock=self._platform.clock,
            ids=self._platform.ids,
            blind=self._blind,
            owners=self._outside.owners,
            rules=self._rules,
        )

    def start_identity_change(
        self, call: Call, *, client_id: UUID, identity: Identity
    ) -> Mapping[str, Json]:
        return identity_changes.start_identity_change(
            client_id=client_id,
            identity=identity,
            begin=self._begin(call.context, call),
            clock=self._platform.clock,
            ids=self._platform.ids,
            blind=self._blind,
        )

    def list_accounts(self, context: Context, *, client_id: UUID) -> Mapping[str, Json]:
        return accounts.list_accounts(begin=self._begin(context), client_id=client_id)

    def open_change_ceremony(
        self, context: Context, *, which: Which
    ) -> Mapping[str, Json]:
        changes.check_with_state(
            begin=self._begin(context),
            clock=self._platform.clock,
            state_base=self._outside.state_base,
            which=which,
        )
        return ceremonies.open_change_ceremony(desk=self._desk(context), which=which)

    def sign_change(
        self, context: Context, *, which: Which, cms_text: str
    ) -> Mapping[str, Json]:
        with self._begin(context)() as unit:
            ceremony = ceremonies.ceremony_of_change(unit, which)
        return self.put_signature(
            context,
            ceremony_id=ceremony.ceremony_id,
            owner=Owner(token=None, client_id=which.client_id),
            cms_text=cms_text,
        )

    def get_change(self, context: Context, *, which: Which) -> Mapping[str, Json]:
        return changes.get_change(begin=self._begin(context), which=which)

    def put_person(
        self,
        context: Context,
        *,
        registration_id: UUID,
        token: str,
        application: Application,
    ) -> Mapping[str, Json]:
        return registration.put_person(
            begin=self._begin(context),
            clock=self._platform.clock,
            ids=self._platform.ids,
            blind=self._blind,
            state_base=self._outside.state_base,
            owners=self._outside.owners,
            rules=self._rules,
            registration_id=registration_id,
            token=token,
            application=application,
        )

    def put_photo(
        self, context: Context, *, registration_id: UUID, token: str, raw: bytes
    ) -> Mapping[str, Json]:
        outside, platform = self._outside, self._platform
        studio = Studio(
            begin=self._begin(context),
            clock=platform.clock,
            ids=platform.ids,
            secrets=_secret,
            rules=self._rules,
            judge=outside.photo_judge,
            providers=outside.providers,
            protocols=outside.protocols,
            signatures=outside.signatures,
        )
        return photos.put_photo(
            studio=studio, registration_id=registration_id, token=token, raw=raw
        )

    def clean_picture(self, raw: bytes) -> bytes:
        return photos.clean_picture(self._outside.photo_judge, raw)

    def get_registration(
        self, context: Context, *, registration_id: UUID, token: str
    ) -> Mapping[str, Json]:
        return registration.get_registration(
            begin=self._begin(context), registration_id=registration_id, token=token
        )

    def open_registration_ceremony(
        self, context: Context, *, registration_id: UUID, token: str
    ) -> Mapping[str, Json]:
        return ceremonies.open_registration_ceremony(
            desk=self._desk(context),
            registration_id=registration_id,
            token=token,
        )

    def open_ceremony(
        self,
        context: Context,
        *,
        by: str,
        client_id: UUID,
        operation: str,
        document: bytes,
        account_id: UUID | None = None,
    ) -> Mapping[str, Json]:
        return ceremonies.open_ceremony(
            desk=self._desk(context),
            client_id=client_id,
            operation=parse_operation(operation, by=by),
            document=document,
            account_id=account_id,
        )

    def get_ceremony(
        self, context: Context, *, ceremony_id: UUID, owner: Owner
    ) -> Mapping[str, Json]:
        return ceremonies.get_ceremony(
            desk=self._desk(context), ceremony_id=ceremony_id, owner=owner
        )

    def complete_biometrics(
        self, context: Context, *, reference: str, code: str
    ) -> Mapping[str, Json]:
        standing = proofs.complete_biometrics(
            desk=self._desk(context),
            protocols=self._outside.protocols,
            signatures=self._outside.signatures,
            reference=reference,
            code=code,
        )
        return self.completing.after_proof(context, standing)

    def put_signature(
        self, context: Context, *, ceremony_id: UUID, owner: Owner, cms_text: str
    ) -> Mapping[str, Json]:
        standing = proofs.put_signature(
            desk=self._desk(context),
            signatures=self._outside.signatures,
            timestamps=self._outside.timestamps,
            ceremony_id=ceremony_id,
            owner=owner,
            cms_text=cms_text,
        )
        return self.completing.after_proof(context, standing)

    def _codes(self, context: Context, purpose: str) -> AuthCodes:
        return AuthCodes(self._platform.rpc, context=context, purpose=purpose)

    def _desk(self, context: Context) -> Desk:
        return Desk(
            begin=self._begin(context),
            clock=self._platform.clock,
            ids=self._platform.ids,
            secrets=_secret,
            rules=self._rules,
            providers=self._outside.providers,
            site=urlsplit(self._platform.settings.public_url).netloc,
        )

    def _begin(self, context: Context, call: Call | None = None) -> Begin:
        platform = self._platform

        @contextmanager
        def begin() -> Iterator[SqlUnit]:
            with platform.database.begin(context) as transaction:
                yield SqlUnit(transaction, platform.field_keys, call)

        return begin


def build(platform: Platform[Settings]) -> UseCases:
    """The use cases on real adapters. Broken when the environment lacks something."""
    if platform.blind_keys is None:
        raise Broken("onboarding needs the keys of tokens")
    return UseCases(
        platform,
        outside=outside_of(platform),
        blind=platform.blind_keys,
        rules=DatedRules(platform.policy),
    )


def _secret(size: int) -> str:
    return b64url(random_bytes(size))
