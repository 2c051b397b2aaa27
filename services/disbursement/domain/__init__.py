"""What a payout is, and when money may move: pure rules, no I/O.

- `payout`: the row, its states, who may follow whom, the hold (clause 5.5);
- `gate`: everything that must hold at the moment of sending (clauses 5.3-5.5);
- `order`: what is told to the bank, and what its answers may be taken to mean.
"""
