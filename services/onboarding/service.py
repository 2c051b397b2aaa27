"""The nameko door of onboarding: decode, call one use case, answer."""

import base64
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kernel import dated
from kernel.approvals import Approval
from kernel.context import Call, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import UseCasesProvider, answers, every, executes, handles
from kernel.errors import Broken, Refused
from kernel.events import Envelope
from kernel.events.antifraud import OperationReleased
from kernel.events.audit import SettingChanged
from kernel.events.contracts import (
    ContractAnnulled,
    ContractClosed,
    ContractReopened,
    ContractSigned,
    DocumentRead,
    InquiryRead,
)
from kernel.pages import USUAL, Page
from kernel.values import CardToken, Iban, Iin, Phone, refuse_unfit_reason
from services.onboarding.domain.archive import KeptEvidence, Restamp
from services.onboarding.domain.ceremony import unknown_ceremony
from services.onboarding.domain.change import Act, ChangeKind
from services.onboarding.domain.consent import ConsentKind
from services.onboarding.domain.person import Identity, IdentityDocument, Names, Person
from services.onboarding.domain.reading import StaffPurpose
from services.onboarding.handlers.account_changes import AccountWish
from services.onboarding.handlers.ceremonies import Owner
from services.onboarding.handlers.changes import Which
from services.onboarding.handlers.registration import Application
from services.onboarding.wiring import UseCases

Kind = Literal["phone", "account", "identity"]


class Document(BaseModel):
    """An identity document as it is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    number: str
    valid_until: date


AppealWords = Annotated[str, Field(max_length=20_000)]


class GivenRestamp(BaseModel):
    """A later stamp over a signature, and what said that its stamper was good."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stamp_b64: str
    revocation_b64: tuple[str, ...]


class CompanySignature(BaseModel):
    """A signature of the company's as `prove_company_signature` has shown it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cms_b64: str
    chain_b64: tuple[str, ...]
    revocation_b64: tuple[str, ...]
    stamp_b64: str
    accepted_at: AwareDatetime

    def kept(self, document_b64: str, restamps: Sequence[GivenRestamp]) -> KeptEvidence:
        """As it is verified."""
        return KeptEvidence(
            document=base64.b64decode(document_b64),
            cms=base64.b64decode(self.cms_b64),
            chain=_all_decoded(self.chain_b64),
            revocation=_all_decoded(self.revocation_b64),
            stamp=base64.b64decode(self.stamp_b64),
            restamps=tuple(
                Restamp(
                    token=base64.b64decode(one.stamp_b64),
                    revocation=_all_decoded(one.revocation_b64),
                )
                for one in restamps
            ),
            accepted_at=self.accepted_at,
        )


def _all_decoded(texts: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(base64.b64decode(one) for one in texts)


class ConsentGiven(BaseModel):
    """A consent as it is sent: to which text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    text_sha256: str


