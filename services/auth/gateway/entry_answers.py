"""What goes out of coming in, of sessions, and of second factors."""

from typing import Annotated, Any

from pydantic import Field

from services.auth.gateway.answers import (
    Answer,
    AnswerId,
    ChallengeAnswer,
    Moment,
    Token,
    word,
)

_METHOD = word("sms", "totp", "passkey", "recovery_code")
_NAME = Field(examples=["phone"])

Methods = Annotated[
    list[Annotated[str, _METHOD]], Field(examples=[["sms"]], min_length=1)
]
"""Second factors that may be given, the best first."""


class WaitingAnswer(ChallengeAnswer):
    """What waits for a second factor, and which ones it may be."""

    second_factors: Methods


class OptionsAnswer(Answer):
    """For ``PublicKeyCredential.parse…OptionsFromJSON``; good for one use."""

    public_key: Annotated[dict[str, Any], Field(examples=[{"challenge": "bGV0dGVycw"}])]


class DeviceCheckAnswer(Answer):
    """Both factors are right; biometrics are due in this browser, by this token."""

    check_id: AnswerId
    token: Token
    expires_at: Moment


class RecoveryAnswer(Answer):
    """One proof was right; biometrics are due, by this token, told this once."""

    recovery_id: AnswerId
    token: Token
    expires_at: Moment


class RightAnswer(Answer):
    """Until when the recovery's token opens the change of number."""

    expires_at: Moment


class EntryAnswer(Answer):
    """The stay that begins, or the check a new browser must pass before that."""

    session_id: Annotated[AnswerId | None, Field(examples=[None])]
    client_id: Annotated[AnswerId | None, Field(examples=[None])]
    opened_at: Annotated[Moment | None, Field(examples=[None])]
    idle_seconds_left: Annotated[int | None, Field(ge=0, examples=[600])]
    device_check: DeviceCheckAnswer | None


class ListedSession(Answer):
    """A stay of the client's: since when, last activity, where, whether it is this."""

    session_id: AnswerId
    opened_at: Moment
    active_at: Moment
    browser: Annotated[str | None, Field(examples=["Firefox, Linux"])]
    current: bool


class SessionsAnswer(Answer):
    """Where the client is logged in, the newest first."""

    sessions: list[ListedSession]


class SteppedUpAnswer(Answer):
    """For how long the next change of second factors is open."""

    fresh_for_s: Annotated[int, Field(ge=1, examples=[300])]


class PasskeyAnswer(Answer):
    """A passkey; a suspended one seems to have a copy and opens nothing."""

    passkey_id: AnswerId
    name: Annotated[str, _NAME]
    added_at: Moment
    used_at: Annotated[Moment | None, Field(examples=[None])]
    suspended: bool


class FactorsAnswer(Answer):
    """The client's second factors."""

    methods: Methods
    totp_since: Annotated[Moment | None, Field(examples=[None])]
    recovery_codes_left: Annotated[int, Field(ge=0, examples=[10])]
    passkeys: list[PasskeyAnswer]


class TotpAnswer(Answer):
    """An authenticator's secret key in base32, shown this once."""

    key: Annotated[str, Field(examples=["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"])]
    otpauth_uri: Annotated[
        str, Field(examples=["otpauth://totp/creditplus.kz:creditplus.kz?secret=GEZ"])
    ]


class RecoveryCodesAnswer(Answer):
    """The codes for paper, shown this once."""

    codes: Annotated[list[str], Field(examples=[["ABCD-EFGH-IJKL-MNOP"]])]
