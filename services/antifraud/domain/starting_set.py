"""The set of rules for online lending in Kazakhstan that the company starts with.

Most rules only say that something was seen; a typology says when what was seen together
is a known way of fraud.  An outcome of its own has a rule that is grave alone.  Made by
the seeds for making of `tests.population`, judged by the held-out ones.
"""

from typing import Final

from services.antifraud.domain.rules import (
    Operation,
    Outcome,
    Rule,
    RuleSet,
    Typology,
)

_EVERY: Final = frozenset(Operation)
_CREDIT: Final = frozenset({Operation.APPLICATION, Operation.SIGNING, Operation.PAYOUT})
_APPLICATION: Final = frozenset({Operation.APPLICATION})

_LAW: Final = "law on payments, art. 25-1; NBK №54: bases of the anti-fraud centre"
_BUREAU: Final = "law on banks of 2026: bureaus report applications within one hour"
_DROPPER: Final = "ARDFM №24 of 25.06.2025 and criminal law of 2025: droppers"
_TAKEOVER: Final = "published pattern: account takeover before a payout"
_PROCEDURE: Final = "Procedure 6.1g"
_BOTS: Final = "published pattern: automated registration and application"
_STAFF: Final = "Procedure 6.1h: internal fraud; published pattern: insider"
_OWN: Final = "the company's own limit"


def _grave(
    code: str,
    when: str,
    outcome: Outcome,
    score: int,
    reason: str,
    source: str,
    on: frozenset[Operation] = _CREDIT,
) -> Rule:
    return Rule(
        code=code,
        on=on,
        when=when,
        outcome=outcome,
        score=score,
        reason=reason,
        source=source,
    )


def _seen(code: str, when: str, score: int, reason: str, source: str) -> Rule:
    """Seen, and no more: typologies weigh it."""
    return _grave(code, when, Outcome.ALLOW, score, reason, source)


