"""The tamper-evident log of every event of the platform (clauses 6.1e, 7.1)."""
