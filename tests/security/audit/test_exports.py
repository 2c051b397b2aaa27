"""Exports, honest and spoilt, before the stranger's verifier.

Attack numbers are those of docs/threat-model.md, section "Audit log".
"""

import base64
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from kernel.crypto import SigningKey, canonical
from services.audit.domain.leaf import Place, gap_leaf
from services.audit.domain.note import Checkpoint
from services.audit.domain.tree import root_of
from tests.security.audit.exports import ExportFolder, Ran, run_tool
from tests.unit.audit.builders import Producer, written
from tests.unit.audit.fakes import NOON, FakeSigner

Export = Callable[[int], ExportFolder]
Verify = Callable[..., Ran]

FINDING = 3
NOW = 1_800_000_000


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600])
def test_an_honest_export_verifies_at_every_boundary(
    export: Export, verify: Verify, size: int
) -> None:
    """No false alarm (28), with and without what the caller holds."""
    folder = export(size)
    assert verify(folder).code == 0
    ran = verify(folder, "--held", folder.held(1), "--trust", folder.trust())
    assert ran.code == 0
    assert ran.said.startswith(f"chain verified: {size - 1} events in {size} leaves")


def test_an_export_of_65537_leaves_verifies(tmp_path: Path, verify: Verify) -> None:
    """Three levels of tiles (28); the same event cannot stand there twice, so most
    leaves are of another kind.
    """
    writer = written(1)
    leaves = writer.leaves + [
        gap_leaf(Place(seq, NOON), producer="contracts", first=1, last=2)
        for seq in range(1, 65_537)
    ]
    folder = ExportFolder(tmp_path / "export", writer).write(leaves)
    assert verify(folder).code == 0
    assert (folder.folder / "tile/2/000.p/1").is_file()
    assert (folder.folder / "tile/1/001.p/1").is_file() is False


def test_a_log_with_refused_late_and_missing_messages_verifies(
    tmp_path: Path, verify: Verify
) -> None:
    writer = written(3)
    writer.write(writer.producer.event(sequence=9), Producer("onboarding").event())
    writer.clock.move(61)
    writer.write().write(writer.producer.event(sequence=5))
    assert verify(ExportFolder(tmp_path / "export", writer).write()).code == 0


def test_as_a_process_of_its_own_it_ends_with_the_same_codes(export: Export) -> None:
    """Attack 27: isolated from our code, 0 only for a good export."""
    folder = export(300)
    assert run_tool(folder).code == 0
    folder.edit("tile/entries/000", "Договор".encode(), "Догавор".encode())
    ran = run_tool(folder)
    assert ran.code == FINDING
    assert "first bad seq 1:" in ran.said


def spoil_payload(folder: ExportFolder) -> None:
    """Number 260 is the fifth entry of the second bundle."""
    path = folder.file("tile/entries/001.p/44")
    raw = path.read_bytes()
    place = raw.index(b'"seq":260')
    at = raw.rindex("Договор".encode(), 0, place)
    path.write_bytes(raw[:at] + b"X" + raw[at + 1 :])


def spoil_tile(folder: ExportFolder) -> None:
    path = folder.file("tile/0/001.p/44")
    raw = path.read_bytes()
    path.write_bytes(raw[: 4 * 32] + bytes(32) + raw[5 * 32 :])


def spoil_consistently(folder: ExportFolder) -> None:
    """The payload, the tiles above it and nothing else: the root is signed."""
    leaves = list(folder.leaves)
    leaves[260] = leaves[260].replace("Договор".encode(), "Догавор".encode())
    folder.lay_out(leaves)


def cut_bundle(folder: ExportFolder) -> None:
    path = folder.file("tile/entries/001.p/44")
    raw = path.read_bytes()
    path.write_bytes(raw[: raw.index(b'"seq":260')])


def remove_bundle(folder: ExportFolder) -> None:
    folder.file("tile/entries/001.p/44").unlink()


def remove_tile(folder: ExportFolder) -> None:
    folder.file("tile/0/001.p/44").unlink()


def swap_leaves(folder: ExportFolder) -> None:
    leaves = list(folder.leaves)
    leaves[260], leaves[261] = leaves[261], leaves[260]
    folder.write(leaves)


def insert_leaf(folder: ExportFolder) -> None:
    leaves = list(folder.leaves)
    folder.file("tile/entries/001.p/44").unlink()
    folder.file("tile/0/001.p/44").unlink()
    folder.write([*leaves[:260], leaves[4], *leaves[260:]])


