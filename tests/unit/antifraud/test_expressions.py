"""What may be saved as a condition, and that the library agrees with the checker."""

import cel
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from kernel.errors import Refused
from services.antifraud.domain.catalogue import FIELDS, NEVER, Type, features
from services.antifraud.domain.expressions import MAX_CHARACTERS, MAX_NAMES, names_in

INTS = ("amount_minor", "client_application_count_1h", "client_payout_sum_30d")


def refused(expression: str) -> str:
    with pytest.raises(Refused) as caught:
        names_in(expression)
    return caught.value.code


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("true", set()),
        ("client_held", {"client_held"}),
        ("!client_held && hour in [0, 1, 2]", {"client_held", "hour"}),
        (
            "operation == 'payout' || -amount_minor < 3 - 4",
            {"operation", "amount_minor"},
        ),
        ("(amount_minor * 3) / 2 % 7 >= 1", {"amount_minor"}),
        ("operation in ['payout', 'signing']", {"operation"}),
        (
            "client_application_count_1h >= 2\n && phone_on_watched",
            {"client_application_count_1h", "phone_on_watched"},
        ),
    ],
)
def test_a_condition_is_taken_with_the_names_it_speaks_of(
    expression: str, names: set[str]
) -> None:
    assert names_in(expression) == names


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("", "rule_malformed"),
        ("hour", "rule_mistyped"),
        ("hour + 1", "rule_mistyped"),
        ("hour == 'a'", "rule_mistyped"),
        ("operation > 'a'", "rule_mistyped"),
        ("client_held > 1", "rule_mistyped"),
        ("!hour", "rule_mistyped"),
        ("hour && client_held", "rule_mistyped"),
        ("hour in ['a']", "rule_mistyped"),
        ("hour / 0 > 1", "rule_mistyped"),
        ("hour / amount_minor > 1", "rule_mistyped"),
        ("hour % (1) > 1", "rule_mistyped"),
        ("surname == 'a'", "rule_name_unknown"),
        ("applications >= 3", "rule_name_unknown"),
        ("client_application_count_2h > 1", "rule_name_unknown"),
        ("[1, 2].all(x, x > 0)", "rule_malformed"),
        ("hour in [1].map(x, x)", "rule_malformed"),
        ("size('a') > 0", "rule_name_unknown"),
        ("operation.matches('a+')", "rule_malformed"),
        ("operation == 'a\\'b'", "rule_malformed"),
        ('operation == "a"', "rule_malformed"),
        ("hour > 1 ? true : false", "rule_malformed"),
        ("hour > 1.5", "rule_malformed"),
        ("hour > 0x10", "rule_malformed"),
        ("1 < hour < 3", "rule_malformed"),
        ("(hour > 1", "rule_malformed"),
        ("hour > 1)", "rule_malformed"),
        ("hour > 9007199254740993", "rule_malformed"),
        ("hour in [" + ", ".join("1" * 51) + "]", "rule_malformed"),
        ("(" * 20 + "client_held" + ")" * 20, "rule_too_long"),
        ("true" + " " * MAX_CHARACTERS, "rule_too_long"),
    ],
)
def test_anything_else_is_refused_before_it_is_saved(
    expression: str, code: str
) -> None:
    assert refused(expression) == code


def test_a_condition_has_only_so_many_names() -> None:
    some = sorted(name for name in FIELDS if FIELDS[name][0] is Type.BOOL)[
        : MAX_NAMES + 1
    ]
    assert refused(" || ".join(some)) == "rule_too_long"
    assert len(names_in(" || ".join(some[:MAX_NAMES]))) == MAX_NAMES


def test_the_catalogue_covers_what_rules_need() -> None:
    known = features()
    assert known["client_application_count_1h"].default == 0
    assert known["account_account_named_last_s_180d"].default == NEVER
    assert "client_payout_sum_30d" in known
    assert "phone_activation_distinct_180d" in known
    assert "client_login_sum_1h" not in known


numbers = st.sampled_from([*INTS, "hour", "0", "1", "7", "900719925474099"])
sums = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(
            "({0[0]} {0[1]} {0[2]})".format
        ),
        inner.map("({} / 3 % 2)".format),
        inner.map("-({})".format),
    ),
    max_leaves=5,
)
tests = st.one_of(
    st.tuples(sums, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), sums).map(
        " ".join
    ),
    st.sampled_from(["client_held", "true", "operation == 'payout'", "hour in [1, 2]"]),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(
            "({0[0]}) {0[1]} ({0[2]})".format
        ),
        inner.map("!({})".format),
    ),
    max_leaves=4,
)


@settings(max_examples=80, deadline=None)
@given(
    conditions,
    st.lists(st.integers(0, 2**53 - 1), min_size=4, max_size=4),
    st.booleans(),
)
def test_what_the_checker_takes_the_library_answers_with_yes_or_no(
    condition: str,
    values: list[int],
    held: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    """Or overflows, which has an outcome of its own; nothing else can happen."""
    try:
        names = names_in(condition)
    except Refused:
        reject()
    given_: dict[str, object] = {**dict(zip((*INTS, "hour"), values, strict=True))}
    given_ |= {"client_held": held, "operation": "payout"}
    program = cel.compile(condition)
    assert set(program.variables()) == names
    try:
        assert type(program.execute(given_)) is bool
    except ArithmeticError:
        assert "*" in condition or "+" in condition or "-" in condition


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ho(ur)!&|<>=+-*/%' 0123[],.xyz_a", max_size=40))
def test_any_text_is_answered_and_what_is_taken_compiles(text: str) -> None:
    try:
        names_in(text)
    except Refused:
        return
    cel.compile(text)
