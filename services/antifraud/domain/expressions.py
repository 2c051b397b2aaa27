"""The checker of rules: what may be saved at all (clause 6.1g v).

The library that evaluates (CEL) holds the interpreter while it does, and a nested
comprehension of a few words runs for seconds.  So a rule is parsed here first, by a
grammar that has no calls, members, macros or comprehensions, and typed against the
catalogue.  What passes runs in time linear in its length, cannot name what is not
there, and says yes or no::

    or    = and { "||" and }              sum   = term { ("+" | "-") term }
    and   = test { "&&" test }            term  = sign { ("*" | "/" | "%") sign }
    test  = sum [ compares sum ]          sign  = [ "-" | "!" ] atom
          | sum "in" list                 atom  = number | text | "true" | "false"
                                                | name | "(" or ")"

A divisor is a number above zero, so that nothing is divided by nothing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from kernel.errors import Refused
from services.antifraud.domain.catalogue import OF_OLD, Type, type_of

MAX_CHARACTERS: Final = 1_000
MAX_DEPTH: Final = 16
MAX_NAMES: Final = 32
MAX_LISTED: Final = 50
MAX_NUMBER: Final = 2**53 - 1

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[0-9]{1,16}(?![0-9a-zA-Z_.]))"
    r"|(?P<text>'[a-z0-9_:-]{0,64}')"
    r"|(?P<name>[a-z_][a-z0-9_]*)"
    r"|(?P<mark>\|\||&&|==|!=|<=|>=|[-<>!+*/%(),\[\]]))"
)
_COMPARES: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_EQUALS: Final = frozenset({"==", "!="})


@dataclass(frozen=True, slots=True)
class _Token:
    sort: str
    text: str
    place: int


def names_in(expression: str, *, of_old: bool = False) -> frozenset[str]:
    """Check a rule's condition; the names of the catalogue it speaks of.

    ``of_old``: it may name the features of before the catalogue.  Refused:
    ``rule_too_long``, ``rule_malformed``, ``rule_name_unknown``, ``rule_mistyped``,
    each with the place of the first fault.
    """
    if len(expression) > MAX_CHARACTERS:
        raise _refused("rule_too_long", "The condition is too long.", MAX_CHARACTERS)
    checker = _Checker(list(_tokens(expression)), of_old=of_old)
    kind = checker.whole()
    if kind is not Type.BOOL:
        raise _refused("rule_mistyped", "A condition says yes or no.", 0)
    if len(checker.names) > MAX_NAMES:
        raise _refused("rule_too_long", "The condition has too many names.", 0)
    return frozenset(checker.names)


def _tokens(expression: str) -> Iterator[_Token]:
    place = 0
    end = len(expression.rstrip())
    while place < end:
        found = _TOKEN.match(expression, place)
        if found is None:
            raise _malformed(place)
        sort = str(found.lastgroup)
        yield _Token(sort, found[sort], found.start(sort))
        place = found.end()
    yield _Token("end", "", end)


class _Checker:
    """One pass over the tokens; each method returns the type of what it has read."""

    def __init__(self, tokens: list[_Token], *, of_old: bool) -> None:
        self.names: set[str] = set()
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self._of_old = of_old

    def whole(self) -> Type:
        kind = self._or()
        self._must("end")
        return kind

    def _or(self) -> Type:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _refused("rule_too_long", "The condition is too deep.", self._place)
        kind = self._chain(self._and, {"||"}, Type.BOOL)
        self._depth -= 1
        return kind

    def _and(self) -> Type:
        return self._chain(self._test, {"&&"}, Type.BOOL)

    def _test(self) -> Type:
        left = self._sum()
        if self._took("in"):
            self._list_of(left)
            return Type.BOOL
        compares = self._took(*_COMPARES)
        if not compares:
            return left
        if compares not in _EQUALS:
            self._expect(left, Type.INT)
        self._expect(self._sum(), left)
        return Type.BOOL

    def _sum(self) -> Type:
        return self._chain(self._term, {"+", "-"}, Type.INT)

    def _term(self) -> Type:
        kind = self._sign()
        while mark := self._took("*", "/", "%"):
            self._expect(kind, Type.INT)
            divisor = self._tokens[self._next]
            if mark != "*" and (divisor.sort != "number" or int(divisor.text) == 0):
                raise _refused(
                    "rule_mistyped", "A divisor is a number above zero.", self._place
                )
            self._expect(self._sign(), Type.INT)
        return kind

    def _sign(self) -> Type:
        mark = self._took("-", "!")
        kind = self._atom()
        if not mark:
            return kind
        return self._expect(kind, Type.INT if mark == "-" else Type.BOOL)

    def _atom(self) -> Type:
        if self._took("("):
            kind = self._or()
            self._must(")")
            return kind
        token = self._tokens[self._next]
        self._next += 1
        match token.sort:
            case "number" if int(token.text) <= MAX_NUMBER:
                return Type.INT
            case "text":
                return Type.TEXT
            case "name" if token.text in {"true", "false"}:
                return Type.BOOL
            case "name":
                return self._name(token)
        raise _malformed(token.place)

    def _name(self, token: _Token) -> Type:
        kind = type_of(token.text)
        if kind is None or (token.text in OF_OLD and not self._of_old):
            raise _refused(
                "rule_name_unknown", "The catalogue has no such name.", token.place
            )
        self.names.add(token.text)
        return kind

    def _list_of(self, kind: Type) -> None:
        self._must("[")
        for _ in range(MAX_LISTED):
            token = self._tokens[self._next]
            if token.sort not in {"number", "text"}:
                raise _malformed(token.place)
            self._expect(self._atom(), kind)
            if not self._took(","):
                break
        self._must("]")

    def _chain(self, part: Callable[[], Type], marks: set[str], kind: Type) -> Type:
        first = part()
        while self._took(*marks):
            self._expect(first, kind)
            self._expect(part(), kind)
        return first

    def _took(self, *texts: str) -> str:
        """The next token, taken if it is one of these marks or words; else empty."""
        token = self._tokens[self._next]
        if token.sort in {"mark", "name"} and token.text in texts:
            self._next += 1
            return token.text
        return ""

    def _must(self, text: str) -> None:
        token = self._tokens[self._next]
        if (token.text or token.sort) != text:
            raise _malformed(token.place)
        self._next += 1

    def _expect(self, kind: Type, wanted: Type) -> Type:
        if kind is not wanted:
            raise _refused(
                "rule_mistyped", f"Here stands {kind}, not {wanted}.", self._place
            )
        return kind

    @property
    def _place(self) -> int:
        return self._tokens[min(self._next, len(self._tokens) - 1)].place


def _malformed(place: int) -> Refused:
    return _refused(
        "rule_malformed",
        "The condition is not of our grammar: no calls, members or comprehensions.",
        place,
    )


def _refused(code: str, sentence: str, place: int) -> Refused:
    return Refused(
        code,
        sentence,
        next_step="Correct the condition at this place and check it again.",
        place=place,
    )
