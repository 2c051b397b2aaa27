"""One value told with its proof: the leaf committed to it when it was written."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kernel.crypto import canonical, commitment
from services.audit.domain.disclosing import disclosures
from services.audit.domain.report import Person
from services.audit.handlers.packing import packed
from services.audit.handlers.parts import export_part
from tests.security.audit.exports import ExportFolder, Ran
from tests.security.audit.test_parts import CLIENT, say_anew, unpacked
from tests.unit.audit.stories import (
    ANNA,
    IIN,
    LOG_ENTRY,
    SALT,
    FakePeople,
    bench,
    desk_of,
    event,
    told,
)

Verify = Callable[..., Ran]
FINDING = 3


def disclosed(tmp_path: Path, persons: Sequence[Person]) -> ExportFolder:
    """A part with a commitment in leaf 8, as its recipient has opened it."""
    writer = told()
    committed = {"iin_commitment": commitment(SALT, IIN)}
    activated = event(
        writer.producer, "client_activated", f"client:{ANNA}", 2, committed
    )
    writer.write(activated)
    given = export_part(
        CLIENT, disclosure_id=LOG_ENTRY, taken_by="operator", desk=desk_of(writer)
    )
    folder = unpacked(given.archive, tmp_path / "part", writer)
    told_files = disclosures(given.part.entries, persons)
    if told_files:
        folder.file("disclosures.jsonl").write_bytes(told_files)
        say_anew(folder)
    assert packed(given.part, [], bench=bench(), persons=persons)
    return folder


def anna() -> Person:
    person = FakePeople().person(ANNA)
    assert person is not None
    return person


@pytest.mark.clause("6.2")
@pytest.mark.seeded("audit_verifier_believes_any_value")
def test_a_value_that_was_logged_verifies_and_no_other_does(
    tmp_path: Path, verify: Verify
) -> None:
    """Attack 16: another value, another salt, a value of another leaf."""
    folder = disclosed(tmp_path, [anna()])
    assert verify(folder).code == 0
    path = folder.file("disclosures.jsonl")
    line = json.loads(path.read_bytes())
    assert (line["seq"], line["value"]) == (8, IIN)
    for lie in (
        {"value": "931002451326"},
        {"salt": "A" * 43 + "="},
        {"salt": ""},
        {"seq": 3},
        {"path": "event.data.note"},
    ):
        path.write_bytes(canonical({**line, **lie}) + b"\n")
        say_anew(folder)
        ran = verify(folder)
        assert ran.code == FINDING, (lie, ran.said)


def test_nothing_is_told_that_the_log_did_not_commit_to(tmp_path: Path) -> None:
    """Another salt (another key), no salt at all, nobody to be known any more."""
    other = Person(client_id=ANNA, names="А", iin=IIN, iin_salt=bytes(32))
    saltless = Person(client_id=ANNA, names="А", iin=IIN)
    for number, persons in enumerate(([other], [saltless], [])):
        folder = disclosed(tmp_path / str(number), persons)
        assert not folder.file("disclosures.jsonl").exists()


@pytest.mark.clause("6.2")
def test_after_the_erasure_every_proof_still_holds(
    tmp_path: Path, verify: Verify
) -> None:
    """Attack 26: the key is gone, and with it the salt; the chain stays whole."""
    folder = disclosed(tmp_path, [])
    assert verify(folder, "--held", folder.held(9)).code == 0
    raw = b"".join(p.read_bytes() for p in folder.folder.rglob("*") if p.is_file())
    assert IIN.encode() not in raw
    assert commitment(SALT, IIN).encode() in raw
