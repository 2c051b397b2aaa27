"""The tampering campaign: honest logs, spoilt in every way, then verified.

Each attack says itself what must be found, down to the first bad leaf. What nobody
spoilt must be found whole: those runs are the honest ones.
"""
