"""Persons' own keys on the real database, and what is left when one is destroyed."""

import importlib.util
from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import ModuleType
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from kernel.crypto import FieldKeys, Json, UnsealError, commitment, random_bytes
from kernel.errors import Refused
from services.onboarding.storage import metadata
from services.onboarding.storage.keys import KeyRing
from tests.integration.onboarding.conftest import MIGRATIONS, Applicant, Cabinet

FIVE_YEARS = timedelta(days=5 * 366)
MARK = b"\x01\x06person"
SEALED = [
    (table.name, column.name, next(iter(table.primary_key.columns)).name)
    for table in metadata.sorted_tables
    for column in table.columns
    if column.name.endswith("_sealed") and table.name != "person_keys"
]


def migration(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, MIGRATIONS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def execute(cabinet: Cabinet, sql: str) -> None:
    with cabinet.owner.begin() as connection:
        connection.execute(text(sql))


def later(cabinet: Cabinet, by: timedelta) -> None:
    cabinet.stand.clock_file.write_text(str(int(by.total_seconds())))


def sealed_fields(cabinet: Cabinet) -> Iterator[tuple[str, str, UUID, bytes]]:
    for table, column, key in SEALED:
        found = cabinet.rows(
            f'SELECT "{key}" AS key, "{column}" AS sealed FROM "{table}"'  # noqa: S608 - our own names
            f' WHERE "{column}" IS NOT NULL'
        )
        for row in found:
            yield table, column, row.key, bytes(row.sealed)


def ask(cabinet: Cabinet, client_id: UUID) -> Mapping[str, Json]:
    return cabinet.use_cases.personal.ask_erasure(
        cabinet.context(), client_id=client_id
    )


def export(cabinet: Cabinet, client_id: UUID) -> Mapping[str, Json]:
    made = cabinet.use_cases.personal.export_own_data(
        cabinet.context(), client_id=client_id
    )
    return {
        name: value
        for name, value in made.items()
        if name not in {"exported_at", "readings"}
    }


@pytest.fixture
def erased(cabinet: Cabinet) -> Applicant:
    """A client who asked, and whose terms are over."""
    client = cabinet.client("erased")
    client_id = client.client_id
    assert ask(cabinet, client_id)["waits_for"] == "retention"
    assert cabinet.use_cases.personal.erase_due() == 0
    later(cabinet, FIVE_YEARS)
    assert cabinet.use_cases.personal.erase_due() == 1
    assert cabinet.said("personal_data_erased") == [{"client_id": str(client_id)}]
    return client


@pytest.mark.seeded("onboarding_sealed_by_the_services_key")
def test_everything_of_a_person_is_sealed_by_their_own_key(cabinet: Cabinet) -> None:
    """Copied out with the service's keys, without the one row, nothing opens."""
    cabinet.client("own key")
    fields = list(sealed_fields(cabinet))
    assert {(table, column) for table, column, _, _ in fields} >= {
        ("persons", "iin_sealed"),
        ("photos", "photo_sealed"),
        ("accounts", "iban_sealed"),
        ("protocols", "protocol_sealed"),
        ("signatures", "cms_sealed"),
    }
    for table, column, row, sealed in fields:
        assert sealed.startswith(MARK), (table, column)
        with pytest.raises(UnsealError):
            cabinet.platform.field_keys.unseal(
                sealed, table=table, column=column, row=row
            )


@pytest.mark.seeded("onboarding_erased_person_is_opened")
def test_after_an_erasure_nobody_opens_anything(
    cabinet: Cabinet, erased: Applicant
) -> None:
    (row,) = cabinet.rows("SELECT client_id, key_sealed FROM person_keys")
    assert row.key_sealed is None
    with (
        cabinet.platform.database.begin(cabinet.context()) as tx,
        pytest.raises(UnsealError, match="destroyed"),
    ):
        KeyRing(tx.connection, cabinet.platform.field_keys).seal(
            "persons", row.client_id, of=row.client_id
        )
    with pytest.raises(Refused, match="client_unknown"):
        export(cabinet, row.client_id)
    with pytest.raises(Refused, match="registration_unknown"):
        assert erased.standing
    with pytest.raises(Refused, match="ceremony_unknown"):
        cabinet.use_cases.evidence.get_proofs(
            cabinet.context(),
            ceremony_id=erased.ceremony_id,
            reader="contracts",
            purpose="contract_export",
        )
    assert cabinet.use_cases.evidence.restamp_ageing() == 0
    assert cabinet.use_cases.personal.watch_documents() == 0


@pytest.mark.clause("6.2")
@pytest.mark.seeded("onboarding_commits_by_the_services_key")
def test_an_erasure_ends_what_opens_the_logged_commitment(cabinet: Cabinet) -> None:
    """Until then the ИИН can be told with its proof; the event stays as it is."""
    client_id = cabinet.client("committed").client_id
    (activated,) = cabinet.said("client_activated")

    def disclosed() -> Mapping[str, Json]:
        return cabinet.use_cases.clients.disclose_person(
            cabinet.context(),
            client_id=client_id,
            reader="audit",
            purpose="log_export",
        )

    told = disclosed()
    salt = b64decode(str(told["iin_salt_b64"]))
    assert activated["iin_commitment"] == commitment(salt, str(told["iin"]))
    assert salt != cabinet.platform.field_keys.salt("iin", row=client_id)
    ask(cabinet, client_id)
    later(cabinet, FIVE_YEARS)
    assert cabinet.use_cases.personal.erase_due() == 1
    with pytest.raises(Refused, match="client_unknown"):
        disclosed()
    with (
        cabinet.platform.database.begin(cabinet.context()) as tx,
        pytest.raises(UnsealError, match="destroyed"),
    ):
        KeyRing(tx.connection, cabinet.platform.field_keys).salt_of(client_id, "iin")


@pytest.mark.seeded("onboarding_erasure_keeps_tokens")
def test_an_erasure_leaves_no_token_of_the_person(cabinet: Cabinet) -> None:
    """So the same person, with the same number and account, may begin anew."""
    client = cabinet.client("token")
    client_id = client.client_id
    tokens = cabinet.rows(
        "SELECT c.iin_token, c.phone_token, a.iban_token, s.certificate_serial,"
        " p.protocol_id, t.session_id, o.evidence_id FROM clients c"
        " JOIN accounts a USING (client_id) JOIN ceremonies e USING (client_id)"
        " JOIN signatures s USING (ceremony_id) JOIN protocols p USING (ceremony_id)"
        " JOIN attempts t USING (ceremony_id)"
        " JOIN ownership_checks o USING (account_id)"
    )
    assert tokens
    ask(cabinet, client_id)
    later(cabinet, FIVE_YEARS)
    assert cabinet.use_cases.personal.erase_due() == 1

    for table in metadata.sorted_tables:
        if table.name == "outbox":  # events said it, and are for ever
            continue
        name = table.name
        rows = cabinet.rows(f'SELECT "{name}"::text AS row FROM "{name}"')  # noqa: S608 - our own names
        left = [token for token in tokens[0] if any(token in row.row for row in rows)]
        assert (name, left) == (name, [])
    later(cabinet, timedelta(0))
    anew = Applicant(cabinet, client.person)
    anew.up_to_ceremony()
    anew.pass_biometrics()
    anew.sign()
    assert anew.standing["state"] == "active"


def test_an_erasure_is_of_one_person_only(cabinet: Cabinet) -> None:
    one, other = cabinet.client("one goes"), cabinet.client("other stays")
    one_id, other_id = one.client_id, other.client_id
    before = export(cabinet, other_id)
    ask(cabinet, one_id)
    later(cabinet, FIVE_YEARS)
    assert cabinet.use_cases.personal.erase_due() == 1
    assert export(cabinet, other_id) == before


def test_who_left_before_becoming_a_client_goes_by_themselves(
    cabinet: Cabinet,
) -> None:
    applicant = cabinet.applicant("left half way")
    applicant.confirm_phone()
    applicant.give_data()
    later(cabinet, timedelta(days=2))
    assert cabinet.use_cases.personal.erase_due() == 0
    later(cabinet, timedelta(days=32))
    assert cabinet.use_cases.personal.erase_due() == 1
    with pytest.raises(Refused, match="registration_unknown"):
        assert applicant.standing


@pytest.mark.clause("4.2")
@pytest.mark.seeded("onboarding_database_lets_evidence_go")
def test_no_key_goes_before_its_term_even_by_the_schemas_owner(
    cabinet: Cabinet,
) -> None:
    cabinet.client("within the term")
    destroy = "UPDATE person_keys SET key_sealed = NULL, wrapped_by = NULL"
    with pytest.raises(DBAPIError, match=r"five years \(clause 4\.2\)"):
        execute(cabinet, f"{destroy}, destroyed_at = now()")
    execute(
        cabinet,
        "INSERT INTO obligations (contract_id, client_id, opened_at)"
        " SELECT gen_random_uuid(), client_id, now() FROM clients",
    )
    with pytest.raises(DBAPIError, match="open contract"):
        execute(cabinet, f"{destroy}, destroyed_at = now() + interval '6 years'")


@pytest.mark.usefixtures("erased")
def test_a_destroyed_key_does_not_come_back(cabinet: Cabinet) -> None:
    with pytest.raises(DBAPIError, match="does not come back"):
        execute(cabinet, "UPDATE person_keys SET destroyed_at = NULL")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person_keys SET destroyed_at = now()",
        "DELETE FROM person_keys",
        "DELETE FROM erasure_requests",
    ],
)
def test_the_services_role_destroys_a_key_by_the_whole_act_alone(
    cabinet: Cabinet, statement: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        cabinet.platform.database.engine.begin() as connection,
    ):
        connection.execute(text(statement))


