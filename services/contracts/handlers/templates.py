"""Templates of documents: one of the staff proposes a wording, another approves it."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from kernel.clock import Clock
from kernel.context import jsonable
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.contracts import TemplateApproved
from services.contracts.domain import editions
from services.contracts.domain.editions import FIRST, KINDS, Template, TemplateKind
from services.contracts.ports import Approvers, Unit, Work

OPERATION: Final = "put_template_in_force"


def list_templates(*, work: Work) -> Json:
    """Every edition, and whether it is in force; the texts are shown one by one."""
    with work.begin() as unit:
        approved = [template for template, _ in unit.templates.approved()]
        in_force = {unit.templates.in_force(kind).name for kind in KINDS}
    every = sorted(
        [*FIRST.values(), *approved], key=lambda one: (one.kind, -one.version)
    )
    return {
        "templates": [
            {
                "template": one.name,
                "kind": one.kind,
                "version": one.version,
                "sha256": one.sha256,
                "in_force": one.name in in_force,
            }
            for one in every
        ]
    }


def show_template(*, kind: TemplateKind, version: int | None, work: Work) -> Json:
    """One edition with its texts, the one in force unless named."""
    with work.begin() as unit:
        found = (
            unit.templates.in_force(kind)
            if version is None
            else unit.templates.get(kind, version)
        )
    if found is None:
        raise Refused(
            "template_unknown",
            "There is no such edition.",
            next_step="List the templates.",
        )
    return jsonable(
        {
            "template": found.name,
            "sha256": found.sha256,
            "kk": found.kk,
            "ru": found.ru,
        }
    )


def proposed(kind: TemplateKind, *, kk: str, ru: str, unit: Unit) -> Template:
    """The edition that a yes would put in force; see `editions.propose`."""
    return editions.propose(kind, after=unit.templates.in_force(kind), kk=kk, ru=ru)


def arguments_of(template: Template) -> Mapping[str, Json]:
    """What the second person is shown, and what a yes is carried out with."""
    return {
        "kind": template.kind,
        "version": template.version,
        "kk": template.kk,
        "ru": template.ru,
        "template_sha256": template.sha256,
    }


def put_in_force(
    arguments: Mapping[str, Json],
    *,
    approval_id: UUID,
    asked_by: UUID,
    approved_by: UUID,
    unit: Unit,
    clock: Clock,
) -> None:
    """Two others agree: documents are made of this edition from now on.

    Refused ``template_superseded`` when another edition came in force meanwhile.
    """
    kind = next(kind for kind in KINDS if kind == arguments["kind"])
    template = proposed(
        kind, kk=str(arguments["kk"]), ru=str(arguments["ru"]), unit=unit
    )
    approvers = Approvers(asked_by=asked_by, approved_by=approved_by, at=clock.now())
    same = template.version == arguments["version"]
    if not same or not unit.templates.add(template, approvers):
        raise Refused(
            "template_superseded",
            "Another edition has come into force since this was asked.",
            next_step="Compare it with the edition in force, and propose it anew.",
        )
    unit.publish(
        TemplateApproved(
            approval_id=approval_id,
            template=template.name,
            template_sha256=template.sha256,
            asked_by=asked_by,
            approved_by=approved_by,
        )
    )
