"""The seeds by which rules are made, and those by which they are judged.

Committed before the rules.  Nobody looks at what the held-out ones hold but through the
figures of `tests.population`.
"""

from typing import Final

FOR_MAKING: Final = (101, 102, 103)
HELD_OUT: Final = (7_301, 7_302, 7_303, 7_304, 7_305)
HONEST: Final = 1_500
FRAUDS: Final = 15
"""Of each kind."""
