"""Security keys of the staff: by four eyes, for one door, one member, one attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from kernel.cli.fido import FidoKey
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.settings import staff_site
from services.auth.domain.factors import PasskeyProof
from tests.integration.auth.employees import (
    Employee,
    agree,
    code_of,
    first_two,
)
from tests.integration.auth.stand import PASSWORD, Stand
from tests.softkey import SoftKey

SITE = staff_site("test")


@dataclass
class Holder:
    """A member of the staff with a security key in the hand."""

    employee: Employee
    device: SoftKey = field(default_factory=SoftKey)

    @property
    def stand(self) -> Stand:
        return self.employee.stand

    def ask(self) -> bytes:
        """What the door asks a key for this login."""
        keys, login = self.stand.auth.staff_passkeys, self.employee.login
        return keys.ask(self.stand.context(), login=login)

    def answer(self, challenge: bytes, site: str = SITE) -> Mapping[str, Json]:
        """As the command line has it signed."""
        return FidoKey(self.device, site).answer(challenge, login=self.employee.login)

    def log_in(self) -> None:
        self.employee.log_in(PasskeyProof(self.answer(self.ask())))

    def refusal(self, credential: Mapping[str, Json]) -> str:
        return code_of(lambda: self.employee.log_in(PasskeyProof(credential)))

    def offer(self) -> UUID:
        """Have a new key made, and ask to come in by it; the request's id."""
        keys, session = self.stand.auth.staff_passkeys, self.employee.session
        begun = keys.begin(self.stand.context(), session=session)
        made = FidoKey(self.device, SITE).register(
            begun.challenge, staff_id=begun.member.staff_id, login=begun.member.login
        )
        asked = keys.offer(self.stand.context(), session=session, credential=made)
        return asked.approval_id


def with_key(stand: Stand, employee: Employee, agreed: Employee, name: str) -> Holder:
    """Somebody whose key another person has agreed to."""
    holder = Holder(employee, SoftKey(credential_id=name.encode() * 8))
    employee.log_in()
    agree(stand, holder.offer(), agreed)
    return holder


@pytest.fixture
def people(stand: Stand) -> tuple[Employee, Employee]:
    return first_two(stand)


@pytest.fixture
def anna(stand: Stand, people: tuple[Employee, Employee]) -> Holder:
    return with_key(stand, *people, "anna")


def why(stand: Stand) -> list[str]:
    return [str(event["reason"]) for event in stand.events("staff_login_failed")]


@pytest.mark.clause("6.1a")
def test_password_and_key_open_a_session(stand: Stand, anna: Holder) -> None:
    """The key counts its answers, and the door counts with it."""
    before = len(stand.events("staff_logged_in"))
    anna.log_in()
    anna.log_in()
    assert len(stand.events("staff_logged_in")) == before + 2
    [key] = stand.auth.staff_passkeys.of(stand.context(), anna.employee.staff_id)
    assert (key.sign_count, key.used_at) == (2, stand.clock.now())


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("staff_passkey_by_oneself")
def test_a_key_opens_nothing_before_another_person_agrees(
    stand: Stand, people: tuple[Employee, Employee]
) -> None:
    """Nor can whoever offered it agree; the yes is told with who said it."""
    anna, boris = people
    holder = Holder(anna)
    anna.log_in()
    approval_id = holder.offer()
    assert holder.refusal(holder.answer(holder.ask())) == "login_refused"
    assert code_of(lambda: agree(stand, approval_id, anna)) == "own_request"
    agree(stand, approval_id, boris)
    holder.log_in()
    [added] = stand.events("staff_passkey_added")
    assert (added["staff_id"], added["approved_by"]) == (
        str(anna.staff_id),
        str(boris.staff_id),
    )


@pytest.mark.clause("6.1a")
@pytest.mark.seeded("staff_passkey_beside_codes")
def test_who_has_a_key_comes_in_by_no_code(stand: Stand, anna: Holder) -> None:
    """A code can be asked for in a false voice; the paper is for a lost key."""
    stand.clock.move(seconds=30)
    assert code_of(anna.employee.log_in) == "login_refused"
    assert why(stand) == ["passkey_due"]
    anna.employee.log_in(anna.employee.recovery_codes[0])


@pytest.mark.catalogue("A10")
@pytest.mark.seeded("auth_passkey_challenge_answered_twice")
def test_an_answer_heard_on_its_way_opens_nothing(stand: Stand, anna: Holder) -> None:
    """Neither after the login it was for, nor after a wrong password with it."""
    heard = anna.answer(anna.ask())
    anna.employee.log_in(PasskeyProof(heard))
    assert anna.refusal(heard) == "login_refused"
    second = PasskeyProof(anna.answer(anna.ask()))
    code_of(lambda: anna.employee.log_in(second, password="wrong"))  # noqa: S106
    assert anna.refusal(second.credential) == "login_refused"
    assert why(stand) == ["wrong_passkey", "wrong_password", "wrong_passkey"]


@pytest.mark.seeded("staff_passkey_asked_for_ever")
def test_a_challenge_is_answered_within_five_minutes(
    stand: Stand, anna: Holder
) -> None:
    late = anna.answer(anna.ask())
    stand.clock.move(minutes=5)
    assert anna.refusal(late) == "login_refused"
    assert why(stand) == ["wrong_passkey"]


