"""The staff's commands of contracts alone: documents, templates, decisions, visits.

Whoever is given a document says what for: that is recorded, and the client sees it.
"""

import argparse
import base64
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

from kernel.cli import (
    Command,
    Listing,
    Namespace,
    Operator,
    asking,
    identified,
    object_of,
    read_file,
    reason_argument,
    write_private,
)
from kernel.crypto import Json
from services.contracts.cli import history, inquiries, repayments
from services.contracts.domain.editions import KINDS
from services.contracts.domain.reading import ReadPurpose

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_application = identified("application_id", "see `applications held`")
_contract = identified("contract_id", "of the contract")


def _ask_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Application {arguments.application_id}: bureau, state, АФМ and antifraud are"
        " asked anew for what they have not answered."
    )


def _refuse_arguments(parser: argparse.ArgumentParser) -> None:
    _application(parser)
    reason_argument(parser)


def _refuse_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Application {arguments.application_id} is refused for good, because what has"
        " to be known of the client could not be established; the client is told so."
    )


def _visit_arguments(parser: argparse.ArgumentParser) -> None:
    identified("client_id", "of the client")(parser)
    parser.add_argument(
        "visited_on", type=date.fromisoformat, metavar="DAY", help="YYYY-MM-DD"
    )


def _disclosure_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ground", metavar="GROUND", help="as the law provides for it")
    parser.add_argument(
        "--recipient",
        required=True,
        metavar="WORDS",
        help="institution and number of its request: lower-case Latin words, no person",
    )
    parser.add_argument(
        "--document",
        type=Path,
        required=True,
        metavar="FILE",
        help="the request; - reads it",
    )
    parser.add_argument(
        "--client",
        type=UUID,
        dest="client_id",
        metavar="ID",
        help="of whom; left out, the whole audit log",
    )
    parser.add_argument("--days", type=int, default=1, help="how long it may be used")
    parser.add_argument(
        "--proof",
        action="append",
        default=[],
        metavar="WORD",
        help="what was seen beside the request, e.g. sanction; may be repeated",
    )


def _request_disclosure(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """The file goes with the question: whoever decides can read it."""
    document = read_file(arguments.document)
    answer = operator.ask(
        "ask_disclosure",
        ground=arguments.ground,
        recipient=arguments.recipient,
        client_id=arguments.client_id,
        days=arguments.days,
        proofs=arguments.proof,
        document_b64=base64.b64encode(document).decode("ascii"),
    )
    return answer, 0


def _disclosure_effect(_operator: Operator, arguments: Namespace) -> str:
    scope = "the whole audit log"
    if arguments.client_id is not None:
        scope = f"client {arguments.client_id}"
    return (
        f"Data of {scope} may be given to {arguments.recipient} for {arguments.days}"
        f" days on the ground {arguments.ground}, if another person approves."
    )


def _document_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sha256", metavar="SHA256", help="the document_sha256 of `disclosures show`"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file for it")


def _show_request(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """Into a file only its owner can read; an old one stays as it is."""
    answer = operator.ask("disclosure_document", document_sha256=arguments.sha256)
    write_private(arguments.file, str(answer["document_b64"]))
    return {"file": str(arguments.file)}, 0


def _visit_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Client {arguments.client_id} is taken to have come in person on"
        f" {arguments.visited_on}, once another of the staff confirms it; a first"
        " online microcredit above the limit may then be given."
    )


def _read_arguments(parser: argparse.ArgumentParser) -> None:
    _contract(parser)
    parser.add_argument(
        "sha256", metavar="SHA256", help="the document's digest, see `documents list`"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file for it")
    _purpose(parser)


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _contract(parser)
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="a new folder for its files"
    )
    parser.add_argument(
        "--disclosure",
        type=UUID,
        required=True,
        metavar="ID",
        help="see `disclosures list`: what lets you take it out",
    )
    _purpose(parser)


