"""A hierarchy of our own: right signatures, and one file per way of being wrong."""

import pytest

from tests.eds.files import FOLDER, made
from tests.eds.verdicts import Case, cases


@pytest.mark.clause("4.2")
@pytest.mark.clause("5.2b")
@pytest.mark.parametrize("case", cases(FOLDER, "cms"))
def test_signature_gets_its_verdict(case: Case) -> None:
    assert case.said["expect"] == case.verdict(case.read())


def test_files_are_made_anew_without_changing_a_byte() -> None:
    kept = {file.name: file.read_bytes() for file in FOLDER.iterdir()}
    again = made()
    assert sorted(kept) == sorted(again)
    assert [name for name, content in kept.items() if again[name] != content] == []