@pytest.mark.catalogue("A22")
@pytest.mark.seeded("staff_passkey_of_any_door")
def test_a_key_asked_at_another_door_opens_nothing(stand: Stand, anna: Holder) -> None:
    """The same key, the right question, asked in the name of the clients' site.

    A key of the staff answers no other name at all; one that would is refused.
    """
    site = stand.auth_platform.settings.public_host
    with pytest.raises(Refused, match="no answer"):
        anna.answer(anna.ask(), site)
    anna.device.site = site
    assert anna.refusal(anna.answer(anna.ask(), site)) == "login_refused"
    assert why(stand) == ["wrong_passkey"]


@pytest.mark.seeded("auth_copied_passkey_stays_open")
def test_a_copy_of_a_key_shuts_the_key(stand: Stand, anna: Holder) -> None:
    """Its count goes back: from then on neither of the two opens anything."""
    anna.log_in()
    anna.device.sign_count = 0
    assert anna.refusal(anna.answer(anna.ask())) == "login_refused"
    anna.device.sign_count = 10
    assert anna.refusal(anna.answer(anna.ask())) == "login_refused"
    assert why(stand) == ["cloned_passkey", "wrong_passkey"]
    [removed] = stand.events("staff_passkey_removed")
    assert (removed["staff_id"], removed["removed_by"]) == (
        str(anna.employee.staff_id),
        None,
    )


@pytest.mark.seeded("staff_passkey_of_anybody")
def test_another_member_s_key_opens_nothing(
    stand: Stand, people: tuple[Employee, Employee], anna: Holder
) -> None:
    """Boris answers for Anna with his own key, which is a good one."""
    stand.clock.move(seconds=30)
    boris = with_key(stand, people[1], people[0], "boris")
    assert anna.refusal(boris.answer(anna.ask())) == "login_refused"
    boris.log_in()
    assert why(stand) == ["wrong_passkey"]


@pytest.mark.clause("4.7")
def test_keys_are_counted_with_passwords(stand: Stand, anna: Holder) -> None:
    """Three attempts of any kind, then fifteen minutes; the right key as well."""
    for _ in range(2):
        anna.refusal({"id": "guess"})
    code_of(lambda: anna.employee.log_in(password="wrong"))  # noqa: S106
    assert anna.refusal(anna.answer(anna.ask())) == "login_refused"
    assert why(stand)[-1] == "locked"
    stand.clock.move(minutes=15)
    anna.log_in()


@pytest.mark.catalogue("A04")
@pytest.mark.seeded("staff_passkey_tells_who_works_here")
def test_the_question_tells_nobody_who_works_here(stand: Stand, anna: Holder) -> None:
    """For a login nobody has it is asked alike, and asked anew each time."""
    keys = stand.auth.staff_passkeys
    asked = [
        keys.ask(stand.context(), login=login)
        for login in ("anna", "anna", "nobody", "Не слово")
    ]
    assert len(set(asked)) == len(asked)
    assert {len(challenge) for challenge in asked} == {32}
    stranger = Holder(
        Employee(stand, "nobody", anna.employee.staff_id, b"", []), anna.device
    )
    assert stranger.refusal(stranger.answer(stranger.ask())) == "login_refused"


@pytest.mark.seeded("staff_passkey_added_by_an_old_login")
def test_a_key_is_offered_soon_after_a_login(
    stand: Stand, people: tuple[Employee, Employee]
) -> None:
    """Whoever finds the terminal open adds no key of their own."""
    holder = Holder(people[0])
    people[0].log_in()
    stand.clock.move(minutes=5, seconds=1)
    assert code_of(holder.offer) == "login_not_fresh"


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("staff_suspended_keeps_the_key")
def test_a_suspended_member_s_key_is_gone(
    stand: Stand, people: tuple[Employee, Employee], anna: Holder
) -> None:
    """Whoever is invited again starts without it; a request of theirs is void."""
    boris, context = people[1], stand.context()
    stand.clock.move(seconds=30)
    asked = with_pending(anna)
    stand.auth.staff.suspend(context, staff_id=anna.employee.staff_id, by=boris.me)
    assert stand.auth.staff_passkeys.of(context, anna.employee.staff_id) == []
    assert code_of(lambda: agree(stand, asked, boris)) == "asker_suspended"


def with_pending(holder: Holder) -> UUID:
    """One more key asked for, and not decided."""
    second = Holder(holder.employee, SoftKey(credential_id=b"a second key of hers"))
    return second.offer()


def test_a_lost_key_is_taken_away_by_somebody_else(
    stand: Stand, people: tuple[Employee, Employee], anna: Holder
) -> None:
    """At once; the codes of the authenticator are good again."""
    keys, context = stand.auth.staff_passkeys, stand.context()
    [key] = keys.of(context, anna.employee.staff_id)
    lost = {"staff_id": anna.employee.staff_id, "passkey_id": key.passkey_id}
    assert (
        code_of(lambda: keys.remove(context, **lost, by=anna.employee.me))
        == "concerns_yourself"
    )
    keys.remove(context, **lost, by=people[1].me)
    assert (
        code_of(lambda: keys.remove(context, **lost, by=people[1].me))
        == "passkey_not_found"
    )
    stand.clock.move(seconds=30)
    anna.employee.log_in(password=PASSWORD)
    [removed] = stand.events("staff_passkey_removed")
    assert removed["removed_by"] == str(people[1].staff_id)
