"""The settings the company starts with, each with its date, source and clause.

Values and sources are those of the Procedure of 31.03.2026 and of the acts named; keys
are the platform's own. What no source dates is in force from the day the table begins.
"""

from datetime import date
from decimal import Decimal

from kernel.policy import Floor, Policy, Setting, Value

_BEGINNING = date(2025, 1, 1)
_PROCEDURE_ON = date(2026, 3, 31)
_PROCEDURE = "Procedure, minutes №31-03-2026 of 31.03.2026"
_PLATFORM = "platform decision"
_COOLING_ON = date(2025, 9, 30)
_COOLING = "law №205-VIII of 30.06.2025; ARDFM №53 of 29.08.2025"
_BIOMETRIC_ON = date(2026, 7, 12)
_BIOMETRIC = "joint ARDFM and NBK rules of biometric authentication"
_GESV_ON = date(2026, 1, 5)
_LENDING = "ARDFM lending rules, by press of 2025 and 2026"
_LENDING_BY_US = f"{_LENDING}; the numbers: platform decision"
_OLD_217 = "ARDFM №217, edition before 2025, by a mirror of it"
_MFO_LAW = "law on microfinance activity"

_BANK_CODES = (
    *("125", "246", "319", "432", "435", "450", "473", "492", "551"),
    *("553", "563", "601", "639", "722", "774", "780", "781", "821"),
    *("826", "832", "849", "856", "885", "886", "896", "913", "914"),
    *("920", "922", "930", "942", "947", "948", "949", "965", "972"),
    *("998",),
)
# Ground, kind of recipient, what has to be seen beside the request. `untold`: for the
# investigation's sake the client is not told; `log`: it covers the whole audit log.
_SECRECY_GROUNDS = (
    "borrower:borrower:identity",
    "written_consent:third_person:consent",
    "credit_bureau:credit_bureau",
    "criminal_case:prosecution_body:sanction:untold",
    "national_security:security_service:sanction:untold",
    "asset_return:asset_return_body:head_signature",
    "own_control:company:log",
)
_SECRECY_ON = date(2026, 11, 29)
_SECRECY = (
    f"{_MFO_LAW}, art. 21, p. 4–6, and law №191-IV on counteraction to laundering,"
    " art. 11: by knowledge of them, the texts not at hand; own control: platform"
    " decision"
)
# Who else the law names: what each has to bring beside the request is its own act.
_MORE_SECRECY_GROUNDS = (
    *_SECRECY_GROUNDS,
    "court_case:court:court_act",
    "enforcement:enforcement_officer:enforcement_act:sanction",
    "prosecutor_check:prosecutor:check_act",
    "tax_control:tax_body:tax_order",
    "inheritance:notary:death_certificate",
    "financial_monitoring:monitoring_agency:untold",
    "supervision:regulator:log",
)
_REPAID_FIRST = (
    *("principal_overdue", "interest_overdue", "penalty"),
    *("principal_current", "interest_current"),
)
_REPAID_FIRST_WHEN_LATE = (
    *("principal_overdue", "interest_overdue"),
    *("principal_current", "interest_current", "penalty"),
)
_INDICATOR_LIMITS = (
    *("stopped=100/250", "cases=100/250", "confirmed=500/750", "upheld=200/400"),
    *("locked=50/150", "centre_unsettled=1/20", "overdue=1/10", "tripped=1/3"),
    "loss_ratio=10/30",
)
# Measure, how far it is good, and beyond what it refuses; else it advises only. Units:
# photo/measures.py. Set on pictures of their own making: no accuracy is claimed.
_PHOTO_LIMITS = (
    *("detected<=1/1", "detected>=1", "meshed<=1/1", "meshed>=1/1"),
    *("yaw<=10/20", "yaw>=-10/-20", "roll<=8/15", "roll>=-8/-15"),
    *("pitch<=15/25", "pitch>=-10/-20", "smile<=0.06/0.09", "mouth_gap<=0.05/0.1"),
    *("background_light>=75/60", "background_dark>=60/45", "background_spread<=9/15"),
    *("background_edges<=0.03/0.06", "background_chroma<=15/30"),
    *("face_height<=0.75", "face_height>=0.25", "face_width>=120"),
    *("off_centre<=0.12", "off_centre>=-0.12", "eyes>=0.15", "sharpness>=15"),
    *("bytes_per_pixel>=0.05", "brightness<=215", "brightness>=70"),
    *("clipped<=0.1", "side_light<=0.3"),
)

