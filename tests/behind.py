"""What the services behind the gateway answer, for tests that start none of them.

One answer for every call the gateway makes, in the form the owner gives it.
"""

from typing import Final

from kernel.crypto import Json

ID: Final = "01a2130e-4a68-713f-b993-5feed469ea37"
AT: Final = "2026-11-23T07:00:00.000000Z"
DIGEST: Final = "5e" * 32

_STEP: Final[dict[str, Json]] = {
    "registration_id": ID,
    "client_id": ID,
    "state": "active",
    "next_step": "set_password",
}
_CEREMONY: Final[dict[str, Json]] = {
    "ceremony_id": ID,
    "state": "open",
    "operation": f"contract:{ID}",
}
_WHOLE_CEREMONY: Final[dict[str, Json]] = {
    **_CEREMONY,
    "document_b64": "0JTQvtCz0L7QstC+0YA=",
    "document_sha256": DIGEST,
    "biometrics_url": "https://coid.example/visit/1",
    "expires_at": AT,
}
_CHANGE: Final[dict[str, Json]] = {
    "change_id": ID,
    "kind": "phone",
    "state": "draft",
    "next_step": "confirm_phone",
}
_CONSENT: Final[dict[str, Json]] = {
    "kind": "biometrics",
    "act": "given",
    "text_version": "1",
    "text_sha256": DIGEST,
    "channel": "lender",
    "at": AT,
}
_ERASURE: Final[dict[str, Json]] = {
    "asked_at": AT,
    "possible_from": AT,
    "waits_for": "retention",
}
_CONSENTS: Final[dict[str, Json]] = {"standing": ["biometrics"], "items": [_CONSENT]}
_DISCLOSURE: Final[dict[str, Json]] = {
    "disclosure_id": ID,
    "recipient": "third_person",
    "ground": "written_consent",
    "at": AT,
    "until": AT,
}
_READING: Final[dict[str, Json]] = {
    "reading_id": ID,
    "reader": "staff",
    "purpose": "complaint",
    "what": "letters",
    "at": AT,
}
_PAYOFF: Final[dict[str, Json]] = {
    "contract_id": ID,
    "day": "2026-11-25",
    "principal": "400000.00",
    "interest": "394.52",
    "penalty": "0.00",
    "owed": "400394.52",
    "unused": "100.00",
    "to_pay": "400294.52",
}
_AMENDMENT: Final[dict[str, Json]] = {
    "amendment_id": ID,
    "contract_id": ID,
    "number": "KSK-20261123-5FEED469EA/1",
    "state": "offered",
    "cause": "account_changed",
    "account_id": ID,
    "document_sha256": DIGEST,
    "previous_sha256": DIGEST,
    "requested_at": AT,
    "offered_at": AT,
    "until": AT,
    "signed_at": None,
    "ended_at": None,
    "end_code": None,
    "next_step": "sign",
    "explanation": {"kk": "…", "ru": "…", "en": "…"},
}
_INQUIRY: Final[dict[str, Json]] = {
    "inquiry_id": ID,
    "about": "contract",
    "about_id": ID,
    "state": "answered",
    "opened_at": AT,
    "written_at": AT,
    "answer_by": "2026-12-14",
    "extended": False,
}
_WHOLE_INQUIRY: Final[dict[str, Json]] = {
    **_INQUIRY,
    "letters": [
        {"letter_id": ID, "writer": "client", "text": "Здравствуйте.", "written_at": AT}
    ],
}
_APPEAL: Final[dict[str, Json]] = {
    "appeal_id": ID,
    "number": "A-2026-00001",
    "about": "application",
    "about_id": ID,
    "state": "answered",
    "received_on": "2026-11-23",
    "answer_by": "2026-12-14",
    "extended": False,
    "outcome": "upheld",
    "answered_at": AT,
}
_WHOLE_APPEAL: Final[dict[str, Json]] = {
    **_APPEAL,
    "text": "Прошу пересмотреть решение.",
    "answer": "Вы правы.",
}
_APPLICATION: Final[dict[str, Json]] = {
    "application_id": ID,
    "state": "offered",
    "product": "standard",
    "repayment": "annuity",
    "amount": "400000.00",
    "term_days": 30,
    "submitted_at": AT,
    "refusal_code": None,
    "contract_id": ID,
    "next_step": "sign",
}
_CONTRACT: Final[dict[str, Json]] = {
    "contract_id": ID,
    "version": "5f" * 16,
    "application_id": ID,
    "number": "KSK-20261123-5FEED469EA",
    "contract_on": "2026-11-23",
    "product": "standard",
    "repayment": "annuity",
    "annual_percent": "36.00",
    "state": "concluded",
    "amount": "400000.00",
    "term_days": 30,
    "document_sha256": DIGEST,
    "signed_at": AT,
    "consented_at": None,
    "hold_until": None,
    "confirmation_required": True,
    "released_at": None,
    "refusal_asked_at": None,
    "end_code": None,
    "next_step": "give_consent",
    "seconds_left": None,
    "may_refuse": True,
    "statement": {"kind": "consent", "version": "1", "text": "…", "sha256": DIGEST},
}
LOAN: Final[dict[str, Json]] = {
    "product": "standard",
    "repayment": "annuity",
    "amount": "400000.00",
    "term_days": 30,
}
"""An application as a client sends it."""

