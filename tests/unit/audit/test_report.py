"""Reports of parts of the log: what people read, in both languages."""

import csv
from io import StringIO

import pytest

from services.audit.adapters.printing import SUBJECT, ReportPrinter, tellings
from services.audit.domain.part import Part
from services.audit.domain.report import Person, Report, page, report, table
from services.audit.domain.telling import LANGUAGES, Language, shown
from tests.unit.audit.stories import ANNA, LOG_ENTRY, told
from tests.unit.audit.test_parts import CLIENT, taken


def part() -> Part:
    return taken(told(), CLIENT).part


def made(language: Language, *persons: Person) -> Report:
    return report(
        part(),
        language=language,
        tellings=tellings(),
        persons=persons,
        checkpoint_sha256="0" * 64,
    )


@pytest.mark.clause("6.2")
def test_a_report_says_what_happened_when_and_to_whom() -> None:
    """In Almaty it is five hours later; the leaf stays findable by its number."""
    anna = Person(client_id=ANNA, names="Серикова Анна", iin="931002451325")
    text = page(made("ru", anna))
    for words in (
        "<td>3</td><td>23.11.2026 15:00:00</td><td>Клиент подписал договор на",
        "Серикова Анна",
        "931002451325",
        "<td>К1</td><td>5.2</td>",
        f"client:{ANNA}",
        str(LOG_ENTRY),
    ):
        assert words in text
    kazakh = page(made("kk"))
    assert "ашылмаған" in kazakh
    assert "Серикова" not in kazakh


def test_what_an_event_says_cannot_become_html() -> None:
    hostile = Person(client_id=ANNA, names="<script>", iin="&")
    text = page(made("ru", hostile))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.seeded("audit_report_of_the_moment")
def test_the_same_report_is_the_same_pdf(language: Language) -> None:
    """And says what it is, so that the company signs nothing else for audit."""
    one = ReportPrinter().print(made(language))
    assert one == ReportPrinter().print(made(language))
    assert one.startswith(b"%PDF-")
    assert f"/Subject ({SUBJECT})".encode() in one


def test_the_table_has_a_row_a_leaf() -> None:
    rows = list(csv.reader(StringIO(table(part().entries, tellings=tellings()))))
    assert [row[0] for row in rows[1:]] == ["1", "3", "4", "5", "6"]
    assert rows[2][4] == "5.2"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("400000.00", "400\u00a0000,00 тенге"),
        ("2026-11-22T10:00:00.123456Z", "22.11.2026 15:00:00"),
        ("2026-11-22", "22.11.2026"),
        (None, "—"),
        (12, "12"),
    ],
)
def test_values_are_written_as_people_write_them(
    value: str | int | None, written: str
) -> None:
    assert shown(value, "ru") == written


def test_a_kind_of_a_newer_release_is_told_by_its_name() -> None:
    writer = told()
    writer.write(writer.producer.event(event_type="contracts.of_tomorrow.v1"))
    whole = taken(writer, {"from": "2026-11-22T00:00:00Z"}).part
    text = table(whole.entries, tellings=tellings())
    assert "Событие вида «contracts.of_tomorrow.v1»." in text