_Row = tuple[str, Value, str, Floor | None]  # key, value, clause, floor


def _from(effective: date, source: str, *rows: _Row) -> tuple[Setting, ...]:
    return tuple(
        Setting(key, effective, value, source, clause, floor)
        for key, value, clause, floor in rows
    )


STARTING_POLICY = Policy(
    (
        *_from(
            _PROCEDURE_ON,
            _PROCEDURE,
            ("auth.password_attempts", 3, "4.7", Floor(at_least=1, at_most=3)),
            ("auth.lock_minutes", 15, "4.7", Floor(at_least=15)),
            ("staff.rules", "2026-03-31", "1.4", None),
            ("auth.idle_minutes", 10, "4.8", Floor(at_least=1, at_most=10)),
            ("incident.notify_regulator_wd", 1, "7.3", Floor(at_most=1)),
            # Beside what clause 7.2 names, which is reported whatever stands here.
            ("incident.reportable_kinds", (), "7.3", None),
            ("procedure.review_months", 12, "8.2", Floor(at_least=1, at_most=12)),
        ),
        *_from(
            _BEGINNING,
            "ARDFM resolution of 20.04.2026, from 12.07.2026; the platform's from the "
            "start",
            ("auth.factors", 2, "4.3", Floor(at_least=2)),
        ),
        *_from(
            date(2025, 11, 1),
            "infosec amendments of November 2025, by press",
            ("auth.new_device_biometrics", 1, "4.3", Floor(at_least=1)),
        ),
        *_from(
            _BEGINNING,
            _PLATFORM,
            ("auth.code_minutes", 5, "4.3", Floor(at_least=1)),
            ("auth.code_attempts", 3, "4.3", Floor(at_least=1)),
            # Measured: 32 MiB twice take 85 ms of a core, 19 MiB twice 46 ms.
            ("auth.hash_memory_kib", 32 * 1024, "4.5", Floor(19 * 1024, 256 * 1024)),
            ("auth.hash_passes", 2, "4.5", Floor(at_least=2, at_most=16)),
            ("auth.hash_lanes", 1, "4.5", Floor(at_least=1, at_most=4)),
            ("auth.password_min_chars", 8, "4.5", Floor(at_least=8, at_most=64)),
            ("auth.password_max_chars", 128, "4.5", Floor(at_least=64, at_most=256)),
            ("auth.source_attempts", 60, "4.7", Floor(at_least=3, at_most=100)),
            ("auth.source_refill_s", 10, "4.7", Floor(at_least=5)),
            ("auth.session_hours", 12, "4.8", Floor(at_least=1, at_most=12)),
            ("staff.session_hours", 8, "4.8", Floor(at_least=1, at_most=12)),
            ("staff.invitation_hours", 72, "6.1f", Floor(at_least=1, at_most=168)),
            ("staff.recertify_days", 90, "6.1f", Floor(at_least=1, at_most=365)),
            ("secrecy.disclosure_days", 30, "6.2", Floor(at_least=1, at_most=30)),
            # All of a part is in one answer, and people read its report.
            ("audit.part_leaves", 2_000, "6.2", Floor(at_least=1, at_most=5_000)),
            # So soon is the loss of a service's last event noticed, and its silence.
            # Longest of what asks for years: records of a client, of money (5 years).
            ("audit.keep_years", 5, "3.3c", Floor(at_least=5)),
            ("audit.count_minutes", 60, "7.2b", Floor(at_least=1, at_most=1_440)),
            ("audit.silence_hours", 24, "7.2b", Floor(at_least=2, at_most=48)),
            ("approvals.hours", 24, "6.1f", Floor(at_least=1, at_most=72)),
            # Of the measures themselves; the Procedure names no number.
            ("measures.review_months", 6, "8.1", Floor(at_least=1, at_most=12)),
            # From a change of law or technology to the review it asks for.
            ("procedure.change_review_days", 30, "8.2", Floor(1, 90)),
            ("procedure.review_warning_days", 45, "8.2", Floor(at_least=7)),
            ("auth.office_pass_hours", 24, "4.10", Floor(at_least=1, at_most=72)),
            # While the operator gives a number left to nobody else.
            ("auth.former_number_days", 30, "4.10", Floor(at_least=1, at_most=180)),
            ("auth.parallel_sessions", 3, "4.8", Floor(at_least=1, at_most=5)),
            ("onboarding.ceremony_minutes", 30, "4.2", Floor(at_least=1, at_most=30)),
            ("onboarding.min_age", 18, "4.1", Floor(at_least=18)),
            ("onboarding.photo_tries", 20, "4.1", Floor(at_least=1, at_most=50)),
            ("onboarding.photo_limits", _PHOTO_LIMITS, "4.1", None),
            ("biometric.cooldown_minutes", 60, "4.2", Floor(at_least=15)),
            # Another only by agreement, as "other means provided by law" (4.2, 4.10).
            ("biometric.provider", "coid", "4.2", None),
            ("onboarding.consent_texts", "1", "4.1", None),
            ("onboarding.document_warning_days", 30, "4.1", Floor(at_least=1)),
            # A weekend is no reason to register anew.
            ("onboarding.review_hours", 72, "4.1", Floor(1, 240)),
            ("onboarding.review_warning_hours", 24, "4.1", Floor(at_least=1)),
            # Rounds in which antifraud lets nothing go on, before a person looks.
            ("onboarding.judge_tries", 5, "6.1g", Floor(at_least=1, at_most=100)),
            ("onboarding.judge_pause_minutes", 5, "6.1g", Floor(1, 60)),
            # Who began to register and did not end: kept so long after it ran out.
            ("onboarding.unfinished_days", 30, "4.1", Floor(1, 90)),
            # GOST of 256 bits and of 2004 can be verified, and are for archives: НУЦ
            # issues neither to persons today.
            (
                "onboarding.eds_algorithms",
                ("gost2015_512", "rsa", "ecdsa"),
                "4.2",
                None,
            ),
            # НУЦ's answers have no end of their own, its lists one in half a year.
            ("onboarding.ocsp_minutes", 30, "4.2", Floor(1, 60)),
            ("onboarding.crl_minutes", 10, "4.2", Floor(1, 60)),
            # Who comes in to see what they owe needs none.
            (
                "onboarding.valid_document_for",
                (
                    "registration",
                    "contract",
                    "amendment",
                    "phone_change",
                    "account_change",
                ),
                "4.1",
                None,
            ),
            # The time in which a stamping authority away for weeks does no harm.
            ("onboarding.eds_restamp_days", 90, "3.2b", Floor(at_least=30)),
            # A number given up is not given out anew by operators for about so long.
            ("onboarding.quarantine_days", 180, "4.10", Floor(at_least=30)),
            ("accounts.most", 5, "5.3", Floor(at_least=1, at_most=10)),
            # What antifraud has let go on need not be asked about again so long.
            ("antifraud.allow_minutes", 10, "6.1g", Floor(1, 60)),
            # Where an operation was asked for is known so long, if it never ends.
            ("antifraud.origin_days", 30, "6.1g", Floor(at_least=15, at_most=90)),
            ("antifraud.categories", (), "6.1g", None),
            # Within it an operation is judged, or held if it moves money.
            # Rules are analysed and tested on history at least so often.
            ("antifraud.analysis_days", 90, "6.1g", Floor(1, 184)),
            # A version judges beside the live one so long before it may become it.
            ("antifraud.shadow_hours", 24, "6.1g", Floor(at_most=720)),
            ("antifraud.decide_ms", 250, "6.1g", Floor(10, 2_000)),
            # From which score or amount on a case is urgent, and within how many
            # working days one has to be closed: before a suspension's term ends.
            ("antifraud.case_urgent_score", 70, "6.1h", Floor(at_most=100)),
            ("antifraud.case_urgent_tenge", 300_000, "6.1h", None),
            ("antifraud.case_urgent_wd", 1, "6.1h", Floor(1, 4)),
            ("antifraud.case_high_wd", 2, "6.1h", Floor(1, 4)),
            ("antifraud.case_normal_wd", 3, "6.1h", Floor(1, 4)),
            ("antifraud.case_files", 20, "6.1h", Floor(1, 100)),
            ("antifraud.case_note_characters", 4_000, "6.1h", Floor(500, 10_000)),
            # Reviews and acceptances of risks last no longer.
            ("antifraud.risk_review_days", 184, "6.1h", Floor(1, 366)),
            ("antifraud.risk_acceptance_days", 366, "6.1h", Floor(1, 366)),
            # Amber and red by indicator (services/antifraud/domain/indicators.toml):
            # platform decision, to be set anew by what the first months show.
            ("antifraud.indicator_limits", _INDICATOR_LIMITS, "6.1h", None),
            ("antifraud.indicator_minutes", 60, "6.1h", Floor(5, 1_440)),
            ("antifraud.indicator_least", 30, "6.1h", Floor(1, 1_000)),
            ("antifraud.indicator_answer_wd", 3, "6.1h", Floor(1, 10)),
            ("antifraud.indicator_again_days", 30, "6.1h", Floor(1, 92)),
            # So many working days after a case was a fraud its cost is on record.
            ("antifraud.loss_record_wd", 3, "6.1h", Floor(1, 15)),
            ("antifraud.investigation_files", 50, "6.1h", Floor(1, 200)),
            # So many working days after a quarter its report is made.
            ("antifraud.risk_report_wd", 15, "6.1h", Floor(1, 30)),
            ("antifraud.risk_controls", 30, "6.1h", Floor(1, 100)),
            # So long names of a fraud stand on our lists.
            ("antifraud.case_list_days", 365, "6.1h", Floor(1, 1_095)),
            # So many working days before a suspension's end a person has to look.
            ("antifraud.review_before_wd", 1, "6.1g", Floor(1, 4)),
            # A rule that stops more than this share of the operations it may speak of,
            # once there were so many within the window, asks for a look only.
            ("antifraud.breaker_minutes", 60, "6.1g", Floor(5, 1_440)),
            ("antifraud.breaker_permille", 500, "6.1g", Floor(50, 900)),
            ("antifraud.breaker_least", 50, "6.1g", Floor(10, 10_000)),
            # The National Bank's centre: messages a beat, changes a page, and the
            # longest rest after failures.
            ("antifraud.centre_batch", 20, "6.1g", Floor(1, 200)),
            ("antifraud.centre_page", 200, "6.1g", Floor(1, 1_000)),
            ("antifraud.centre_rest_s", 300, "6.1g", Floor(5, 3_600)),
            ("antifraud.centre_status_s", 300, "6.1g", Floor(10, 86_400)),
            # A listing that names no day counts so long; a notice about nobody of
            # ours is remembered so long.
            ("antifraud.centre_list_days", 365, "6.1g", Floor(30, 1_096)),
            ("antifraud.centre_watch_days", 90, "6.1g", Floor(30, 1_096)),
            # Unheard or unsent for longer is an alarm.
            ("antifraud.centre_late_minutes", 30, "6.1g", Floor(at_most=120)),
            # The hour in Almaty from which yesterday's report is made.
            ("antifraud.centre_report_hour", 6, "6.1g", Floor(0, 12)),
            (
                "antifraud.statuses",
                ("new", "suspended", "confirmed", "rejected", "released", "returned"),
                "6.1g",
                None,
            ),
        ),
        *_from(
            _BEGINNING,
            "directory of banks of the National Bank, as schwifty 2026.10.1 has it,"
            " without institutions that hold no accounts of persons",
            ("accounts.bank_codes", _BANK_CODES, "5.3", None),
        ),
        *_from(
            date(2025, 1, 1), "МРП of 2025, by press", ("mrp", Decimal(3932), "", None)
        ),
        *_from(
            date(2026, 1, 1),
            "law of 08.12.2025",
            ("mrp", Decimal(4325), "", None),
        ),
        *_from(
            _COOLING_ON,
            _COOLING,
            ("cooling.hours", 24, "5.5", Floor(at_least=24)),  # hours
            ("cooling.confirmation_above", 75, "5.5", Floor(at_most=75)),  # МРП, >
            ("cooling.aggregation", "almaty_day", "5.5", None),  # or rolling_24h
            (
                "cooling.consent_channels",
                ("egov", "credit_bureau", "lender"),
                "5.5",
                None,
            ),
        ),
        *_from(
            _PROCEDURE_ON,
            _PLATFORM,
            ("cooling.threshold", 0, "5.5", Floor(at_most=75)),  # МРП, held if above
            ("cooling.consent_silence_days", 10, "5.5", Floor(at_least=1)),
            # Days before silence ends the contract, each one reminder.
            ("cooling.reminders_days_left", ("7", "2"), "5.5", None),
            # After sending, until the bank's statement has to show the order.
            ("reconciliation.missing_hours", 24, "5.3", Floor(at_least=1, at_most=72)),
        ),
        *_from(
            date(2024, 8, 16),
            "№56 of 16.08.2024, kept by the rules of January 2026",
            ("biometric.max_attempts", 3, "4.2", Floor(at_least=1, at_most=3)),
        ),
        *_from(
            _BIOMETRIC_ON,
            _BIOMETRIC,
            ("biometric.min_match_percent", Decimal(95), "4.2", Floor(95, 100)),
            ("biometric.retention_years", 5, "4.2", Floor(at_least=5)),
        ),
        *_from(
            _GESV_ON,
            _LENDING,
            ("lending.gesv_caps.percent", Decimal(46), "", Floor(at_most=46)),
            # The short microcredit: term and amount up to these, both at once.
            ("lending.gesv_caps.short_days", 45, "", Floor(at_most=45)),
            ("lending.gesv_caps.short_mrp", 45, "", Floor(at_most=45)),
            ("lending.gesv_caps.short_percent", Decimal(179), "", Floor(at_most=179)),
            (
                "lending.gesv_caps.short_daily_percent",  # strictly below
                Decimal("0.3"),
                "",
                Floor(at_most=Decimal("0.3")),
            ),
        ),
        *_from(
            _GESV_ON,
            _LENDING_BY_US,
            # Who must be asked is asked again so often, then a person looks.
            ("lending.check_tries", 12, "", Floor(at_least=1, at_most=100)),
            ("lending.check_pause_minutes", 10, "", Floor(at_least=1)),
            ("lending.offer_days", 10, "", Floor(at_least=1, at_most=30)),
            # Working days in which a person finds out what nobody answered.
            ("lending.held_wd", 5, "", Floor(at_least=1, at_most=15)),
            ("lending.amendment_days", 10, "", Floor(at_least=1, at_most=30)),
            ("lending.products", ("standard", "short"), "", None),
            ("lending.product.standard.annual_percent", Decimal(36), "", Floor(0, 46)),
            ("lending.product.standard.least_mrp", 1, "", Floor(at_least=1)),
            ("lending.product.standard.most_mrp", 20_000, "", Floor(1, 20_000)),
            ("lending.product.standard.shortest_days", 30, "", Floor(at_least=1)),
            ("lending.product.standard.longest_days", 1_826, "", Floor(1, 1_826)),
            # 0.29 % a day; the shorter the term, the higher ГЭСВ of the same price.
            (
                "lending.product.short.annual_percent",
                Decimal("105.85"),
                "",
                Floor(0, 109),
            ),
            ("lending.product.short.least_mrp", 1, "", Floor(at_least=1)),
            ("lending.product.short.most_mrp", 45, "", Floor(1, 45)),
            ("lending.product.short.shortest_days", 30, "", Floor(at_least=1)),
            ("lending.product.short.longest_days", 45, "", Floor(1, 45)),
        ),
        # Known in outline only, not by the acts' own text: to be confirmed by counsel.
        *_from(
            _BEGINNING,
            f"{_MFO_LAW}, as commonly described; not checked against the act",
            ("repayment.order", _REPAID_FIRST, "", None),
            ("repayment.late_order", _REPAID_FIRST_WHEN_LATE, "", None),
            ("repayment.late_after_days", 180, "", Floor(0, 180)),
            ("repayment.accrual_days_overdue", 90, "", Floor(0, 90)),
            ("repayment.penalty_yearly_percent", 10, "", Floor(0, 10)),
            # Of a short microcredit: interest and penalty, per cent of the amount.
            ("repayment.short_price_percent", 100, "", Floor(0, 100)),
        ),
        *_from(
            _BEGINNING,
            f"{_MFO_LAW}; the numbers: platform decision",
            # Contracts name no penalty, and one must be agreed on in writing.
            (
                "repayment.penalty_daily_percent",
                Decimal(0),
                "",
                Floor(0, Decimal("0.5")),
            ),
            # How far ahead the sum of an early repayment is told.
            ("repayment.quote_days", 30, "", Floor(at_least=1, at_most=90)),
            # Days a payment is overdue on which the client is told, each once.
            ("repayment.overdue_told_days", ("1", "7", "30"), "", None),
        ),
        *_from(
            _BEGINNING,
            "NBK №203 of 31.08.2016 on codes of sectors and of purposes of payments: by"
            " knowledge of it, the text not at hand",
            # A loan given, for up to so many days and for longer.
            ("payments.knp_short", "411", "5.3", None),
            ("payments.knp_long", "413", "5.3", None),
            ("payments.short_days", 365, "5.3", None),
            # A resident: other financial organisation, household.
            ("payments.kod", "15", "5.3", None),
            ("payments.kbe", "19", "5.3", None),
        ),
        *_from(
            _BEGINNING,
            _PLATFORM,
            # Days in which two of the staff may have a refused payout paid again, and
            # the bank's reasons for which the account itself is no good.
            ("payments.repeat_days", 3, "5.3", Floor(0, 10)),
            (
                "payments.account_reasons",
                (
                    *("account_unknown", "account_closed", "account_blocked"),
                    *("creditor_mismatch", "card_unknown"),
                ),
                "5.4",
                None,
            ),
        ),
        *_from(
            _BEGINNING,
            f"{_MFO_LAW}, art. 3, for one microcredit; the sums: platform decision",
            # What leaves: in one payout, to one client and of the company in a day
            # of Almaty; above which amount two of the staff have to agree.
            ("payouts.most_mrp", 20_000, "5.3", Floor(1, 20_000)),
            ("payouts.client_day_mrp", 20_000, "5.3", Floor(1, 20_000)),
            ("payouts.day_mrp", 1_000_000, "5.3", Floor(1, 5_000_000)),
            ("payouts.approval_above_mrp", 1_000, "6.1f", Floor(at_most=5_000)),
        ),
        *_from(
            date(2024, 9, 1),
            _LENDING,
            ("lending.spouse_consent_mrp", 1000, "", Floor(at_most=1000)),
        ),
        *_from(
            _BEGINNING,
            _LENDING,
            ("lending.kdn_max", Decimal("0.5"), "", Floor(at_most=Decimal("0.5"))),
            ("lending.first_loan_visit_mrp", 75, "", Floor(at_most=75)),  # above
            ("lending.extra_consent_ages.under", 21, "", Floor(at_least=21)),
            ("lending.extra_consent_ages.over", 55, "", Floor(at_most=55)),
        ),
        *_from(
            _BEGINNING,
            f"{_MFO_LAW}, art. 3",
            ("lending.max_amount_mrp", 20_000, "", Floor(at_most=20_000)),
        ),
        *_from(
            _BEGINNING,
            f"{_MFO_LAW}, art. 21; the company's own control: platform decision",
            ("secrecy.grounds", _SECRECY_GROUNDS, "6.2", None),
        ),
        *_from(
            _SECRECY_ON,
            _SECRECY,
            ("secrecy.grounds", _MORE_SECRECY_GROUNDS, "6.2", None),
        ),
        *_from(
            _BEGINNING,
            f"{_MFO_LAW}, art. 17",
            ("inquiries.answer_wd", 15, "6.1h", Floor(at_most=15)),
            ("inquiries.extension_wd", 15, "6.1h", Floor(at_most=15)),
            ("appeals.answer_wd", 15, "6.1h", Floor(at_most=15)),
            ("appeals.extension_wd", 15, "6.1h", Floor(at_most=15)),
        ),
        *_from(
            _BEGINNING,
            _PLATFORM,
            # A client's appeals within 24 hours, characters of one.
            ("appeals.a_day", 5, "6.1h", Floor(1, 20)),
            ("appeals.most_characters", 4_000, "6.1h", Floor(500, 10_000)),
            # A client's letters within 24 hours, open inquiries, letters of one
            # inquiry, characters of one letter.
            ("inquiries.letters_a_day", 20, "6.1h", Floor(1, 100)),
            ("inquiries.most_open", 5, "6.1h", Floor(1, 20)),
            ("inquiries.most_letters", 100, "6.1h", Floor(2, 500)),
            ("inquiries.most_characters", 4_000, "6.1h", Floor(500, 10_000)),
        ),
        *_from(
            date(2024, 7, 22),
            "NBK №43 of 16.07.2024",
            ("antifraud.suspend_working_days", 3, "6.1g", Floor(at_most=3)),
        ),
        *_from(
            date(2025, 8, 31),
            "NBK №54 of 25.08.2025",
            ("antifraud.suspend_working_days", 5, "6.1g", Floor(at_most=5)),
        ),
        *_from(
            date(2026, 1, 1),
            "law on banks of 2026, by press",
            ("antifraud.burst_window_minutes", 60, "6.1g", None),
        ),
        *_from(
            _BEGINNING,
            _OLD_217,
            ("documents.retention_years", 5, "", Floor(at_least=5)),
            ("incident.notify_client_wd", 1, "7.3", Floor(at_most=1)),
            # Clause 7.2 says "immediately"; this is the last day, not the aim.
            ("incident.measures_wd", 2, "7.2", Floor(at_most=2)),
        ),
        *_from(
            _BIOMETRIC_ON,
            "ARDFM resolution of 20.04.2026, by press",
            ("incident.reportable_kinds", ("outage",), "7.3", None),
        ),
        *_from(
            _BEGINNING,
            _PLATFORM,
            # Characters of one note of an incident, pieces of its evidence.
            ("incident.note_characters", 4_000, "7.2", Floor(500, 10_000)),
            ("incident.evidence", 100, "7.2", Floor(10, 1_000)),
            # So many hours before a term ends people are called, and called again.
            ("incident.warn_hours", 8, "7.3", Floor(4, 24)),
            ("incident.escalate_hours", 2, "7.3", Floor(1, 4)),
            # The same again within so many minutes is one alert; for so many hours
            # at most a rule may be told to call nobody.
            ("monitoring.group_minutes", 60, "6.1d", Floor(at_most=1_440)),
            ("monitoring.suppress_hours", 72, "6.1d", Floor(1, 168)),
            # A certificate that lasts for fewer days is told of, each day.
            ("certificate.warn_days", 2, "7.1", Floor(1, 30)),
            # Who answers the bodies' questions.
            ("incident.contact", "security@creditplus.kz", "7.3", None),
        ),
        *_from(
            date(2024, 8, 9),
            "order №481/НҚ of 09.08.2024",
            ("pdn_breach.notify_wd", 1, "7.3", Floor(at_most=1)),
        ),
        *_from(
            _BEGINNING,
            "government decree on the days off of 2025",
            ("calendar.overrides", ("2025-01-03=off", "2025-01-05=working"), "", None),
        ),
    )
)
"""What the company starts with; МРП counts are turned into tenge by `money_of_mrp`."""