def _purpose(parser: argparse.ArgumentParser) -> None:
    purposes = [purpose.value for purpose in ReadPurpose]
    parser.add_argument(
        "--purpose",
        choices=purposes,
        required=True,
        metavar="WORD",
        help=f"what for, one of: {', '.join(purposes)}; the client sees it",
    )


def _read(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """The document goes to a file only its owner can read; an old one stays."""
    answer = object_of(
        operator.ask(
            "documents_read",
            contract_id=arguments.contract_id,
            sha256=arguments.sha256,
            purpose=arguments.purpose,
        )
    )
    write_private(arguments.file, str(answer["document_b64"]))
    told = {name: value for name, value in answer.items() if name != "document_b64"}
    return told | {"file": str(arguments.file)}, 0


def _export(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """A new folder only its owner can enter."""
    answer = object_of(
        operator.ask(
            "documents_export",
            contract_id=arguments.contract_id,
            disclosure_id=arguments.disclosure,
            purpose=arguments.purpose,
        )
    )
    arguments.folder.mkdir(mode=0o700)
    files = object_of(answer["files"])
    for name, text in files.items():
        write_private(arguments.folder / Path(name).name, str(text))
    return {
        "number": answer["number"],
        "folder": str(arguments.folder),
        "files": len(files),
    }, 0


def _export_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Contract {arguments.contract_id} leaves the platform with all that proves it;"
        f" the client sees that it was for {arguments.purpose}."
    )


def _kind(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=KINDS, help="of which documents")


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    _kind(parser)
    parser.add_argument(
        "--version", type=int, metavar="N", help="an edition; else the one in force"
    )


def _propose_arguments(parser: argparse.ArgumentParser) -> None:
    _kind(parser)
    for language in ("kk", "ru"):
        parser.add_argument(
            language, type=Path, metavar=language.upper(), help=f"text file, {language}"
        )


def _propose(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    wording = {
        language: getattr(arguments, language).read_text(encoding="utf-8")
        for language in ("kk", "ru")
    }
    return operator.ask("propose_template", kind=arguments.kind, **wording), 0


COMMANDS: Final[Mapping[str, Command]] = {
    **inquiries.COMMANDS,
    **history.COMMANDS,
    **repayments.COMMANDS,
    "documents list": Command(
        help="what is filed for a contract, by digest",
        run=asking("documents_list", "contract_id"),
        arguments=_contract,
        example=f"documents list {_ID}",
        listing=Listing(
            member="documents",
            id_of="sha256",
            none="Nothing is filed.",
            columns=("kind", "template", "made_at"),
        ),
    ),
    "documents read": Command(
        help="write a document to a file; the client sees that, and what for",
        run=_read,
        arguments=_read_arguments,
        example=f"documents read {_ID} {'5e' * 32} /tmp/contract.pdf"
        " --purpose client_request",
    ),
    "documents export": Command(
        help="a contract with all that proves it, for tools/verify_contract.py; the"
        " client sees that, and what for",
        run=_export,
        arguments=_export_arguments,
        example=(
            f"documents export {_ID} /tmp/contract --disclosure {_ID}"
            " --purpose court_case"
        ),
        effect=_export_effect,
    ),
    "amendments list": Command(
        help="the amendments of a contract, with state and time left",
        run=asking("amendments_list", "contract_id"),
        arguments=_contract,
        example=f"amendments list {_ID}",
        listing=Listing(
            member="amendments",
            id_of="amendment_id",
            none="The contract was never amended.",
            columns=("number", "state", "cause", "until", "signed_at"),
        ),
    ),
    "amendments show": Command(
        help="one amendment: what it hangs on, its proofs by id, how it ended",
        run=asking("amendments_show", "amendment_id"),
        arguments=identified("amendment_id", "see `amendments list`"),
        example=f"amendments show {_ID}",
        id_of="amendment_id",
    ),
    "templates list": Command(
        help="the editions of documents' wordings, and which are in force",
        run=asking("templates_list"),
        listing=Listing(
            member="templates",
            id_of="template",
            none="There are none.",
            columns=("kind", "version", "in_force"),
        ),
    ),
    "templates show": Command(
        help="the wording of an edition in both languages",
        run=asking("templates_show", "kind", "version"),
        arguments=_show_arguments,
        example="templates show contract",
        id_of="template",
    ),
    "templates propose": Command(
        help="ask that documents be made of another wording; another person decides",
        run=_propose,
        arguments=_propose_arguments,
        example="templates propose contract contract.kk.txt contract.ru.txt",
        effect=lambda _operator, arguments: (
            f"Another person is asked to put this wording of {arguments.kind} in"
            " force; documents made before keep theirs."
        ),
        id_of="approval_id",
    ),
    "applications held": Command(
        help="applications nobody could answer about, and signed contracts antifraud"
        " does not let go on, which wait for a person",
        run=asking("applications_held"),
        listing=Listing(
            member="applications",
            id_of="application_id",
            none="No application waits for a person.",
            columns=("application_id", "for_person_since", "unanswered", "tries"),
        ),
    ),
    "applications show": Command(
        help="one application: every check, answer, source, time and setting in force",
        run=asking("applications_show", "application_id"),
        arguments=_application,
        example=f"applications show {_ID}",
        id_of="application_id",
    ),
    "applications ask": Command(
        help="have everybody asked anew who has not answered about one of them",
        run=asking("ask_again", "application_id"),
        arguments=_application,
        example=f"applications ask {_ID}",
        effect=_ask_effect,
        id_of="application_id",
    ),
    "applications refuse": Command(
        help="refuse one of them, because it could not be established what must be",
        run=asking("refuse_application", "application_id", "reason"),
        arguments=_refuse_arguments,
        example=f'applications refuse {_ID} --reason "the bureau knows no income"',
        effect=_refuse_effect,
        id_of="application_id",
    ),
    "disclosures list": Command(
        help="the register: who may be told of a client, on what ground, until when",
        run=asking("disclosures_list"),
        listing=Listing(
            member="disclosures",
            id_of="disclosure_id",
            none="Nothing was ever disclosed.",
            columns=("disclosure_id", "ground", "recipient", "scope", "valid_until"),
        ),
    ),
    "disclosures show": Command(
        help="one entry: both persons, the request's digest, what was seen",
        run=asking("disclosures_show", "disclosure_id"),
        arguments=identified("disclosure_id", "see `disclosures list`"),
        example=f"disclosures show {_ID}",
        id_of="disclosure_id",
    ),
    "disclosures document": Command(
        help="write the request of an entry to a file; before you approve one, too",
        run=_show_request,
        arguments=_document_arguments,
        example=f"disclosures document {'5e' * 32} /tmp/request.pdf",
    ),
    "disclosures request": Command(
        help="ask that somebody be told of a client, or get the audit log; another"
        " person decides",
        run=_request_disclosure,
        arguments=_disclosure_arguments,
        example=f"disclosures request criminal_case --client {_ID}"
        ' --recipient "police of almaty, no 17-3" --document r.pdf --proof sanction',
        effect=_disclosure_effect,
        id_of="approval_id",
    ),
    "visits list": Command(
        help="clients' visits that two have confirmed, the newest first",
        run=asking("visits_list", "client_id"),
        arguments=lambda parser: parser.add_argument(
            "--client", type=UUID, dest="client_id", metavar="ID", help="of this client"
        ),
        example=f"visits list --client {_ID}",
        listing=Listing(
            member="visits",
            id_of="approval_id",
            none="No visit is recorded.",
            columns=("client_id", "visited_on", "recorded_by", "confirmed_by"),
        ),
    ),
    "visits record": Command(
        help="say that a client came in person; another of the staff confirms it",
        run=asking("ask_visit", "client_id", "visited_on"),
        arguments=_visit_arguments,
        example=f"visits record {_ID} 2026-11-02",
        effect=_visit_effect,
        id_of="approval_id",
    ),
}
