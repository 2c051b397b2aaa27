"""The person's side of the outer world, and the director's.

`Person` is a borrower with a soft ЭЦП key: takes a certificate, signs documents, stands
before ЦОИД's camera. `ControlClient` puts persons and accounts into the world, reads
SMS and the ledger, and arms faults. Used by the demonstration and the end-to-end tests.
"""

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from infra.simulators.clock import Clock
from infra.simulators.cms import PrivateKey, Signer, sign_detached
from infra.simulators.identities import Identity, identity_from_seed
from infra.simulators.wire import Answer, Wire

Json = dict[str, Any]
FaultMode = Literal["delay", "lose", "garble", "wrong", "down"]
KeyKind = Literal["rsa", "ec"]

RSA_BITS = 2048
SMS_PAUSE_S = 0.05


class PersonError(Exception):
    """The person cannot do this yet, for example sign before `enrol`."""


@dataclass(slots=True, kw_only=True, repr=False)
class Person:
    """A borrower. `clock` dates the signatures; `key_kind` is `rsa` at НУЦ.

    `ca` is the PEM file of the outer world's TLS authority; `enrol` fills it in.
    """

    identity: Identity
    clock: Clock = field(default_factory=Clock)
    ca: Path | None = None
    key_kind: KeyKind = "rsa"
    _signer: Signer | None = field(default=None, init=False)
    _authority_url: str = field(default="", init=False)

    @property
    def iin(self) -> str:
        return self.identity.iin

    @property
    def phone(self) -> str:
        return self.identity.phone

    @property
    def iban(self) -> str:
        return self.identity.iban

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of the last `enrol`; raises PersonError before it."""
        return self._enrolled().certificate

    def enrol(
        self, world_public_url: str, ca: Path, kind: str = "individual_sign"
    ) -> x509.Certificate:
        """Make a new key and have it certified by the simulated НУЦ."""
        self.ca, self._authority_url = ca, world_public_url
        key = self._new_key()
        request = {**self._subject(), "csr": _request(key), "kind": kind}
        answer = self._authority().call("POST", "/ca/v1/certificates", json=request)
        pem: str = answer.expect(201).json()["certificate"]
        certificate = x509.load_pem_x509_certificate(pem.encode())
        self._signer = Signer(key=key, certificate=certificate)
        return certificate

    def sign(self, document: bytes) -> bytes:
        """Detached CMS over the document, in DER; raises PersonError before `enrol`."""
        signer = self._enrolled()
        return sign_detached(document, signer=signer, signed_at=self.clock.now())

    def revoke_certificate(self, reason: str = "key_compromise") -> None:
        """Tell the simulated НУЦ to revoke the certificate of the last `enrol`."""
        serial = str(self.certificate.serial_number)
        request = {"serial": serial, "reason": reason}
        answer = self._authority().call("POST", "/ca/v1/revocations", json=request)
        answer.expect(200)

    def pass_biometrics(
        self, redirect_url: str, *, present_iin: str | None = None, lively: bool = True
    ) -> str:
        """Stand before ЦОИД's camera; the address the browser is sent back to.

        `present_iin` puts somebody else before the camera, `lively` False a photo.
        Raises AnswerError when ЦОИД takes no further attempt.
        """
        parts = urlsplit(redirect_url)
        page = Wire(f"{parts.scheme}://{parts.netloc}", ca=self._outer_ca())
        page.call("GET", parts.path).expect(200)
        form = {
            "iin": present_iin or self.iin,
            "liveness": "passed" if lively else "failed",
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        answer = page.call("POST", parts.path, body=body, headers=headers)
        return answer.expect(303).headers["location"]

    def state_record(self) -> Json:
        """The person as the state base holds one, for `ControlClient`."""
        record = asdict(self.identity)
        record["birth_on"] = self.identity.birth_on.isoformat()
        valid_until = self.identity.document.valid_until.isoformat()
        record["document"]["valid_until"] = valid_until
        record["phones"] = [record.pop("phone")]
        del record["iban"]
        return record

    def _subject(self) -> Json:
        surname = self.identity.surname.upper()
        patronymic = self.identity.patronymic
        return {
            "iin": self.iin,
            "common_name": f"{surname} {self.identity.given_name.upper()}",
            "surname": surname,
            "patronymic": patronymic.upper() if patronymic else None,
        }

    def _new_key(self) -> PrivateKey:
        if self.key_kind == "ec":
            return ec.generate_private_key(ec.SECP256R1())
        return rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS)

    def _enrolled(self) -> Signer:
        if self._signer is None:
            raise PersonError("no certificate yet: call enrol first")
        return self._signer

    def _outer_ca(self) -> Path:
        if self.ca is None:
            raise PersonError("no TLS authority known: pass ca or call enrol first")
        return self.ca

    def _authority(self) -> Wire:
        return Wire(self._authority_url, ca=self._outer_ca())


def person_from_seed(
    seed: str, *, ca: Path | None = None, clock_file: Path | None = None
) -> Person:
    """An invented person with valid numbers; the same seed, the same person."""
    return Person(identity=identity_from_seed(seed), ca=ca, clock=Clock(clock_file))


class ControlClient:
    """The director of a test: sets the outer world up and looks behind its doors.

    `certificate` is any outer client certificate: the bank has no public door.
    """

    def __init__(
        self,
        *,
        bank_url: str,
        world_url: str,
        token: str,
        ca: Path,
        certificate: tuple[Path, Path],
    ) -> None:
        self._bank = Wire(bank_url, ca=ca, certificate=certificate)
        self._world = Wire(world_url, ca=ca, certificate=certificate)
        self._headers = {"authorization": f"Bearer {token}"}

    def create_person(
        self,
        person: Person,
        *,
        earlier_online_microcredit: bool = True,
        stop_credit: bool = False,
        days_overdue: int = 0,
        debt_burden: str = "0.31",
        photo_differs: bool = False,
        **registers: bool,
    ) -> None:
        """Make the person known to the state, the operators and the bureau.

        `photo_differs` puts somebody else on the state's reference photo; `registers`:
        married, conscript, spouse_consent, additional_consent, listed.
        """
        record = {
            **person.state_record(),
            "earlier_online_microcredit": earlier_online_microcredit,
            "stop_credit": stop_credit,
            "days_overdue": days_overdue,
            "debt_burden": debt_burden,
            "photo_differs": photo_differs,
            **registers,
        }
        self._call(self._world, "POST", "/_control/persons", record).expect(201)

    def create_account(self, *, iban: str, iin: str, closed: bool = False) -> None:
        """Open an account at the bank, or change its owner."""
        account = {"iban": iban, "iin": iin, "closed": closed}
        self._call(self._bank, "POST", "/_control/accounts", account).expect(201)

    def create_card(self, *, token: str, iban: str, iin: str, last4: str) -> None:
        """Let the processor know a card by its token, or move it to an account."""
        card = {"token": token, "iban": iban, "iin": iin, "last4": last4}
        self._call(self._bank, "POST", "/_control/cards", card).expect(201)

    def pay_in(
        self, person: Person, *, iban: str, amount_minor: int, purpose: str, **more: str
    ) -> Json:
        """Let a person's money be booked on an account, as the bank shows it.

        `more`: value_on (a day; else today), reference (the bank's own; one that is
        known restates the entry), reversal_of (the reference of a credit taken back);
        creditor_iban and end_to_end_id: money that leaves without an order.
        """
        entry = {
            "iban": iban,
            "amount_minor": amount_minor,
            "purpose": purpose,
            "payer_name": person.identity.surname,
            "payer_iin": person.iin,
            "payer_iban": person.iban,
            **more,
        }
        booked = self._call(self._bank, "POST", "/_control/entries", entry)
        return dict(booked.expect(201).json())

    def sms(self, to: str) -> list[Json]:
        """The messages a phone has received, oldest first."""
        path = "/_control/sms?" + urlencode({"to": to})
        answer = self._call(self._world, "GET", path).expect(200)
        messages: list[Json] = answer.json()["messages"]
        return messages

    def reach(self, to: str, *, possible: bool) -> None:
        """Put a phone out of reach of messages, or back."""
        body = {"to": to, "possible": possible}
        self._call(self._world, "POST", "/_control/sms/reach", body).expect(200)

    def wait_for_sms(self, to: str, *, beyond: int = 0, timeout_s: float = 10) -> str:
        """The text of the newest message once there are more than `beyond`.

        Raises TimeoutError.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            messages = self.sms(to)
            if len(messages) > beyond:
                text: str = messages[-1]["text"]
                return text
            time.sleep(SMS_PAUSE_S)
        raise TimeoutError("no further SMS")

    def endow(self, iban: str, amount_minor: int) -> None:
        """Let an account of the bank hold this much from now on."""
        body = {"iban": iban, "amount_minor": amount_minor}
        self._call(self._bank, "POST", "/_control/funds", body).expect(201)

    def ledger(self) -> list[Json]:
        """The bank's ledger: one entry is one real transfer."""
        answer = self._call(self._bank, "GET", "/_control/ledger").expect(200)
        entries: list[Json] = answer.json()["entries"]
        return entries

    def incident_notices(self) -> list[Json]:
        """What the bodies were told of incidents, with their receipts."""
        answer = self._call(self._world, "GET", "/_control/notices").expect(200)
        taken: list[Json] = answer.json()["notices"]
        return taken

    def centre_messages(self) -> list[Json]:
        """What was reported to the anti-fraud centre, with acknowledgements."""
        answer = self._call(self._world, "GET", "/_control/centre").expect(200)
        messages: list[Json] = answer.json()["messages"]
        return messages

    def tell(self, *changes: object) -> list[int]:
        """Add to the anti-fraud centre's feed; the numbers there."""
        body = {"changes": list(changes)}
        path = "/_control/centre/changes"
        answer = self._call(self._world, "POST", path, body).expect(200)
        numbers: list[int] = answer.json()["numbers"]
        return numbers

    def set_centre_state(
        self, event_id: str, status: str, reason: str | None = None
    ) -> None:
        """Let the centre say `processing`, `rejected` or `forgotten` of a message."""
        body = {"event_id": event_id, "status": status, "reason": reason}
        self._call(self._world, "POST", "/_control/centre/states", body).expect(200)

    def arm_bank(self, path_prefix: str, mode: FaultMode, **options: object) -> None:
        """Arm a fault at the bank; options: times, delay_s, method, fields."""
        self._arm(self._bank, path_prefix, mode, options)

    def arm_world(self, path_prefix: str, mode: FaultMode, **options: object) -> None:
        """Arm a fault at another outer system; options as for the bank."""
        self._arm(self._world, path_prefix, mode, options)

    def clear_faults(self) -> None:
        """Disarm everything everywhere."""
        for wire in (self._bank, self._world):
            self._call(wire, "DELETE", "/_control/faults").expect(204)

    def _arm(self, wire: Wire, path_prefix: str, mode: str, options: Json) -> None:
        fault = {"path_prefix": path_prefix, "mode": mode, "times": 1, **options}
        self._call(wire, "POST", "/_control/faults", fault).expect(201)

    def _call(
        self, wire: Wire, method: str, path: str, body: Json | None = None
    ) -> Answer:
        return wire.call(method, path, json=body, headers=self._headers)


def _request(key: PrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "request")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
