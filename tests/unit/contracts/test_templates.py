"""A wording comes into force by two persons, and never twice."""

from typing import Any
from uuid import UUID

import pytest

from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.contracts import TemplateApproved
from services.contracts.domain.editions import FIRST, Template
from services.contracts.handlers import templates
from tests.unit.contracts.fakes import Bench

ANNA, BORIS, APPROVAL = UUID(int=0xA7), UUID(int=0xB0), UUID(int=0xAA)
FIRST_CONTRACT = FIRST["contract"]


def proposal(bench: Bench, more: str = "5.4. Ещё.\n") -> Template:
    with bench.work.begin() as unit:
        return templates.proposed(
            "contract",
            kk=FIRST_CONTRACT.kk + more,
            ru=FIRST_CONTRACT.ru + more,
            unit=unit,
        )


def approve(bench: Bench, arguments: Any) -> None:  # noqa: ANN401 - as they were kept
    with bench.work.begin() as unit:
        templates.put_in_force(
            arguments,
            approval_id=APPROVAL,
            asked_by=ANNA,
            approved_by=BORIS,
            unit=unit,
            clock=bench.clock,
        )


def shown(answer: Json) -> dict[str, Any]:
    assert isinstance(answer, dict)
    return answer


def test_the_editions_delivered_are_in_force_until_another_is_approved(
    bench: Bench,
) -> None:
    before = shown(templates.list_templates(work=bench.work))["templates"]
    assert [(one["template"], one["in_force"]) for one in before] == [
        ("amendment-1", True),
        ("contract-3", True),
    ]
    approve(bench, templates.arguments_of(proposal(bench)))
    after = shown(templates.list_templates(work=bench.work))["templates"]
    assert [(one["template"], one["in_force"]) for one in after] == [
        ("amendment-1", True),
        ("contract-4", True),
        ("contract-3", False),
    ]
    (event,) = bench.work.said
    assert isinstance(event, TemplateApproved)
    assert (event.asked_by, event.approved_by, event.template) == (
        ANNA,
        BORIS,
        "contract-4",
    )


def test_what_is_carried_out_is_what_was_shown(bench: Bench) -> None:
    template = proposal(bench)
    approve(bench, templates.arguments_of(template))
    kept = shown(
        templates.show_template(kind="contract", version=None, work=bench.work)
    )
    assert (kept["sha256"], kept["ru"]) == (template.sha256, template.ru)
    old = shown(templates.show_template(kind="contract", version=3, work=bench.work))
    assert old["ru"] == FIRST_CONTRACT.ru


@pytest.mark.seeded("contracts_old_proposal_comes_into_force")
def test_of_two_proposals_the_second_must_be_made_anew(bench: Bench) -> None:
    """It was compared with an edition that is in force no more."""
    one, other = proposal(bench), proposal(bench, "5.4. Иначе.\n")
    approve(bench, templates.arguments_of(one))
    with pytest.raises(Refused) as refused:
        approve(bench, templates.arguments_of(other))
    assert refused.value.code == "template_superseded"
    assert [kept.name for kept, _ in bench.work.templates.rows] == ["contract-4"]


def test_an_edition_nobody_made_is_not_shown(bench: Bench) -> None:
    with pytest.raises(Refused) as refused:
        templates.show_template(kind="contract", version=9, work=bench.work)
    assert refused.value.code == "template_unknown"
