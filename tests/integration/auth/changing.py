"""A client who changes the number or recovers a factor, over the real database."""

from uuid import UUID

from kernel.crypto import Json, sha256_hex
from kernel.events.onboarding import PhoneChanged
from kernel.values import Phone
from services.auth.domain.devices import Aim, DeviceCheck
from services.auth.wiring import CheckDue
from services.auth.wiring.desk import Desk
from tests.integration.auth.stand import HOME, OTHER_PHONE, PASSWORD, PHONE, Stand

CEREMONY = UUID("01a2130e-4a68-713f-b993-5feed469ea37")
NEW_PASSWORD = "семь тихих окон"  # noqa: S105 - of a person who does not exist


def phone_changed(
    stand: Stand,
    client_id: UUID,
    *,
    old: Phone = PHONE,
    new: Phone = OTHER_PHONE,
    proved: bool = True,
) -> PhoneChanged:
    """What onboarding says once both proofs are there; the code was right if proved."""
    ids = stand.auth_platform.ids
    token = Desk.of(stand.auth_platform).phone_token
    change_id = stand.prove_phone(new, "phone_change") if proved else ids.new()
    return PhoneChanged(
        client_id=client_id,
        change_id=change_id,
        ceremony_id=CEREMONY,
        old_phone_token=token(old),
        phone_token=token(new),
    )


def react(stand: Stand, event: PhoneChanged) -> None:
    """As the inbox hands it over: one transaction."""
    with stand.auth_platform.database.begin(stand.context()) as tx:
        stand.auth.when_phone_changed(tx, event, happened_at=stand.clock.now())


def change_phone(stand: Stand, client_id: UUID) -> None:
    """From `PHONE` to `OTHER_PHONE`."""
    react(stand, phone_changed(stand, client_id))


def ask_code(stand: Stand, phone: Phone = PHONE) -> UUID:
    """Say that the password is forgotten; the challenge's id."""
    return stand.gateway.recovery.send_code(
        stand.context(), phone=phone, source=HOME
    ).challenge_id


def prove_code(stand: Stand, challenge_id: UUID, code: str) -> CheckDue:
    return stand.gateway.recovery.prove_code(
        stand.context(), challenge_id=challenge_id, code=code, source=HOME
    )


def forgotten(stand: Stand) -> CheckDue:
    """The code of a forgotten password was right."""
    challenge_id = ask_code(stand)
    return prove_code(stand, challenge_id, stand.code_for(PHONE, "recovery"))


def lost(stand: Stand, password: str = PASSWORD) -> CheckDue:
    """The password of a lost number was right."""
    return stand.gateway.recovery.prove_password(
        stand.context(), phone=PHONE, password=password, source=HOME
    )


def found(stand: Stand, due: CheckDue, aim: Aim) -> DeviceCheck:
    return stand.gateway.recovery.find(
        stand.context(), recovery_id=due.check.check_id, token=due.token, aim=aim
    )


def passed(stand: Stand, due: CheckDue, **changed: Json) -> dict[str, Json]:
    """The ceremony as onboarding shows it once ЦОИД knew the person."""
    statement = stand.gateway.recovery.statement(due.check)
    return {
        "ceremony_id": str(CEREMONY),
        "operation": due.check.operation,
        "document_sha256": sha256_hex(statement),
        "state": "biometrics_done",
        **changed,
    }


def set_password(
    stand: Stand, due: CheckDue, password: str = NEW_PASSWORD, **changed: Json
) -> None:
    stand.gateway.recovery.set_password(
        stand.context(),
        check=found(stand, due, "password"),
        ceremony=passed(stand, due, **changed),
        password=password,
    )


def allow_change(stand: Stand, due: CheckDue, **changed: Json) -> None:
    stand.gateway.recovery.allow_change(
        stand.context(),
        check=found(stand, due, "number"),
        ceremony=passed(stand, due, **changed),
    )


def right_of(stand: Stand, token: str) -> UUID:
    return stand.gateway.recovery.client_of_right(stand.context(), token=token)
