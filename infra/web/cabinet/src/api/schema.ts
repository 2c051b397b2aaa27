/** Generated from docs/openapi.json: make openapi. */

export interface AccessAnswer {
  access_id: string;
  kind: "reading" | "disclosure" | (string & {});
  who: string;
  what: string | null;
  why: string;
  at: string;
  until: string | null;
}

export interface AccessPage {
  next: string | null;
  items: (AccessAnswer)[];
}

export interface AccountAct {
  act?: "add" | "replace" | "select" | "remove";
  account_id?: string | null;
  iban?: string | null;
  card_token?: string | null;
}

export interface AccountAnswer {
  account_id: string;
  kind: "iban" | "card" | (string & {});
  masked: string;
  state: "proved" | "unproved" | "lost" | (string & {});
  proved_at: string | null;
  selected: boolean;
}

export interface AccountsAnswer {
  version: string;
  items: (AccountAnswer)[];
}

export interface AmendmentAnswer {
  amendment_id: string;
  contract_id: string;
  number: string;
  state: "requested" | "offered" | "signing" | "concluded" | "withdrawn" | "lapsed" | (string & {});
  cause: "account_changed" | "client_asked" | (string & {});
  account_id: string | null;
  document_sha256: string | null;
  previous_sha256: string;
  requested_at: string;
  offered_at: string | null;
  until: string | null;
  signed_at: string | null;
  ended_at: string | null;
  end_code: string | null;
  next_step: "wait" | "sign" | "wait_for_signature" | "none" | (string & {});
  explanation: Explanation;
}

export interface AmendmentList {
  items: (AmendmentAnswer)[];
}

export interface AppealAnswer {
  appeal_id: string;
  number: string;
  about: "application" | "contract" | "payout" | "phone_change" | "account_change" | "registration" | "everything" | "other" | (string & {});
  about_id: string | null;
  state: "open" | "answered" | (string & {});
  received_on: string;
  answer_by: string;
  extended: boolean;
  outcome: string | null;
  answered_at: string | null;
}

export interface AppealPage {
  next: string | null;
  items: (AppealAnswer)[];
}

export interface ApplicationAnswer {
  application_id: string;
  state: "submitted" | "checked" | "offered" | "refused" | (string & {});
  product: string;
  repayment: "annuity" | "differentiated";
  amount: string;
  term_days: number;
  submitted_at: string;
  refusal_code: string | null;
  contract_id: string | null;
  next_step: "wait_for_decision" | "sign" | "none" | (string & {});
  explanation?: Explanation | null;
}

export interface ApplicationPage {
  next: string | null;
  items: (ApplicationAnswer)[];
}

export interface AtTheOffice {
  office_pass: string;
}

export interface CeremonyAnswer {
  ceremony_id: string;
  state: "open" | "biometrics_done" | "signature_done" | "completed" | "failed" | (string & {});
  operation: string;
  document_b64: string;
  document_sha256: string;
  biometrics_url: string | null;
  expires_at: string;
}

export interface CeremonyStep {
  ceremony_id: string;
  state: "open" | "biometrics_done" | "signature_done" | "completed" | "failed" | (string & {});
  operation: string;
}

export interface ChallengeAnswer {
  challenge_id: string;
  expires_at: string;
}

export interface ChangeAnswer {
  change_id: string;
  kind: "phone" | "account" | "identity" | (string & {});
  act?: "replace" | "add" | "select" | "remove" | (string & {});
  account_id?: string | null;
  state: "draft" | "confirmed" | "checked" | "proved" | "applied" | "refused" | (string & {});
  next_step: "confirm_phone" | "identify" | "wait" | "none" | (string & {});
  refused_code: string | null;
}

export interface ChangeStep {
  change_id: string;
  kind: "phone" | "account" | "identity" | (string & {});
  act?: "replace" | "add" | "select" | "remove" | (string & {});
  account_id?: string | null;
  state: "draft" | "confirmed" | "checked" | "proved" | "applied" | "refused" | (string & {});
  next_step: "confirm_phone" | "identify" | "wait" | "none" | (string & {});
}

