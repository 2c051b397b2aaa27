"""One client from registration to money, step by step, over the public door only."""

import base64
import re
import secrets
from dataclasses import dataclass, field

from infra.demo.cabinet import Cabinet, Json, ProblemError, until
from infra.demo.photo import portrait
from infra.simulators.client import ControlClient, Person

_CODE = re.compile(r"\b([0-9]{6})\b")


@dataclass(slots=True, kw_only=True)
class Borrower:
    """A person, their browser, and their phone (whose SMS the control door shows).

    `world_url` is where people meet the outer world; `person` has yet to enrol.
    """

    person: Person
    cabinet: Cabinet
    control: ControlClient
    world_url: str
    password: str
    registration_id: str = ""
    contract_id: str = ""
    read_sms: int = field(default=0)
    ways_back: dict[str, str] = field(default_factory=dict)

    def appear(self, *, account_of: str | None = None) -> None:
        """Exist for the state, the bureau, the bank and the certification authority.

        `account_of` is the ИИН of who really owns the account; by default oneself.
        """
        person = self.person
        assert person.ca is not None  # noqa: S101 - made with one
        self.control.create_person(person, earlier_online_microcredit=True)
        self.control.create_account(iban=person.iban, iin=account_of or person.iin)
        person.enrol(self.world_url, person.ca)

    def start_registration(self) -> None:
        """Give the phone number; a code is sent to it."""
        body = {"phone": self.person.phone}
        answer = self.cabinet.call("POST", "/registrations", body)
        self.registration_id = answer["registration_id"]
        self.cabinet.token = answer["token"]

    def confirm_phone(self) -> None:
        """Type the code from the message."""
        self._registration("POST", "/phone-confirmation", {"code": self.next_code()})

    def give_data(self) -> None:
        """Fill in the form of clause 4.1."""
        identity = self.person.identity
        texts = self.cabinet.call("GET", "/personal-data/consent-texts")["items"]
        self._registration(
            "PUT",
            "/person",
            {
                "surname": identity.surname,
                "given_name": identity.given_name,
                "patronymic": identity.patronymic,
                "iin": identity.iin,
                "document": {
                    "kind": identity.document.kind,
                    "number": identity.document.number,
                    "valid_until": identity.document.valid_until.isoformat(),
                },
                "iban": identity.iban,
                "consents": [
                    {"kind": text["kind"], "text_sha256": text["sha256"]}
                    for text in texts
                ],
            },
        )

    def give_photo(self) -> None:
        """Send the photo."""
        path = f"/registrations/{self.registration_id}/photo"
        self.cabinet.call("PUT", path, content=portrait(), media_type="image/jpeg")

    def identify(self) -> Json:
        """Pass the ceremony over the registration statement (clause 4.2)."""
        ceremony = self._registration("POST", "/ceremony")
        return self.pass_ceremony(ceremony)

    def pass_ceremony(self, ceremony: Json) -> Json:
        """Stand before the camera, then sign exactly the ceremony's bytes."""
        self.show_face(ceremony)
        document = base64.b64decode(ceremony["document_b64"])
        cms = base64.b64encode(self.person.sign(document)).decode()
        path = f"/ceremonies/{ceremony['ceremony_id']}"
        return self.cabinet.call("PUT", f"{path}/signature", {"cms_b64": cms})

    def show_face(self, ceremony: Json) -> None:
        """Stand before the camera of ЦОИД.

        Who comes back after a lost answer may have stood there already: no URL then,
        or the one whose way back the browser still knows.
        """
        url = ceremony["biometrics_url"]
        if url is not None:
            if url not in self.ways_back:
                self.ways_back[url] = self.person.pass_biometrics(url)
            self.cabinet.absolute(self.ways_back[url])

    def set_password(self) -> None:
        """Choose a password once the registration is active."""
        path = f"/registrations/{self.registration_id}"
        until(lambda: self.cabinet.call("GET", path), lambda r: r["state"] == "active")
        until(self._try_password, lambda answer: bool(answer["set"]))
        self.cabinet.token = None

    def _try_password(self) -> Json:
        """The account appears a moment after activation, by an event."""
        path = f"/registrations/{self.registration_id}/password"
        try:
            self.cabinet.call("POST", path, {"password": self.password})
        except ProblemError as error:
            if error.code in {"account_not_ready", "registration_unfinished"}:
                return {"set": False, "state": error.code}
            raise
        return {"set": True}

    def log_in(self, password: str | None = None) -> Json:
        """Both factors (clauses 4.3, 4.5); in a new browser the camera as well."""
        self.forget_messages()
        credentials = {
            "login": self.person.phone,
            "password": password or self.password,
        }
        challenge = self.cabinet.call("POST", "/sessions", credentials)
        body = {"challenge_id": challenge["challenge_id"], "code": self.next_code()}
        opened = self.cabinet.call("POST", "/sessions/second-factor", body)
        check = opened.get("device_check")
        return opened if check is None else self.pass_device_check(check)

    def change_browser(self) -> None:
        """Go on in a browser nobody has logged in from before."""
        self.cabinet.close()
        self.cabinet = self.cabinet.another()

    def pass_device_check(self, check: Json) -> Json:
        """Show one's face, because nobody has logged in from this browser before."""
        path = f"/sessions/device-checks/{check['check_id']}"
        self.cabinet.token = check["token"]
        try:
            ceremony = self.cabinet.call("POST", f"{path}/ceremony")
            self.show_face(ceremony)
            body = {"ceremony_id": ceremony["ceremony_id"]}
            return self.cabinet.call("POST", f"{path}/completion", body)
        finally:
            self.cabinet.token = None

    def draft_schedules(self, amount: str, *, term_days: int = 90) -> list[Json]:
        """What a microcredit would cost, by each method of repayment."""
        query = f"amount={amount}&term_days={term_days}"
        drafts: list[Json] = self.cabinet.call(
            "GET", f"/products/standard/schedules?{query}"
        )["items"]
        return drafts

    def apply(
        self, amount: str, *, term_days: int = 90, account_id: str | None = None
    ) -> Json:
        """Ask for a microcredit; the decision comes with the answer or soon after.

        Asked again because the answer was lost, it is the same application: one key.
        """
        body: Json = {
            "product": "standard",
            "repayment": "annuity",
            "amount": amount,
            "term_days": term_days,
        }
        if account_id is not None:
            body["account_id"] = account_id
        key = f"application-{self.registration_id}"
        application = self.cabinet.call("POST", "/applications", body, key=key)
        path = f"/applications/{application['application_id']}"
        decided = until(
            lambda: self.cabinet.call("GET", path),
            lambda a: a["state"] in {"offered", "refused"},
        )
        self.contract_id = str(decided.get("contract_id") or "")
        return decided

    def sign(self) -> Json:
        """Sign the contract by biometrics and ЭЦП over its bytes (clause 5.2)."""
        self.pass_ceremony(self.contract("POST", "/signing"))
        return self.contract_until("concluded")

    def consent(self) -> Json:
        """Give the additional consent (дополнительное согласие, clause 5.5)."""
        self.state("consent")
        return self.contract_until("consented")

    def release(self) -> Json:
        """Confirm the release (повторное подтверждение)."""
        return self.state("release")

    def state(self, kind: str) -> Json:
        """Make one of the two statements with a fresh second factor.

        Raises ProblemError (``release_too_early`` …).
        """
        text = self.text(kind)
        self.forget_messages()
        body = {"purpose": kind, "contract_id": self.contract_id}
        challenge = self.cabinet.call("POST", "/challenges", body)
        statement = {
            "challenge_id": challenge["challenge_id"],
            "code": self.next_code(),
            "text_sha256": text["sha256"],
        }
        path, key = f"/contracts/{self.contract_id}/{kind}", secrets.token_hex(16)
        while True:
            seen = self.contract()["version"]
            try:
                return self.cabinet.call("POST", path, statement, key=key, seen=seen)
            except ProblemError as error:
                if error.code != "version_stale":
                    raise

    def text(self, kind: str) -> Json:
        """The text of a statement as it is shown."""
        query = f"/texts/{kind}?contract_id={self.contract_id}"
        return self.cabinet.call("GET", query)

    def contract(
        self, method: str = "GET", path: str = "", body: Json | None = None
    ) -> Json:
        """Something about the contract."""
        return self.cabinet.call(method, f"/contracts/{self.contract_id}{path}", body)

    def contract_until(self, *states: str, within_s: float = 30.0) -> Json:
        """Wait until the contract is in one of `states`."""
        return until(self.contract, lambda c: c["state"] in states, within_s=within_s)

    def debt(self) -> Json:
        """What is owed today, and how to pay."""
        return self.contract(path="/debt")

    def pay(self, amount: str) -> Json:
        """Pay by the words the cabinet gives; the bank books it today."""
        to = self.debt()["pay_to"]
        tenge, tiyn = amount.split(".")
        return self.control.pay_in(
            self.person,
            iban=to["iban"],
            amount_minor=int(tenge) * 100 + int(tiyn),
            purpose=f"Погашение микрокредита {to['purpose']}",
        )

    def payout(self) -> Json:
        """Where the money is, as the client sees it."""
        return self.contract(path="/payout")

    def payout_until(self, *states: str, within_s: float = 30.0) -> Json:
        """Wait until the payout is in one of `states`."""
        return until(self._payout, lambda p: p["state"] in states, within_s=within_s)

    def _payout(self) -> Json:
        """The payout is scheduled a moment after the consent, by an event."""
        try:
            return self.payout()
        except ProblemError as error:
            if error.code.endswith(("_not_found", "_unknown")):
                return {"state": error.code}
            raise

    def forget_messages(self) -> None:
        """Take all messages so far as read."""
        self.read_sms = len(self.control.sms(self.person.phone))

    def next_message(self, containing: str = "", *, within_s: float = 20.0) -> str:
        """The next unread message that contains a word.

        Raises TimeoutError.
        """

        def look() -> Json:
            for number, sms in enumerate(self.control.sms(self.person.phone), 1):
                if number > self.read_sms and containing in sms["text"]:
                    self.read_sms = number
                    return {"state": "read", "text": sms["text"]}
            return {"state": "no further SMS", "text": None}

        return str(
            until(look, lambda a: a["text"] is not None, within_s=within_s)["text"]
        )

    def next_code(self) -> str:
        """The six digits of the next message that has some."""
        while True:
            found = _CODE.search(self.next_message())
            if found:
                return found[1]

    def _registration(self, method: str, path: str, body: Json | None = None) -> Json:
        return self.cabinet.call(
            method, f"/registrations/{self.registration_id}{path}", body
        )