def delete_leaf(folder: ExportFolder) -> None:
    leaves = list(folder.leaves)
    folder.file("tile/entries/001.p/44").unlink()
    folder.file("tile/0/001.p/44").unlink()
    folder.write([*leaves[:260], *leaves[261:]])


@pytest.mark.parametrize(
    ("attack", "seq"),
    [
        (spoil_payload, 260),  # 1, 14
        (spoil_tile, 260),  # 14
        (spoil_consistently, 260),  # 2
        (cut_bundle, 260),  # 14
        (remove_bundle, 256),  # 14
        (remove_tile, 256),  # 14
        (swap_leaves, 260),  # 8, even under the true key
        (insert_leaf, 260),  # 8
        (delete_leaf, 260),  # 4
    ],
)
@pytest.mark.clause("6.1e")
@pytest.mark.seeded("audit_verifier_skips_hash")
def test_the_first_bad_leaf_is_named(
    export: Export, verify: Verify, attack: Callable[[ExportFolder], None], seq: int
) -> None:
    folder = export(300)
    attack(folder)
    ran = verify(folder)
    assert ran.code == FINDING
    assert f"first bad seq {seq}:" in ran.said


@pytest.mark.parametrize(
    "path",
    [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ],
)
def test_no_file_of_the_tree_may_be_missing_or_longer(
    export: Export, verify: Verify, path: str
) -> None:
    """Attack 14."""
    folder = export(300)
    whole = folder.file(path).read_bytes()
    folder.file(path).write_bytes(whole + b"\n")
    assert verify(folder).code == FINDING
    folder.file(path).unlink()
    assert verify(folder).code == FINDING


def test_a_tile_that_does_not_belong_is_a_finding(
    export: Export, verify: Verify
) -> None:
    folder = export(300)
    folder.file("tile/0/002.p").mkdir()
    folder.file("tile/0/002.p/1").write_bytes(bytes(32))
    assert verify(folder).code == FINDING


def test_every_flipped_byte_is_found(export: Export, verify: Verify) -> None:
    """Attack 1, all of it: one bit in any byte of any file."""
    folder = export(3)
    for path in sorted(p for p in folder.folder.rglob("*") if p.is_file()):
        whole = path.read_bytes()
        for place in range(len(whole)):
            flipped = bytes([whole[place] ^ 1])
            path.write_bytes(whole[:place] + flipped + whole[place + 1 :])
            assert verify(folder).code == FINDING, (path.name, place)
        path.write_bytes(whole)
    assert verify(folder).code == 0


@pytest.mark.seeded("audit_verifier_ignores_held")
def test_a_rolled_back_log_is_found_by_a_held_checkpoint(
    export: Export, verify: Verify
) -> None:
    """Attacks 7 and 11: everything is true but older than what we hold."""
    folder = export(300)
    held = folder.held(300)
    shutil.rmtree(folder.folder)
    folder.write(folder.leaves[:256])
    assert verify(folder).code == 0
    ran = verify(folder, "--held", held)
    assert ran.code == FINDING
    assert "rolled back" in ran.said


def test_a_rewritten_log_is_found_and_bounded_by_held_checkpoints(
    export: Export, verify: Verify
) -> None:
    """Attacks 3, 5 and 9: signed by the true key, recomputed throughout."""
    folder = export(300)
    kept = [folder.held(size) for size in (10, 200, 280)]
    rewritten = folder.writer.leaves[:250]
    folder.writer.log.rows = folder.writer.log.rows[:250]
    other = written(300)
    shutil.rmtree(folder.folder)
    folder.write(rewritten + other.leaves[250:])
    assert verify(folder).code == 0
    options = [option for path in kept for option in ("--held", path)]
    ran = verify(folder, *options)
    assert ran.code == FINDING
    assert "between 200 and 279" in ran.said


def test_another_key_of_the_same_name_is_a_finding(
    export: Export, verify: Verify
) -> None:
    """Attack 10: the key comes from the caller, never from the export."""
    folder = export(3)
    ran = verify(folder, vkey=FakeSigner().public.vkey)
    assert ran.code == FINDING
    assert "not signed by the key" in ran.said


def test_another_origin_is_a_finding(export: Export, verify: Verify) -> None:
    folder = export(3)
    folder.sign(folder.checkpoint(folder.leaves, origin="creditplus.kz/other"))
    assert verify(folder).code == FINDING