export interface ChosenLanguage {
  language: "kk" | "ru" | "en";
}

export interface Consent {
  kind: string;
  text_sha256: string;
}

export interface ConsentLine {
  kind: "personal_data" | "biometrics" | "credit_bureau" | (string & {});
  act: "given" | "withdrawn" | (string & {});
  text_version: string | null;
  text_sha256: string;
  channel: "lender" | (string & {});
  at: string;
}

export interface ConsentTextAnswer {
  kind: "personal_data" | "biometrics" | "credit_bureau" | (string & {});
  version: string;
  text: string;
  sha256: string;
  required: boolean;
}

export interface ConsentTexts {
  items: (ConsentTextAnswer)[];
}

export interface ConsentsAnswer {
  standing: (string)[];
  items: (ConsentLine)[];
}

export interface ContractAnswer {
  contract_id: string;
  version: string;
  application_id: string;
  number: string;
  contract_on: string;
  annual_percent: string;
  state: "offered" | "signing" | "concluded" | "consented" | "awaiting_release" | "released" | "active" | "closed" | "expired" | "annulled" | "blocked" | (string & {});
  product: string;
  repayment: "annuity" | "differentiated";
  amount: string;
  term_days: number;
  document_sha256: string;
  signed_at: string | null;
  consented_at: string | null;
  hold_until: string | null;
  confirmation_required: boolean | null;
  released_at: string | null;
  refusal_asked_at: string | null;
  amendment_id?: string | null;
  amended_sha256?: string | null;
  hold_from?: string | null;
  end_code: string | null;
  next_step: "sign" | "wait_for_signature" | "give_consent" | "wait_for_hold" | "confirm_release" | "wait_for_payout" | "repay" | "amendment" | "none" | (string & {});
  explanation?: Explanation | null;
  seconds_left: number | null;
  may_refuse: boolean;
  statement: StatementText | null;
}

export interface ContractPage {
  next: string | null;
  items: (ContractAnswer)[];
}

export interface Credentials {
  login: string;
  password: string;
}

export interface CreditAnswer {
  credit_id: string;
  value_on: string;
  amount: string;
  reversed: boolean;
  taken_back?: string | null;
}

export interface DebtAnswer {
  contract_id: string;
  day: string;
  principal: string;
  interest: string;
  penalty: string;
  owed: string;
  unused: string;
  to_pay: string;
  state: "active" | "closed" | (string & {});
  closed_on: string | null;
  overdue: string;
  days_overdue: number;
  accrual_stopped: boolean;
  next_payment: NextPayment | null;
  payments: (PaymentAnswer)[];
  credits: (CreditAnswer)[];
  pay_to: PayTo;
}

export interface DeviceCheckAnswer {
  check_id: string;
  token: string;
  expires_at: string;
}

export interface DisclosureAnswer {
  disclosure_id: string;
  recipient: string;
  ground: string;
  at: string;
  until: string;
}

export interface DisclosurePage {
  next: string | null;
  items: (DisclosureAnswer)[];
}

export interface DocumentAnswer {
  document_b64: string;
  media_type: string;
  sha256: string;
}

export interface DocumentList {
  items: (FiledDocument)[];
}

export interface EarlyRepayment {
  day: string;
  amount: string;
  effect: "shorter" | "smaller";
}

export interface EarlyRepaymentAnswer {
  order_id: string;
  contract_id: string;
  day: string;
  amount: string;
  effect: "shorter" | "smaller" | (string & {});
}

export interface EntryAnswer {
  session_id: string | null;
  client_id: string | null;
  opened_at: string | null;
  idle_seconds_left: number | null;
  device_check: DeviceCheckAnswer | null;
}

export interface ErasureAnswer {
  asked_at: string | null;
  possible_from: string | null;
  waits_for: string | null;
}

export interface Explanation {
  kk: string;
  ru: string;
  en: string;
}

