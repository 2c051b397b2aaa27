"""Single values told with their proof: what opens a commitment that stands in a leaf.

The log holds SHA-256 of a secret salt and the value; without the salt it says nothing,
and the salt ends with the person's key.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from kernel.crypto import canonical, commitment
from services.audit.domain.report import Person
from services.audit.domain.scope import CLIENT, Entry

IIN: Final = "iin_commitment"


def disclosures(entries: Sequence[Entry], persons: Sequence[Person]) -> bytes:
    """Lines of JSON: number of the leaf, path in it, salt (base64) and value.

    Only what the commitment says: a person of before there were commitments, or of
    another key, is left out.
    """
    known = {f"{CLIENT}:{person.client_id}": person for person in persons}
    lines = []
    for entry in entries:
        person = known.get(entry.named(CLIENT) or "")
        committed = entry.data.get(IIN)
        if person is None or person.iin_salt is None or committed is None:
            continue
        if commitment(person.iin_salt, person.iin) == committed:
            lines.append(
                canonical(
                    {
                        "path": f"event.data.{IIN}",
                        "salt": b64encode(person.iin_salt).decode(),
                        "seq": entry.seq,
                        "value": person.iin,
                    }
                )
            )
    return b"".join(line + b"\n" for line in lines)