def test_a_held_note_of_another_key_is_a_finding(
    export: Export, verify: Verify
) -> None:
    folder, stranger = export(3), written(3)
    held = folder.folder.parent / "held"
    held.write_bytes(stranger.log.checkpoints[-1].note)
    assert verify(folder, "--held", held).code == FINDING


def with_text(change: Callable[[str], str]) -> Callable[[ExportFolder], None]:
    """A note whose changed text is signed by the true key."""

    def attack(folder: ExportFolder) -> None:
        signer = folder.writer.signer
        text = change(folder.checkpoint(folder.leaves).text().decode()).encode()
        blob = base64.b64encode(signer.public.key_id + signer.sign(text)).decode()
        note = text + f"\n— {signer.public.name} {blob}\n".encode()
        folder.file("checkpoint").write_bytes(note)

    return attack


def with_lines(change: Callable[[str], str]) -> Callable[[ExportFolder], None]:
    """A note whose text is true and whose signature lines are changed."""

    def attack(folder: ExportFolder) -> None:
        text, lines = folder.file("checkpoint").read_text().split("\n\n")
        folder.file("checkpoint").write_text(f"{text}\n\n{change(lines)}")

    return attack


STRANGER = "— regulator.example/w1 " + base64.b64encode(bytes(76)).decode() + "\n"


@pytest.mark.parametrize(
    "attack",
    [
        with_text(lambda text: text.replace("\n3\n", "\n03\n")),
        with_text(lambda text: text.replace("\n3\n", "\n+3\n")),
        with_text(lambda text: text.replace("\n3\n", "\n٣\n")),
        with_text(lambda text: text.replace("\n3\n", "\n3 \n")),
        with_text(lambda text: text + "extension\n"),
        with_text(lambda text: text.replace("=\n", "\n")),
        with_text(lambda text: text.replace("\n", "\r\n")),
        with_text(lambda text: "\n" + text),
        with_lines(lambda lines: lines.rstrip("\n")),
        with_lines(lambda lines: lines + "\n"),
        with_lines(lambda lines: lines.replace("— ", "- ")),
        with_lines(lambda lines: lines.replace("— ", "—  ")),
        with_lines(lambda lines: lines + "— x y\n"),
        with_lines(lambda lines: lines + "— x AAAA\n"),
        with_lines(lambda lines: lines.replace("=\n", "\n")),
        with_lines(lambda _: ""),
        with_lines(lambda _: STRANGER),
        with_lines(lambda lines: lines + STRANGER * 100),
    ],
)
def test_a_checkpoint_that_is_not_strictly_one_is_a_finding(
    export: Export, verify: Verify, attack: Callable[[ExportFolder], None]
) -> None:
    """Attack 15: one spelling of everything, at most a hundred signatures."""
    folder = export(3)
    attack(folder)
    assert verify(folder).code == FINDING


def test_signatures_of_unknown_keys_say_nothing(export: Export, verify: Verify) -> None:
    folder = export(3)
    with_lines(lambda lines: STRANGER * 15 + lines)(folder)
    assert verify(folder).code == 0


def test_a_false_signature_beside_a_true_one_rejects_the_note(
    export: Export, verify: Verify
) -> None:
    folder = export(3)
    public = folder.writer.signer.public
    blob = base64.b64encode(public.key_id + bytes(64)).decode()
    with_lines(lambda lines: lines + f"— {public.name} {blob}\n")(folder)
    assert verify(folder).code == FINDING


def test_a_note_of_64_kilobytes_is_not_read(export: Export, verify: Verify) -> None:
    """Attack 29."""
    folder = export(3)
    with_lines(lambda lines: lines + f"— x {'A' * 65_536}\n")(folder)
    assert verify(folder).code == FINDING


def test_a_checkpoint_of_size_0_is_a_finding(export: Export, verify: Verify) -> None:
    """A log is opened by leaf 0, so no true export is empty."""
    folder = export(3)
    shutil.rmtree(folder.file("tile"))
    folder.sign(Checkpoint(folder.writer.signer.public.name, 0, root_of(())))
    assert verify(folder).code == FINDING


def test_a_producers_false_signature_is_found(tmp_path: Path, verify: Verify) -> None:
    """The log's key signs what was sent; only the producer signs what it said."""
    writer = written(5)
    folder = ExportFolder(tmp_path / "export", writer).write()
    writer.producer = Producer()  # the same name and key id, another key
    assert verify(folder).code == 0
    ran = verify(folder, "--trust", folder.trust())
    assert ran.code == FINDING
    assert "first bad seq 1: its producer's signature is false" in ran.said