export interface ExportAnswer {
  client_id: string;
  exported_at: string;
  person: ExportedPerson;
  accounts: (ExportedAccount)[];
  photo: ExportedPhoto | null;
  consents: (ConsentLine)[];
  changes: (ExportedChange)[];
  identifications: (ExportedIdentification)[];
  readings: (ReadingAnswer)[];
}

export interface ExportedAccount {
  account: string;
  state: "unproved" | "proved" | "lost" | (string & {});
}

export interface ExportedChange {
  change_id: string;
  kind: "phone" | "account" | "identity" | (string & {});
  act: "add" | "replace" | "select" | "remove" | (string & {});
  state: "draft" | "confirmed" | "checked" | "applied" | "refused" | (string & {});
  old_value: string | null;
  new_value: string | null;
  started_at: string;
}

export interface ExportedDocument {
  kind: string;
  number: string;
  valid_until: string;
}

export interface ExportedIdentification {
  ceremony_id: string;
  operation: string;
  state: "open" | "biometrics_done" | "signature_done" | "completed" | "failed" | (string & {});
  document_sha256: string;
  opened_at: string;
}

export interface ExportedPerson {
  surname: string;
  given_name: string;
  patronymic: string | null;
  iin: string;
  phone: string;
  document: ExportedDocument;
}

export interface ExportedPhoto {
  media_type: string;
  sha256: string;
  photo_b64: string;
}

export interface FactorsAnswer {
  methods: ("sms" | "totp" | "passkey" | "recovery_code" | (string & {}))[];
  totp_since: string | null;
  recovery_codes_left: number;
  passkeys: (PasskeyAnswer)[];
}

export interface FieldError {
  pointer: string;
  code: string;
  message: string;
}

export interface FiledDocument {
  sha256: string;
  content_sha256: string;
  kind: "contract" | "evidence" | (string & {});
  template: string;
  media_type: string;
  made_at: string;
}

export interface FirstCode {
  code: string;
}

export interface Forgotten {
  login: string;
}

export interface Health {
  status: "live" | "ready";
}

export interface Hint {
  code: "photo_not_front" | "photo_expression" | "photo_mouth_open" | "photo_background" | "photo_place" | "photo_eyes" | "photo_blurred" | "photo_exposure" | "photo_other_person" | "photo_not_one_face" | (string & {});
  message: string;
}

export interface IdentityDocument {
  kind: string;
  number: string;
  valid_until: string;
}

export interface InquiryAnswer {
  inquiry_id: string;
  about: "application" | "contract" | "other" | (string & {});
  about_id: string | null;
  state: "waiting" | "answered" | "closed" | (string & {});
  opened_at: string;
  written_at: string;
  answer_by: string;
  extended: boolean;
}

export interface InquiryPage {
  next: string | null;
  items: (InquiryAnswer)[];
}

export interface InstalmentAnswer {
  number: number;
  due_on: string;
  principal: string;
  interest: string;
  total: string;
  balance: string;
}

export interface LanguageAnswer {
  language: "kk" | "ru" | "en";
}

export interface LetterAnswer {
  letter_id: string;
  writer: "client" | "staff" | (string & {});
  text: string;
  written_at: string;
}

export interface ListedSession {
  session_id: string;
  opened_at: string;
  active_at: string;
  browser: string | null;
  current: boolean;
}

export interface LookUpAnswer {
  kind: "contract" | "evidence" | (string & {});
  template: string;
  sha256: string;
  state: "offered" | "signing" | "concluded" | "consented" | "awaiting_release" | "released" | "active" | "closed" | "expired" | "annulled" | "blocked" | (string & {});
  contract_on: string;
  signed_at: string | null;
}

export interface NewAppeal {
  about: "application" | "contract" | "payout" | "phone_change" | "account_change" | "everything";
  about_id?: string | null;
  text: string;
}

export interface NewApplication {
  product: string;
  repayment: "annuity" | "differentiated";
  amount: string;
  term_days: number;
  account_id?: string | null;
}

export interface NewChallenge {
  purpose: "consent" | "release";
  contract_id: string;
}

export interface NewIdentity {
  surname: string;
  given_name: string;
  patronymic?: string | null;
  document: IdentityDocument;
}

