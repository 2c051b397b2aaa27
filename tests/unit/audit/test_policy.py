"""Who must have cosigned: C2SP tlog-policy."""

import base64
from hashlib import sha256

import pytest

from services.audit.domain.policy import PolicyError, parse_policy


def vkey(name: str, number: int, *, kind: bytes = b"\x04") -> str:
    blob = kind + bytes([number]) * 32
    key_id = sha256(name.encode() + b"\n" + blob).digest()[:4].hex()
    return f"{name}+{key_id}+{base64.b64encode(blob).decode()}"


LOG_KEY = vkey("a", 1, kind=b"\x01")
A, B, C = (f"witness {n} {vkey(n, k)}\n" for n, k in (("a", 1), ("b", 2), ("c", 3)))


def met(text: str, *names: str) -> bool:
    return parse_policy(text).met_by(set(names))


@pytest.mark.seeded("audit_quorum_of_anybody")
def test_a_quorum_is_a_number_of_its_members_groups_within_groups() -> None:
    both = f"{A}{B}group both all a b\nquorum both\n"
    assert met(both, "a", "b")
    assert not met(both, "a")
    assert not met(both)
    nested = f"{A}{B}{C}group x any a b\ngroup y 2 x c\nquorum y\n"
    assert met(nested, "b", "c")
    assert not met(nested, "a", "b")
    assert met(f"# one\n\n{A}quorum a\n", "a")
    assert met("quorum none\n")


def test_a_witness_may_say_where_it_is_asked() -> None:
    policy = parse_policy(f"witness a {vkey('a', 1)} https://a.example/w\nquorum a\n")
    assert policy.witnesses["a"].url == "https://a.example/w"


@pytest.mark.parametrize(
    "text",
    [
        A,
        f"{A}quorum a\nquorum a\n",
        f"{A}quorum b\n",
        f"{A}witness b {vkey('b', 1)}\nquorum a\n",
        f"{A}{A}quorum a\n",
        f"{A}group g 2 a\nquorum g\n",
        f"{A}group g 0 a\nquorum g\n",
        f"{A}group g all\nquorum g\n",
        f"{A}group g any a a\nquorum g\n",
        f"{A}group g any h\ngroup h any a\nquorum g\n",
        f"{A}group none any a\nquorum none\n",
        f"witness a {LOG_KEY}\nquorum a\n",
        f"witness a {vkey('b', 1).replace('b+', 'a+', 1)}\nquorum a\n",
        f"{A}quorum\n",
        f"{A}witnes b\nquorum a\n",
    ],
)
def test_what_says_two_things_or_nothing_is_no_policy(text: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(text)
