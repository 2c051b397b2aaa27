"""What a paper says stands on its page in letters, whatever the typeface lacks."""

from reportlab.platypus import Paragraph

from kernel.money import Money
from kernel.papers import Bars, Line
from kernel.printing import flowable, load_faces

WIDTH = 400.0


def test_an_amount_is_printed_without_a_sign_the_typeface_lacks() -> None:
    load_faces()
    printed = flowable(Line("text", f"{Money(1_250)} & <more>"), WIDTH)
    assert isinstance(printed, Paragraph)
    assert printed.getPlainText() == "12,50 тг & <more>"


def test_bars_of_nothing_are_drawn() -> None:
    load_faces()
    counts = (("one", 0), ("two", 0))
    assert flowable(Bars("nothing yet", counts), WIDTH).wrap(WIDTH, WIDTH)[1] > 0