export interface NewInquiry {
  text: string;
  attachments?: (string)[];
  application_id?: string | null;
  contract_id?: string | null;
}

export interface NewLetter {
  text: string;
  attachments?: (string)[];
}

export interface NewName {
  name: string;
}

export interface NewPasskey {
  name: string;
  credential: unknown;
}

export interface NewPhone {
  phone: string;
}

export interface NewRegistration {
  phone: string;
}

export interface NewRegistrationAppeal {
  text: string;
}

export interface NextPayment {
  due_on: string;
  amount: string;
}

export interface Nothing {
}

export interface OptionsAnswer {
  public_key: unknown;
}

export interface Passed {
  ceremony_id: string;
}

export interface PasskeyAnswer {
  passkey_id: string;
  name: string;
  added_at: string;
  used_at: string | null;
  suspended: boolean;
}

export interface PasskeyFactor {
  challenge_id: string;
  credential: unknown;
}

export interface PayTo {
  iban: string;
  purpose: string;
}

export interface PaymentAnswer {
  due_on: string;
  principal: string;
  interest: string;
  left: string;
  state: "paid" | "due" | "overdue" | "ahead" | (string & {});
}

export interface PayoffAnswer {
  contract_id: string;
  day: string;
  principal: string;
  interest: string;
  penalty: string;
  owed: string;
  unused: string;
  to_pay: string;
}

export interface PayoutAnswer {
  payout_id: string;
  contract_id: string;
  state: "concluded" | "consented" | "held" | "awaiting_release" | "ready" | "amending" | "sending" | "unknown" | "paid" | "rejected" | "cancelled" | "blocked" | (string & {});
  amount: string;
  hold_until: string | null;
  confirmation_required: boolean;
  settled_at: string | null;
  seconds_left?: number | null;
  server_time?: string | null;
}

export interface Person {
  surname: string;
  given_name: string;
  patronymic?: string | null;
  iin: string;
  document: IdentityDocument;
  iban?: string | null;
  card_token?: string | null;
  consents: (Consent)[];
}

export interface PhotoStep {
  registration_id: string;
  client_id: string;
  state: "draft" | "phone_confirmed" | "data_in_review" | "data_complete" | "photo_in_review" | "photo_held" | "photo_accepted" | "identified" | "active" | "refused" | (string & {});
  next_step: "confirm_phone" | "put_person" | "put_photo" | "wait_or_put_photo" | "identify" | "wait" | "set_password" | "none" | (string & {});
  hints: (Hint)[];
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  request_id: string;
  next_step: string;
  errors?: (FieldError)[] | null;
}

export interface ProductAnswer {
  product: string;
  version: string;
  annual_percent: string;
  least: string;
  most: string;
  shortest_days: number;
  longest_days: number;
  methods: ("annuity" | "differentiated")[];
}

export interface ProductList {
  items: (ProductAnswer)[];
}

export interface ProgressAnswer {
  application_id: string;
  contract_id: string | null;
  state: "submitted" | "refused" | "concluded" | "active" | (string & {});
  next_step: "wait_for_decision" | "sign" | "wait_for_signature" | "give_consent" | "wait_for_hold" | "confirm_release" | "wait_for_payout" | "wait_for_refusal" | "repay" | "none" | (string & {});
  actor: "client" | "lender" | "time" | "nobody" | (string & {});
  until: string | null;
  explanation: Explanation;
  steps: (ProgressStep)[];
}

export interface ProgressStep {
  step: "applied" | "offered" | "signed_by_client" | "signed_by_company" | "consented" | "released" | "paid_out" | "repaid" | (string & {});
  state: "done" | "current" | "ahead" | "skipped" | (string & {});
  at: string | null;
}

export interface ReadingAnswer {
  reading_id: string;
  reader: "staff" | "auth" | "contracts" | "disbursement-worker" | (string & {});
  purpose: string;
  what?: string | null;
  at: string;
}

export interface ReadingPage {
  next: string | null;
  items: (ReadingAnswer)[];
}

