"""The description of the API is whole, and the code is what it is made from."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from services.auth.domain.languages import LANGUAGES
from services.auth.gateway.languages import sentences_in
from services.onboarding.domain.protocol import ProtocolCode
from services.onboarding.domain.signature import Code
from tests.openapi import PAGE, Operation, document, operations, text
from tests.style.tree import modules, name_of

OPERATIONS: Final = list(operations())
PUBLIC: Final = frozenset(
    {"start_registration", "return_from_biometrics", "log_in", "open_session"}
    | {"send_login_message", "ask_login_passkey", "open_by_passkey"}
    | {"start_password_recovery", "prove_recovery_phone", "start_number_recovery"}
    | {"start_recovery_by_office_pass", "list_consent_texts", "look_up_document"}
    | {"live", "ready"}
)
"""Whoever calls these has nothing yet that could be asked for."""
CODE: Final = re.compile(r"[a-z]+(?:_[a-z0-9]+)+|malformed|revoked|untrusted")
REFUSING: Final = frozenset(
    {"Refused", "BadRequestError", "_again", "_out_of_turn", "_too_late", "_weak"}
)
NOT_FOR_CLIENTS: Final = frozenset(
    {
        # Calls of other services, which get their answers by these codes.
        *("client_unknown", "purpose_missing"),
        # The operators' own doors.
        *("schema_too_new", "post_first", "staff_token_invalid", "reason_unfit"),
        *("not_held", "inquiry_answered", "inquiry_extended", "inquiry_waiting"),
    }
)
STAFF_ROOMS: Final = (
    *("antifraud", "audit", "onboarding/domain/review"),
    *("contracts/handlers/underwriting", "contracts/domain/disclosure"),
    "contracts/domain/search",
    *("kernel/cli", "kernel/operations", "kernel/parked", "kernel/approvals"),
    *("kernel/words", "kernel/rpc/methods", "auth/domain/staff", "auth/domain/conduct"),
    *("auth/wiring", "contracts/domain/editions", "contracts/handlers/templates"),
    *("contracts/cli", "contracts/handlers/repayments", "contracts/handlers/accruals"),
    *("disbursement/handlers/halting", "disbursement/handlers/repeating"),
    *("disbursement/handlers/approving", "disbursement/handlers/overview"),
)
"""Where refusals are for people who speak by the operators' door, or for services."""
SETTINGS: Final = "kernel/policy"

every_operation = pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda operation: operation.name
)


def test_the_published_description_is_the_one_that_is_served() -> None:
    """If it is not: ``make openapi``, and look at what changes for clients."""
    assert PAGE.read_text() == text()


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert sorted(set(names)) == sorted(names)


@every_operation
def test_an_operation_says_what_it_does_takes_and_gives(operation: Operation) -> None:
    """A summary, a model for what it answers, and every failure of the door."""
    described = operation.described
    good = [status for status in described["responses"] if status.startswith("2")]
    assert described["summary"]
    assert described["description"]
    (status,) = good
    content = described["responses"][status].get("content")
    assert (content is None) == (status == "204")
    if content is not None:
        assert content["application/json"]["schema"]["$ref"]
    assert operation.codes(500) == {"internal_error"}
    assert operation.codes(503) == {"temporarily_unavailable"}
    for parameter in described["parameters"]:
        assert {"schema", "$ref"} & set(parameter)


@every_operation
def test_an_operation_is_public_or_says_what_opens_it(operation: Operation) -> None:
    """A new kind of right has to be described before it can be used."""
    assert (operation.schemes == set()) == (operation.name in PUBLIC)


def test_what_is_sent_and_taken_has_models_with_examples() -> None:
    """Every member without a model of its own says what it looks like."""
    bare = [
        f"{name}.{member}"
        for name, schema in document()["components"]["schemas"].items()
        for member, described in schema.get("properties", {}).items()
        if not _tells(described)
    ]
    assert bare == []


def _tells(described: dict[str, Any]) -> bool:
    """By an example, a reference, a closed list of words, or a type that says all."""
    options = described.get("anyOf", [described])
    return any(
        {"examples", "$ref", "enum", "const", "items", "format"} & set(option)
        or option.get("type") == "boolean"
        for option in [described, *options]
    )


def _strings(call: ast.Call) -> Iterator[str]:
    for argument in call.args[:2]:
        for node in ast.walk(argument):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _codes_in(path: Path) -> Iterator[str]:
    """The codes in calls that make a refusal."""
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in REFUSING
        ):
            yield from filter(CODE.fullmatch, _strings(node))


def _codes_for_clients() -> set[str]:
    found = {
        code
        for path in modules("kernel", "services")
        if not any(room in name_of(path) for room in (*STAFF_ROOMS, SETTINGS))
        for code in _codes_in(path)
    }
    described = {
        code
        for operation in OPERATIONS
        for status in operation.described["responses"]
        for code in operation.codes(int(status))
    }
    kinds = {kind.value for kind in (*Code, *ProtocolCode)}
    return (found | described | kinds) - NOT_FOR_CLIENTS


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_every_refusal_a_client_can_meet_is_said_in_its_language(language: str) -> None:
    """A new code needs a sentence in kk.toml and in ru.toml."""
    known = set(sentences_in(language).problems)
    assert sorted(_codes_for_clients() - known) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_titles_and_fields(language: str) -> None:
    """Every status that is described has a title."""
    english, said = sentences_in("en"), sentences_in(language)
    statuses = {
        status
        for operation in OPERATIONS
        for status in operation.described["responses"]
        if status >= "4"
    }
    assert set(said.titles) >= statuses | {"404", "405"}
    assert (set(said.titles), set(said.fields)) == (
        set(english.titles),
        set(english.fields),
    )


def test_kazakh_and_russian_know_the_same_codes() -> None:
    assert set(sentences_in("kk").problems) == set(sentences_in("ru").problems)