class Service:
    """Registration, identification, and the clients' clear values."""

    name = "onboarding"
    use_cases: UseCases = UseCasesProvider()

    @answers(callers=("gateway",))
    def start_registration(self, call: Call, *, phone: str) -> Json:
        """Begin; the caller gets the bearer token of the registration."""
        return self.use_cases.start_registration(call.context, phone=Phone(phone))

    @answers(callers=("gateway",))
    def confirm_phone(
        self, call: Call, *, registration_id: UUID, token: str, code: str
    ) -> Json:
        """Confirm the phone by the code that was sent to it."""
        return self.use_cases.confirm_phone(
            call.context, registration_id=registration_id, token=token, code=code
        )

    @answers(callers=("gateway",))
    def put_person(
        self,
        call: Call,
        *,
        registration_id: UUID,
        token: str,
        surname: str,
        given_name: str,
        patronymic: str | None,
        iin: str,
        document: Document,
        consents: list[ConsentGiven],
        iban: str | None = None,
        card_token: str | None = None,
    ) -> Json:
        """Give the data of clause 4.1; they are held against the state's record."""
        named = _named(iban, card_token)
        if named is None:
            raise _not_named_once()
        application = Application(
            person=Person(
                names=Names.parse(surname, given_name, patronymic),
                iin=Iin(iin),
                document=IdentityDocument.parse(
                    document.kind, document.number, document.valid_until
                ),
            ),
            named=named,
            consents=tuple((given.kind, given.text_sha256) for given in consents),
        )
        return self.use_cases.put_person(
            call.context,
            registration_id=registration_id,
            token=token,
            application=application,
        )

    @answers(callers=("gateway",))
    def put_photo(
        self, call: Call, *, registration_id: UUID, token: str, photo_b64: str
    ) -> Json:
        """Give the photo of clause 4.1e."""
        return self.use_cases.put_photo(
            call.context,
            registration_id=registration_id,
            token=token,
            raw=_decoded(photo_b64),
        )

    @answers(permission="reviews.look")
    def reviews_list(
        self, call: Call, *, limit: int = USUAL, before: UUID | None = None
    ) -> Json:
        """What waits for a person."""
        return self.use_cases.reviews.listed(call, Page(limit=limit, before=before))

    @answers(permission="reviews.decide")
    def reviews_show(self, call: Call, *, review_id: UUID) -> Json:
        """One of them with what it takes to decide; the look is recorded."""
        return self.use_cases.reviews.show(call, review_id=review_id)

    @answers(permission="reviews.decide")
    def decide_review(
        self, call: Call, *, review_id: UUID, approves: bool, reason: str
    ) -> Json:
        """Let through what waits, or not; what takes two is asked of another.

        Refused ``review_unknown``, ``reason_unfit``, ``approval_already_asked``.
        """
        refuse_unfit_reason(reason)
        return self.use_cases.reviews.decide(
            call, review_id=review_id, approves=approves, reason=reason
        )

    @executes(permission="reviews.override")
    def override_review(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two persons agree: what waits is let through."""
        self.use_cases.reviews.override(tx, approval, by)

    @answers(callers=("gateway",))
    def get_registration(
        self, call: Call, *, registration_id: UUID, token: str
    ) -> Json:
        """Where the registration stands."""
        return self.use_cases.get_registration(
            call.context, registration_id=registration_id, token=token
        )

    @answers(callers=("gateway",))
    def file_registration_appeal(
        self, call: Call, *, registration_id: UUID, token: str, text: AppealWords
    ) -> Json:
        """Appeal against what antifraud made of the registration (6.1h iv)."""
        return self.use_cases.appeals.file(
            call.context, registration_id=registration_id, token=token, text=text
        )

    @answers(callers=("gateway",))
    def list_registration_appeals(
        self, call: Call, *, registration_id: UUID, token: str
    ) -> Json:
        """The newest appeals against it, without their words."""
        return self.use_cases.appeals.listed(
            call.context, registration_id=registration_id, token=token
        )

    @answers(callers=("gateway",))
    def get_registration_appeal(
        self, call: Call, *, registration_id: UUID, token: str, appeal_id: UUID
    ) -> Json:
        """One of them, with its answer."""
        return self.use_cases.appeals.get(
            call.context,
            registration_id=registration_id,
            token=token,
            appeal_id=appeal_id,
        )

    @answers(callers=("gateway",))
    def open_registration_ceremony(
        self, call: Call, *, registration_id: UUID, token: str
    ) -> Json:
        """Open the ceremony over the registration statement."""
        return self.use_cases.open_registration_ceremony(
            call.context, registration_id=registration_id, token=token
        )

    @answers(callers=("contracts", "gateway"))
    def open_ceremony(
        self,
        call: Call,
        *,
        operation: str,
        document_b64: str,
        client_id: UUID | None = None,
        account_id: UUID | None = None,
    ) -> Json:
        """Open a ceremony over a document of the caller's.

        The gateway names no client: it asks in the name of the one at its door.
        `account_id` is the account that the document names.
        """
        named = call.client_id if call.caller == "gateway" else client_id
        if named is None:
            raise unknown_ceremony()
        return self.use_cases.open_ceremony(
            call.context,
            by=call.caller,
            client_id=named,
            operation=operation,
            document=_decoded(document_b64),
            account_id=account_id,
        )

    @answers(callers=("gateway",))
    def get_ceremony(
        self, call: Call, *, ceremony_id: UUID, token: str | None = None
    ) -> Json:
        """Show a ceremony to its owner: by registration token, or as a client."""
        return self.use_cases.get_ceremony(
            call.context,
            ceremony_id=ceremony_id,
            owner=Owner(token=token, client_id=call.client_id),
        )

    @answers(callers=("gateway",))
    def complete_biometrics(self, call: Call, *, reference: str, code: str) -> Json:
        """Take what ЦОИД found, when the person comes back with state and code."""
        return self.use_cases.complete_biometrics(
            call.context, reference=reference, code=code
        )

    @answers(callers=("gateway",))
    def put_signature(
        self, call: Call, *, ceremony_id: UUID, cms_b64: str, token: str | None = None
    ) -> Json:
        """Take the ЭЦП over the ceremony's document, from the ceremony's owner."""
        return self.use_cases.put_signature(
            call.context,
            ceremony_id=ceremony_id,
            owner=Owner(token=token, client_id=call.client_id),
            cms_text=cms_b64,
        )

    @answers(callers=("gateway",), client=True)
    def start_phone_change(self, call: Call, *, phone: str) -> Json:
        """Begin a change of number; a code goes to the new one (clause 4.10)."""
        return self.use_cases.start_phone_change(
            call, client_id=_client(call), phone=Phone(phone)
        )

    @answers(callers=("gateway",), client=True)
    def confirm_phone_change(self, call: Call, *, change_id: UUID, code: str) -> Json:
        """Confirm the new number by the code that was sent to it."""
        return self.use_cases.confirm_phone_change(
            call.context, which=_which(call, change_id, "phone"), code=code
        )

    @answers(callers=("gateway",), client=True)
    def list_accounts(self, call: Call) -> Json:
        """The client's own accounts, masked, with the version to act upon."""
        return self.use_cases.list_accounts(call.context, client_id=_client(call))

    @answers(callers=("gateway",), client=True)
    def start_account_change(
        self,
        call: Call,
        *,
        act: Act,
        seen: str,
        account_id: UUID | None = None,
        iban: str | None = None,
        card_token: str | None = None,
    ) -> Json:
        """Begin to add, replace, select or remove an account (clause 4.10)."""
        wish = AccountWish(
            client_id=_client(call),
            act=act,
            account_id=account_id,
            named=_named(iban, card_token),
            seen=seen,
        )
        return self.use_cases.start_account_change(call, wish=wish)

    @answers(callers=("gateway",), client=True)
    def start_identity_change(
        self,
        call: Call,
        *,
        surname: str,
        given_name: str,
        patronymic: str | None,
        document: Document,
    ) -> Json:
        """Begin to record a renewed document, or other names (clauses 4.1c, 4.10)."""
        identity = Identity(
            names=Names.parse(surname, given_name, patronymic),
            document=IdentityDocument.parse(
                document.kind, document.number, document.valid_until
            ),
        )
        return self.use_cases.start_identity_change(
            call, client_id=_client(call), identity=identity
        )

    @answers(callers=("gateway",), client=True)
    def open_change_ceremony(self, call: Call, *, change_id: UUID, what: Kind) -> Json:
        """Open the ceremony over the statement of a change."""
        return self.use_cases.open_change_ceremony(
            call.context, which=_which(call, change_id, what)
        )

    @answers(callers=("gateway",), client=True)
    def sign_change(
        self, call: Call, *, change_id: UUID, what: Kind, cms_b64: str
    ) -> Json:
        """Take the ЭЦП over the statement of a change, from its client."""
        return self.use_cases.sign_change(
            call.context,
            which=_which(call, change_id, what),
            cms_text=cms_b64,
        )

    @answers(callers=("gateway",), client=True)
    def get_change(self, call: Call, *, change_id: UUID, what: Kind) -> Json:
        """Where the client's own change stands."""
        return self.use_cases.get_change(
            call.context, which=_which(call, change_id, what)
        )

    @answers(callers=("gateway",))
    def get_consent_texts(self, _call: Call) -> Json:
        """The texts that may be consented to."""
        return self.use_cases.personal.consent_texts()

    @answers(callers=("gateway",), client=True)
    def list_consents(self, call: Call) -> Json:
        """What the client consented to and took back."""
        return self.use_cases.personal.list_consents(
            call.context, client_id=_client(call)
        )

    @answers(callers=("gateway",), client=True)
    def give_consent(
        self, call: Call, *, purpose: ConsentKind, text_sha256: str
    ) -> Json:
        """Give one consent, to the text in force."""
        return self.use_cases.personal.give_consent(
            call.context,
            client_id=_client(call),
            kind=purpose,
            text_sha256=text_sha256,
        )

    @answers(callers=("gateway",), client=True)
    def withdraw_consent(self, call: Call, *, purpose: ConsentKind) -> Json:
        """Take one consent back; not while obligations are open."""
        return self.use_cases.personal.withdraw_consent(
            call.context, client_id=_client(call), kind=purpose
        )

    @answers(callers=("gateway",), client=True)
    def list_readings(
        self, call: Call, *, limit: int = USUAL, before: UUID | None = None
    ) -> Json:
        """Who read the client's data in clear, and for what."""
        return self.use_cases.personal.list_readings(
            call.context, Page(limit=limit, before=before), client_id=_client(call)
        )

    @answers(callers=("gateway",), client=True)
    def export_own_data(self, call: Call) -> Json:
        """Everything kept here of the client, for the client."""
        return self.use_cases.personal.export_own_data(
            call.context, client_id=_client(call)
        )

    @answers(callers=("gateway",), client=True)
    def ask_erasure(self, call: Call) -> Json:
        """Record that the client wants to be erased; from when that is possible."""
        return self.use_cases.personal.ask_erasure(
            call.context, client_id=_client(call)
        )

    @answers(callers=("gateway",), client=True)
    def withdraw_erasure(self, call: Call) -> Json:
        """Take that back; Refused ``erasure_not_asked``."""
        return self.use_cases.personal.withdraw_erasure(
            call.context, client_id=_client(call)
        )

    @answers(callers=("gateway",), client=True)
    def show_erasure(self, call: Call) -> Json:
        """Whether it was asked for, and what it waits for."""
        return self.use_cases.personal.show_erasure(
            call.context, client_id=_client(call)
        )

    @answers(permission="clients.look")
    def clients_show(self, call: Call, *, client_id: UUID) -> Json:
        """A client with everything personal masked; Refused ``client_unknown``."""
        return self.use_cases.personal.show_client(call.context, client_id=client_id)

    @answers(permission="clients.read")
    def clients_read(
        self, call: Call, *, client_id: UUID, purpose: StaffPurpose
    ) -> Json:
        """A client in clear, for a purpose; the client sees who read what for."""
        return self.use_cases.personal.read_client(
            call.context, client_id=client_id, purpose=purpose, by=call.by
        )

    @answers(permission="registrations.look")
    def registrations_refused(self, call: Call) -> Json:
        """The newest refusals, with the reasons the persons are not told."""
        return self.use_cases.personal.list_refusals(call.context)

    @answers(permission="registrations.look")
    def registrations_show(self, call: Call, *, registration_id: UUID) -> Json:
        """One registration and its refusals; Refused ``registration_unknown``."""
        return self.use_cases.personal.show_registration(
            call.context, registration_id=registration_id
        )

    @handles(SettingChanged)
    def when_setting_changed(
        self, tx: Transaction, event: SettingChanged, _envelope: Envelope
    ) -> None:
        """A dated setting has another value: kept here, soon in force (6.3)."""
        dated.keep(tx, event)

    @handles(ContractSigned)
    def when_contract_signed(
        self, tx: Transaction, event: ContractSigned, _envelope: Envelope
    ) -> None:
        """A contract obliges its client."""
        self.use_cases.personal.when_contract_signed(tx, event)

    @handles(ContractAnnulled)
    def when_contract_annulled(
        self, tx: Transaction, event: ContractAnnulled, _envelope: Envelope
    ) -> None:
        """A contract obliges nobody any more."""
        self.use_cases.personal.when_contract_annulled(tx, event)

    @handles(ContractClosed)
    def when_contract_closed(
        self, tx: Transaction, event: ContractClosed, _envelope: Envelope
    ) -> None:
        """A contract is repaid and obliges nobody any more."""
        self.use_cases.personal.when_contract_closed(tx, event)

    @handles(ContractReopened)
    def when_contract_reopened(
        self, tx: Transaction, event: ContractReopened, _envelope: Envelope
    ) -> None:
        """A contract obliges its client again."""
        self.use_cases.personal.when_contract_reopened(tx, event)

    @handles(DocumentRead)
    def when_document_read(
        self, tx: Transaction, event: DocumentRead, envelope: Envelope
    ) -> None:
        """A document of a contract stands in its client's history of readings."""
        self.use_cases.personal.when_read(tx, event, envelope)

    @handles(InquiryRead)
    def when_inquiry_read(
        self, tx: Transaction, event: InquiryRead, envelope: Envelope
    ) -> None:
        """So does a look of the staff at the client's letters."""
        self.use_cases.personal.when_read(tx, event, envelope)

    @answers(callers=("audit",))
    def disclose_person(self, call: Call, *, client_id: UUID, purpose: str) -> Json:
        """Names, ИИН and what opens its commitment; the reading is recorded."""
        return self.use_cases.clients.disclose_person(
            call.context, client_id=client_id, reader=call.caller, purpose=purpose
        )

    @answers(callers=("antifraud",))
    def clean_picture(self, _call: Call, *, content_b64: str) -> Json:
        """A picture made anew where photos are decoded; nothing is kept of it."""
        clean = self.use_cases.clean_picture(_decoded(content_b64))
        return {"jpeg_b64": base64.b64encode(clean).decode("ascii")}

    @answers(callers=("contracts",))
    def get_person(self, call: Call, *, client_id: UUID, purpose: str) -> Json:
        """The client's data in clear; the reading is recorded."""
        return self.use_cases.clients.get_person(
            call.context, client_id=client_id, reader=call.caller, purpose=purpose
        )

    @answers(callers=("contracts",))
    def get_proofs(self, call: Call, *, ceremony_id: UUID, purpose: str) -> Json:
        """What a completed ceremony left; the reading is recorded."""
        return self.use_cases.evidence.get_proofs(
            call.context, ceremony_id=ceremony_id, reader=call.caller, purpose=purpose
        )

    @answers(callers=("contracts", "audit"))
    def prove_company_signature(
        self, _call: Call, *, document_b64: str, cms_b64: str
    ) -> Json:
        """The company's signature, judged and stamped like anybody's."""
        return self.use_cases.evidence.prove_company_signature(
            document_b64=document_b64, cms_b64=cms_b64
        )

    @answers(callers=("audit-worker",))
    def stamp_bytes(self, _call: Call, *, document_b64: str) -> Json:
        """A time stamp (RFC 3161) over these bytes, checked; it names nobody."""
        return self.use_cases.evidence.stamp_bytes(document_b64=document_b64)

    @answers(callers=("contracts",))
    def renew_company_signature(
        self,
        _call: Call,
        *,
        document_b64: str,
        signature: CompanySignature,
        restamps: list[GivenRestamp],
    ) -> Json:
        """The company's signature, verified anew and stamped before its stamp ages."""
        return self.use_cases.evidence.renew_company_signature(
            signature.kept(document_b64, restamps)
        )

    @answers(callers=("contracts",))
    def find_client(
        self,
        call: Call,
        *,
        staff_id: UUID,
        iin: str | None = None,
        phone: str | None = None,
    ) -> Json:
        """Whose ИИН or number it is; the look is recorded as of that person.

        Refused ``iin_invalid``, ``phone_invalid``.
        """
        return self.use_cases.clients.find_client(
            call.context,
            iin=None if iin is None else Iin(iin),
            phone=None if phone is None else Phone(phone),
            staff_id=staff_id,
        )

    @answers(callers=("auth",))
    def get_contact(self, call: Call, *, client_id: UUID, purpose: str) -> Json:
        """The client's phone in clear; the reading is recorded."""
        return self.use_cases.clients.get_contact(
            call.context, client_id=client_id, reader=call.caller, purpose=purpose
        )

    @answers(callers=("contracts",))
    def get_account(
        self, call: Call, *, client_id: UUID, account_id: UUID | None = None
    ) -> Json:
        """The client's account, masked: the one named, or the selected one."""
        return self.use_cases.clients.get_account(
            call.context, client_id=client_id, account_id=account_id
        )

    @answers(callers=("contracts",))
    def get_contract_account(
        self, call: Call, *, client_id: UUID, account_id: UUID, purpose: str
    ) -> Json:
        """The account as a contract names it, in clear; the reading is recorded."""
        return self.use_cases.clients.get_contract_account(
            call.context,
            client_id=client_id,
            account_id=account_id,
            reader=call.caller,
            purpose=purpose,
        )

    @answers(callers=("disbursement-worker",))
    def get_payout_account(
        self, call: Call, *, client_id: UUID, account_id: UUID, purpose: str
    ) -> Json:
        """IBAN and ИИН for a payout; the reading is recorded."""
        return self.use_cases.clients.get_payout_account(
            call.context,
            client_id=client_id,
            account_id=account_id,
            reader=call.caller,
            purpose=purpose,
        )

    @answers(callers=("disbursement-worker",))
    def prove_ownership(self, call: Call, *, client_id: UUID, account_id: UUID) -> Json:
        """Ask the bank whose account it is."""
        return self.use_cases.clients.prove_ownership(
            call.context, client_id=client_id, account_id=account_id
        )

    @every(seconds=60)
    def watch_documents(self) -> None:
        """Tell clients whose identity documents end."""
        self.use_cases.personal.watch_documents()

    @every(seconds=30)
    def seal_by_own_keys(self) -> None:
        """Go on with what is not sealed by the key of its person alone."""
        self.use_cases.personal.seal_by_own_keys()

    @every(seconds=60)
    def erase_due(self) -> None:
        """Erase whose data nothing asks to be kept any more."""
        self.use_cases.personal.erase_due()

    @handles(OperationReleased)
    def when_operation_released(
        self, tx: Transaction, event: OperationReleased, _envelope: Envelope
    ) -> None:
        """What antifraud's people let go is asked about at once."""
        self.use_cases.completing.when_operation_released(tx, event)

    @every(seconds=2)
    def activate_identified(self) -> None:
        """Activate what a crash, or antifraud, left between proof and activation."""
        self.use_cases.completing.activate_identified()

    @every(seconds=2)
    def apply_proved(self) -> None:
        """The same for changes that are proved and not applied."""
        self.use_cases.completing.apply_proved()

    @every(seconds=60)
    def forget_origins(self) -> None:
        """Forget where what has ended was asked for."""
        self.use_cases.completing.forget_origins()

    @every(seconds=60)
    def end_overdue_reviews(self) -> None:
        """Tell of what waits long for a person, and end what waited too long."""
        self.use_cases.reviews.end_overdue()

    @every(seconds=30)
    def restamp_ageing(self) -> None:
        """Renew the time stamps of kept signatures before they age."""
        self.use_cases.evidence.restamp_ageing()


def _which(call: Call, change_id: UUID, what: Kind) -> Which:
    return Which(change_id=change_id, client_id=_client(call), kind=ChangeKind(what))


def _client(call: Call) -> UUID:
    if call.client_id is None:
        raise Broken("The door let a call without a client through")
    return call.client_id


def _decoded(text: str) -> bytes:
    """Refused with ``not_base64``."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused(
            "not_base64",
            "The bytes did not arrive whole.",
            next_step="Send them again, in base64.",
        ) from error


def _named(iban: str | None, card_token: str | None) -> Iban | CardToken | None:
    """The account a client names, by one of the two; None when by neither."""
    if iban is not None and card_token is not None:
        raise _not_named_once()
    if card_token is not None:
        return CardToken(card_token)
    return None if iban is None else Iban(iban)


def _not_named_once() -> Refused:
    return Refused(
        "account_not_named_once",
        "An account is named once.",
        next_step="Name a bank account or a card.",
    )