_SCHEDULE: Final[dict[str, Json]] = {
    "repayment": "annuity",
    "final": False,
    "issued_on": "2026-11-24",
    "amount": "400000.00",
    "annual_percent": "36.00",
    "gesv_percent": "42.58",
    "interest": "11835.62",
    "total": "411835.62",
    "instalments": [
        {
            "number": 1,
            "due_on": "2026-12-24",
            "principal": "400000.00",
            "interest": "11835.62",
            "total": "411835.62",
            "balance": "0.00",
        }
    ],
}
ANSWERS: Final[dict[tuple[str, str], Json]] = {
    ("onboarding", "start_registration"): {
        "registration_id": ID,
        "challenge_id": ID,
        "token": "token",
    },
    ("onboarding", "confirm_phone"): _STEP,
    ("onboarding", "put_person"): _STEP,
    ("onboarding", "put_photo"): _STEP,
    ("onboarding", "get_registration"): {**_STEP, "refused_code": None},
    ("onboarding", "file_registration_appeal"): _WHOLE_APPEAL,
    ("onboarding", "get_registration_appeal"): _WHOLE_APPEAL,
    ("onboarding", "list_registration_appeals"): {"items": [_APPEAL]},
    ("onboarding", "open_registration_ceremony"): _WHOLE_CEREMONY,
    ("onboarding", "get_ceremony"): _WHOLE_CEREMONY,
    ("onboarding", "open_ceremony"): _WHOLE_CEREMONY,
    ("onboarding", "start_phone_change"): _CHANGE,
    ("onboarding", "confirm_phone_change"): _CHANGE,
    ("onboarding", "start_account_change"): _CHANGE,
    ("onboarding", "start_identity_change"): _CHANGE,
    ("onboarding", "list_accounts"): {
        "version": "5f" * 16,
        "items": [
            {
                "account_id": ID,
                "kind": "iban",
                "masked": "***338",
                "state": "proved",
                "proved_at": AT,
                "selected": True,
            }
        ],
    },
    ("onboarding", "open_change_ceremony"): _WHOLE_CEREMONY,
    ("onboarding", "sign_change"): _CEREMONY,
    ("onboarding", "get_change"): {**_CHANGE, "refused_code": None},
    ("onboarding", "get_consent_texts"): {
        "items": [
            {
                "kind": "biometrics",
                "version": "1",
                "text": "Даю согласие…",
                "sha256": DIGEST,
                "required": True,
            }
        ]
    },
    ("onboarding", "list_consents"): _CONSENTS,
    ("onboarding", "give_consent"): _CONSENTS,
    ("onboarding", "withdraw_consent"): _CONSENTS,
    ("contracts", "list_own_disclosures"): {
        "items": [_DISCLOSURE],
        "next_before": ID,
    },
    ("onboarding", "list_readings"): {"items": [_READING], "next_before": ID},
    ("onboarding", "export_own_data"): {
        "client_id": ID,
        "exported_at": AT,
        "person": {
            "surname": "Ахметова",
            "given_name": "Айгерим",
            "patronymic": None,
            "iin": "900101300017",
            "phone": "+77011234567",
            "document": {
                "kind": "id_card",
                "number": "012345678",
                "valid_until": "2030-01-01",
            },
        },
        "accounts": [{"account": "KZ86125KZT5004100100", "state": "proved"}],
        "photo": {
            "media_type": "image/jpeg",
            "sha256": DIGEST,
            "photo_b64": "/9j/4AAQSkZJRg==",
        },
        "consents": [_CONSENT],
        "changes": [],
        "identifications": [],
        "readings": [_READING],
    },
    ("onboarding", "ask_erasure"): _ERASURE,
    ("onboarding", "show_erasure"): _ERASURE,
    ("onboarding", "withdraw_erasure"): _ERASURE,
    ("onboarding", "complete_biometrics"): _CEREMONY,
    ("onboarding", "put_signature"): _CEREMONY,
    ("contracts", "list_products"): {
        "items": [
            {
                "product": "standard",
                "version": "2026-01-05",
                "annual_percent": "36.00",
                "least": "4325.00",
                "most": "86500000.00",
                "shortest_days": 30,
                "longest_days": 1826,
                "methods": ["annuity", "differentiated"],
            }
        ]
    },
    ("contracts", "draft_schedules"): {"items": [_SCHEDULE]},
    ("contracts", "get_schedule"): _SCHEDULE,
    ("contracts", "quote_payoff"): _PAYOFF,
    ("contracts", "get_debt"): {
        **_PAYOFF,
        "state": "active",
        "closed_on": None,
        "overdue": "0.00",
        "days_overdue": 0,
        "accrual_stopped": False,
        "next_payment": {"due_on": "2026-12-14", "amount": "141400.00"},
        "payments": [
            {
                "due_on": "2026-12-14",
                "principal": "129400.00",
                "interest": "12000.00",
                "left": "141400.00",
                "state": "ahead",
            }
        ],
        "credits": [
            {
                "credit_id": ID,
                "value_on": "2026-11-25",
                "amount": "100.00",
                "reversed": False,
                "taken_back": "0.00",
            }
        ],
        "pay_to": {
            "iban": "KZ86125KZT5004100100",
            "purpose": "KSK-20261123-5FEED469EA",
        },
    },
    ("contracts", "order_early_repayment"): {
        "order_id": ID,
        "contract_id": ID,
        "day": "2026-12-14",
        "amount": "100000.00",
        "effect": "shorter",
    },
    ("contracts", "submit_application"): _APPLICATION,
    ("contracts", "get_application"): _APPLICATION,
    ("contracts", "list_amendments"): {"items": [_AMENDMENT]},
    ("contracts", "request_amendment"): _AMENDMENT,
    ("contracts", "withdraw_amendment"): _AMENDMENT,
    ("contracts", "open_inquiry"): _WHOLE_INQUIRY,
    ("contracts", "write_letter"): _WHOLE_INQUIRY,
    ("contracts", "get_own_inquiry"): _WHOLE_INQUIRY,
    ("contracts", "list_own_inquiries"): {"items": [_INQUIRY], "next_before": None},
    ("antifraud", "file_appeal"): _WHOLE_APPEAL,
    ("antifraud", "get_own_appeal"): _WHOLE_APPEAL,
    ("antifraud", "list_own_appeals"): {"items": [_APPEAL], "next_before": None},
    ("contracts", "get_progress"): {
        "application_id": ID,
        "contract_id": ID,
        "state": "concluded",
        "next_step": "give_consent",
        "actor": "client",
        "until": AT,
        "explanation": {"kk": "…", "ru": "…", "en": "…"},
        "steps": [
            {"step": "applied", "state": "done", "at": AT},
            {"step": "consented", "state": "current", "at": None},
        ],
    },
    ("contracts", "list_applications"): {"items": [_APPLICATION], "next_before": ID},
    ("contracts", "list_contracts"): {"items": [_CONTRACT], "next_before": None},
    ("contracts", "get_contract"): _CONTRACT,
    ("contracts", "get_document"): {
        "document_b64": "0JTQvtCz0L7QstC+0YA=",
        "media_type": "application/pdf",
        "sha256": DIGEST,
    },
    ("contracts", "list_documents"): {
        "items": [
            {
                "sha256": DIGEST,
                "content_sha256": DIGEST,
                "kind": "contract",
                "template": "contract-3",
                "media_type": "application/pdf",
                "made_at": AT,
            }
        ]
    },
    ("contracts", "read_document"): {
        "document_b64": "JVBERi0=",
        "media_type": "application/pdf",
        "sha256": DIGEST,
        "kind": "contract",
    },
    ("contracts", "look_up_document"): {
        "kind": "contract",
        "template": "contract-3",
        "sha256": DIGEST,
        "state": "active",
        "contract_on": "2026-11-02",
        "signed_at": AT,
    },
    ("contracts", "open_signing"): _WHOLE_CEREMONY,
    ("contracts", "open_amendment_signing"): _WHOLE_CEREMONY,
    ("contracts", "give_consent"): _CONTRACT,
    ("contracts", "confirm_release"): _CONTRACT,
    ("contracts", "refuse_contract"): {"refusal": "final", "contract": _CONTRACT},
    ("disbursement", "get_payout"): {
        "payout_id": ID,
        "contract_id": ID,
        "state": "held",
        "amount": "400000.00",
        "hold_until": AT,
        "confirmation_required": False,
        "settled_at": None,
    },
}
