"""How statements are prepared (`kernel.prepared`); what for: integration."""

import pytest

from kernel.prepared import Prepared

TYPES = {"type": "text", "more": "bigint"}


def test_parameters_are_numbered_and_given_in_the_order_of_their_types() -> None:
    made = Prepared.of("counted", "SELECT %(more)s, %(type)s, %(more)s", types=TYPES)
    assert made.prepare == "PREPARE counted (text, bigint) AS SELECT $2, $1, $2"
    assert made.execute == "EXECUTE counted (%(type)s, %(more)s)"


def test_a_parameter_has_a_type_and_a_type_its_parameter() -> None:
    with pytest.raises(KeyError):
        Prepared.of("one", "SELECT %(other)s", types=TYPES)
    with pytest.raises(ValueError, match="does not ask"):
        Prepared.of("two", "SELECT %(more)s", types=TYPES)
