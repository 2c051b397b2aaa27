"""One signed example of every event version ever published: append only.

The JSON files beside this module are canonical bytes as they would stand on the wire,
signed with keys made for this purpose (their public halves: ``trust.json``).  A file
is never changed: what was published must decode and verify for ever.  ``shapes.json``
tells every field and word of every version; it only grows.
"""