@pytest.mark.seeded("onboarding_field_resealed_twice")
def test_a_field_is_sealed_anew_once(cabinet: Cabinet) -> None:
    """What the own key has sealed is evidence like any other: it stays."""
    cabinet.client("sealed anew")
    (row,) = cabinet.rows("SELECT client_id, iin_sealed FROM persons")
    other = MARK + random_bytes(60)
    with (
        pytest.raises(DBAPIError, match="sealed anew once"),
        cabinet.platform.database.engine.begin() as connection,
    ):
        connection.execute(
            text(
                "SELECT reseal('persons', 'iin_sealed', 'client_id', :row, :was, :new)"
            ),
            {"row": row.client_id, "was": bytes(row.iin_sealed), "new": other},
        )


@pytest.fixture
def of_before(cabinet: Cabinet) -> Applicant:
    """A client of before there were keys, after the release's last migration."""
    execute(cabinet, migration("0010_pre_person_keys").NOT_YET)
    client = cabinet.client("of before")
    assert all(not sealed.startswith(MARK) for *_, sealed in sealed_fields(cabinet))
    execute(cabinet, migration("0012_post_person_keys").FROM_NOW_ON)
    return client


@pytest.mark.seeded("onboarding_resealed_while_others_write")
def test_who_was_there_before_is_sealed_anew_and_reads_the_same(
    cabinet: Cabinet, of_before: Applicant
) -> None:
    client_id = of_before.client_id
    before = export(cabinet, client_id)
    personal = cabinet.use_cases.personal

    personal.seal_by_own_keys()
    with cabinet.platform.database.begin(cabinet.context()) as tx:
        ring = KeyRing(tx.connection, cabinet.platform.field_keys)
        ring.take_further(client_id, at=tx.now)
    assert not any(sealed.startswith(MARK) for *_, sealed in sealed_fields(cabinet))
    later(cabinet, timedelta(minutes=2))
    personal.seal_by_own_keys()
    assert all(sealed.startswith(MARK) for *_, sealed in sealed_fields(cabinet))
    assert export(cabinet, client_id) == before

    ask(cabinet, client_id)
    later(cabinet, FIVE_YEARS)
    assert personal.erase_due() == 1


