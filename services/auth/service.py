"""The nameko door of the process `auth`: decode, call one use case, answer."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from kernel import dated
from kernel.approvals import Approval
from kernel.clock import rfc3339
from kernel.context import Call, StaffMember, jsonable
from kernel.crypto import Json, b64url
from kernel.database import Transaction
from kernel.entrypoints import UseCasesProvider, answers, every, executes, handles
from kernel.events import Envelope, Event
from kernel.events.antifraud import (
    AppealAnswered,
    AppealExtended,
    OperationSuspended,
)
from kernel.events.audit import (
    MeasureLifted,
    MeasureOrdered,
    NoticeApproved,
    SettingChanged,
)
from kernel.events.contracts import (
    AccrualResumed,
    AccrualStopped,
    AmendmentEnded,
    AmendmentOffered,
    AnswerAwaited,
    ApplicationRefused,
    ContractAmended,
    ContractAnnulled,
    ContractClosed,
    ContractReopened,
    ContractSigned,
    CreditReceived,
    CreditReversed,
    InquiryAnswered,
    InquiryClosed,
    InquiryExtended,
    OverdueEnded,
    PaymentOverdue,
    ScheduleReissued,
)
from kernel.events.disbursement import PayoutDue, PayoutSettled
from kernel.events.onboarding import (
    AccountOwnershipLost,
    BankAccountAdded,
    BankAccountChanged,
    BankAccountRemoved,
    BankAccountSelected,
    ClientActivated,
    DocumentExpiryNoted,
    ErasureRequested,
    IdentityChanged,
    PersonalDataErased,
    PhoneChanged,
)
from kernel.values import Phone
from services.auth.domain.codes import NumberPurpose
from services.auth.domain.factors import PasskeyProof
from services.auth.domain.roles import Role
from services.auth.domain.staff import Held, Member
from services.auth.wiring import UseCases

Word = Annotated[str, Field(min_length=1, max_length=256)]
"""What somebody types or pastes at the staff's door."""
Credential = dict[str, Any]
"""What a security key answered; the verifier says whether it is anything."""
NO_CODE: Final = "-"
"""Opens nothing: who gives no code gives the answer of a security key."""


