"""A GOST hierarchy of our own, test only: signer, files of every way of being wrong.

`python -m tests.eds` writes `files/` anew; a run that changes a byte is a defect.
"""