def test_nobody_is_erased_before_their_own_key_seals_everything(
    cabinet: Cabinet, of_before: Applicant
) -> None:
    ask(cabinet, of_before.client_id)
    later(cabinet, FIVE_YEARS)
    assert cabinet.use_cases.personal.erase_due() == 0


def test_a_broken_field_stops_nobody_else_s_sealing(
    cabinet: Cabinet, of_before: Applicant
) -> None:
    personal = cabinet.use_cases.personal
    execute(
        cabinet,
        "INSERT INTO registrations (registration_id, client_id, state, token_sha256,"
        " phone_sealed, challenge_id, started_at, expires_at, moved_at)"
        " SELECT gen_random_uuid(), gen_random_uuid(), state, token_sha256,"
        " phone_sealed, challenge_id, started_at, expires_at, moved_at"
        " FROM registrations",
    )
    execute(
        cabinet,
        "INSERT INTO person_keys (client_id) SELECT client_id FROM registrations"
        " ON CONFLICT DO NOTHING",
    )
    personal.seal_by_own_keys()
    later(cabinet, timedelta(minutes=2))
    personal.seal_by_own_keys()
    whole = cabinet.rows("SELECT client_id FROM person_keys WHERE whole_at IS NOT NULL")
    assert [row.client_id for row in whole] == [of_before.client_id]


@pytest.mark.seeded("onboarding_old_wrapping_stays")
def test_with_the_old_wrapping_key_gone_no_backup_opens_an_erased_person(
    cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every living person's key is wrapped anew; the copy of the old row is noise."""
    client_id = cabinet.client("wrapped anew").client_id
    (backup,) = cabinet.rows("SELECT client_id, key_sealed FROM person_keys")
    old = cabinet.platform.field_keys
    new = {"k-new": random_bytes(32)}

    def under(keys: FieldKeys) -> None:
        monkeypatch.setitem(cabinet.platform.__dict__, "field_keys", keys)

    under(FieldKeys("k-new", {**old.keys, **new}))
    cabinet.use_cases.personal.seal_by_own_keys()
    under(FieldKeys("k-new", new))
    assert export(cabinet, client_id)["person"]
    with pytest.raises(UnsealError):
        FieldKeys("k-new", new).unseal(
            bytes(backup.key_sealed),
            table="person_keys",
            column="key_sealed",
            row=client_id,
        )


def test_a_key_opens_for_its_own_person_only(cabinet: Cabinet) -> None:
    cabinet.client("whose key")
    execute(
        cabinet,
        "INSERT INTO person_keys (client_id, key_sealed, wrapped_by)"
        " SELECT gen_random_uuid(), key_sealed, wrapped_by FROM person_keys",
    )
    (stranger,) = cabinet.rows(
        "SELECT client_id FROM person_keys WHERE made_at IS NULL"
    )
    with (
        cabinet.platform.database.begin(cabinet.context()) as tx,
        pytest.raises(UnsealError),
    ):
        KeyRing(tx.connection, cabinet.platform.field_keys).seal(
            "persons", uuid4(), of=stranger.client_id
        )
