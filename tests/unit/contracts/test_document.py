"""What is signed says everything in both languages, and is named by its digest."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused
from kernel.money import Money
from kernel.papers import Grid, Line
from services.contracts.domain.document import (
    Paper,
    contract_paper,
    money,
)
from services.contracts.domain.editions import FIRST, Template, propose
from services.contracts.domain.schedule import RepaymentMethod
from services.contracts.handlers.views import terms_of
from tests.unit.contracts.builders import borrower, offered, schedule

ACCOUNT = "KZ978562203105747338"
FIRST_CONTRACT = FIRST["contract"]
GOLDEN_PAPER = "e2bb283be36382df7e725f08f3df68ed3dce53744a69c619e8ab1271ed8bab6f"


def paper(template: Template = FIRST_CONTRACT, **changed: Any) -> Paper:  # noqa: ANN401 - any field
    """The contract of the borrower with something of them changed."""
    terms = terms_of(offered())
    return contract_paper(
        template, terms, schedule(), borrower(**changed), account=ACCOUNT
    )


def words(shown: Paper) -> str:
    """Everything a person reads."""
    return "\n".join(
        part.text
        if isinstance(part, Line)
        else "\n".join(" | ".join(row) for row in part.rows)
        for part in shown.parts
    )


def test_a_golden_paper_never_changes() -> None:
    """What was signed under an edition stays reproducible; a change is a new one."""
    assert paper().digest == GOLDEN_PAPER


@pytest.mark.clause("5.1")
@pytest.mark.parametrize(
    "expected",
    [
        "МИКРОКРЕДИТ БЕРУ ТУРАЛЫ ШАРТ",
        "ДОГОВОР О ПРЕДОСТАВЛЕНИИ МИКРОКРЕДИТА",
        "«МҚҰ Kredit Seven Kazakhstan» ЖШС",
        "ТОО «МФО Kredit Seven Kazakhstan»",
        "Сериков Айдар Маратович, ЖСН 931002451325, жеке куәлік № 012345678",
        "Сериков Айдар Маратович, ИИН 931002451325, удостоверение личности № 012345678",
        "№ KSK-20261102-0000000000",
        "Дата договора: 02.11.2026",
        "Шарттың күні: 02.11.2026",
        "400 000,00 теңге сомасында",
        "в сумме 400 000,00 тенге",
        "90 дн.",
        f"{ACCOUNT}.",
        "36 % годовых",
        "жылдық 36 %",
        "ГЭСВ): 42,57 %",
        "СЖТМ): 42,57 %",
        "1 | 03.12.2026 | 141 435,12 | 129 599,50 | 11 835,62 | 270 400,50",
        "Итого | 424 305,34 | 400 000,00 | 24 305,34",
        "Барлығы | 424 305,34 | 400 000,00 | 24 305,34",
        "вознаграждение 24 305,34 тенге",
        "аннуитетный: равными платежами",
        "аннуитеттік: тең төлемдермен",
    ],
)
def test_the_contract_says_all_of_the_price_in_both_languages(expected: str) -> None:
    """Parties, amount, term, account, price, ГЭСВ, method, every payment."""
    assert expected in words(paper())


@pytest.mark.clause("4.1a")
def test_a_person_without_patronymic_is_named_without_a_gap() -> None:
    assert "Заёмщик: Сериков Айдар, ИИН" in words(paper(patronymic=None))


def test_a_name_cannot_speak_the_templates_language() -> None:
    """Braces and marks in a name stay what they are."""
    assert "Заёмщик: {schedule} Айдар" in words(paper(surname="{schedule}"))


def test_the_grid_has_a_row_for_each_payment_its_head_and_the_sum() -> None:
    grids = [part for part in paper().parts if isinstance(part, Grid)]
    assert len(grids) == 2
    assert {len(grid.rows) for grid in grids} == {1 + 3 + 1}


@given(st.sampled_from(["surname", "iin", "document_number"]), st.text(min_size=1))
def test_another_fact_is_another_digest(name: str, value: str) -> None:
    plain = "".join(value.split()) + "x"
    changed: dict[str, Any] = {name: plain}
    assert paper(**changed).digest != paper().digest


def test_a_paper_may_point_at_another() -> None:
    """The page of evidence is looked up by the document it is about."""
    own = Paper(title="t", parts=(Line("text", "a"),))
    other = Paper(title="t", parts=own.parts, looked_up_by="5e" * 32)
    assert (own.mark, other.mark) == (own.digest, "5e" * 32)


def test_money_is_written_with_its_word() -> None:
    """Not every typeface has the sign of the tenge."""
    assert money(Money.of("0.01"), "kk") == "0,01 теңге"
    assert money(Money.of("1234567"), "ru") == "1 234 567,00 тенге"


def test_every_first_edition_names_every_field_in_both_languages() -> None:
    """The editions delivered keep to the rule that later ones are held to."""
    for kind, first in FIRST.items():
        earlier = Template(kind=kind, version=first.version - 1, kk="", ru="")
        assert propose(kind, after=earlier, kk=first.kk, ru=first.ru) == first


@pytest.mark.parametrize(
    ("was", "becomes", "code"),
    [
        ("", "", "template_unchanged"),
        ("{gesv}", "", "template_incomplete"),
        ("{schedule}", "", "template_incomplete"),
        ("{name}", "{name} {salary}", "template_unknown_field"),
        ("{name}", "{name.__class__}", "template_malformed"),
        ("{name}", "{name!r}", "template_malformed"),
        ("{amount}", "{amount:>9}", "template_malformed"),
        ("{name}", "{name", "template_malformed"),
        ("{name}", "{name}" + "а" * 60_000, "template_too_long"),
    ],
)
@pytest.mark.clause("5.1")
@pytest.mark.seeded("contracts_template_may_forget_the_price")
@pytest.mark.parametrize("language", ["kk", "ru"])
def test_a_wording_that_does_not_tell_everything_is_refused(
    language: str, was: str, becomes: str, code: str
) -> None:
    """МФО law, article 4: nothing of the price may be lost in either language."""
    texts = {"kk": FIRST_CONTRACT.kk, "ru": FIRST_CONTRACT.ru}
    texts[language] = texts[language].replace(was, becomes) if was else texts[language]
    with pytest.raises(Refused) as refused:
        propose("contract", after=FIRST_CONTRACT, **texts)
    assert refused.value.code == code


def test_a_new_edition_is_the_next_version_and_another_digest() -> None:
    found = propose(
        "contract",
        after=FIRST_CONTRACT,
        kk=FIRST_CONTRACT.kk + "5.4. Жаңа.\n",
        ru=FIRST_CONTRACT.ru + "5.4. Новое.\n",
    )
    assert (found.name, found.version) == ("contract-4", 4)
    assert found.sha256 != FIRST_CONTRACT.sha256
    assert "5.4. Новое." in words(paper(found))
    assert "contract-4" in words(paper(found))


def test_every_method_of_repayment_has_its_words() -> None:
    for method in RepaymentMethod:
        shown = contract_paper(
            FIRST_CONTRACT,
            terms_of(offered()),
            schedule(repayment=method, annual_percent=Decimal("36.00")),
            borrower(),
            account=ACCOUNT,
        )
        assert "{" not in words(shown)
