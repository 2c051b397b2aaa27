"""Portraits of nobody: heads rendered from numbers, each with its label.

No picture of a person is kept or fetched: what the photo judge is tried with is drawn
here, where the truth of each picture (how far the head is turned, how wide the mouth
stands open) is known because it was asked for. What a rendered head cannot show is told
in docs/adr/0017-photo.md. Runs with the photo judge's Python: it needs its numpy.
"""
