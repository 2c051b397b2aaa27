"""Notes against the published example of Go's golang.org/x/mod/sumdb/note."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.audit.domain.note import (
    Checkpoint,
    LogKey,
    NoteError,
    parse_text,
    reopened,
    signed,
)
from tests.unit.audit.fakes import ORIGIN, FakeSigner, verify_ed25519

GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    b"If you think cryptography is the answer to your problem,\n"
    b"then you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM="
)
ROOT = bytes(range(32))


def go_key() -> LogKey:
    public = base64.b64decode(GO_VKEY.split("+", 2)[2])[1:]
    return LogKey("PeterNeumann", public)


def test_the_key_id_and_vkey_are_those_of_gos_example() -> None:
    assert go_key().vkey == GO_VKEY
    assert go_key().key_id.hex() == "c74f20a3"


def test_gos_example_note_is_signed_over_the_text_alone() -> None:
    """The blank line is not signed; the four bytes of the key id come first."""
    blob = base64.b64decode(GO_SIGNATURE)
    assert blob[:4] == go_key().key_id
    key = Ed25519PublicKey.from_public_bytes(go_key().public_bytes)
    key.verify(blob[4:], GO_TEXT)


def test_a_checkpoint_is_three_lines_a_blank_one_and_a_signature() -> None:
    signer = FakeSigner()
    note = signed(Checkpoint(ORIGIN, 70_000, ROOT), key=signer.public, sign=signer.sign)
    text, signature = note.decode().split("\n\n")
    root = base64.b64encode(ROOT).decode()
    assert text == f"{ORIGIN}\n70000\n{root}"
    assert signature.startswith(f"— {ORIGIN} ")
    assert signature.endswith("\n")


def test_a_note_opens_to_the_checkpoint_it_was_made_of() -> None:
    signer, checkpoint = FakeSigner(), Checkpoint(ORIGIN, 3, ROOT)
    note = signed(checkpoint, key=signer.public, sign=signer.sign)
    with_stranger = note + "— regulator.example/w1 AAAAAAAA\n".encode()
    assert reopened(note, key=signer.public, verify=verify_ed25519) == checkpoint
    assert (
        reopened(with_stranger, key=signer.public, verify=verify_ed25519) == checkpoint
    )


def test_a_note_of_another_key_with_the_same_name_does_not_open() -> None:
    """Attack 10."""
    signer, other = FakeSigner(), FakeSigner()
    note = signed(Checkpoint(ORIGIN, 3, ROOT), key=other.public, sign=other.sign)
    with pytest.raises(NoteError, match="not signed"):
        reopened(note, key=signer.public, verify=verify_ed25519)


def test_a_changed_size_does_not_open() -> None:
    signer = FakeSigner()
    note = signed(Checkpoint(ORIGIN, 3, ROOT), key=signer.public, sign=signer.sign)
    with pytest.raises(NoteError):
        reopened(
            note.replace(b"\n3\n", b"\n4\n"), key=signer.public, verify=verify_ed25519
        )


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n03\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n+3\n{base64.b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n3\n{base64.b64encode(ROOT).decode()}\nextension\n",
        f"{ORIGIN}\n3\n{base64.b64encode(ROOT).decode()}",
        f"{ORIGIN}\n3\n{base64.b64encode(ROOT).decode().rstrip('=')}\n",
        f"{ORIGIN}\n3\n{base64.b64encode(ROOT).decode()[:-2]}9=\n",
        f"{ORIGIN}\n3\n{base64.b64encode(ROOT[:-1]).decode()}\n",
        f"two words\n3\n{base64.b64encode(ROOT).decode()}\n",
        "\n\n\n",
    ],
)
def test_a_checkpoint_has_one_spelling(text: str) -> None:
    """Attack 15: zeroes, signs, extension lines, stray base64."""
    with pytest.raises(NoteError):
        parse_text(text.encode())


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_a_key_name_has_no_spaces_and_no_plus(name: str) -> None:
    with pytest.raises(NoteError):
        LogKey(name, ROOT)