def test_an_unknown_producer_is_found(tmp_path: Path, verify: Verify) -> None:
    folder = ExportFolder(tmp_path / "export", written(5)).write()
    folder.writer.producer = Producer("onboarding")
    assert verify(folder, "--trust", folder.trust()).code == FINDING


@pytest.mark.parametrize("vkey", ["nonsense", "a+00000000+AAAA", "a+b"])
def test_an_unusable_key_is_wrong_usage(
    export: Export, verify: Verify, vkey: str
) -> None:
    assert verify(export(1), vkey=vkey).code == 2


def test_whatever_cannot_be_read_is_an_error_and_never_a_success(
    export: Export, verify: Verify, tmp_path: Path
) -> None:
    """Attack 27."""
    folder = export(1)
    assert verify(folder, "--held", tmp_path / "nothing").code == 1
    assert verify(folder, "--trust", tmp_path / "nothing").code == 1
    (tmp_path / "bad.json").write_text("[]")
    assert verify(folder, "--trust", tmp_path / "bad.json").code == 2
    folder.folder = tmp_path / "nothing"
    assert verify(folder).code == 1


def rotated(tmp_path: Path) -> ExportFolder:
    """A log of 5 leaves, the last of which names the next key, which signs it alone."""
    writer = written(4)
    overlap = replace(writer, signer=FakeSigner(before=writer.signer), state=None)
    return ExportFolder(tmp_path / "export", overlap.open()).write()


def test_an_export_of_a_log_whose_key_was_rotated_verifies(
    tmp_path: Path, verify: Verify
) -> None:
    folder = rotated(tmp_path)
    old = folder.writer.signer.before
    assert old is not None
    assert verify(folder).code == 0
    assert verify(folder, "--vkey", old.public.vkey).code == 0
    assert verify(folder, vkey=old.public.vkey).code == FINDING
    assert verify(folder, "--vkey", FakeSigner("other").public.vkey).code == 2


@pytest.mark.parametrize("member", ["old_vkey", "new_vkey", "signature"])
@pytest.mark.seeded("audit_verifier_believes_any_rotation")
def test_a_successor_whom_the_old_key_did_not_name_is_found(
    tmp_path: Path, verify: Verify, member: str
) -> None:
    """Attack 10, by whoever has the new key alone and signs what they like."""
    folder = rotated(tmp_path)
    leaf = json.loads(folder.leaves[4])
    stranger = FakeSigner()
    lies = {
        "old_vkey": stranger.public.vkey,
        "new_vkey": stranger.public.vkey,
        "signature": base64.b64encode(bytes(64)).decode(),
    }
    folder.write([*folder.leaves[:4], canonical({**leaf, member: lies[member]})])
    ran = verify(folder)
    assert ran.code == FINDING
    assert "first bad seq 4:" in ran.said


class Outsider:
    """A witness with a key of its own, as the standard has it."""

    def __init__(self, name: str) -> None:
        self.name, self.key = name, SigningKey.generate(name)
        blob = b"\x04" + self.key.public_bytes
        self.key_id = sha256(name.encode() + b"\n" + blob).digest()[:4]
        encoded = base64.b64encode(blob).decode()
        self.vkey = f"{name}+{self.key_id.hex()}+{encoded}"

    def line(self, text: bytes, *, at: int) -> bytes:
        signed = f"cosignature/v1\ntime {at}\n".encode() + text
        blob = self.key_id + at.to_bytes(8, "big") + self.key.sign(signed)
        return f"— {self.name} {base64.b64encode(blob).decode()}\n".encode()


@dataclass
class Watched:
    """An export, two witnesses and the policy that wants both."""

    folder: ExportFolder
    one: Outsider
    two: Outsider

    @property
    def policy(self) -> Path:
        lines = (
            f"witness one {self.one.vkey} https://one.example/",
            f"witness two {self.two.vkey}",
            *("group both all one two", "quorum both", ""),
        )
        path = self.folder.folder.parent / "wanted"
        path.write_text("\n".join(lines))
        return path

    def cosign(self, *lines: bytes) -> None:
        path = self.folder.file("checkpoint")
        path.write_bytes(path.read_bytes() + b"".join(lines))

    @property
    def text(self) -> bytes:
        return self.folder.checkpoint(self.folder.leaves).text()