export interface RecoveryAnswer {
  recovery_id: string;
  token: string;
  expires_at: string;
}

export interface RecoveryCodesAnswer {
  codes: (string)[];
}

export interface RefusalAnswer {
  refusal: "final" | "pending" | (string & {});
  contract: ContractAnswer;
}

export interface RegistrationAnswer {
  registration_id: string;
  client_id: string;
  state: "draft" | "phone_confirmed" | "data_in_review" | "data_complete" | "photo_in_review" | "photo_held" | "photo_accepted" | "identified" | "active" | "refused" | (string & {});
  next_step: "confirm_phone" | "put_person" | "put_photo" | "wait_or_put_photo" | "identify" | "wait" | "set_password" | "none" | (string & {});
  refused_code: string | null;
}

export interface RegistrationAppeals {
  items: (AppealAnswer)[];
}

export interface RegistrationStarted {
  registration_id: string;
  challenge_id: string;
  token: string;
}

export interface RegistrationStep {
  registration_id: string;
  client_id: string;
  state: "draft" | "phone_confirmed" | "data_in_review" | "data_complete" | "photo_in_review" | "photo_held" | "photo_accepted" | "identified" | "active" | "refused" | (string & {});
  next_step: "confirm_phone" | "put_person" | "put_photo" | "wait_or_put_photo" | "identify" | "wait" | "set_password" | "none" | (string & {});
}

export interface RightAnswer {
  expires_at: string;
}

export interface ScheduleAnswer {
  repayment: "annuity" | "differentiated";
  final: boolean;
  issued_on: string;
  amount: string;
  annual_percent: string;
  gesv_percent: string;
  interest: string;
  total: string;
  instalments: (InstalmentAnswer)[];
}

export interface ScheduleList {
  items: (ScheduleAnswer)[];
}

export interface SecondFactor {
  challenge_id: string;
  method?: "sms" | "totp" | "recovery_code";
  code: string;
}

export interface SentCode {
  challenge_id: string;
  code: string;
}

export interface SessionAnswer {
  session_id: string;
  client_id: string;
  opened_at: string;
  idle_seconds_left: number;
}

export interface SessionsAnswer {
  sessions: (ListedSession)[];
}

export interface ShownText {
  text_sha256: string;
}

export interface Signature {
  cms_b64: string;
}

export interface Statement {
  challenge_id: string;
  code: string;
  text_sha256: string;
}

export interface StatementText {
  kind: "consent" | "release";
  version: string;
  text: string;
  sha256: string;
}

export interface SteppedUpAnswer {
  fresh_for_s: number;
}

export interface TotpAnswer {
  key: string;
  otpauth_uri: string;
}

export interface Waiting {
  challenge_id: string;
}

export interface WaitingAnswer {
  challenge_id: string;
  expires_at: string;
  second_factors: ("sms" | "totp" | "passkey" | "recovery_code" | (string & {}))[];
}

export interface WholeAppeal {
  appeal_id: string;
  number: string;
  about: "application" | "contract" | "payout" | "phone_change" | "account_change" | "registration" | "everything" | "other" | (string & {});
  about_id: string | null;
  state: "open" | "answered" | (string & {});
  received_on: string;
  answer_by: string;
  extended: boolean;
  outcome: string | null;
  answered_at: string | null;
  text: string;
  answer: string | null;
}

export interface WholeInquiry {
  inquiry_id: string;
  about: "application" | "contract" | "other" | (string & {});
  about_id: string | null;
  state: "waiting" | "answered" | "closed" | (string & {});
  opened_at: string;
  written_at: string;
  answer_by: string;
  extended: boolean;
  letters: (LetterAnswer)[];
}

export interface Wish {
  account_id: string;
}

export interface services__auth__gateway__changes__Confirmation {
  code: string;
}

export interface services__auth__gateway__passwords__NewPassword {
  password: string;
}

export interface services__auth__gateway__recoveries__NewPassword {
  ceremony_id: string;
  password: string;
}

export interface services__auth__gateway__registrations__Confirmation {
  code: string;
}