class Service:
    """Codes for onboarding; the staff's door; logins, messages, sweeps by itself."""

    name = "auth"
    use_cases: UseCases = UseCasesProvider()

    @answers(callers=("onboarding",))
    def send_code(
        self,
        call: Call,
        *,
        phone: str,
        purpose: NumberPurpose,
        reference: UUID,
    ) -> Json:
        """Send a code to a number; Refused ``phone_invalid``, ``code_too_often``."""
        challenge = self.use_cases.send_code(
            call.context, phone=Phone(phone), purpose=purpose, reference=reference
        )
        return {
            "challenge_id": str(challenge.challenge_id),
            "expires_at": rfc3339(challenge.expires_at),
        }

    @answers(callers=("onboarding",))
    def check_code(
        self,
        call: Call,
        *,
        challenge_id: UUID,
        code: str,
        purpose: NumberPurpose = "registration",
    ) -> Json:
        """Confirm a number.

        Refused ``code_wrong``, ``code_expired``, ``code_spent``,
        ``challenge_not_found``.
        """
        challenge = self.use_cases.check_code(
            call.context, challenge_id=challenge_id, code=code, purpose=purpose
        )
        return {"confirmed": True, "phone_token": challenge.phone_token}

    @answers(entrance=True)
    def ask_staff_passkey(self, call: Call, *, login: Word) -> Json:
        """What a security key has to answer with the next attempt, for anybody."""
        challenge = self.use_cases.staff_passkeys.ask(call.context, login=login)
        return {"challenge": b64url(challenge)}

    @answers(entrance=True)
    def staff_log_in(
        self,
        call: Call,
        *,
        login: Word,
        password: Word,
        code: Word = NO_CODE,
        passkey: Credential | None = None,
    ) -> Json:
        """Open a session of a member of the staff, by a code or a security key.

        Refused ``login_refused``.
        """
        entered = self.use_cases.staff.log_in(
            call.context,
            login=login,
            password=password,
            proof=code if passkey is None else PasskeyProof(passkey),
        )
        return {
            "session": entered.token,
            "expires_at": rfc3339(entered.expires_at),
            "staff_id": str(entered.stay.staff_id),
            "roles": tuple(entered.roles),
            "must_acknowledge": entered.must_acknowledge,
        }

    @answers(entrance=True)
    def staff_token(self, call: Call, *, session: Word) -> Json:
        """A token for a minute of work.

        Refused ``staff_session_required``, ``rules_not_acknowledged``.
        """
        opened = self.use_cases.staff.token(call.context, session=session)
        return {
            "token": opened.token,
            "expires_at": rfc3339(opened.expires_at),
            "permissions": tuple(sorted(opened.permissions)),
        }

    @answers(entrance=True)
    def staff_rules(self, call: Call, *, session: Word) -> Json:
        """The rules to be acknowledged (clause 1.4)."""
        version, text = self.use_cases.staff.rules(call.context, session=session)
        return {"version": version, "text": text}

    @answers(entrance=True)
    def acknowledge_rules(self, call: Call, *, session: Word, version: Word) -> Json:
        """Record that the member has read the rules in force."""
        self.use_cases.staff.acknowledge(call.context, session=session, version=version)
        return {"acknowledged": version}

    @answers(entrance=True)
    def staff_log_out(self, call: Call, *, session: Word) -> Json:
        """End the session."""
        self.use_cases.staff.log_out(call.context, session=session)
        return {"ended": True}

    @answers(entrance=True)
    def begin_staff_passkey(self, call: Call, *, session: Word) -> Json:
        """What a new security key is asked, and for whom.

        Refused ``staff_session_required``, ``login_not_fresh``, ``passkeys_too_many``.
        """
        begun = self.use_cases.staff_passkeys.begin(call.context, session=session)
        return {
            "challenge": b64url(begun.challenge),
            "staff_id": str(begun.member.staff_id),
            "login": begun.member.login,
        }

    @answers(entrance=True)
    def offer_staff_passkey(
        self, call: Call, *, session: Word, passkey: Credential
    ) -> Json:
        """Ask to come in by this key; another person decides.

        Refused ``staff_session_required``, ``passkey_wrong``.
        """
        asked = self.use_cases.staff_passkeys.offer(
            call.context, session=session, credential=passkey
        )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    @executes(permission="staff.passkeys_decide")
    def carry_out_new_passkey(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Another person agrees: the member comes in by the key they offered."""
        self.use_cases.staff_passkeys.carry_out(tx, approval, by)

    @answers(permission="staff.look")
    def passkeys_list(self, call: Call, *, staff_id: UUID) -> Json:
        """The security keys of a member of the staff."""
        return {
            "passkeys": [
                {
                    "passkey_id": str(key.passkey_id),
                    "added_at": rfc3339(key.added_at),
                    "used_at": jsonable(key.used_at),
                    "suspended_at": jsonable(key.suspended_at),
                }
                for key in self.use_cases.staff_passkeys.of(call.context, staff_id)
            ]
        }

    @answers(permission="staff.suspend")
    def remove_staff_passkey(
        self, call: Call, *, staff_id: UUID, passkey_id: UUID
    ) -> Json:
        """Forget a member's security key at once.

        Refused ``concerns_yourself``, ``passkey_not_found``.
        """
        self.use_cases.staff_passkeys.remove(
            call.context, staff_id=staff_id, passkey_id=passkey_id, by=call.by
        )
        return {"removed": str(passkey_id)}

    @answers(entrance=True)
    def activate_staff(self, call: Call, *, invitation: Word, password: Word) -> Json:
        """Take an invitation up; Refused ``invitation_invalid``, ``password_weak``."""
        enrolling = self.use_cases.staff.activate(
            call.context, invitation=invitation, password=password
        )
        return {
            "totp_uri": enrolling.uri,
            "secret": enrolling.secret,
            "recovery_codes": list(enrolling.recovery_codes),
        }

    @answers(entrance=True)
    def confirm_staff_factor(self, call: Call, *, invitation: Word, code: Word) -> Json:
        """Come in for the first time; Refused ``code_wrong``."""
        self.use_cases.staff.confirm(call.context, invitation=invitation, code=code)
        return {"activated": True}

    @answers(permission="staff.look")
    def staff_list(self, call: Call) -> Json:
        """Who is on the staff, and which roles they hold."""
        people = self.use_cases.staff.everybody(call.context)
        return {"staff": [_member(member, held) for member, held in people]}

    @answers(permission="staff.look")
    def staff_show(self, call: Call, *, staff_id: UUID) -> Json:
        """One member of the staff; Refused ``staff_not_found``."""
        return _member(*self.use_cases.staff.show(call.context, staff_id))

    @answers(permission="staff.look")
    def recertify(self, call: Call) -> Json:
        """Who holds which role since when, and which must be confirmed anew."""
        return {
            "roles": [
                {
                    "staff_id": str(line.member.staff_id),
                    "login": line.member.login,
                    "last_login_at": jsonable(line.member.last_login_at),
                    **_held(line.held),
                    "due": line.due,
                }
                for line in self.use_cases.staff.certified(call.context)
            ]
        }

    @answers(permission="staff.invite")
    def invite_staff(
        self, call: Call, *, login: Word, roles: tuple[Role, ...], name: Word
    ) -> Json:
        """Invite somebody; each role waits for another person's yes.

        Refused ``login_unfit``, ``login_taken``.
        """
        invited = self.use_cases.staff.invite(
            call.context, login=login, name=name, roles=roles, by=call.by
        )
        return {
            "staff_id": str(invited.member.staff_id),
            "invitation": invited.invitation,
            "expires_at": rfc3339(invited.expires_at),
            "approvals": [str(approval_id) for approval_id in invited.approvals],
        }

    @answers(permission="staff.suspend")
    def suspend_staff(self, call: Call, *, staff_id: UUID) -> Json:
        """Keep a member out at once; Refused ``concerns_yourself``."""
        self.use_cases.staff.suspend(call.context, staff_id=staff_id, by=call.by)
        return {"suspended": str(staff_id)}

    @answers(permission="staff.roles")
    def grant_role(self, call: Call, *, staff_id: UUID, role: Role) -> Json:
        """Ask that a member hold a role, or go on holding it; another decides."""
        asked = self.use_cases.staff.ask_role(
            call.context, staff_id=staff_id, role=role, by=call.by
        )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    @executes(permission="staff.roles_decide")
    def carry_out_role_grant(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two others agree: the member holds the role."""
        self.use_cases.staff.carry_out_role_grant(tx, approval, by)

    @answers(permission="staff.roles")
    def revoke_role(self, call: Call, *, staff_id: UUID, role: Role) -> Json:
        """Take a role away; Refused ``role_not_held``, ``concerns_yourself``."""
        self.use_cases.staff.revoke_role(
            call.context, staff_id=staff_id, role=role, by=call.by
        )
        return {"revoked": role}

    @answers(permission="clients.look")
    def users_show(self, call: Call, *, client_id: UUID) -> Json:
        """A client's login, without the number; Refused ``client_not_found``."""
        return jsonable(self.use_cases.care.show(call.context, client_id))

    @answers(permission="clients.look")
    def sessions_list(self, call: Call, *, client_id: UUID) -> Json:
        """Where a client is logged in."""
        found = self.use_cases.care.sessions_of(call.context, client_id)
        return {"sessions": jsonable(found)}

    @answers(permission="clients.end_session")
    def end_client_session(
        self, call: Call, *, client_id: UUID, session_id: UUID, reason: Word
    ) -> Json:
        """End one session of a client.

        Refused ``session_not_found``, ``reason_unfit``.
        """
        self.use_cases.care.end_session(
            call.context,
            client_id=client_id,
            session_id=session_id,
            ground=reason,
            by=call.by,
        )
        return {"ended": str(session_id)}

    @answers(permission="visits.record")
    def record_office_visit(self, call: Call, *, client_id: UUID, reason: Word) -> Json:
        """Ask that who has lost number and password may change the number.

        The pass is shown this once.  Refused ``reason_unfit``.
        """
        visited = self.use_cases.care.record_visit(
            call.context, client_id=client_id, reason=reason, by=call.by
        )
        return {
            "approval_id": str(visited.approval.approval_id),
            "effect": visited.approval.effect,
            "office_pass": visited.office_pass,
        }

    @executes(permission="visits.decide")
    def carry_out_visit(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree that they saw the client; Refused ``client_not_found``."""
        self.use_cases.care.carry_out_visit(tx, approval, by)

    @answers(permission="locks.look")
    def locks_list(self, call: Call) -> Json:
        """The locks that stand; nobody lifts one earlier (clause 4.7)."""
        return {"locks": jsonable(self.use_cases.care.locks(call.context))}

    @handles(SettingChanged)
    def when_setting_changed(
        self, tx: Transaction, event: SettingChanged, _envelope: Envelope
    ) -> None:
        """A dated setting has another value: kept here, soon in force (6.3)."""
        dated.keep(tx, event)

    @handles(ClientActivated)
    def when_client_activated(
        self, tx: Transaction, event: ClientActivated, _envelope: Envelope
    ) -> None:
        """A registered client gets a login (clause 4.4)."""
        self.use_cases.when_client_activated(tx, event)

    @handles(PhoneChanged)
    def when_phone_changed(
        self, tx: Transaction, event: PhoneChanged, envelope: Envelope
    ) -> None:
        """The client's login moves to the new number (clauses 4.4, 4.10)."""
        self.use_cases.when_phone_changed(tx, event, happened_at=envelope.time)

    @handles(BankAccountChanged)
    def when_bank_account_changed(
        self, tx: Transaction, event: BankAccountChanged, envelope: Envelope
    ) -> None:
        """Money goes to another account from now on: the client is told (4.10)."""
        self._tell_client(tx, event, envelope)

    @handles(BankAccountAdded)
    def when_bank_account_added(
        self, tx: Transaction, event: BankAccountAdded, envelope: Envelope
    ) -> None:
        """The client has one account more (4.10)."""
        self._tell_client(tx, event, envelope)

    @handles(BankAccountSelected)
    def when_bank_account_selected(
        self, tx: Transaction, event: BankAccountSelected, envelope: Envelope
    ) -> None:
        """New contracts are paid to another account (4.10)."""
        self._tell_client(tx, event, envelope)

    @handles(BankAccountRemoved)
    def when_bank_account_removed(
        self, tx: Transaction, event: BankAccountRemoved, envelope: Envelope
    ) -> None:
        """The client has one account less (4.10)."""
        self._tell_client(tx, event, envelope)

    @handles(IdentityChanged)
    def when_identity_changed(
        self, tx: Transaction, event: IdentityChanged, envelope: Envelope
    ) -> None:
        """Names or document are others: both numbers are told (4.1c, 4.10)."""
        self._tell_client(tx, event, envelope)

    @handles(DocumentExpiryNoted)
    def when_document_expiry_noted(
        self, tx: Transaction, event: DocumentExpiryNoted, envelope: Envelope
    ) -> None:
        """The identity document ends: the client is told (clause 4.1c)."""
        self._tell_client(tx, event, envelope)

    @handles(PersonalDataErased)
    def when_personal_data_erased(
        self, tx: Transaction, event: PersonalDataErased, _envelope: Envelope
    ) -> None:
        """Nobody can come in as the person any more."""
        self.use_cases.when_personal_data_erased(tx, event)

    @handles(ErasureRequested)
    def when_erasure_requested(
        self, tx: Transaction, event: ErasureRequested, envelope: Envelope
    ) -> None:
        """Somebody in the cabinet wants the client's data erased."""
        self._tell_client(tx, event, envelope)

    @handles(ContractSigned)
    def when_contract_signed(
        self, tx: Transaction, event: ContractSigned, envelope: Envelope
    ) -> None:
        """A contract was signed in the client's name."""
        self._tell_client(tx, event, envelope)

    @handles(ContractAnnulled)
    def when_contract_annulled(
        self, tx: Transaction, event: ContractAnnulled, envelope: Envelope
    ) -> None:
        """The contract ended without money."""
        self._tell_client(tx, event, envelope)

    @handles(ApplicationRefused)
    def when_application_refused(
        self, tx: Transaction, event: ApplicationRefused, envelope: Envelope
    ) -> None:
        """An application ended while nobody was looking: the client is told."""
        self._tell_client(tx, event, envelope)

    @handles(InquiryAnswered)
    def when_inquiry_answered(
        self, tx: Transaction, event: InquiryAnswered, envelope: Envelope
    ) -> None:
        """The client's letter was answered: there is something to read."""
        self._tell_client(tx, event, envelope)

    @handles(InquiryExtended)
    def when_inquiry_extended(
        self, tx: Transaction, event: InquiryExtended, envelope: Envelope
    ) -> None:
        """The answer takes longer: the client is told."""
        self._tell_client(tx, event, envelope)

    @handles(InquiryClosed)
    def when_inquiry_closed(
        self, tx: Transaction, event: InquiryClosed, envelope: Envelope
    ) -> None:
        """The correspondence is at its end: the client is told."""
        self._tell_client(tx, event, envelope)

    @handles(AppealAnswered)
    def when_appeal_answered(
        self, tx: Transaction, event: AppealAnswered, envelope: Envelope
    ) -> None:
        """The client's appeal was decided on: there is something to read."""
        self._tell_client(tx, event, envelope)

    @handles(AppealExtended)
    def when_appeal_extended(
        self, tx: Transaction, event: AppealExtended, envelope: Envelope
    ) -> None:
        """The decision on an appeal takes longer: the client is told."""
        self._tell_client(tx, event, envelope)

    @handles(AnswerAwaited)
    def when_answer_awaited(
        self, tx: Transaction, event: AnswerAwaited, envelope: Envelope
    ) -> None:
        """An answer is awaited: the client is reminded (clause 5.5)."""
        self._tell_client(tx, event, envelope)

    @handles(AmendmentOffered)
    def when_amendment_offered(
        self, tx: Transaction, event: AmendmentOffered, envelope: Envelope
    ) -> None:
        """An amendment stands ready: the client is told that no money moves (5.3)."""
        self._tell_client(tx, event, envelope)

    @handles(ContractAmended)
    def when_contract_amended(
        self, tx: Transaction, event: ContractAmended, envelope: Envelope
    ) -> None:
        """The money goes to another account: a number left lately hears it too."""
        self._tell_client(tx, event, envelope)

    @handles(AmendmentEnded)
    def when_amendment_ended(
        self, tx: Transaction, event: AmendmentEnded, envelope: Envelope
    ) -> None:
        """It ended unsigned: the client is told, unless other news says so."""
        self._tell_client(tx, event, envelope)

    @handles(PayoutDue)
    def when_payout_due(
        self, tx: Transaction, event: PayoutDue, envelope: Envelope
    ) -> None:
        """The cooling period is over: the client is called back (clause 5.5)."""
        self._tell_client(tx, event, envelope)

    @handles(PayoutSettled)
    def when_payout_settled(
        self, tx: Transaction, event: PayoutSettled, envelope: Envelope
    ) -> None:
        """The money has come: the client is told."""
        self._tell_client(tx, event, envelope)

    @handles(CreditReceived)
    def when_credit_received(
        self, tx: Transaction, event: CreditReceived, envelope: Envelope
    ) -> None:
        """A payment has come and counts."""
        self._tell_client(tx, event, envelope)

    @handles(CreditReversed)
    def when_credit_reversed(
        self, tx: Transaction, event: CreditReversed, envelope: Envelope
    ) -> None:
        """The bank took a payment back."""
        self._tell_client(tx, event, envelope)

    @handles(PaymentOverdue)
    def when_payment_overdue(
        self, tx: Transaction, event: PaymentOverdue, envelope: Envelope
    ) -> None:
        """A payment has not come."""
        self._tell_client(tx, event, envelope)

    @handles(OverdueEnded)
    def when_overdue_ended(
        self, tx: Transaction, event: OverdueEnded, envelope: Envelope
    ) -> None:
        """What was overdue is paid."""
        self._tell_client(tx, event, envelope)

    @handles(ScheduleReissued)
    def when_schedule_reissued(
        self, tx: Transaction, event: ScheduleReissued, envelope: Envelope
    ) -> None:
        """A part was repaid early: the rest is made anew."""
        self._tell_client(tx, event, envelope)

    @handles(AccrualStopped)
    def when_accrual_stopped(
        self, tx: Transaction, event: AccrualStopped, envelope: Envelope
    ) -> None:
        """Interest is stopped: the client is told, unless the law forbids."""
        self._tell_client(tx, event, envelope)

    @handles(AccrualResumed)
    def when_accrual_resumed(
        self, tx: Transaction, event: AccrualResumed, envelope: Envelope
    ) -> None:
        """Interest accrues again, as `when_accrual_stopped`."""
        self._tell_client(tx, event, envelope)

    @handles(ContractClosed)
    def when_contract_closed(
        self, tx: Transaction, event: ContractClosed, envelope: Envelope
    ) -> None:
        """The microcredit is repaid."""
        self._tell_client(tx, event, envelope)

    @handles(ContractReopened)
    def when_contract_reopened(
        self, tx: Transaction, event: ContractReopened, envelope: Envelope
    ) -> None:
        """A payment taken back leaves a debt."""
        self._tell_client(tx, event, envelope)

    @handles(AccountOwnershipLost)
    def when_account_ownership_lost(
        self, tx: Transaction, event: AccountOwnershipLost, envelope: Envelope
    ) -> None:
        """The account can no longer be paid to (clause 5.4)."""
        self._tell_client(tx, event, envelope)

    @handles(OperationSuspended)
    def when_operation_suspended(
        self, tx: Transaction, event: OperationSuspended, envelope: Envelope
    ) -> None:
        """The client's operation does not move (clause 6.1g)."""
        self._tell_client(tx, event, envelope)

    @handles(NoticeApproved)
    def when_notice_approved(
        self, tx: Transaction, event: NoticeApproved, envelope: Envelope
    ) -> None:
        """An incident may have concerned the client (clause 7.3)."""
        self._tell_client(tx, event, envelope)

    @handles(MeasureOrdered)
    def when_measure_ordered(
        self, tx: Transaction, event: MeasureOrdered, _envelope: Envelope
    ) -> None:
        """An incident's first measure: sessions end, a member is kept out (7.2)."""
        self.use_cases.when_measure_ordered(tx, event)

    @handles(MeasureLifted)
    def when_measure_lifted(
        self, tx: Transaction, event: MeasureLifted, _envelope: Envelope
    ) -> None:
        """Two persons undo a first measure (7.2)."""
        self.use_cases.when_measure_lifted(tx, event)

    @every(seconds=0.5)
    def deliver_messages(self) -> None:
        """Send what waits for a phone."""
        self.use_cases.deliver_messages()

    @every(seconds=5)
    def follow_messages(self) -> None:
        """Ask what became of what was sent."""
        self.use_cases.follow_messages()

    @every(seconds=1)
    def sweep(self) -> None:
        """End stale sessions and locks that have run out."""
        self.use_cases.sweep()

    @every(seconds=3600)
    def forget(self) -> None:
        """Remove counts and codes nobody will ask for any more."""
        self.use_cases.forget()

    def _tell_client(self, tx: Transaction, event: Event, envelope: Envelope) -> None:
        self.use_cases.when_client_concerned(tx, event, happened_at=envelope.time)


def _member(member: Member, held: Sequence[Held]) -> dict[str, Json]:
    """A member as colleagues see them."""
    return {
        "staff_id": str(member.staff_id),
        "login": member.login,
        "name": member.name,
        "state": member.state,
        "invited_at": rfc3339(member.invited_at),
        "invited_by": jsonable(member.invited_by),
        "activated_at": jsonable(member.activated_at),
        "last_login_at": jsonable(member.last_login_at),
        "roles": [_held(one) for one in held],
    }


def _held(held: Held) -> dict[str, Json]:
    return {
        "role": held.role,
        "granted_at": rfc3339(held.granted_at),
        "granted_by": jsonable(held.granted_by),
        "approved_by": jsonable(held.approved_by),
        "confirmed_at": rfc3339(held.confirmed_at),
    }
