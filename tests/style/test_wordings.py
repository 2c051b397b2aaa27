"""No message changes its words under an old version number."""

import json
from typing import Final

from kernel.crypto import sha256
from services.auth.domain.languages import LANGUAGES
from services.auth.domain.templates import WORDINGS, Wording
from tests.marks import ROOT

RECORD: Final = ROOT / "tests" / "golden" / "wordings.json"


def digest(wording: Wording) -> str:
    texts = "\n".join(wording.in_language(language) for language in LANGUAGES)
    return sha256(texts.encode()).hex()


def test_the_words_of_every_version_are_those_on_record() -> None:
    """If they are not: raise the version, and add its line to the record."""
    recorded = json.loads(RECORD.read_text())
    in_force = {f"{n}.v{w.version}": digest(w) for n, w in WORDINGS.items()}

    assert {key: recorded.get(key) for key in in_force} == in_force