_HELD: Final = (
    _grave(
        "operation_suspended",
        "operation_held",
        Outcome.SUSPEND,
        100,
        "The operation is suspended and nobody has let it go.",
        "Procedure 6.1g iii",
        _EVERY,
    ),
    _grave(
        "client_suspended",
        "client_held",
        Outcome.SUSPEND,
        100,
        "All operations of the client are suspended.",
        "Procedure 6.1g iii",
        _EVERY,
    ),
    _grave(
        "account_suspended",
        "account_held",
        Outcome.SUSPEND,
        100,
        "Nothing is paid to the account until it is let go.",
        "Procedure 6.1g iii",
        _EVERY,
    ),
    _grave(
        "device_suspended",
        "device_held",
        Outcome.SUSPEND,
        100,
        "Nothing is done from the device until it is let go.",
        "Procedure 6.1g iii",
        _EVERY,
    ),
)
_LISTED: Final = (
    _grave(
        "person_refused",
        "client_on_refused || iin_on_refused || phone_on_refused"
        " || document_on_refused",
        Outcome.REFUSE,
        100,
        "The person, the number or the document stands on our list of refused.",
        _PROCEDURE,
        _EVERY,
    ),
    _grave(
        "account_refused",
        "account_on_refused",
        Outcome.REFUSE,
        100,
        "The account stands on our list of refused.",
        _PROCEDURE,
        _EVERY,
    ),
    _grave(
        "device_refused",
        "device_on_refused || network_on_refused",
        Outcome.SUSPEND,
        80,
        "The device or its network stands on our list of refused.",
        _PROCEDURE,
        _EVERY,
    ),
    _grave(
        "person_at_centre",
        "iin_on_centre || phone_on_centre || client_on_centre",
        Outcome.REFUSE,
        100,
        "The National Bank's centre has the person in its base.",
        _LAW,
        _EVERY,
    ),
    _grave(
        "payee_at_centre",
        "account_on_centre",
        Outcome.REFUSE,
        100,
        "The National Bank's centre has the account in its base: no transfer to it.",
        _LAW,
        _EVERY,
    ),
    _grave(
        "watched",
        "client_on_watched || iin_on_watched || phone_on_watched"
        " || account_on_watched || device_on_watched || network_on_watched"
        " || staff_on_watched",
        Outcome.REVIEW,
        40,
        "Somebody or something in it is watched.",
        _PROCEDURE,
        _EVERY,
    ),
    _grave(
        "name_listed",
        "name_on_refused || name_on_watched || name_on_centre",
        Outcome.REVIEW,
        40,
        "A listed name is spelt alike; that is a reason to look, not a proof.",
        _PROCEDURE,
        _EVERY,
    ),
)
_VELOCITY: Final = (
    _grave(
        "applications_burst",
        "client_application_count_1h >= 2",
        Outcome.SUSPEND,
        60,
        "A third application within an hour.",
        _BUREAU,
        _APPLICATION,
    ),
    _grave(
        "repeated_refusals",
        "client_application_refused_count_30d >= 3",
        Outcome.REVIEW,
        30,
        "Three refusals within thirty days.",
        _OWN,
    ),
    _grave(
        "amount_above_limit",
        "amount_minor > 100000000",
        Outcome.REVIEW,
        30,
        "More than 1 000 000 ₸ at once.",
        _OWN,
    ),
    _seen(
        "second_application",
        "operation == 'application' && client_application_count_1h >= 1",
        10,
        "A second application within an hour.",
        _BUREAU,
    ),
    _seen(
        "applications_of_a_day",
        "client_application_count_24h >= 4",
        20,
        "Many applications within a day.",
        _BUREAU,
    ),
    _seen(
        "amount_jump",
        "client_contract_signed_count_180d >= 1"
        " && amount_minor >= 2 * client_contract_signed_max_180d",
        15,
        "Twice as much as the client has ever borrowed in half a year.",
        "facts/peers: amount spike against own history",
    ),
    _seen(
        "first_loan_large",
        "client_contract_signed_count_180d == 0 && amount_minor >= 20000000",
        10,
        "A first loan of 200 000 ₸ or more.",
        _DROPPER,
    ),
)
_ACCOUNTS: Final = (
    _grave(
        "account_lost",
        "account_account_lost_last_s_180d < account_account_proved_last_s_180d",
        Outcome.SUSPEND,
        80,
        "The account can no longer be shown to be the client's.",
        "Procedure 5.4",
    ),
    _grave(
        "account_changed",
        "account_account_named_count_7d >= 1"
        " && client_account_proved_count_180d >= 1"
        " && client_account_proved_first_s_180d > account_account_named_first_s_180d",
        Outcome.REVIEW,
        30,
        "Another account than the first, named less than a week ago.",
        "facts/peers: account changed shortly before payout",
        # An account that the contract's own ceremony adds is new whenever one signs;
        # what is paid to it waits.
        _APPLICATION | {Operation.PAYOUT},
    ),
    _grave(
        "account_of_several",
        "account_account_proved_distinct_180d >= 2",
        Outcome.SUSPEND,
        80,
        "One account under several clients.",
        _DROPPER,
    ),
    _grave(
        "account_signed_by_several",
        "account_contract_signed_distinct_180d >= 2",
        Outcome.SUSPEND,
        80,
        "Several clients have contracts paid to one account.",
        _DROPPER,
    ),
    _grave(
        "accounts_many",
        "client_account_named_distinct_30d >= 3",
        Outcome.REVIEW,
        30,
        "A third account named within a month.",
        _TAKEOVER,
    ),
    _seen(
        "account_fresh",
        "account_account_proved_first_s_180d < 3600",
        5,
        "The account was proved less than an hour ago.",
        _DROPPER,
    ),
)
_NUMBERS: Final = (
    # A stolen number is turned into money within hours: after a change the cooling
    # period of clause 5.5 runs once more, by nobody's leave.
    _grave(
        "phone_changed",
        "client_phone_changed_count_24h >= 1",
        Outcome.REVIEW,
        30,
        "The number was changed less than a day ago.",
        "facts/peers: SIM or device changed < 24 h ago",
    ),
    _grave(
        "phone_of_several",
        "phone_activation_distinct_180d >= 2",
        Outcome.REVIEW,
        40,
        "One number under several ИИН.",
        "facts/peers: one phone under several ИИН",
    ),
    # Many honest people try their passwords through; alone it is no ground to stop.
    _seen(
        "failed_logins",
        "phone_login_failed_count_24h >= 6",
        10,
        "The client's number was tried with wrong passwords again and again.",
        "Procedure 4.7",
    ),
    _seen(
        "phone_changed_lately",
        "client_phone_changed_count_7d >= 1",
        15,
        "The number was changed less than a week ago.",
        _TAKEOVER,
    ),
    _seen(
        "login_locked",
        "phone_login_locked_count_24h >= 1",
        10,
        "The login was locked less than a day ago.",
        "Procedure 4.7",
    ),
    _seen(
        "some_failed_logins",
        "phone_login_failed_count_24h >= 2",
        5,
        "Wrong passwords less than a day ago.",
        _TAKEOVER,
    ),
    _seen(
        "number_proved_often",
        "phone_number_proved_count_24h >= 4",
        15,
        "The number began to register again and again.",
        _BOTS,
    ),
)
_DEVICES: Final = (
    _grave(
        "device_of_several",
        "device_asked_activation_distinct_180d >= 3"
        " || device_asked_application_distinct_180d >= 3",
        Outcome.REVIEW,
        50,
        "A fourth client from one device.",
        "facts/peers: clients per device",
    ),
    _seen(
        "device_shared",
        "device_asked_activation_distinct_180d >= 2"
        " || device_asked_application_distinct_180d >= 2",
        20,
        "Two clients or more from one device.",
        "facts/peers: clients per device",
    ),
    _seen(
        "device_new",
        "client_device_admitted_count_7d >= 1 && client_activation_count_7d == 0",
        15,
        "A device new to a client of more than a week.",
        "facts/peers: SIM or device changed < 24 h ago",
    ),
    _seen(
        "devices_many",
        "client_device_admitted_distinct_7d >= 3",
        15,
        "A third device within a week.",
        "facts/peers: devices per client",
    ),
    _seen(
        "network_unknown",
        "network_named && network_asked_activation_distinct_180d"
        " + network_asked_application_distinct_180d <= 10",
        5,
        "Few others came from this network.",
        _DROPPER,
    ),
    _seen(
        "network_busy",
        "network_asked_activation_distinct_24h >= 3",
        15,
        "Several registrations from one network within a day.",
        _BOTS,
    ),
    _seen(
        "network_swarm",
        "network_asked_activation_distinct_1h >= 3",
        25,
        "Several registrations from one network within an hour.",
        _BOTS,
    ),
    _seen(
        "network_throttled",
        "network_throttled_count_24h >= 1",
        15,
        "Logins from this network were held back.",
        "Procedure 4.7",
    ),
)
_ENTRY: Final = (
    _seen(
        "password_reset",
        "client_password_changed_count_7d >= 1",
        15,
        "The password was set anew less than a week ago.",
        "facts/peers: application right after a password reset",
    ),
    _seen(
        "recovered",
        "client_recovery_passed_count_24h >= 1",
        10,
        "The access was recovered less than a day ago.",
        "facts/peers: application right after a password reset",
    ),
    _seen(
        "factor_removed",
        "client_factor_removed_count_7d >= 1",
        10,
        "A second factor was taken away less than a week ago.",
        _TAKEOVER,
    ),
    _grave(
        "identification_failed",
        "client_identification_failed_count_24h >= 3",
        Outcome.REVIEW,
        30,
        "Biometrics or ЭЦП failed three times within a day.",
        "Procedure 4.2; facts/peers: no biometrics",
    ),
    _seen(
        "identity_changed",
        "client_identity_changed_count_7d >= 1",
        10,
        "Names or document are others since less than a week.",
        _TAKEOVER,
    ),
    _seen(
        "by_night",
        "hour in [0, 1, 2, 3, 4]",
        5,
        "Between midnight and five in Almaty.",
        "facts/peers: night activity",
    ),
)
_MACHINES: Final = (
    _grave(
        "actions_of_a_machine",
        "client_action_count_10m >= 150",
        Outcome.REVIEW,
        50,
        "Fifteen acts a minute for ten minutes: nobody reads so fast.",
        _BOTS,
    ),
    _seen(
        "actions_fast",
        "client_action_count_10m >= 30",
        25,
        "Thirty acts within ten minutes.",
        _BOTS,
    ),
    _seen(
        "hurried",
        "client_activation_last_s_180d < 600",
        5,
        "Less than ten minutes after the registration.",
        _BOTS,
    ),
)
_OFFICE: Final = (
    _grave(
        "staff_visits_many",
        "staff_office_visit_distinct_7d >= 4",
        Outcome.REVIEW,
        40,
        "Whoever recorded a visit of the client recorded several within a week.",
        _STAFF,
    ),
    _seen(
        "staff_reads_many",
        "staff_client_read_distinct_24h >= 10",
        25,
        "Whoever acted on the client last read many clients within a day.",
        _STAFF,
    ),
    _seen(
        "staff_reads_on",
        "staff_client_read_distinct_30d >= 20",
        15,
        "Whoever acted on the client last read many clients within a month.",
        _STAFF,
    ),
    _seen(
        "visit_lately",
        "client_office_visit_count_7d >= 1",
        15,
        "A visit to the office was recorded less than a week ago.",
        _STAFF,
    ),
    _seen(
        "rested",
        "client_activation_count_30d == 0 && client_contract_signed_count_30d <= 1",
        5,
        "A client of old who has hardly borrowed this month.",
        _STAFF,
    ),
)
_TYPOLOGIES: Final = (
    Typology(
        code="takeover",
        rules={
            "password_reset": 30,
            "recovered": 10,
            "device_new": 30,
            "devices_many": 15,
            "phone_changed_lately": 25,
            "account_changed": 30,
            "factor_removed": 20,
            "identity_changed": 15,
            "amount_jump": 15,
            "some_failed_logins": 5,
            "failed_logins": 15,
            "by_night": 10,
        },
        review_at=65,
        suspend_at=100,
        reason="Somebody else has the client's cabinet: reset, new device, new number.",
        source=_TAKEOVER,
    ),
    Typology(
        code="dropper",
        rules={
            "device_shared": 35,
            "first_loan_large": 25,
            "network_unknown": 15,
            "network_busy": 15,
            "account_fresh": 10,
            "hurried": 10,
            "phone_of_several": 30,
        },
        review_at=70,
        suspend_at=100,
        reason="A person hired for the name: others' device, a first and large loan.",
        source=_DROPPER,
    ),
    Typology(
        code="swarm",
        rules={
            "network_swarm": 40,
            "network_busy": 15,
            "network_throttled": 20,
            "actions_fast": 45,
            "hurried": 15,
            "device_shared": 25,
            "second_application": 15,
            "applications_of_a_day": 20,
            "number_proved_often": 20,
        },
        review_at=55,
        suspend_at=95,
        reason="A machine registers and applies.",
        source=_BOTS,
    ),
    Typology(
        code="insider",
        rules={
            "visit_lately": 30,
            "staff_reads_many": 30,
            "staff_reads_on": 20,
            "phone_changed_lately": 25,
            "account_changed": 25,
            "device_new": 20,
            "rested": 10,
            "login_locked": 5,
        },
        review_at=75,
        suspend_at=110,
        reason="One of the staff moves a resting client to a number of theirs.",
        source=_STAFF,
    ),
)

STARTING_SET: Final = RuleSet(
    version="2026-11-30",
    rules=(
        *_HELD,
        *_LISTED,
        *_VELOCITY,
        *_ACCOUNTS,
        *_NUMBERS,
        *_DEVICES,
        *_ENTRY,
        *_MACHINES,
        *_OFFICE,
    ),
    typologies=_TYPOLOGIES,
)
