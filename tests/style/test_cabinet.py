"""The cabinet's sources say what they should, before anything is built of them."""

import gzip
import json
import re
from typing import Any, Final

import pytest

from infra.web.pages import SOURCES
from infra.web.server import STATIC
from services.auth.domain.languages import LANGUAGES
from tests import interfaces
from tests.openapi import document

TEXTS: Final = {path.stem: path for path in (SOURCES / "texts").glob("*.json")}
NAMED: Final = re.compile(r"\{(\w+)\}")
MOST_GZIPPED_BYTES: Final = 150 * 1024
SCRIPTS: Final = sorted((SOURCES / "src").rglob("*.ts*"))


def words(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(TEXTS[language].read_text())
    return found


def test_it_speaks_the_languages_of_the_platform() -> None:
    assert set(TEXTS) == {str(language) for language in LANGUAGES}


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_no_text_is_missing_in_a_language(language: str) -> None:
    """Nor empty, nor without a word that the screen puts into it."""
    russian, theirs = words("ru"), words(language)
    assert sorted(russian) == sorted(theirs)
    assert [key for key, text in theirs.items() if not text.strip()] == []
    differ = [
        key
        for key, text in russian.items()
        if set(NAMED.findall(text)) != set(NAMED.findall(theirs[key]))
    ]
    assert differ == []


def test_no_text_is_for_nobody() -> None:
    """Each key stands in a screen, whole or by its family (`word("state", …)`)."""
    source = "\n".join(path.read_text() for path in SCRIPTS)
    families = set(re.findall(r'word\(\s*"([\w.]+)"', source))
    quoted = set(re.findall(r'"([\w.]+)"', source))
    dynamic = set(re.findall(r"`([\w.]+)\.\$\{", source))
    lost = [
        key
        for key in words("ru")
        if key not in quoted
        and key.rpartition(".")[0] not in families
        and key.rpartition(".")[0] not in dynamic
        and key.rpartition("_")[0].rpartition(".")[0] not in dynamic
    ]
    assert lost == []


def test_its_types_are_those_of_the_api() -> None:
    """If they are not: ``make openapi``."""
    assert interfaces.FILE.read_text() == interfaces.text(document())


def test_nothing_is_kept_that_could_open_the_cabinet() -> None:
    """Clause 4.9: of a person's device only the language outlives the tab."""
    source = "\n".join(path.read_text() for path in SCRIPTS)
    stored = re.findall(r"localStorage\.setItem\((\w+)", source)
    assert stored == ["REMEMBERED"]
    assert "document.cookie" not in source
    assert "indexedDB" not in source


def test_its_pages_are_small() -> None:
    """All that a visitor fetches, the largest language included."""
    sizes = {
        path.relative_to(STATIC).as_posix(): len(gzip.compress(path.read_bytes()))
        for path in STATIC.rglob("*")
        if path.is_file()
    }
    texts = [size for name, size in sizes.items() if name.startswith("texts/")]
    assert sum(sizes.values()) - sum(texts) + max(texts) <= MOST_GZIPPED_BYTES


def test_the_lock_file_names_every_package_by_its_digest() -> None:
    lock: dict[str, Any] = json.loads((SOURCES / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert [name for name, one in packages.items() if "integrity" not in one] == []
