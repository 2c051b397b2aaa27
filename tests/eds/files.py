"""The files of the hierarchy, by name."""

import json
from pathlib import Path

from tests.eds.authority import house
from tests.eds.cases import all_cases
from tests.eds.keys import SCHEMES
from tests.eds.making import DOCUMENT

FOLDER = Path(__file__).parent / "files"


def made() -> dict[str, bytes]:
    """Name and content of every file; nothing here depends on time or chance."""
    files = {"document.txt": DOCUMENT}
    for kind in SCHEMES:
        files[f"{kind}-root.cer"] = house(kind).root.certificate
        files[f"{kind}-issuing.cer"] = house(kind).issuing.certificate
    names: dict[bytes, str] = {}

    def named(name: str, content: bytes) -> str:
        """The file of this content: many cases share an answer of OCSP."""
        found = names.setdefault(content, name)
        files[found] = content
        return found

    index = {"cases": [case.fields(named) for case in all_cases()]}
    text = json.dumps(index, ensure_ascii=False, indent=1, sort_keys=True)
    files["cases.json"] = f"{text}\n".encode()
    return files
