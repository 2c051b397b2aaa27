"""The composition root: builds the use cases of onboarding from its settings."""

import base64
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from kernel.context import Call, Context
from kernel.crypto import BlindKeys, Json, b64url, random_bytes
from kernel.errors import Broken, Transient
from kernel.logging import get_logger
from kernel.platform import Platform
from kernel.policy import Policy
from kernel.tls import client_context
from kernel.values import Phone
from services.onboarding.adapters import codes
from services.onboarding.adapters.bank import HttpBank, HttpCards
from services.onboarding.adapters.biometrics import (
    CanonicalProtocols,
    DatedProviders,
    HttpProvider,
)
from services.onboarding.adapters.codes import AuthCodes
from services.onboarding.adapters.eds.archive import SignatureArchive
from services.onboarding.adapters.eds.examiner import CmsExaminer
from services.onboarding.adapters.eds.ncanode import NcanodeExaminer
from services.onboarding.adapters.eds.revocation import HttpRevocation
from services.onboarding.adapters.eds.status import Freshness
from services.onboarding.adapters.eds.timestamp import HttpTimestamps, TokenChecker
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.adapters.http import OuterServer
from services.onboarding.adapters.photo import SocketPhotoJudge
from services.onboarding.adapters.state import HttpStateBase
from services.onboarding.domain.ceremony import (
    REGISTRATION,
    CeremonyRules,
    parse_operation,
)
from services.onboarding.domain.consent import ConsentKind, ConsentText
from services.onboarding.domain.consent_texts import texts_of
from services.onboarding.domain.erasure import RetentionTerms
from services.onboarding.domain.portrait import PhotoLimits
from services.onboarding.domain.review import ReviewRules
from services.onboarding.domain.signature import Algorithm
from services.onboarding.domain.visits import VisitRules
from services.onboarding.handlers import (
    account_changes,
    accounts,
    archive,
    ceremonies,
    changes,
    clients,
    evidence,
    photos,
    proofs,
    registration,
)
from services.onboarding.handlers.account_changes import AccountWish
from services.onboarding.handlers.accounts import Owners
from services.onboarding.handlers.ceremonies import Desk, Owner
from services.onboarding.handlers.changes import Which
from services.onboarding.handlers.photos import Studio
from services.onboarding.handlers.registration import Application
from services.onboarding.ports import (
    Archive,
    Begin,
    Protocols,
    Provider,
    Providers,
    Signatures,
    StateBase,
    Timestamps,
)
from services.onboarding.ports.photos import PhotoJudge
from services.onboarding.settings import Settings
from services.onboarding.storage import SqlUnit
from services.onboarding.wiring.personal_data import PersonalData
from services.onboarding.wiring.reviews import ReviewDesk

RETURN_PATH: Final = "/api/v1/ceremonies/return"
"""The gateway's door for a person who comes back from a provider's page."""

ACTIVATIONS: Final = 20
"""Registrations activated per beat."""

RESTAMPS: Final = 5
"""Kept signatures looked at per beat: each takes some ten milliseconds."""

log = get_logger("onboarding")


