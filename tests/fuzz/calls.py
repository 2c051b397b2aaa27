"""Requests made from the description, good and spoilt, and what every answer must be.

schemathesis makes the requests; Hypothesis chooses by a seed, so that a round can be
had again.  An answer is wrong when it is a defect of ours, when it is not what the
description says, when it tells what is inside, or when it takes what is spoilt.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import hypothesis
import requests
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.openapi import Operation, operations

Send = Callable[[Case], Response]

DIGEST: Final = "Content-Digest"
MODES: Final = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
ENDING: Final = "end_session"
"""It ends what the others need, so it comes last in a round."""
_CHECKS: Final = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
_INSIDE: Final = ("Traceback", 'File "', "sqlalchemy", "psycopg", "postgresql:", "amqp")
_DEFECTS: Final = range(500, 600)
BAD_REQUEST, NOT_FOUND, WRONG_METHOD = 400, 404, 405
_AWAY: Final = 503
"""Said for a moment and with a time to come back; more than a few are a defect."""


class FuzzError(AssertionError):
    """An answer that must not be."""


@dataclass
class Round:
    """What was asked so far and how it was answered."""

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    """Answers that a good request gets, by operation."""
    failures: list[str] = field(default_factory=list)


def described() -> Mapping[str, Operation]:
    """The operations by name."""
    return {operation.name: operation for operation in operations()}


def operations_of(schema: BaseSchema) -> list[APIOperation]:
    """The operations as schemathesis makes requests for them, the ending one last."""
    found = [result.ok() for result in schema.get_all_operations()]
    return sorted(found, key=lambda one: name_of(one) == ENDING)


def name_of(operation: APIOperation) -> str:
    """The operationId."""
    return str(operation.definition.raw["operationId"])


def run(
    schema: BaseSchema, send: Send, *, seed: int, examples: int, into: Round
) -> None:
    """`examples` requests of each kind for every operation.

    What is wrong stands in ``failures``; the round goes on.  Raises RequestException
    where there was no answer at all.
    """
    known = described()
    for operation in operations_of(schema):
        for mode in MODES:
            try:
                _ask(
                    operation,
                    known[name_of(operation)],
                    mode,
                    send=send,
                    seed=seed,
                    examples=examples,
                    into=into,
                )
            except requests.RequestException:
                raise
            except Exception as error:  # noqa: BLE001 - a check of any type
                text = f"{name_of(operation)} {mode.value} seed {seed}: {error}"
                into.failures.append(text[:4000])


def _ask(
    operation: APIOperation,
    says: Operation,
    mode: GenerationMode,
    *,
    send: Send,
    seed: int,
    examples: int,
    into: Round,
) -> None:
    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        if case.headers and (mode.is_positive or _has_spoilt_body(case)):
            case.headers.pop(DIGEST, None)  # by chance it is never the body's own
        answer = send(case)
        into.calls += 1
        into.statuses[answer.status_code] += 1
        _judge(case, says, answer)
        if answer.status_code not in (400, 401, 422):
            into.reached[says.name] += 1

    ask()


def _judge(case: Case, says: Operation, answer: Response) -> None:
    text = answer.content.decode("utf-8", errors="replace")
    status = answer.status_code
    told = next((word for word in _INSIDE if word in text), None)
    if told is not None:
        raise FuzzError(f"{says.name} tells {told}: {text[:300]}")
    if status < BAD_REQUEST and _has_spoilt_body(case):
        raise FuzzError(f"{says.name} takes what is spoilt: {_asked(case)}")
    if status in _DEFECTS and status != _AWAY:
        raise FuzzError(f"{says.name} answers {status}: {_asked(case)}")
    if status == WRONG_METHOD or _is_of_nobody(case, status):
        return
    case.validate_response(answer, checks=_CHECKS)
    if status >= BAD_REQUEST:
        code = json.loads(text)["code"]
        if code not in says.codes(status):
            raise FuzzError(f"{says.name} answers {status} {code}: {_asked(case)}")


def _has_spoilt_body(case: Case) -> bool:
    """Whether the JSON sent is none that the description allows."""
    if case.meta is None or case.media_type != "application/json":
        return False
    body = case.meta.components.get(ParameterLocation.BODY)
    return body is not None and body.mode.is_negative


def _is_of_nobody(case: Case, status: int) -> bool:
    """A spoilt address may be the address of nothing, or of another operation."""
    spoilt = case.meta is not None and case.meta.generation.mode.is_negative
    return spoilt and status == NOT_FOUND


def _asked(case: Case) -> str:
    return f"{case.method} {case.formatted_path} {case.query!r} {case.body!r}"[:600]
