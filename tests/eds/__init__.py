"""A GOST hierarchy of our own, test only: signer, files of every way of being wrong.

`make eds-files` writes `files/` anew; a run that changes a byte is a defect.
"""
