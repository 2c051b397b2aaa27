"""One plain sentence for every kind of event, in both languages, for reports."""

import tomllib

from kernel.events import Event
from services.audit.adapters.printing import tellings
from services.audit.domain.leaf import Kind
from services.audit.domain.telling import fields_of
from tests.marks import ROOT

OWN_KINDS = frozenset(kind.wire for kind in Kind) - {"event"}


def test_every_kind_of_event_and_leaf_has_a_sentence_in_both_languages() -> None:
    """A new event needs one in services/audit/domain/sentences.toml."""
    told, known = tellings().keys(), Event.known.keys() | OWN_KINDS
    assert sorted(known - told) == []
    assert sorted(told - known) == []


def test_a_sentence_ends_asks_for_what_the_event_has_and_names_its_clause() -> None:
    clauses = tomllib.loads((ROOT / "services/audit/domain/clauses.toml").read_text())
    numbers = {str(one["id"]) for one in clauses["clause"]}
    for kind, telling in tellings().items():
        for text in (telling.ru, telling.kk):
            assert text.endswith("."), kind
            if kind in Event.known:
                assert fields_of(text) <= Event.known[kind].model_fields.keys(), kind
        assert fields_of(telling.ru) == fields_of(telling.kk), kind
        assert telling.ru != telling.kk, kind
        assert any(number.startswith(telling.clause) for number in numbers), kind