@pytest.fixture
def watched(export: Export) -> Watched:
    one, two = (Outsider(f"{name}.example/w1") for name in ("one", "two"))
    return Watched(export(5), one, two)


@pytest.mark.seeded("audit_verifier_counts_any_witness")
def test_a_quorum_of_witnesses_is_demanded(watched: Watched, verify: Verify) -> None:
    """Attack 12: without it a fork under the true key would pass."""
    wanted = ("--policy", watched.policy)
    assert verify(watched.folder, *wanted).code == FINDING
    watched.cosign(watched.one.line(watched.text, at=NOW))
    ran = verify(watched.folder, *wanted)
    assert ran.code == FINDING
    assert "too few witnesses saw this: one" in ran.said
    watched.cosign(watched.two.line(watched.text, at=NOW))
    assert verify(watched.folder, *wanted).code == 0
    assert verify(watched.folder).code == 0


@pytest.mark.seeded("audit_verifier_takes_stale_cosignatures")
def test_a_cosignature_must_be_as_fresh_as_is_wanted(
    watched: Watched, verify: Verify
) -> None:
    """Attack 11: an old state, cosigned then, is shown today."""
    now = int(time.time())
    watched.cosign(watched.one.line(watched.text, at=now))
    watched.cosign(watched.two.line(watched.text, at=now - 7_200))
    wanted = ("--policy", watched.policy, "--fresh")
    assert verify(watched.folder, *wanted, "3").code == 0
    ran = verify(watched.folder, *wanted, "1")
    assert ran.code == FINDING
    assert "too old: two" in ran.said


@pytest.mark.parametrize("lie", ["other text", "other time", "cut"])
@pytest.mark.seeded("audit_verifier_skips_cosignatures")
def test_a_false_cosignature_is_a_finding(
    watched: Watched, verify: Verify, lie: str
) -> None:
    """Attack 13: copied from another checkpoint, or changed."""
    true = watched.two.line(watched.text, at=NOW)
    blob = base64.b64decode(true.split(b" ")[2])
    changed = {
        "other text": watched.two.line(watched.text + b"x", at=NOW),
        "other time": _with_blob(true, blob[:11] + b"\x01" + blob[12:]),
        "cut": _with_blob(true, blob[:-1]),
    }
    watched.cosign(watched.one.line(watched.text, at=NOW), changed[lie])
    ran = verify(watched.folder, "--policy", watched.policy)
    assert ran.code == FINDING


def _with_blob(line: bytes, blob: bytes) -> bytes:
    return b" ".join([*line.split(b" ")[:2], base64.b64encode(blob)]) + b"\n"


@pytest.mark.parametrize(
    "text",
    ["", "quorum both\n", "quorum none\nquorum none\n", "witness x y\nquorum x\n"],
)
def test_an_unusable_policy_is_wrong_usage(
    export: Export, verify: Verify, tmp_path: Path, text: str
) -> None:
    (tmp_path / "policy").write_text(text)
    assert verify(export(3), "--policy", tmp_path / "policy").code == 2
    assert verify(export(3), "--fresh", "1").code == 2


def zipped(folder: ExportFolder, *more: tuple[str, bytes]) -> ExportFolder:
    """The export as one archive, and what somebody put in besides."""
    path = folder.folder.with_suffix(".zip")
    with ZipFile(path, "w") as archive:
        for file in sorted(p for p in folder.folder.rglob("*") if p.is_file()):
            archive.write(file, file.relative_to(folder.folder).as_posix())
        for name, content in more:
            archive.writestr(name, content)
    return replace(folder, folder=path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.seeded("audit_verifier_reads_either_of_two")
def test_an_archive_is_verified_as_its_folder_is(
    export: Export, verify: Verify
) -> None:
    """Attack 14: of two files under one name other tools might read the other."""
    folder = export(300)
    assert verify(zipped(folder)).code == 0
    checkpoint = folder.file("checkpoint").read_bytes()
    assert verify(zipped(folder, ("checkpoint", checkpoint))).code == FINDING
    assert verify(zipped(folder, ("tile/0/002", bytes(8_192)))).code == FINDING
    path = zipped(folder).folder
    raw = path.read_bytes()
    for place in range(0, len(raw) // 2, 997):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 4]) + raw[place + 1 :])
        assert verify(replace(folder, folder=path)).code != 0, place
