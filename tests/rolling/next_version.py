"""The next version of every service: today's tree with a release's worth of change.

Made of edits and not of patches, so that it follows the tree it changes:

- every event has a further optional field, and carries it;
- auth tells a wrong password by a word that no listener knows yet;
- contracts publishes a type that nobody knows, within a subject others listen to;
- every answer has a further member, and antifraud takes a further argument;
- a pre-migration adds a column the new code fills (`written_by`), one its sessions
  fill (`applied_by`), and lets one be empty that it fills no more; a post-migration
  drops that one.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra import topology
from infra.layout import ROOT
from kernel.migrations.__main__ import create

CODE: Final = ("kernel", "services")
NEXT: Final = "next"
"""What the new code writes where it leaves its name."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Every place of ``pattern`` in the files of ``glob`` becomes ``replacement``."""

    glob: str
    pattern: str
    replacement: str

    def make(self, tree: Path) -> int:
        """Change the files below ``tree``; how many places were changed."""
        changed = 0
        for path in sorted(tree.glob(self.glob)):
            text, count = re.subn(
                self.pattern, self.replacement, path.read_text(), flags=re.MULTILINE
            )
            path.write_text(text)
            changed += count
        return changed


EDITS: Final = (
    Edit(
        "kernel/events/[a-z]*.py",
        r"^    SUBJECT = .*\n",
        r'\g<0>    release: str | None = "next"' "\n",
    ),
    Edit("kernel/events/auth.py", r'"wrong_password", ', r'\g<0>"mistyped", '),
    Edit("services/auth/handlers/logins.py", r'"wrong_password"', '"mistyped"'),
    Edit(
        "kernel/events/contracts.py",
        r"^class ApplicationRefused",
        '''class ApplicationSeen(Event):
    """Nobody has heard of this yet."""

    TYPE = "contracts.application_seen.v1"
    SUBJECT = "application"

    application_id: UUID


\\g<0>''',
    ),
    Edit(
        "services/contracts/handlers/applications.py",
        r"^from kernel.events.contracts import ApplicationSubmitted",
        r"from kernel.events.contracts import ApplicationSeen, ApplicationSubmitted",
    ),
    Edit(
        "services/contracts/handlers/applications.py",
        r"^    return str\(application\.id\)$",
        r"    unit.publish(ApplicationSeen(application_id=application.id))"
        "\n"
        r"\g<0>",
    ),
    Edit(
        "kernel/rpc/wire.py",
        r'canonical\(\{"result": jsonable\(result\), ',
        'canonical({"result": {**jsonable(result), "answered_by": "next"}, ',
    ),
    Edit(
        "services/antifraud/service/__init__.py",
        r"^        facts: dict.*$",
        r"\g<0>" "\n        locale: str | None = None,",
    ),
    Edit(
        "kernel/tables.py",
        r'^    "outbox",\n    kernel_metadata,\n',
        r'\g<0>    Column("written_by", Text),' "\n",
    ),
    Edit(
        "kernel/database.py",
        r'^( +)"id": one.id,$',
        r"\g<0>" "\n" r'\g<1>"written_by": "next",',
    ),
    Edit(
        "kernel/database.py",
        r'^( +)\*\("id", "type", "subject", "data", "time"\),$',
        r"\g<0>" "\n" r'\g<1>"written_by",',
    ),
    Edit(
        "kernel/database.py",
        r'^( +)"application_name": .*$',
        r"\g<0>" "\n" r'\g<1>"options": "-c kredit.release=next",',
    ),
    Edit("kernel/tables.py", r'^    Column\("created_at", .*\n', ""),
    Edit("kernel/idempotency.py", r"^ +created_at=now,\n", ""),
)

PRE: Final = """\
op.add_column("outbox", Column("written_by", Text))
    op.add_column("inbox", Column("applied_by", Text))
    said = text("current_setting('kredit.release', true)")
    op.alter_column("inbox", "applied_by", server_default=said)
    op.alter_column("idempotency", "created_at", nullable=True)"""
POST: Final = 'op.drop_column("idempotency", "created_at")'


def make(tree: Path) -> None:
    """Make the next version of kernel and services below ``tree``.

    Raises ValueError naming an edit that finds nothing to change.
    """
    for folder in CODE:
        shutil.copytree(
            ROOT / folder,
            tree / folder,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for edit in EDITS:
        if not edit.make(tree):
            raise ValueError(f"nothing in {edit.glob} is {edit.pattern!r}")
    for service in topology.services():
        for phase, act in (("pre", PRE), ("post", POST)):
            _migration(create(tree, service, "next release", phase), act)


def _migration(path: Path, act: str) -> None:
    text = path.read_text().replace('op.execute("SELECT 1")', act)
    needed = "from alembic import op\nfrom sqlalchemy import Column, Text, text\n"
    path.write_text(text.replace("from alembic import op\n", needed))