class DatedRules:
    """`ports.Rules` by the policy in force."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def ceremony(self, at: datetime) -> CeremonyRules:
        """The settings a ceremony is judged by at an instant."""
        return CeremonyRules(
            minutes=self._policy.integer("onboarding.ceremony_minutes", at),
            visits=VisitRules(
                max_attempts=self._policy.integer("biometric.max_attempts", at),
                cooldown=timedelta(
                    minutes=self._policy.integer("biometric.cooldown_minutes", at)
                ),
            ),
            min_match_percent=self._policy.decimal("biometric.min_match_percent", at),
            valid_document_for=frozenset(
                self._policy.texts("onboarding.valid_document_for", at)
            ),
        )

    def algorithms(self, at: datetime) -> frozenset[Algorithm]:
        """What a signature may be made with at an instant."""
        names = self._policy.texts("onboarding.eds_algorithms", at)
        return frozenset(Algorithm(name) for name in names)

    def freshness(self, at: datetime) -> Freshness:
        """How old an answer about a certificate may be at an instant."""

        def minutes(key: str) -> timedelta:
            return timedelta(minutes=self._policy.integer(key, at))

        return Freshness(
            ocsp=minutes("onboarding.ocsp_minutes"),
            crl=minutes("onboarding.crl_minutes"),
        )

    def restamp_before(self, at: datetime) -> timedelta:
        """How long before its end a time stamp is renewed."""
        return timedelta(days=self._policy.integer("onboarding.eds_restamp_days", at))

    def photo(self, at: datetime) -> PhotoLimits:
        """What a photo is judged by at an instant."""
        record = self._policy.setting_at("onboarding.photo_limits", at)
        texts = self._policy.texts("onboarding.photo_limits", at)
        return PhotoLimits.parse(texts, since=record.effective_at)

    def photo_tries(self, at: datetime) -> int:
        """How many photos one registration may have judged."""
        return self._policy.integer("onboarding.photo_tries", at)

    def reviews(self, at: datetime) -> ReviewRules:
        """How long a registration may wait for a person."""
        return ReviewRules(
            most=timedelta(hours=self._policy.integer("onboarding.review_hours", at)),
            warning=timedelta(
                hours=self._policy.integer("onboarding.review_warning_hours", at)
            ),
        )

    def min_age(self, on: date) -> int:
        """The age from which somebody may register."""
        return self._policy.integer("onboarding.min_age", on)

    def quarantine(self, at: datetime) -> timedelta:
        """How long a number somebody gave up is nobody else's login."""
        return timedelta(days=self._policy.integer("onboarding.quarantine_days", at))

    def most_accounts(self, at: datetime) -> int:
        """How many accounts a client may have."""
        return self._policy.integer("accounts.most", at)

    def bank_codes(self, at: datetime) -> tuple[str, ...]:
        """The banks an account may be with, by the code in its IBAN."""
        return self._policy.texts("accounts.bank_codes", at)

    def document_warning(self, on: date) -> timedelta:
        """How long before its last day a client is told of a document."""
        return timedelta(
            days=self._policy.integer("onboarding.document_warning_days", on)
        )

    def retention(self, at: datetime) -> RetentionTerms:
        """How long what is kept of a person at least."""
        return RetentionTerms(
            biometric_years=self._policy.integer("biometric.retention_years", at),
            document_years=self._policy.integer("documents.retention_years", at),
            unfinished=timedelta(
                days=self._policy.integer("onboarding.unfinished_days", at)
            ),
        )

    def consent_texts(self, at: datetime) -> Mapping[ConsentKind, ConsentText]:
        """The texts in force, one per purpose."""
        return texts_of(self._policy.text("onboarding.consent_texts", at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The outer systems, each behind its port."""

    state_base: StateBase
    owners: Owners
    providers: Providers
    protocols: Protocols
    signatures: Signatures
    timestamps: Timestamps
    archive: Archive
    photo_judge: PhotoJudge
    servers: tuple[OuterServer, ...]

    def close(self) -> None:
        """Let all connections to the outside go."""
        for server in self.servers:
            server.close()


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
        self.personal = PersonalData(platform, begin=self._begin, rules=rules)
        self.reviews = ReviewDesk(platform, begin=self._begin, rules=rules)

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

    def list_accounts(self, context: Context, *, client_id: UUID) -> Mapping[str, Json]:
        return accounts.list_accounts(begin=self._begin(context), client_id=client_id)

    def open_change_ceremony(
        self, context: Context, *, which: Which
    ) -> Mapping[str, Json]:
        changes.check_phone(
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
        return self._activated(context, standing)

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
        return self._activated(context, standing)

    def activate_identified(self) -> int:
        """Activate what was identified and left behind; how many became active."""
        context = self._platform.context()
        with self._begin(context)() as unit:
            waiting = unit.registrations.identified(limit=ACTIVATIONS)
        return sum(self._activate(context, one) for one in waiting)

    def get_proofs(
        self, context: Context, *, ceremony_id: UUID, reader: str, purpose: str
    ) -> Mapping[str, Json]:
        return evidence.get_proofs(
            begin=self._begin(context),
            clock=self._platform.clock,
            archive=self._outside.archive,
            ceremony_id=ceremony_id,
            reader=reader,
            purpose=purpose,
        )

    def prove_company_signature(
        self, *, document_b64: str, cms_b64: str
    ) -> Mapping[str, Json]:
        return evidence.prove_company_signature(
            document=base64.b64decode(document_b64),
            cms=base64.b64decode(cms_b64),
            bin_=self._platform.settings.company_bin,
            signatures=self._outside.signatures,
            timestamps=self._outside.timestamps,
            archive=self._outside.archive,
            rules=self._rules,
            clock=self._platform.clock,
        )

    def restamp_ageing(self) -> int:
        """Renew time stamps before they age; how many were renewed."""
        looked = archive.restamp_ageing(
            begin=self._begin(self._platform.context()),
            clock=self._platform.clock,
            ids=self._platform.ids,
            rules=self._rules,
            archive=self._outside.archive,
            timestamps=self._outside.timestamps,
            limit=RESTAMPS,
        )
        for ceremony_id, code in looked.broken:
            log.error("evidence_broken", ceremony_id=str(ceremony_id), code=code.value)
        return len(looked.restamped)

    def get_person(
        self, context: Context, *, client_id: UUID, reader: str, purpose: str
    ) -> Mapping[str, Json]:
        return clients.get_person(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            reader=reader,
            purpose=purpose,
        )

    def get_contact(
        self, context: Context, *, client_id: UUID, reader: str, purpose: str
    ) -> Mapping[str, Json]:
        return clients.get_contact(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            reader=reader,
            purpose=purpose,
        )

    def get_account(
        self, context: Context, *, client_id: UUID, account_id: UUID | None = None
    ) -> Mapping[str, Json]:
        return clients.get_account(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            account_id=account_id,
        )

    def get_contract_account(
        self,
        context: Context,
        *,
        client_id: UUID,
        account_id: UUID,
        reader: str,
        purpose: str,
    ) -> Mapping[str, Json]:
        return clients.get_contract_account(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            account_id=account_id,
            reader=reader,
            purpose=purpose,
        )

    def get_payout_account(
        self,
        context: Context,
        *,
        client_id: UUID,
        account_id: UUID,
        reader: str,
        purpose: str,
    ) -> Mapping[str, Json]:
        return clients.get_payout_account(
            begin=self._begin(context),
            clock=self._platform.clock,
            client_id=client_id,
            account_id=account_id,
            reader=reader,
            purpose=purpose,
        )

    def prove_ownership(
        self, context: Context, *, client_id: UUID, account_id: UUID
    ) -> Mapping[str, Json]:
        return accounts.prove_ownership(
            begin=self._begin(context),
            ids=self._platform.ids,
            owners=self._outside.owners,
            client_id=client_id,
            account_id=account_id,
        )

    def _activated(
        self, context: Context, standing: Mapping[str, Json]
    ) -> Mapping[str, Json]:
        """Go on at once with what the last proof completed.

        A registration is activated; the beat is the net. Of an account that came, or
        was chosen, it is asked whose it is; the net is the payer, who asks before any
        order (5.3).
        """
        if standing["state"] == "completed":
            operation = str(standing["operation"])
            kind, _, subject = operation.partition(":")
            if kind == REGISTRATION:
                self._activate(context, UUID(subject))
            else:
                self._prove_changed(context, operation)
        return standing

    def _prove_changed(self, context: Context, operation: str) -> None:
        with self._begin(context)() as unit:
            change = changes.applied_by(unit, operation)
        if change is None or change.account_id is None or change.value is None:
            return
        with suppress(Transient, Broken):
            self.prove_ownership(
                context, client_id=change.client_id, account_id=change.account_id
            )

    def _activate(self, context: Context, registration_id: UUID) -> bool:
        return registration.activate(
            begin=self._begin(context),
            clock=self._platform.clock,
            ids=self._platform.ids,
            blind=self._blind,
            bank=self._outside.owners.bank,
            rules=self._rules,
            registration_id=registration_id,
        )

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
        outside=_outside(platform),
        blind=platform.blind_keys,
        rules=DatedRules(platform.policy),
    )


def _outside(platform: Platform[Settings]) -> Outside:
    settings, clock = platform.settings, platform.clock
    tls = client_context(settings.outer_ca, settings.outer_cert, settings.outer_key)
    authority, state, bank = servers = (
        OuterServer(settings.ca_url, tls=tls, name="НУЦ"),
        OuterServer(settings.state_url, tls=tls, name="the state's database"),
        OuterServer(settings.bank_url, tls=tls, name="the bank"),
    )
    cameras = {
        name: OuterServer(url, tls=tls, name=f"the provider {name}")
        for name, (url, _) in settings.providers().items()
    }
    trust = PinnedTrust.load(
        roots=settings.eds_roots,
        issuers=settings.eds_issuers,
        production=settings.stage == "production",
    )
    tokens = TokenChecker(trust=trust, clock=clock)
    return_url = settings.public_url.rstrip("/") + RETURN_PATH
    freshness = DatedRules(platform.policy).freshness
    revocation = HttpRevocation(authority, clock=clock, freshness=freshness)
    ours = CmsExaminer(trust=trust, revocation=revocation, tokens=tokens, clock=clock)
    ncanode = _ncanode(settings, tls=tls)
    return Outside(
        state_base=HttpStateBase(state),
        owners=Owners(bank=HttpBank(bank), cards=HttpCards(bank)),
        providers=DatedProviders(
            {
                name: Provider(
                    name=name,
                    bin=bin_,
                    door=HttpProvider(cameras[name], return_url=return_url),
                )
                for name, (_, bin_) in settings.providers().items()
            },
            platform.policy,
        ),
        protocols=CanonicalProtocols(),
        signatures=ours
        if ncanode is None
        else NcanodeExaminer(
            ncanode, trust=trust, revocation=revocation, tokens=tokens, clock=clock
        ),
        timestamps=HttpTimestamps(authority, checker=tokens),
        archive=SignatureArchive(trust=trust, clock=clock, freshness=freshness),
        photo_judge=SocketPhotoJudge(Path(settings.photo_socket)),
        servers=(*servers, *cameras.values(), *([ncanode] if ncanode else [])),
    )


def _ncanode(settings: Settings, *, tls: ssl.SSLContext) -> OuterServer | None:
    """The other verifier, where the environment names one."""
    if not settings.eds_verifier_url:
        return None
    return OuterServer(settings.eds_verifier_url, tls=tls, name="NCANode")


def _secret(size: int) -> str:
    return b64url(random_bytes(size))
